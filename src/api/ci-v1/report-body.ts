/**
 * A report with the whole log in it. As JSON, which is what runners send, the log is taken out while the body comes in: the
 * text, the parsed string and its bytes would not fit into an isolate side by side. A large log is handed on as it comes.
 */
import { JsonLogReader } from "../../core/trace/json-log.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome, Refusal } from "../../core/refusal.ts";
import { ADMISSION_BYTES } from "../../http/body.ts";
import type { Admission } from "../../http/body.ts";
import { BodyReader } from "../../http/body-reader.ts";
import { GrowingBytes } from "../../http/growing-bytes.ts";
import { isJson, readParams } from "../../http/params.ts";
import type { Params } from "../../http/params.ts";

export interface ReportBody {
  readonly params: Params;
  /** The member `trace` as UTF-8: in whole, or to be opened once as a stream; null when there is none. */
  readonly log: Uint8Array | (() => ReadableStream<Uint8Array>) | null;
  /** Reads what is left of the body when the report has been dealt with. Errors: what was wrong with it behind the log. */
  finish(): Promise<Outcome<null>>;
}

/** Runners send JSON, in which a control character of the log is six. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;
/** A form is decoded in whole, several times over. */
const MAX_FORM_BYTES = 4 * 1024 * 1024;
/** What a report has besides its log is small. */
const MAX_REST_BYTES = 1024 * 1024;
/** A longer log isn't held: what the report says has to come before it, as in runners' reports it does. */
const MAX_HELD_BYTES = 1024 * 1024;

const nothingLeft = async (): Promise<Outcome<null>> => accept(null);

/** Refusals as those of `readParams`. A `trace` that is no text stays in `params`, for the schema to refuse. */
export const readReport = async (request: Request, admit: Admission): Promise<Outcome<ReportBody>> => {
  if (isJson(request)) return new JsonReport(request, admit).open();
  const params = await readParams(request, MAX_FORM_BYTES, admit);
  if (!params.ok) return params;
  const { trace } = params.value;
  const log = typeof trace === "string" ? new TextEncoder().encode(trace) : null;
  return accept({ params: params.value, log, finish: nothingLeft });
};

class JsonReport {
  readonly #request: Request;
  readonly #admit: Admission;
  readonly #body: BodyReader;
  readonly #json = new JsonLogReader("trace", (piece) => this.#hold(piece));
  /** Of the body, until its sender is admitted. */
  #beginning: GrowingBytes | null = new GrowingBytes(MAX_JSON_BYTES);
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #refusal: Refusal | null = null;
  #handedOn: Promise<void> | null = null;

  constructor(request: Request, admit: Admission) {
    this.#request = request;
    this.#admit = admit;
    this.#body = new BodyReader(request, MAX_JSON_BYTES);
  }

  async open(): Promise<Outcome<ReportBody>> {
    for (;;) {
      const read = await this.#readOn();
      if (!read.ok) return read;
      if (read.value === "end") return this.#whole();
      if (this.#heldBytes > MAX_HELD_BYTES && this.#json.isInLog) return this.#begun();
    }
  }

  async #whole(): Promise<Outcome<ReportBody>> {
    const params = await this.#parse(this.#json.rest());
    if (!params.ok) return params;
    const log = typeof params.value["trace"] === "string" ? this.#takeHeld() : null;
    return accept({ params: params.value, log, finish: nothingLeft });
  }

  /** What stands before the log says whose it is and what to do with it. */
  async #begun(): Promise<Outcome<ReportBody>> {
    const before = await this.#parse(closed(this.#json.rest()));
    if (!before.ok) {
      await this.#body.drain();
      return before;
    }
    const params = before.value;
    const open = () => {
      const { readable, writable } = new IdentityTransformStream();
      this.#handedOn = this.#handOn(writable.getWriter(), params);
      return readable;
    };
    return accept({ params, log: open, finish: () => this.#finish() });
  }

  async #finish(): Promise<Outcome<null>> {
    await this.#handedOn;
    if (this.#refusal !== null) return refuse(this.#refusal);
    await this.#body.drain();
    return accept(null);
  }

  /** Never rejects: a reader that has left wants no more, and what is wrong with the body `finish` tells. */
  async #handOn(writer: WritableStreamDefaultWriter<Uint8Array>, before: Params): Promise<void> {
    try {
      for (;;) {
        await writer.write(this.#takeHeld());
        const read = await this.#readOn();
        const checked = read.ok && read.value === "end" ? await this.#checkRest(before) : read;
        if (!checked.ok) {
          this.#refusal = checked.refusal;
          await writer.abort(checked.refusal.reason);
          return;
        }
        if (checked.value === null) return await writer.close();
      }
    } catch {
      // The build has left.
    }
  }

  /** Behind the log nothing may say otherwise, and it must all be JSON. */
  async #checkRest(before: Params): Promise<Outcome<null>> {
    const whole = await this.#parse(this.#json.rest());
    if (!whole.ok) return whole;
    const isSame = ["token", "state"].every((name) => whole.value[name] === before[name]);
    return isSame
      ? accept(null)
      : refuse({ reason: "malformed_body", message: "token and state must precede the trace" });
  }

  async #readOn(): Promise<Outcome<"more" | "end">> {
    const read = await this.#body.read();
    if (!read.ok) return read;
    if (read.value === null) return accept("end");
    const refusal = (await this.#judged(read.value)) ?? this.#pushed(read.value);
    if (refusal === null) return accept("more");
    await this.#body.drain();
    return refuse(refusal);
  }

  async #judged(piece: Uint8Array): Promise<Refusal | null> {
    const beginning = this.#beginning;
    beginning?.append(piece);
    if (beginning === null || beginning.size <= ADMISSION_BYTES) return null;
    this.#beginning = null;
    const admission = await this.#admit(beginning.beginning(ADMISSION_BYTES));
    return admission.ok ? null : admission.refusal;
  }

  #pushed(piece: Uint8Array): Refusal | null {
    this.#json.push(piece);
    const sizeBytes = this.#json.restBytes;
    return sizeBytes > MAX_REST_BYTES ? { reason: "too_large", limitBytes: MAX_REST_BYTES, sizeBytes } : null;
  }

  #hold(piece: Uint8Array): void {
    this.#held.push(piece.slice());
    this.#heldBytes += piece.length;
  }

  #takeHeld(): Uint8Array {
    const bytes = new GrowingBytes(this.#heldBytes);
    for (const piece of this.#held) bytes.append(piece);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes.take();
  }

  #parse(json: Uint8Array): Promise<Outcome<Params>> {
    const { url, method } = this.#request;
    const headers = { "Content-Type": "application/json" };
    return readParams(new Request(url, { method, headers, body: new Uint8Array(json) }), MAX_REST_BYTES + 2);
  }
}

const closed = (rest: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(rest.length + 2);
  whole.set(rest);
  whole.set(new TextEncoder().encode('"}'), rest.length);
  return whole;
};
