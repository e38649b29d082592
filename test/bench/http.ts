/** A keep-alive HTTP client that costs little, so that the server is what is measured. */
import { Agent, request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One TCP connection: calls go one after the other. */
export class Connection {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #isClosed = false;

  constructor(url: string) {
    this.#url = url;
  }

  send(call: Call): Promise<Answer> {
    const { method, path, headers = {}, body } = call;
    return new Promise((resolve, reject) => {
      const outgoing = request(`${this.#url}${path}`, { method, headers: { ...headers }, agent: this.#agent });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        // The server has given up a connection that was idle in the moment in which we took it up again.
        if (!this.#isClosed && outgoing.reusedSocket && error.code === "ECONNRESET") resolve(this.send(call));
        else reject(error);
      });
      outgoing.on("response", (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
        );
      });
      outgoing.end(body);
    });
  }

  /** Throws on any other status than `expected`. */
  async expect(expected: number, call: Call): Promise<Answer> {
    const answer = await this.send(call);
    if (answer.status === expected) return answer;
    throw new Error(`${call.method} ${call.path}: ${answer.status} instead of ${expected}: ${answer.body.toString()}`);
  }

  /** A call that is under way fails. */
  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }
}
