import { Float, isHash, isList, Reference, type Value } from "../../../src/pipeline/value.ts";
import { readYaml } from "../../../src/pipeline/yaml/read-yaml.ts";

/** Hashes as objects, so that tables can be read; `!reference [a, b]` as the text. */
export const plain = (value: Value): unknown => {
  if (isList(value)) return value.map(plain);
  if (isHash(value)) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (value instanceof Reference) return `!reference [${value.path.join(", ")}]`;
  return value instanceof Float ? value.value : value;
};

/** What a text of one document says, or the message of why it can't be read. */
export const reading = (text: string): unknown => {
  const read = readYaml(text);
  return read.ok ? plain(read.documents[0] ?? null) : read.message;
};

/** What is warned of a text that can be read. */
export const warnings = (text: string): readonly string[] => {
  const read = readYaml(text);
  return read.ok ? read.warnings : [`not read: ${read.message}`];
};
