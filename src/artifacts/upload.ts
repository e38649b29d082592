import { log } from "../log.ts";
import { accept, refuse, type Outcome, type Refusal } from "../core/refusal.ts";
import { RequestBody } from "./request-body.ts";
import type { DrainLimits } from "./request-body.ts";
import { R2Sink } from "./sink.ts";
import { UploadForm } from "./upload-form.ts";

/** How far a body may go beyond the largest file: other parts, and what is dropped after a refusal. */
const SURPLUS_LIMIT_BYTES = 1024 ** 3;
/** So soon the file has to begin: until then nothing is stored, and nobody may have been asked about the sender. */
const PREAMBLE_BYTES = 1024 * 1024;
const PREAMBLE_MS = 30_000;
/** Who is refused sees that only when all that it sends has been read. A stranger isn't worth that much. */
const DRAIN_OF_KNOWN: DrainLimits = { bytes: Infinity, ms: 120_000 };
const DRAIN_OF_STRANGERS: DrainLimits = { bytes: 16 * 1024 * 1024, ms: 30_000 };
/** So long is storage that failed left alone. */
export const STORAGE_RETRY_SECONDS = 5;

/** Where the file goes. The owner knows `key` by now, and removes what is there if it never hears of the upload again. */
export interface UploadTarget {
  readonly key: string;
  /** Told the id of the multipart upload before its first part is sent, so that the owner can abort it after a crash. */
  readonly onMultipart: (uploadId: string) => Promise<void>;
}

export interface ReceivedFile {
  readonly key: string;
  /** As the client sent it, uncleaned. */
  readonly filename: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface ReceivedUpload {
  readonly file: ReceivedFile;
  /** All text parts, also those after the file. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface UploadOptions {
  readonly bucket: R2Bucket;
  /** The largest file that is taken. */
  readonly maxBytes: number;
  /** Asked when the part named `file` begins, before one byte is stored, with the text parts that came before it. */
  readonly begin: (fields: Readonly<Record<string, string>>, filename: string) => Promise<Outcome<UploadTarget>>;
  /** Asked about a form in which no file has begun, with its text parts: may its sender be told what is wrong with it? */
  readonly mayKnow: (fields: Readonly<Record<string, string>>) => Promise<Outcome<unknown>>;
  /** Has the sender shown a genuine token, of whatever, by header, query or one of these text parts? */
  readonly isKnown: (fields: Readonly<Record<string, string>>) => boolean;
  /** More of the body has come. */
  readonly onProgress?: () => void;
}

/**
 * Stores the part named `file` of a `multipart/form-data` body of unknown length, in memory bounded by one R2 part and a
 * chunk or two. Accepts only when the form's end has been seen: then the object is complete under its key.
 *
 * Refuses with `malformed_body` (not such a form, a broken part, a second file, a body that ends early or breaks off),
 * `missing_file`, `too_large`, `unavailable` (storage failed), or what `begin` or `mayKnow` refused with. After a refusal
 * nothing is stored, and the body has been read to its end, within bounds. What these throw is thrown, after the same.
 */
export const receiveUpload = async (
  body: ReadableStream<Uint8Array> | null,
  contentType: string | undefined,
  options: UploadOptions,
): Promise<Outcome<ReceivedUpload>> => {
  const withoutForm = async (text: string): Promise<Outcome<never>> => {
    const allowed = await options.mayKnow({});
    return allowed.ok ? malformed(text) : allowed;
  };
  if (body === null) return withoutForm("there is no body");
  const source = new RequestBody(body, options.maxBytes + SURPLUS_LIMIT_BYTES);
  const form = UploadForm.open(contentType);
  const drain = () => source.drain(options.isKnown(form?.fields ?? {}) ? DRAIN_OF_KNOWN : DRAIN_OF_STRANGERS);
  try {
    if (form === null) return await withoutForm("not multipart/form-data with a boundary");
    const received = await new Reception(form, options).receive(source);
    if (received.ok || received.refusal.reason !== "too_large") return received;
    // Its sender wants to know by how much: all of it is read anyway.
    await drain();
    return refuse({ ...received.refusal, sizeBytes: source.bytesRead });
  } finally {
    await drain();
  }
};

/** One upload on its way from the body through the form to the sink, one chunk at a time. */
class Reception {
  readonly #form: UploadForm;
  readonly #options: UploadOptions;
  #target: UploadTarget | null = null;
  #sink: R2Sink | null = null;
  #fileBytes = 0;

  constructor(form: UploadForm, options: UploadOptions) {
    this.#form = form;
    this.#options = options;
  }

  async receive(source: RequestBody): Promise<Outcome<ReceivedUpload>> {
    let stored = false;
    try {
      const refusal = await this.#storeAll(source);
      if (refusal !== null) return await this.#refused(refusal);
      const outcome = await this.#complete();
      stored = outcome.ok;
      return outcome;
    } finally {
      if (!stored) await this.#sink?.abort();
    }
  }

  async #storeAll(source: RequestBody): Promise<Refusal | null> {
    source.setDeadline(PREAMBLE_MS);
    for (;;) {
      const read = await source.read();
      if (!read.ok) return read.refusal;
      this.#options.onProgress?.();
      await (read.value === null ? this.#form.end() : this.#form.push(read.value));
      if (this.#form.file !== null) source.withoutDeadline();
      const refusal = await this.#storeParsed(source.bytesRead);
      if (refusal !== null || read.value === null) return refusal;
    }
  }

  async #storeParsed(bytesRead: number): Promise<Refusal | null> {
    const { defect, file } = this.#form;
    if (defect !== null) return { reason: "malformed_body", message: defect };
    if (file === null && bytesRead > PREAMBLE_BYTES)
      return { reason: "malformed_body", message: "the file comes too late" };
    if (file === null) return null;
    if (this.#sink === null) {
      const begun = await this.#options.begin(file.fieldsBefore, file.filename);
      if (!begun.ok) return begun.refusal;
      this.#target = begun.value;
      this.#sink = new R2Sink(this.#options.bucket, begun.value.key, begun.value.onMultipart);
    }
    const limitBytes = this.#options.maxBytes;
    for (const bytes of this.#form.takeFileBytes()) {
      this.#fileBytes += bytes.byteLength;
      if (this.#fileBytes > limitBytes) return { reason: "too_large", limitBytes, sizeBytes: this.#fileBytes };
      try {
        await this.#sink.write(bytes);
      } catch (error) {
        return storageFailed(error);
      }
    }
    return null;
  }

  async #refused(refusal: Refusal): Promise<Outcome<never>> {
    const allowed = this.#form.file === null ? await this.#options.mayKnow(this.#form.fields) : accept(null);
    return allowed.ok ? refuse(refusal) : allowed;
  }

  /** Only after the form's end: a file whose closing boundary never came is one that was cut off. */
  async #complete(): Promise<Outcome<ReceivedUpload>> {
    const { file, fields } = this.#form;
    if (file === null || this.#target === null || this.#sink === null) return this.#refused({ reason: "missing_file" });
    try {
      const stored = await this.#sink.complete();
      return accept({ file: { key: this.#target.key, filename: file.filename, ...stored }, fields });
    } catch (error) {
      return refuse(storageFailed(error));
    }
  }
}

const malformed = (message: string) => refuse({ reason: "malformed_body", message });

/** The refusal carries no cause, and the client needs none: the log has it. */
const storageFailed = (error: unknown): Refusal => {
  log("error", "artifact_not_stored", { error: String(error) });
  return { reason: "unavailable", retryAfterSeconds: STORAGE_RETRY_SECONDS };
};
