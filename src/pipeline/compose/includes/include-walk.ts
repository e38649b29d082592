/**
 * Follows `include`, into the files that are included and what they include. What is lacking is asked for; the walk
 * goes on beside it, so that one round asks for all that it can.
 */
import type { Problem } from "../../problem.ts";
import { type Hash, isList, type Value } from "../../value.ts";
import { MAX_TEXT } from "../../yaml/read-yaml.ts";
import type { IncludedFile } from "../composed.ts";
import { mergeInto } from "../deep-merge.ts";
import type { FetchedInclude, IncludeRepository, IncludeRequest } from "../include-request.ts";
import { loadFile, type LoadTools } from "../load-file.ts";
import { ComposeError } from "../work.ts";
import { asHash, type IncludeEntry, readEntry, unknownKeys } from "./include-entry.ts";
import { type RuleFacts, rulesHold } from "./include-rules.ts";
import { described, emptyText, missingText, notFetched, requestFor } from "./include-kinds.ts";
import { requestKey } from "../include-request.ts";
import { matchingPaths } from "./wildcard.ts";

/** Of files that are really included, each time that one is. */
const MAX_INCLUDES = 150;

export interface IncludeFacts extends LoadTools, RuleFacts {
  /** Texts of the repository that the pipeline is for. */
  readonly files: ReadonlyMap<string, string> | null;
  readonly fetches: ReadonlySet<IncludeRequest["kind"]>;
  /** By `requestKey`. */
  readonly fetched: ReadonlyMap<string, FetchedInclude>;
}

/** The one that the pipeline is for, as lint names it. */
export interface OwnRepository {
  readonly project: string | null;
  readonly sha: string;
}

/** The file whose `include` is followed. */
export interface IncludingFile {
  readonly name: string;
  /** In its repository: its own stars don't mean itself. Null for what isn't in one. */
  readonly path: string | null;
  /** Null: the pipeline's own. */
  readonly repository: IncludeRepository | null;
}

/** A file with all that it includes. */
export interface Layer {
  readonly content: Hash;
  /** Where each key at the top stands last. */
  readonly files: ReadonlyMap<string, string>;
}

export class IncludeWalk {
  readonly includes: IncludedFile[] = [];
  readonly requests = new Map<string, IncludeRequest>();
  readonly #facts: IncludeFacts;
  readonly #problems: Problem[];
  readonly #own: OwnRepository;
  #length: number;

  /** `length`: of the text that the walk begins with. */
  constructor(facts: IncludeFacts, problems: Problem[], own: OwnRepository, length: number) {
    this.#facts = facts;
    this.#problems = problems;
    this.#own = own;
    this.#length = length;
  }

  follow(config: Hash, file: IncludingFile): Layer {
    const entries = this.#entries(config.get("include"), file);
    const content = new Map<string, Value>();
    const files = new Map<string, string>();
    const first = this.includes.length;
    for (const entry of entries) this.#count(entry, file);
    for (const [index, entry] of entries.entries()) {
      const layer = this.#include(entry, file, first + index);
      if (layer === null) continue;
      mergeInto(content, layer.content, this.#facts.work);
      for (const [key, name] of layer.files) files.set(key, name);
    }
    mergeInto(content, config, this.#facts.work);
    content.delete("include");
    for (const key of config.keys()) files.set(key, file.name);
    return { content, files };
  }

  #entries(value: Value | undefined, file: IncludingFile): readonly IncludeEntry[] {
    const entries: IncludeEntry[] = [];
    for (const element of isList(value) ? value : [value ?? null]) {
      if (element === null) continue;
      const hash = asHash(element, this.#facts.variables);
      if ("error" in hash) this.#tell("error", hash.error, file);
      else entries.push(...this.#chosen(hash, file));
    }
    return entries;
  }

  /** None if its rules don't hold; several if it means several files. */
  #chosen(hash: Hash, file: IncludingFile): readonly IncludeEntry[] {
    const unknown = unknownKeys(hash);
    if (unknown.length > 0) this.#tell("warning", `include has keys that are ignored: ${unknown.join(", ")}`, file);
    if (!rulesHold(hash.get("rules"), this.#facts, this.#problems, file.name)) return [];
    const entries: IncludeEntry[] = [];
    for (const one of this.#spread(hash, file)) {
      const entry = readEntry(one, this.#facts.variables);
      if ("error" in entry) this.#tell("error", entry.error, file);
      else entries.push(entry);
    }
    return entries;
  }

  #spread(hash: Hash, file: IncludingFile): readonly Hash[] {
    const paths = hash.get("file");
    if (hash.has("project") && isList(paths)) return paths.map((path) => new Map(hash).set("file", path));
    const local = hash.get("local");
    if (typeof local !== "string" || !local.includes("*")) return [hash];
    const tree = file.repository === null ? (this.#facts.tree ?? [...(this.#facts.files?.keys() ?? [])]) : [];
    const matching = matchingPaths(local.replace(/^\/+/, ""), tree, this.#facts.work);
    const found = matching.filter((path) => path !== file.path);
    if (found.length === 0) this.#tell("warning", `include \`${local}\` matches no file`, file);
    if (found.length > MAX_INCLUDES) throw tooMany();
    return found.map((path) => new Map(hash).set("local", path));
  }

  #count(entry: IncludeEntry, file: IncludingFile): void {
    const { variables } = this.#facts;
    const context = file.repository ?? this.#own;
    this.includes.push(described(entry, (text) => variables.mask(text), context));
    if (this.includes.length > MAX_INCLUDES) throw tooMany();
  }

  #include(entry: IncludeEntry, file: IncludingFile, index: number): Layer | null {
    const location = this.#facts.variables.mask(entry.location);
    const fetched = this.#text(entry, file, index);
    if (fetched === null) return null;
    const { text, repository } = fetched;
    if (text.trim() === "") return this.#fail(emptyText(entry.kind, location), file);
    this.#length += text.length;
    if (this.#length > MAX_TEXT) throw new ComposeError("Total size of combined CI/CD configuration is too big");
    const loaded = {
      text,
      name: location,
      inputs: entry.inputs,
      component: fetched.component,
      prefix: `\`${location}\`: `,
    };
    const config = loadFile(loaded, this.#facts, this.#problems);
    if (config === null) return null;
    const path = entry.kind === "local" ? entry.location : null;
    const layer = config.size === 0 ? null : this.follow(config, { name: location, path, repository });
    if (layer !== null && layer.content.size > 0) return layer;
    // Of something that is lacking still nothing can be said.
    if (layer !== null && this.requests.size > 0) return null;
    return this.#fail(`Included file \`${location}\` does not have valid YAML syntax!`, file);
  }

  #text(entry: IncludeEntry, file: IncludingFile, index: number): FoundText | null {
    const location = this.#facts.variables.mask(entry.location);
    const own = entry.kind === "local" && file.repository === null ? this.#facts.files?.get(entry.location) : undefined;
    if (own !== undefined) return { text: own, repository: null, component: new Map() };
    if (!this.#facts.fetches.has(entry.kind)) return this.#fail(notFetched(entry.kind, location), file);
    const request = requestFor(entry, file.repository);
    const key = requestKey(request);
    const fetched = this.#facts.fetched.get(key);
    if (fetched === undefined) {
      this.requests.set(key, request);
      return null;
    }
    if (!fetched.found) return this.#fail(fetched.reason ?? missingText(entry, location), file);
    const listed = this.includes[index];
    if (listed !== undefined)
      this.includes[index] = { ...listed, blob: fetched.blob ?? listed.blob, raw: fetched.raw ?? listed.raw };
    const component = new Map<string, Value>(Object.entries(fetched.component ?? {}));
    return { text: fetched.text, repository: fetched.repository, component };
  }

  #fail(message: string, file: IncludingFile): null {
    this.#tell("error", message, file);
    return null;
  }

  #tell(kind: Problem["kind"], message: string, file: IncludingFile): void {
    this.#problems.push({ kind, message, file: file.name });
  }
}

interface FoundText {
  readonly text: string;
  readonly repository: IncludeRepository | null;
  readonly component: Hash;
}

const tooMany = (): ComposeError => new ComposeError(`Maximum of ${MAX_INCLUDES} nested includes are allowed!`);
