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
    let maskedUntil = 0;
    // Searched in the untouched bytes: what one occurrence has overwritten may be the beginning of the next.
    follow(secret, bytes, (start) => {
      if (masked === bytes) masked = bytes.slice();
      masked.fill(MASK, Math.max(start, maskedUntil), start + secret.length);
      maskedUntil = start + secret.length;
    });
  }
  return masked;
};

/**
 * How many bytes at the end may be the beginning of a secret whose rest is yet to come: the longest tail that is a
 * secret's proper prefix. Who follows a growing log must not be shown these yet.
 */
export const heldBack = (bytes: Uint8Array, secrets: readonly Uint8Array[]): number =>
  Math.max(0, ...secrets.map((secret) => follow(secret, bytes.subarray(-Math.max(1, secret.length - 1)), () => {})));

/** How many bytes before and after a piece must be known to mask it as it would be masked within the whole. */
export const contextBytes = (secrets: readonly Uint8Array[]): number =>
  Math.max(0, ...secrets.map((secret) => secret.length - 1));

/**
 * Finds all occurrences of a secret, also those that overlap, in one pass (Knuth, Morris, Pratt): a job chooses both the log
 * and the secret, and a search that went back would take the product of their lengths.
 * @returns how many bytes at the end are a beginning of the secret, but not all of it
 */
const follow = (secret: Uint8Array, bytes: Uint8Array, onFound: (start: number) => void): number => {
  const [first] = secret;
  if (first === undefined) return 0;
  const shorter = shorterBeginnings(secret);
  let matched = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (matched === 0) {
      // The engine's own search for one byte is the fast way over all that is no secret.
      at = bytes.indexOf(first, at);
      if (at < 0) return 0;
      matched = 1;
    } else matched = nextMatched(secret, shorter, matched, bytes[at]);
    if (matched < secret.length) continue;
    onFound(at + 1 - matched);
    matched = shorter[matched] ?? 0;
  }
  return matched;
};

/** For a beginning of each length: the length of the longest shorter one that it ends with. */
const shorterBeginnings = (secret: Uint8Array): Uint32Array => {
  const shorter = new Uint32Array(secret.length + 1);
  for (let length = 2; length <= secret.length; length += 1) {
    shorter[length] = nextMatched(secret, shorter, shorter[length - 1] ?? 0, secret[length - 1]);
  }
  return shorter;
};

/** How much of the secret is matched when `byte` follows `matched` bytes of it. */
const nextMatched = (secret: Uint8Array, shorter: Uint32Array, matched: number, byte: number | undefined): number => {
  while (matched > 0 && secret[matched] !== byte) matched = shorter[matched] ?? 0;
  return secret[matched] === byte ? matched + 1 : 0;
};
