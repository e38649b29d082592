const MASK = "x".charCodeAt(0);

/**
 * Hides secrets in a piece of a log: each byte that belongs to an occurrence of a secret becomes `x`, also where
 * occurrences overlap, so lengths and offsets stay. Secrets of no bytes are ignored.
 *
 * A piece of a larger whole is masked right only together with `contextBytes` before and after it.
 * @returns a copy, or `bytes` itself when no secret is in it
 */
export const maskSecrets = (bytes: Uint8Array, secrets: readonly Uint8Array[]): Uint8Array => {
  let masked = bytes;
  for (const secret of secrets) {
    // Searched in the untouched bytes: what one occurrence has overwritten may be the beginning of the next.
    for (let at = indexOf(bytes, secret, 0); at >= 0; at = indexOf(bytes, secret, at + 1)) {
      if (masked === bytes) masked = bytes.slice();
      masked.fill(MASK, at, at + secret.length);
    }
  }
  return masked;
};

/**
 * How many bytes at the end may be the beginning of a secret whose rest is yet to come: the longest tail that is a
 * secret's proper prefix. Who follows a growing log must not be shown these yet.
 */
export const heldBack = (bytes: Uint8Array, secrets: readonly Uint8Array[]): number => {
  let held = 0;
  for (const secret of secrets) {
    let length = Math.min(secret.length - 1, bytes.length);
    while (length > held && !isAt(secret, bytes, bytes.length - length, length)) length -= 1;
    held = Math.max(held, length);
  }
  return held;
};

/** How many bytes before and after a piece must be known to mask it as it would be masked within the whole. */
export const contextBytes = (secrets: readonly Uint8Array[]): number =>
  Math.max(0, ...secrets.map((secret) => secret.length - 1));

const indexOf = (bytes: Uint8Array, secret: Uint8Array, from: number): number => {
  const [first] = secret;
  if (first === undefined) return -1;
  // TypedArray.indexOf is the engine's own fast search for one byte; only its hits are compared here.
  let at = bytes.indexOf(first, from);
  while (at >= 0 && !isAt(secret, bytes, at, secret.length)) at = bytes.indexOf(first, at + 1);
  return at;
};

/** Whether the first `length` bytes of the secret stand at this offset. */
const isAt = (secret: Uint8Array, bytes: Uint8Array, offset: number, length: number): boolean => {
  if (offset + length > bytes.length) return false;
  for (let i = 0; i < length; i += 1) if (bytes[offset + i] !== secret[i]) return false;
  return true;
};
