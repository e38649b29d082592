/** Is the stored trace what its runner sent? */

/** What a runner says of its whole trace, or what is stored of it; `crc32` is IEEE's, of all bytes. */
export interface TraceSum {
  readonly lengthBytes: number | null;
  readonly crc32: number | null;
}

/** So often is a runner asked to send its trace anew; after that what it sent is taken as it is. */
export const MAX_TRACE_RESETS = 2;
/** So often in all, also when it has sent nothing since it was asked: the answer that asks may be lost on the way. */
export const MAX_ANSWERS = 10;

/**
 * What becomes of a final report: `resend` the trace first, or finish with `verified` true, false, or null when the runner
 * gave no checksum. A runner reports when each of its patches was acknowledged, so what differs won't come right by waiting.
 */
export const checkTrace = (
  stored: { readonly lengthBytes: number; readonly crc32: number },
  said: TraceSum | null,
  resend: { readonly can: boolean; readonly resets: number },
): { readonly kind: "resend" } | { readonly kind: "finish"; readonly verified: boolean | null } => {
  if (said === null || (said.lengthBytes === null && said.crc32 === null)) return { kind: "finish", verified: null };
  const isSame =
    (said.lengthBytes ?? stored.lengthBytes) === stored.lengthBytes && (said.crc32 ?? stored.crc32) === stored.crc32;
  // A size alone proves little.
  if (isSame) return { kind: "finish", verified: said.crc32 === null ? null : true };
  const hasSentAnew = resend.resets === 0 || stored.lengthBytes > 0;
  const most = hasSentAnew ? MAX_TRACE_RESETS : MAX_ANSWERS;
  return resend.can && resend.resets < most ? { kind: "resend" } : { kind: "finish", verified: false };
};

/** `crc32:3610a686`, as runners write it; null for anything else. */
export const parseChecksum = (text: string): number | null => {
  const hex = /^crc32:([0-9a-f]{1,8})$/i.exec(text)?.[1];
  return hex === undefined ? null : Number.parseInt(hex, 16);
};
