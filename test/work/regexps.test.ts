/**
 * No regular expression in what is deployed, a library's or ours, may need more than one look at its text, times a constant.
 * A stranger's path of 100,000 slashes once took eight seconds in one that tried each of them as a beginning.
 *
 * V8 counts no steps, so this is proved of the expressions themselves: scslre, on which the rules of eslint-plugin-regexp
 * stand, looks for two ways through the same text and for a loop that begins anew at every character.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "acorn";
import { analyse } from "scslre";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle, CONFIG } from "../../scripts/local-server.ts";

/** Slow on texts that no request chooses. */
const ON_OUR_OWN_TEXTS = new Map([
  [String.raw`/\{[^/]*\}/g`, "src/http/route.ts, on the patterns of our routes"],
  [String.raw`/\{[^}]+\}/g`, "hono, on the patterns of our routes"],
  [String.raw`/\{(?:\{[\d,]+\}|[^}])+\}/g`, "hono, on the patterns of our routes"],
  [String.raw`/[0-9](?=(?:[0-9]{3})+(?![0-9]))/g`, "object-inspect below qs, on numbers in its own error messages"],
]);

/** Put together when the module is loaded: each is named with what keeps it bounded. */
const PUT_TOGETHER = new Map([
  [
    "^(?<prefix>(?:glrt-)?)(?<signature>[\\w-]{32})(?<payload>${PAYLOAD})$",
    "src/core/tokens.ts: every part has a longest length",
  ],
]);

interface Expression {
  readonly pattern: string;
  readonly flags: string;
}

interface Node {
  readonly type?: string;
  readonly regex?: Expression;
  readonly callee?: Node & { readonly name?: string };
  readonly start?: number;
  readonly end?: number;
}

let outDir = "";
let source = "";
const literals = new Map<string, Expression>();
const constructions: string[] = [];

const walk = (node: unknown): void => {
  if (typeof node !== "object" || node === null) return;
  const { type, regex, callee, start, end } = node as Node;
  if (regex !== undefined) literals.set(`/${regex.pattern}/${regex.flags}`, regex);
  if (type === "NewExpression" && callee?.name === "RegExp") constructions.push(source.slice(start, end));
  for (const child of Object.values(node)) walk(child);
};

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), "signalbox-bundle-"));
  source = await readFile(await bundle(CONFIG, outDir), "utf8");
  walk(parse(source, { ecmaVersion: "latest", sourceType: "module" }));
});

afterAll(() => rm(outDir, { recursive: true, force: true }));

const isSlow = ({ pattern, flags }: Expression): boolean =>
  analyse({ source: pattern, flags }, { reportTypes: { Move: true, Self: true, Trade: true } }).reports.length > 0;

test("every regular expression that is deployed goes over its text once, or reads none of a request's", () => {
  expect(literals.size).toBeGreaterThan(50);
  const slow = [...literals].filter(([, expression]) => isSlow(expression)).map(([text]) => text);

  expect(slow.toSorted()).toEqual([...ON_OUR_OWN_TEXTS.keys()].toSorted());
});

test("the analysis finds the expressions that were slow here", () => {
  for (const text of [String.raw`(.)\/+$`, "^[-.]+|[-.]+$", "^-+|-+$", "^[^/@]*:[^/@]*@", "(?:a+)+$"]) {
    expect(isSlow({ pattern: text, flags: "" }), text).toBe(true);
  }
});

test("no expression is put together of texts that a request brings", () => {
  // Hono's router makes its own of our routes' patterns, when it is made.
  const ours = constructions.filter((text) => !/\b(?:match\d*|next|regexp|regexpStr)\b/.test(text));
  const isKnown = (text: string): boolean => [...PUT_TOGETHER.keys()].some((known) => text.includes(known));

  expect(ours.filter((text) => !isKnown(text))).toEqual([]);
  expect(ours).toHaveLength(PUT_TOGETHER.size);
});
