import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";

/** Real uploads have a handful of short fields: these bound what a hostile body makes us hold. */
const LIMITS = { fieldSize: 64 * 1024, fields: 100, files: 10, parts: 110, headerPairs: 32, headerSize: 16 * 1024 };

export interface FilePart {
  /** As the client sent it. */
  readonly filename: string;
  /** The text parts that came before it. */
  readonly fieldsBefore: Readonly<Record<string, string>>;
}

/**
 * Parses the `multipart/form-data` of an upload as it arrives. The one part named `file` that has a filename is the upload;
 * text parts are fields; other files (`metadata`) are dropped, and so are parts that don't say `form-data`.
 *
 * It is pushed and looked at in turns, with no events to the outside: after each `push` see `defect`, `file` and
 * `takeFileBytes`. What is held between two turns is at most what the last chunk brought.
 */
export class UploadForm {
  readonly #busboy: BusboyInstance;
  readonly #fields = new Map<string, string>();
  #fileBytes: Uint8Array[] = [];
  #file: FilePart | null = null;
  #defect: string | null = null;

  /** Throws when `contentType` names no usable boundary. */
  private constructor(contentType: string) {
    this.#busboy = new Busboy({ headers: { "content-type": contentType }, preservePath: true, limits: LIMITS });
    this.#busboy.on("field", (name, value, _nameTruncated, valueTruncated) =>
      this.#onField(name, value, valueTruncated),
    );
    this.#busboy.on("file", (name, stream, filename) => this.#onFile(name, stream, filename));
    this.#busboy.on("fieldsLimit", () => this.#fail("too many fields"));
    this.#busboy.on("filesLimit", () => this.#fail("too many files"));
    this.#busboy.on("partsLimit", () => this.#fail("too many parts"));
    this.#busboy.on("error", () => this.#fail("the body ends early"));
  }

  /** Null unless the type is `multipart/form-data` with a boundary. */
  static open(contentType: string | undefined): UploadForm | null {
    // Busboy would take urlencoded forms as well.
    if (contentType === undefined || !/^multipart\/form-data\s*;/i.test(contentType)) return null;
    try {
      return new UploadForm(contentType);
    } catch {
      return null;
    }
  }

  /** What is wrong with the body, as far as it has come; null while it is well. */
  get defect(): string | null {
    return this.#defect;
  }

  get file(): FilePart | null {
    return this.#file;
  }

  /** All text parts so far. Of a repeated one the last counts. */
  get fields(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#fields);
  }

  /** The file's bytes that were parsed since the last call. */
  takeFileBytes(): readonly Uint8Array[] {
    const bytes = this.#fileBytes;
    this.#fileBytes = [];
    return bytes;
  }

  /** Resolves when `chunk` is parsed; its memory stays in use until `takeFileBytes`. Not to be called after a defect. */
  async push(chunk: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#busboy.write(chunk, () => resolve()));
  }

  /** To be called at the end of the body: a missing end of the form becomes a defect. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      // After an error busboy may finish or not; either way there is nothing more to wait for.
      this.#busboy.on("finish", resolve).on("error", () => resolve());
      this.#busboy.end();
    });
  }

  #onField(name: string | undefined, value: string, truncated: boolean): void {
    if (name === undefined) return this.#fail("a part has no name");
    if (truncated) return this.#fail(`a field is longer than ${LIMITS.fieldSize} bytes`);
    this.#fields.set(name, value);
  }

  #onFile(name: string | undefined, stream: BusboyFileStream, filename: string | undefined): void {
    // A body that ends inside a file is reported here too. Unheard it would be an exception of the whole process; busboy's
    // own `error` tells us.
    stream.on("error", () => {});
    if (name === undefined) this.#fail("a part has no name");
    // A browser's form in which no file was chosen sends the part with an empty filename.
    const isUpload = name === "file" && filename !== undefined && filename !== "";
    if (isUpload && this.#file !== null) this.#fail("a second file part");
    if (!isUpload || this.#file !== null) {
      stream.resume();
      return;
    }
    this.#file = { filename, fieldsBefore: this.fields };
    stream.on("data", (piece: Uint8Array) => this.#fileBytes.push(piece));
  }

  /** The first defect is the cause of those after it. */
  #fail(defect: string): void {
    this.#defect ??= defect;
  }
}
