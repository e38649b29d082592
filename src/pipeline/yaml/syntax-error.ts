/**
 * js-yaml says what is wrong in its own words. GitLab's users know those of libyaml, and search the web for them:
 * `(<unknown>): did not find expected key while parsing a block mapping at line 2 column 1`.
 */
import { lineAndColumn } from "./yaml-error.ts";

/** `offset`: where js-yaml stopped. */
export const syntaxError = (text: string, reason: string, offset: number): string => {
  const { problem, at } = describe(text, reason, offset);
  const { line, column } = lineAndColumn(text, at);
  return `(<unknown>): ${problem} at line ${line} column ${column}`;
};

interface Described {
  readonly problem: string;
  /** libyaml names the start of what it was in, where it knows it. */
  readonly at: number;
}

const describe = (text: string, reason: string, offset: number): Described => {
  const here = (problem: string): Described => ({ problem, at: offset });
  const quoted = /within a (?:single|double) quoted scalar$/.test(reason) || reason === "deficient indentation";
  if (quoted && offset >= text.trimEnd().length)
    return here("found unexpected end of stream while scanning a quoted scalar");
  if (quoted && /^(?:---|\.\.\.)/.test(text.slice(offset, offset + 3)))
    return here("found unexpected document indicator while scanning a quoted scalar");
  if (FLOW.has(reason)) return inFlow(text, offset);
  if (BLOCK.has(reason)) return inBlock(text, offset);
  return here(WORDS.get(reason) ?? reason);
};

const FLOW = new Set([
  "unexpected end of the stream within a flow collection",
  "missed comma between flow collection entries",
]);

const BLOCK = new Set([
  "bad indentation of a mapping entry",
  "bad indentation of a sequence entry",
  "end of the stream or a document separator is expected",
  "can not read a block mapping entry; a multiline key may not be an implicit key",
  "expected ':' after a mapping key",
]);

const NO_TOKEN = "found character that cannot start any token while scanning for the next token";

const WORDS = new Map([
  ["tab characters must not be used in indentation", NO_TOKEN],
  ["expected the node content, but found ','", "did not find expected node content while parsing a flow node"],
  ["unknown escape sequence", "found unknown escape character while parsing a quoted scalar"],
  ["expected hexadecimal character", "did not find expected hexdecimal number while parsing a quoted scalar"],
  ["the stream contains non-printable characters", "control characters are not allowed"],
  [
    "name of an anchor node must contain at least one character",
    "did not find expected alphabetic or numeric character while scanning an anchor",
  ],
  [
    "name of an alias node must contain at least one character",
    "did not find expected alphabetic or numeric character while scanning an alias",
  ],
  ["a line break is expected", "did not find expected comment or line break while scanning a block scalar"],
  ["deficient indentation", "found a quoted text that goes on with less indentation than its key"],
]);

const inFlow = (text: string, offset: number): Described => {
  const start = openBracket(text, offset);
  return text[start] === "{"
    ? { problem: "did not find expected ',' or '}' while parsing a flow mapping", at: start }
    : { problem: "did not find expected ',' or ']' while parsing a flow sequence", at: start };
};

/** The last bracket before `offset` that isn't closed there. Quotes are not looked at: it only says where to look. */
const openBracket = (text: string, offset: number): number => {
  let closed = 0;
  for (let at = offset - 1; at >= 0; at -= 1) {
    const char = text[at];
    if (char === "]" || char === "}") closed += 1;
    if ((char === "[" || char === "{") && closed-- === 0) return at;
  }
  return offset;
};

const inBlock = (text: string, offset: number): Described => {
  const char = text[offset] ?? "";
  const spaced = /^\s?$/.test(text[offset + 1] ?? "");
  const first = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset).trim() === "";
  if (char === ":") return { problem: "mapping values are not allowed in this context", at: offset };
  if ("@`%".includes(char) && char !== "") return { problem: NO_TOKEN, at: offset };
  if (char === "-" && spaced && !first)
    return { problem: "block sequence entries are not allowed in this context", at: offset };
  if (char === "?" && spaced && !first) return { problem: "mapping keys are not allowed in this context", at: offset };
  if (",]}".includes(char) && char !== "" && /(?:^|[:-])\s*$/.test(text.slice(Math.max(0, offset - 20), offset)))
    return { problem: "did not find expected node content while parsing a block node", at: offset };
  const start = blockAround(text, offset);
  if (start === null) return { problem: "did not find expected <document start>", at: offset };
  return /^-(?:\s|$)/.test(text.slice(start, start + 2))
    ? { problem: "did not find expected '-' indicator while parsing a block collection", at: start }
    : { problem: "did not find expected key while parsing a block mapping", at: start };
};

/** Where the innermost list or hash begins that can stand around this place; null if it stands left of all. */
const blockAround = (text: string, offset: number): number | null => {
  const open: { column: number; at: number }[] = [];
  const enter = (column: number, at: number): void => {
    while ((open.at(-1)?.column ?? -1) > column) open.pop();
    if ((open.at(-1)?.column ?? -1) < column) open.push({ column, at });
  };
  const last = text.lastIndexOf("\n", offset - 1) + 1;
  for (let start = 0; start <= last;) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, start === last ? offset : end);
    const [, indent = "", dashes = "", rest = ""] = /^( *)((?:- +)*)(.*)/.exec(line) ?? [];
    let column = indent.length;
    for (const [dash] of dashes.matchAll(/- +/g)) {
      enter(column, start + column);
      column += dash.length;
    }
    if (/^[^#]*:(?:\s|$)/.test(rest)) enter(column, start + column);
    if (start === last) break;
    start = end + 1;
  }
  const column = offset - last;
  while ((open.at(-1)?.column ?? -1) > column) open.pop();
  return open.at(-1)?.at ?? null;
};
