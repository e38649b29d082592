/**
 * What an unquoted text in YAML means, as Ruby's Psych decides it (`Psych::ScalarScanner`), which is how GitLab reads
 * its files. It is YAML 1.1 with habits of its own: `y` and `n` are texts, `1e3` is one too, `12:30` is 45,000.
 */
import { Float, type Scalar } from "../value.ts";

/** Read, but not as what it looks like. */
export type Odd =
  /** GitLab refuses dates and times: they would be objects of a class that it hasn't allowed. */
  | { readonly refused: "Date" | "Time" }
  /** `:name` is a symbol of Ruby. GitLab goes on with its name. */
  | { readonly symbol: string };

export const readPlain = (text: string): Scalar | Odd => {
  if (text === "") return null;
  if (text.length > 5 && LETTER_FIRST.test(text)) return text;
  if (TEXT.test(text) || text.includes("\n"))
    return text.length > 5 ? text : (WORDS.get(text.toLowerCase()) ?? word(text));
  if (isTime(text)) return { refused: "Time" };
  if (isDate(text)) return { refused: "Date" };
  if (/^\+?\.inf$/i.test(text)) return new Float(Infinity);
  if (/^-\.inf$/i.test(text)) return new Float(-Infinity);
  if (/^\.nan$/i.test(text)) return new Float(NaN);
  if (/^:./.test(text)) return { symbol: text.replace(/^:["']?/, "").replace(/["']$/, "") };
  if (SEXAGESIMAL.test(text)) return sexagesimal(text);
  if (FLOAT.test(text)) return /^[-+]?\.$/.test(text) ? text : new Float(Number(text.replaceAll(/[,_]/g, "")));
  if (INTEGER.test(text)) return integer(text.replaceAll(/[,_]/g, ""));
  return text;
};

/** The most common case, told without the slower pattern below. */
const LETTER_FIRST = /^[A-Za-z_$]/;

const TEXT = /^[^\d.:-]?[\p{Alphabetic}_\s!@#$%^&*(){}<>|/\\~;=]/u;

const WORDS = new Map<string, boolean>([
  ["yes", true],
  ["true", true],
  ["on", true],
  ["no", false],
  ["false", false],
  ["off", false],
]);

const word = (text: string): string | null => (text === "~" || text.toLowerCase() === "null" ? null : text);

const TIME =
  /^-?\d{4}-(\d{1,2})-(\d{1,2})(?:[Tt]|\s+)(\d{1,2}):(\d\d):(\d\d)(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$/;

const isTime = (text: string): boolean => {
  const match = TIME.exec(text);
  if (match === null) return false;
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute <= 59 && second <= 60;
};

const DATE = /^(\d{4})-(1[012]|0\d|\d)-([12]\d|3[01]|0\d|\d)$/;

/** A day that doesn't exist is a text. */
const isDate = (text: string): boolean => {
  const match = DATE.exec(text);
  if (match === null) return false;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  return month >= 1 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
};

const SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}(\.[0-9_]*)?$/;

/** The first of two parts counts as hours, as the first of three does. The sign holds for the first part only. */
const sexagesimal = (text: string): number | Float => {
  const parts = text.replaceAll("_", "").split(":").map(Number);
  const seconds = parts.reduce((sum, part, index) => sum + part * 60 ** (2 - index), 0);
  return text.includes(".") ? new Float(seconds) : seconds;
};

const FLOAT = /^[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][+-][0-9]+)?$/;

const INTEGER =
  /^[-+]?(?:0b[_,]*[01][01_,]*|0[_,]*[0-7][0-7_,]*|(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|0x[_,]*[0-9a-fA-F][0-9a-fA-F_,]*)$/;

const integer = (text: string): number | bigint => {
  const digits = text.replace(/^[-+]/, "");
  const octal = /^0[0-7]+$/.test(digits);
  const size = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  const value = text.startsWith("-") ? -size : size;
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
};
