/** What the runner has written of a log that Signalbox has ended: without the line that says so. Bytes of a log are its own. */
const ESCAPE = String.fromCharCode(0x1b);
const NOTE = new RegExp(`\\n?${ESCAPE}\\[33;1mSignalbox ended this log: [^\\n]*${ESCAPE}\\[0m\\n$`);

export const withoutEndNote = (text: string): string => text.replace(NOTE, "");

/** The same for bytes, read one by one. */
export const bytesWithoutEndNote = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.from(withoutEndNote(Buffer.from(bytes).toString("latin1")), "latin1"));
