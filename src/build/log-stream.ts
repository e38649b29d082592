/** A whole log that comes as a stream, since one RPC argument may have 32 MiB only. */

/** Its bytes, or "too long" when there are more than `maxBytes`; reads to the end in any case, as the sender waits for it. */
export const readLog = async (log: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array | "too long"> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of log) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
  }
  if (length > maxBytes) return "too long";
  const whole = new Uint8Array(length);
  let filled = 0;
  for (const chunk of chunks) {
    whole.set(chunk, filled);
    filled += chunk.length;
  }
  return whole;
};
