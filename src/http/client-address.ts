/** Where a request comes from, as far as that can be told: for people to read, nothing is decided by it. */

/** IPv4 or IPv6, roughly: whatever else a header may hold is nothing to store. */
const ADDRESS = /^[\da-f.:]{2,45}$/i;

/** The edge sets CF-Connecting-IP itself; without it, behind a proxy of one's own, the first of X-Forwarded-For counts. */
export const clientAddress = ({ headers }: Request): string | null => {
  const address = headers.get("CF-Connecting-IP") ?? headers.get("X-Forwarded-For")?.split(",", 1)[0]?.trim() ?? "";
  return ADDRESS.test(address) ? address : null;
};
