/** How much of a patch is stored; `isCut`: the trace has reached its limit with it, and the build ends. */
export interface Landing {
  readonly storedBytes: number;
  readonly isCut: boolean;
}

/**
 * Where a patch of a trace lands, all in bytes; null when it doesn't fit: it must begin where the stored trace ends. The end
 * that a runner names is not trusted, only the number of bytes counts. Of a patch that passes the limit what fits is kept.
 */
export const landPatch = (
  trace: { readonly lengthBytes: number; readonly maxBytes: number },
  patch: { readonly start: number; readonly lengthBytes: number },
): Landing | null => {
  if (patch.start !== trace.lengthBytes) return null;
  const room = Math.max(0, trace.maxBytes - trace.lengthBytes);
  return { storedBytes: Math.min(room, patch.lengthBytes), isCut: patch.lengthBytes > room };
};
