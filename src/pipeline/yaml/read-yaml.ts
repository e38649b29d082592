/**
 * The text of a file becomes values, with GitLab's meaning and GitLab's words for what is wrong.
 *
 * By js-yaml 5: it parses 1 MiB in 0.1 to 0.2 s and hands out events with offsets, from which values can be built as
 * Psych builds them. `yaml` took seven times as long, and builds its own tree first.
 */
import { type Event, parseEvents, YAMLException } from "js-yaml";
import { construct, type Constructed } from "./construct.ts";
import { flowOnOneLine } from "./flow-lines.ts";
import { MAX_DEPTH, TOO_BIG } from "./size.ts";
import { syntaxError } from "./syntax-error.ts";
import { YamlError } from "./yaml-error.ts";

/** In UTF-16 units; GitLab counts bytes of all files together. */
export const MAX_TEXT = 1_048_576;

export type ReadYaml = ({ readonly ok: true } & Constructed) | { readonly ok: false; readonly message: string };

export const readYaml = (given: string): ReadYaml => {
  if (given.length > MAX_TEXT) return { ok: false, message: TOO_BIG };
  const text = given.replace(/^\uFEFF/, "");
  try {
    return { ok: true, ...construct(text, parse(text)) };
  } catch (error) {
    if (error instanceof YamlError) return { ok: false, message: error.message };
    throw error;
  }
};

const parse = (text: string): readonly Event[] => {
  try {
    return parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    if (error.reason === LESS_INDENTED) return parseAgain(text, error);
    throw translated(text, error);
  }
};

const LESS_INDENTED = "deficient indentation";

const parseAgain = (text: string, first: YAMLException): readonly Event[] => {
  const joined = flowOnOneLine(text);
  if (joined === text) throw translated(text, first);
  try {
    return parseEvents(joined, { maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw translated(text, error);
  }
};

const translated = (text: string, error: YAMLException): YamlError => {
  if (error.reason.startsWith("nesting exceeded")) return new YamlError(TOO_BIG);
  return new YamlError(syntaxError(text, error.reason, error.mark?.position ?? 0));
};
