/** Tokens that are good for nothing, made of one that is good for something. */
import type { Dice } from "./dice.ts";

/** Forged, cut short or altered: none of them is signed. */
export const altered = (token: string): string[] => [
  "x",
  ...[1, 8, 31, 32, 33, 40, token.length - 5, token.length - 1].map((length) => token.slice(0, length)),
  `${token}0`,
  `${token}x`,
  `glrt-${token}`,
  token.toUpperCase(),
  `${token[0] === "A" ? "B" : "A"}${token.slice(1)}`,
  token.replace(/_\d+_/, "_999999_"),
  token.replace(/_(\d+)_([0-9a-f]{4})$/, "_7_$2"),
  token.replace(/[0-9a-f]{4}$/, "0000"),
  token.replace("default", "other"),
  token.repeat(20),
  "__proto__",
  "undefined",
  "' OR 1=1 --",
];

/** One of its bits is another, as far as the character can stand in a header. */
const withFlippedBit = (dice: Dice, token: string): string => {
  const at = dice.number(token.length);
  const flipped = token.charCodeAt(at) ^ (1 << dice.number(7));
  const isVisible = flipped > 0x20 && flipped < 0x7f;
  return `${token.slice(0, at)}${isVisible ? String.fromCharCode(flipped) : "~"}${token.slice(at + 1)}`;
};

/** Never `token` itself, nor with white space around it, which headers lose on the way. */
export const forged = (dice: Dice, token: string): string => {
  const forgery = forgeryOf(dice, token);
  return forgery.trim() === token ? `${token}0` : forgery;
};

const forgeryOf = (dice: Dice, token: string): string => {
  if (dice.chance(0.3)) return dice.one(altered(token));
  if (dice.chance(0.5)) return withFlippedBit(dice, token);
  const at = dice.number(token.length);
  return dice.one([
    token.slice(0, at),
    token.slice(at + 1),
    token.slice(0, at) + token.slice(at + 1),
    `${token.slice(0, at)} ${token.slice(at)}`,
    `${token},${token}`,
    token.split("").toReversed().join(""),
    "A".repeat(dice.number(9000)),
  ]);
};
