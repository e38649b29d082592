/**
 * A runner as a scenario sees it, whatever dialect it speaks: it has words for what the answers mean to it. It does one
 * thing at a time and decides nothing; what it has printed of each build it remembers, as real ones do.
 */
import type { Archive, BuildKey } from "../clients/runner-wire.ts";

/** Something to download: a dependency, or one's own archive. */
export interface Dependency extends BuildKey {
  readonly name: string;
  readonly archive: { readonly filename: string; readonly size: number } | null;
}

export interface Work extends BuildKey {
  readonly name: string;
  readonly script: readonly string[];
  readonly variables: readonly { readonly key: string; readonly value: string }[];
  readonly dependencies: readonly Dependency[];
}

export type Asked =
  | { readonly kind: "work"; readonly work: Work }
  | { readonly kind: "nothing" }
  | { readonly kind: "refused" };

export type Word =
  | "ok"
  /** The build is over for this runner: canceled, failed, or no longer its own. */
  | "stop"
  /** Canceled, and there is time for what comes after the script. */
  | "wind down"
  | `resend from ${number}`
  /** The whole log, from its start. */
  | "resend"
  /** A fault of the server. */
  | "try again";

export interface FakeRunner {
  readonly id: number;
  readonly token: string;
  poll(): Promise<Asked>;
  /** Says that it runs, if its kind says that. */
  begin(work: BuildKey): Promise<Word>;
  /** Prints `text`, and sends what the server hasn't got by its last word. */
  append(work: BuildKey, text: string): Promise<Word>;
  /** Says that it is still there, when nothing is printed. */
  keepAlive(work: BuildKey): Promise<Word>;
  /** Reports the end, after `lastWords`, so that the server has the whole log. */
  finish(work: BuildKey, end: "success" | "failed", lastWords?: string): Promise<Word>;
  /** Reports the end once more, as after an answer that was lost. */
  repeat(work: BuildKey, end: "success" | "failed"): Promise<Word>;
  upload(work: BuildKey, archive: Archive): Promise<"ok" | "refused" | "try again">;
  download(file: BuildKey): Promise<Uint8Array | "refused" | "nothing">;
  unregister(): Promise<"ok" | "refused">;
}

/** What a runner has printed of a build. */
export class Log {
  #bytes: Uint8Array = new Uint8Array();
  /** How much of it the server has, by its last word. */
  sent = 0;

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get unsent(): Uint8Array {
    return this.#bytes.subarray(this.sent);
  }

  print(text: string): void {
    this.#bytes = new Uint8Array(Buffer.concat([this.#bytes, new TextEncoder().encode(text)]));
  }

  /** What an answer to the unsent part means; `length` is what the server has. */
  heard(word: Word, length: number | null): Word {
    if (word === "ok" || word === "wind down") this.sent = this.#bytes.length;
    else if (word.startsWith("resend from") && length !== null) this.sent = length;
    return word;
  }
}

/** The logs of the attempts that a runner has, by their tokens. */
export class Logs {
  readonly #logs = new Map<string, Log>();

  of({ token }: BuildKey): Log {
    const log = this.#logs.get(token) ?? new Log();
    this.#logs.set(token, log);
    return log;
  }
}

/** Of an upload. */
export const wordOfUpload = (status: number): "ok" | "refused" | "try again" =>
  status === 201 ? "ok" : status >= 500 ? "try again" : "refused";

/** Of a download that brought `file`: bytes, or a status. Throws on a fault of the server. */
export const downloaded = (file: Uint8Array | number): Uint8Array | "refused" | "nothing" => {
  if (typeof file !== "number") return file;
  if (file === 404) return "nothing";
  if (file === 401 || file === 403) return "refused";
  throw new Error(`a download: ${file}`);
};

/** The number in a runner's token. */
export const runnerIdOf = (token: string): number => Number(/r_default_(\d+)_/.exec(token)?.[1]);
