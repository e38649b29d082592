/**
 * Where a patch of the trace begins, in bytes, by its Content-Range; null when the header is missing or names no start.
 *
 * Runner 1.11.5 ends the range one past its last byte (`0-393`), later ones at it (`0-392`), some add `/total` or the
 * `bytes` of the RFC. So only the start counts; the end is the body's own.
 */
export const parseContentRange = (header: string | undefined): { readonly start: number } | null => {
  const digits = header?.match(/^\s*(?:bytes\s+)?(\d+)\s*(?:-|$)/i)?.[1];
  const start = Number(digits);
  return Number.isSafeInteger(start) ? { start } : null;
};
