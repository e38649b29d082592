/** What the runner has written of a log that Signalbox has ended: without the line that says so. Bytes of a log are its own. */
const ESCAPE = String.fromCharCode(0x1b);
const NOTE = new RegExp(`\\n?${ESCAPE}\\[33;1mSignalbox ended this log: [^\\n]*${ESCAPE}\\[0m\\n$`);

export const withoutEndNote = (text: string): string => text.replace(NOTE, "");

/** The same for bytes, read one by one. */
export const bytesWithoutEndNote = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.from(withoutEndNote(Buffer.from(bytes).toString("latin1")), "latin1"));

/** With a line's end before it, but for a log that has nothing else. */
const MARKS = ["\n", ""].map((end) => Buffer.from(`${end}${ESCAPE}[33;1mSignalbox ended this log: `, "latin1"));

/** Of what has come so far of a followed log: what its runner wrote for certain, without a line that has come in part. */
export const certainBytes = (soFar: Buffer): Buffer => {
  for (const mark of MARKS) {
    const at = soFar.indexOf(mark);
    if (at >= 0) return soFar.subarray(0, at);
    for (let length = Math.min(mark.length, soFar.length); length > 0; length--) {
      const begins = soFar.length - length;
      if (soFar.subarray(begins).equals(mark.subarray(0, length))) return soFar.subarray(0, begins);
    }
  }
  return soFar;
};
