/** Writes a config as YAML text, as lint's `merged_yaml` shows it. What is shared is written out wherever it stands. */
import {
  DEFAULT_SCALAR_STYLE_RULES,
  defineScalarTag,
  defineSequenceTag,
  dump,
  NOT_RESOLVED,
  realMapTag,
  type ScalarTagDefinition,
  SCALAR_STYLE,
  type ScalarStyleRule,
  Schema,
  seqTag,
  strTag,
} from "js-yaml";
import { scalarText } from "../scalar-text.ts";
import { Float, type Hash, Reference, type Scalar } from "../value.ts";
import { readPlain } from "./plain-scalar.ts";

/** Reading it again with `readYaml` gives the same values. */
export const writeYaml = (config: Hash): string => `---\n${dump(config, OPTIONS)}`;

/** Without quotes, if that is read as the same kind of value. */
const plainTag = (
  name: string,
  is: (value: unknown) => boolean,
  write: (value: Scalar) => string,
): ScalarTagDefinition =>
  defineScalarTag(`tag:yaml.org,2002:${name}`, {
    implicit: true,
    resolve: (text) => {
      const value = readPlain(text);
      return is(value) ? value : NOT_RESOLVED;
    },
    identify: is,
    represent: write,
  });

const writeFloat = (value: Scalar): string => {
  const size = value instanceof Float ? value.value : 0;
  if (Number.isNaN(size)) return ".nan";
  if (!Number.isFinite(size)) return size > 0 ? ".inf" : "-.inf";
  return scalarText(value);
};

const referenceTag = defineSequenceTag<readonly string[], Reference>("!reference", {
  create: () => [],
  addItem: () => "",
  finalize: (path) => new Reference(path),
  identify: (data) => data instanceof Reference,
  represent: (data: Reference) => data.path,
});

/** Quotes what wouldn't be read as the text that it is. */
const quoteWhatMeansMore: ScalarStyleRule = (layout) => {
  if (layout.style !== SCALAR_STYLE.PLAIN || layout.node.tag !== strTag.tagName) return;
  const { value } = layout.node;
  if (value === "<<" || readPlain(value) !== value) layout.style = SCALAR_STYLE.SINGLE_QUOTED;
};

const OPTIONS = {
  schema: new Schema([
    strTag,
    seqTag,
    realMapTag,
    referenceTag,
    plainTag(
      "null",
      (value) => value === null,
      () => "null",
    ),
    plainTag("bool", (value) => typeof value === "boolean", scalarText),
    plainTag("int", (value) => typeof value === "number" || typeof value === "bigint", scalarText),
    plainTag("float", (value) => value instanceof Float, writeFloat),
  ]),
  noRefs: true,
  seqNoIndent: true,
  lineWidth: -1,
  scalarStyleRules: [...Object.values(DEFAULT_SCALAR_STYLE_RULES), quoteWhatMeansMore],
};
