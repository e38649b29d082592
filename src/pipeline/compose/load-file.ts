/** A file's text becomes its config: read, its header taken off, its inputs put in. */
import type { Problem } from "../problem.ts";
import type { Hash } from "../value.ts";
import { chooseDocuments, type FileDocuments } from "../yaml/documents.ts";
import { readYaml } from "../yaml/read-yaml.ts";
import { MAX_DEPTH, MAX_FILE_SIZE, Sizes } from "../yaml/size.ts";
import type { Conditions } from "./conditions.ts";
import { inputValues } from "./inputs/input-values.ts";
import { readHeader } from "./inputs/input-spec.ts";
import { interpolate } from "./inputs/interpolate.ts";
import type { IncludeVariables } from "./variables.ts";
import { ComposeError, type Work } from "./work.ts";

/** Texts that were read already: the same file may be included many times, with other inputs. */
export class ReadTexts {
  readonly #known = new Map<string, FileDocuments>();

  read(text: string): FileDocuments {
    let known = this.#known.get(text);
    if (known === undefined) {
      const read = readYaml(text);
      known = read.ok ? chooseDocuments(read) : read;
      this.#known.set(text, known);
    }
    return known;
  }
}

export interface LoadedFile {
  readonly text: string;
  /** As problems name it. */
  readonly name: string;
  readonly inputs: Hash;
  /** Facts of the component that the file belongs to. */
  readonly component: Hash;
  /** Before each message: an included file is named there, too. */
  readonly prefix: string;
}

export interface LoadTools {
  readonly texts: ReadTexts;
  readonly conditions: Conditions;
  readonly variables: IncludeVariables;
  readonly work: Work;
}

/** Null: it can't be used; `problems` say why. */
export const loadFile = (file: LoadedFile, tools: LoadTools, problems: Problem[]): Hash | null => {
  const documents = tools.texts.read(file.text);
  const tell = (kind: Problem["kind"], message: string): void => {
    problems.push({ kind, message: `${file.prefix}${message}`, file: file.name });
  };
  if (!documents.ok) {
    tell("error", documents.message);
    return null;
  }
  for (const warning of documents.warnings) tell("warning", warning);
  if (documents.header !== null) return withInputs(documents.header, documents.content, file, tools, tell);
  if (file.inputs.size === 0) return documents.content;
  tell("error", "Given inputs not defined in the `spec` section of the included configuration file");
  return null;
};

const withInputs = (
  header: Hash,
  content: Hash,
  file: LoadedFile,
  { conditions, variables, work }: LoadTools,
  tell: (kind: Problem["kind"], message: string) => void,
): Hash | null => {
  let errors = 0;
  const fail = (message: string): void => {
    errors += 1;
    tell("error", message);
  };
  const found: Problem[] = [];
  const { inputs: specs, component } = readHeader(header, found, file.name);
  for (const problem of found) fail(problem.message);
  if (errors > 0) return null;
  const inputs = inputValues(specs, file.inputs, conditions, fail);
  if (errors > 0) return null;
  const facts = new Map(component.map((name) => [name, file.component.get(name) ?? null]));
  const scopes = new Map<string, Hash>([["inputs", inputs]]);
  if (component.length > 0) scopes.set("component", facts);
  const config = interpolate(content, scopes, variables, work, fail);
  if (errors > 0) return null;
  const { size, depth } = new Sizes().of(config);
  if (size > MAX_FILE_SIZE || depth > MAX_DEPTH) throw new ComposeError("config too large");
  return config;
};
