/** What the clients of both dialects share. Pure web standards, so that they run in Node and in workerd. */

export interface RunnerOptions {
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Takes builds without tags too; true by default. */
  readonly runUntagged?: boolean;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What names a build and opens it. */
export interface BuildKey {
  readonly id: number;
  readonly token: string;
}

export interface Archive {
  readonly filename: string;
  readonly content: AsyncIterable<Uint8Array>;
  readonly expireIn?: string | undefined;
}

const BOUNDARY = "signalbox-shell-runner-6841b503debb8e81";

export const plainFetch: Fetch = (url, init) => fetch(url, init);

export const json = (method: string, body: object, headers: Readonly<Record<string, string>>): RequestInit => ({
  method,
  headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
  body: JSON.stringify(body),
});

/** A form with the one field `file`; its length isn't told, so that it goes out in chunks. */
const fileForm = (filename: string, content: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> => {
  const text = new TextEncoder();
  async function* pieces(): AsyncGenerator<Uint8Array, void> {
    const disposition = `Content-Disposition: form-data; name="file"; filename="${filename}"`;
    yield text.encode(`--${BOUNDARY}\r\n${disposition}\r\nContent-Type: application/octet-stream\r\n\r\n`);
    yield* content;
    yield text.encode(`\r\n--${BOUNDARY}--\r\n`);
  }
  const iterator = pieces();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await iterator.return()),
  });
};

/** A form in chunks with an archive, or a report. */
export const upload = ({ filename, content }: Archive, headers: Readonly<Record<string, string>>) => ({
  method: "POST",
  headers: { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
  body: fileForm(filename, content),
  // Node's fetch wants to be told that a stream is sent before the answer is read.
  duplex: "half",
});

/** Bytes that the server has, of the `Range` header's end. */
export const lengthIn = ({ headers }: Response): number | null => {
  const length = /-(\d+)$/.exec(headers.get("Range") ?? "")?.[1];
  return length === undefined ? null : Number(length);
};

/** Of an answer whose body is nothing to anybody. */
export const statusOf = async (response: Response): Promise<number> => {
  await response.arrayBuffer();
  return response.status;
};

/** The body of a 200, or of a 206; for any other answer its status. */
export const fileIn = async (response: Response): Promise<Uint8Array | number> => {
  const bytes = new Uint8Array(await response.arrayBuffer());
  return response.status === 200 || response.status === 206 ? bytes : response.status;
};
