/** The same numbers for the same seed (mulberry32), from 0 up to and without `below`. */
export type Random = (below: number) => number;

export const seeded = (seed: number): Random => {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

/** What YAML and GitLab give a meaning to. */
const FRAGMENTS = [
  ...Array.from("[]{},:?*&!|>%@#-~'\"\n\t $<\\"),
  "- ",
  ": ",
  " #",
  "\n\n",
  "  ",
  "\n  ",
  "<<: ",
  "&a ",
  "*a",
  "*vars",
  "!reference [",
  "]\n",
  "[\n",
  "---\n",
  "...\n",
  "null",
  "yes",
  "0644",
  "1:30",
  "2024-01-01",
  "1e400",
  "-.inf",
  "extends: ",
  "include: ",
  "local: ",
  "'ci/*.yml'",
  "ci/more.yml",
  "inputs: ",
  "spec:",
  "default: ",
  "inherit: ",
  "$[[ inputs.",
  " ]]",
  "$[[",
  "| expand_vars",
  ".base",
  ".root",
  "build",
  "script: ",
  "__proto__: ",
  "constructor",
  "\u0000",
  "\uFEFF",
  "\u2028",
  "😀",
  "é",
];

/** One to five small changes: what is put in, taken out, moved in or out, or taken from elsewhere. */
export const mutate = (text: string, others: readonly string[], random: Random): string => {
  let mutated = text;
  for (let change = random(5); change >= 0; change -= 1)
    mutated = CHANGES[random(CHANGES.length)]?.(mutated, others, random) ?? mutated;
  return mutated;
};

type Change = (text: string, others: readonly string[], random: Random) => string;

const putIn = (text: string, part: string, random: Random): string => {
  const at = random(text.length + 1);
  return text.slice(0, at) + part + text.slice(at);
};

const changeLine = (text: string, random: Random, change: (line: string) => string): string => {
  const lines = text.split("\n");
  const at = random(lines.length);
  return lines.with(at, change(lines[at] ?? "")).join("\n");
};

const CHANGES: readonly Change[] = [
  (text, _, random) => putIn(text, FRAGMENTS[random(FRAGMENTS.length)] ?? "", random),
  (text, _, random) => putIn(text, FRAGMENTS[random(FRAGMENTS.length)] ?? "", random),
  (text, _, random) => {
    const at = random(text.length + 1);
    return text.slice(0, at) + text.slice(at + 1 + random(8));
  },
  (text, _, random) => changeLine(text, random, (line) => `  ${line}`),
  (text, _, random) => changeLine(text, random, (line) => line.replace(/^ {1,2}/, "")),
  (text, _, random) => changeLine(text, random, (line) => `${line}\n${line}`),
  (text, _, random) => changeLine(text, random, () => ""),
  (text, others, random) => {
    const lines = (others[random(others.length)] ?? "").split("\n");
    return putIn(text, `\n${lines.slice(random(lines.length)).slice(0, 3).join("\n")}\n`, random);
  },
];
