import { describe, expect, it } from "vitest";
import { chooseDocuments } from "../../../src/pipeline/yaml/documents.ts";
import { readYaml } from "../../../src/pipeline/yaml/read-yaml.ts";
import { plain } from "./reading.ts";

const chosen = (text: string): unknown => {
  const read = readYaml(text);
  if (!read.ok) throw new Error(read.message);
  const choice = chooseDocuments(read);
  return choice.ok
    ? [choice.header && plain(choice.header), plain(choice.content), choice.warnings.length]
    : choice.message;
};

describe("of a text's documents", () => {
  it.each<[string, string, unknown]>([
    ["one is the config", "a: 1\n", [null, { a: 1 }, 0]],
    ["one after `---` too", "---\na: 1\n", [null, { a: 1 }, 0]],
    ["comments are an empty config", "# a: 1\n", [null, {}, 0]],
    ["the first with `spec` is the header", "spec: {inputs: {}}\n---\na: 1\n", [{ spec: { inputs: {} } }, { a: 1 }, 0]],
    ["also after `---`", "---\nspec: {}\n---\na: 1\n", [{ spec: {} }, { a: 1 }, 0]],
    ["`spec` alone is no header", "spec: {}\n", [null, { spec: {} }, 0]],
    ["empty ones don't count", "# x\n---\nspec: {}\n---\na: 1\n---\n", [{ spec: {} }, { a: 1 }, 0]],
    ["others after a config are not read, which is warned of", "a: 1\n---\nb: 1\n", [null, { a: 1 }, 1]],
    [
      "the last of three is the config where a header is",
      "spec: {}\n---\na: 1\n---\nb: 1\n",
      [{ spec: {} }, { b: 1 }, 1],
    ],
    ["a list is no config", "- a\n", "Invalid configuration format"],
    ["a text is no config", "hello\n", "Invalid configuration format"],
  ])("%s", (_, text, expected) => expect(chosen(text)).toEqual(expected));
});
