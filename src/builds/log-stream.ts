/** A whole log that comes as a stream, since one RPC argument may have 32 MiB only. */
export interface WholeLog {
  readonly lengthBytes: number;
  readonly bytes: ReadableStream<Uint8Array>;
}

/** Its bytes, or "too long" when there are more than `maxBytes`; then they are read all the same, as the sender waits for it. */
export const readLog = async (log: WholeLog, maxBytes: number): Promise<Uint8Array | "too long"> => {
  const fits = log.lengthBytes <= maxBytes;
  const whole = new Uint8Array(fits ? log.lengthBytes : 0);
  let filled = 0;
  for await (const chunk of log.bytes) {
    if (fits) whole.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled !== log.lengthBytes) throw new Error(`a log of ${log.lengthBytes} bytes came as ${filled}`);
  return fits ? whole : "too long";
};
