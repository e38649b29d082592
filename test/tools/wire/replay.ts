/** Sends what a real runner sent to a recording stand-in again. Its requests are the truth; tokens and ids are replaced by ours. */
import { bytesOf, concat, inPieces, noise, split } from "../clients/multipart.ts";
import { call } from "../clients/legacy-api.ts";

export interface Exchange {
  readonly at: number;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly body: unknown;
  };
  readonly response: { readonly status: number };
}

export const nameOf = ({ request: { method, path, headers, body } }: Exchange): string => {
  const state = (body as { state?: string } | null)?.state;
  return [method, path.split("?")[0], headers["Content-Range"] ?? state].filter((word) => word !== undefined).join(" ");
};

export const FILE = noise(200_000);

/** The recording only describes it: the same form around another file, in chunks as there. */
const archiveForm = (contentType: string): ReadableStream<Uint8Array> => {
  const boundary = contentType.split("boundary=")[1] ?? "";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="artifacts.zip"\r\n`;
  const type = "Content-Type: application/octet-stream\r\n\r\n";
  return inPieces(split(concat(bytesOf(head + type), FILE, bytesOf(`\r\n--${boundary}--\r\n`)), () => 4096));
};

/** With each of the recording's names replaced by what we issued for it. */
export class Replay {
  readonly #ours = new Map<string, string>();

  /** `theirs` with a method before it is meant in requests of that method alone. */
  set(theirs: string, ours: string): void {
    this.#ours.set(theirs, ours);
  }

  send({ request: { method, path, headers, body } }: Exchange): Promise<Response> {
    // Lengths are other ones now, and the form's isn't told at all.
    const { "Content-Length": _length, "Transfer-Encoding": _chunked, ...kept } = headers;
    const said = Object.entries(kept).map(([name, value]) => [name, this.#translate(method, value ?? "")]);
    const url = path.replace(/(?<=(builds|jobs)\/)\d+/, (id) => this.#translate(method, id));
    const sent = this.#body(method, headers["Content-Type"] ?? "", body);
    return call(method, url, { headers: Object.fromEntries(said), ...sent });
  }

  #body(method: string, contentType: string, body: unknown): { body?: BodyInit } {
    if (body === null) return {};
    if (contentType.startsWith("multipart/")) return { body: archiveForm(contentType) };
    return { body: typeof body === "string" ? body : this.#json(method, body as object) };
  }

  #json(method: string, body: object): string {
    return JSON.stringify(body, (key, value: unknown) =>
      key === "token" || key === "checksum" ? this.#translate(method, String(value)) : value,
    );
  }

  #translate(method: string, text: string): string {
    return this.#ours.get(`${method} ${text}`) ?? this.#ours.get(text) ?? text;
  }
}

/** The log that the recorded runner had of a build in the end, by its patches. */
export const patchedLog = (exchanges: readonly Exchange[], path: string): string => {
  let log: Uint8Array = new Uint8Array();
  for (const { request } of exchanges) {
    if (request.method !== "PATCH" || request.path !== path) continue;
    const start = Number(request.headers["Content-Range"]?.split("-")[0]);
    log = concat(log.subarray(0, start), bytesOf(String(request.body)));
  }
  return new TextDecoder().decode(log);
};
