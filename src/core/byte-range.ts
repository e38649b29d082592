export type ByteRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly offset: number; readonly length: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: ByteRange = { kind: "whole" };
const UNSATISFIABLE: ByteRange = { kind: "unsatisfiable" };

/**
 * What a `Range` header asks of `size` bytes (RFC 9110, 14.1.2): `bytes=a-b`, `bytes=a-` or `bytes=-n`. Other units, several
 * ranges and malformed headers are ignored, as the RFC allows, so that the answer is the whole.
 */
export const parseRange = (header: string | undefined, size: number): ByteRange => {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return WHOLE;
  if (first === "") return lastBytes(Number(last), size);
  const offset = Number(first);
  const end = last === "" ? Infinity : Number(last);
  if (end < offset) return WHOLE;
  if (offset >= size) return UNSATISFIABLE;
  return { kind: "part", offset, length: Math.min(end + 1, size) - offset };
};

const lastBytes = (wanted: number, size: number): ByteRange => {
  if (wanted === 0) return UNSATISFIABLE;
  // The last bytes of nothing are nothing, which Content-Range can't say.
  if (size === 0) return WHOLE;
  const length = Math.min(wanted, size);
  return { kind: "part", offset: size - length, length };
};
