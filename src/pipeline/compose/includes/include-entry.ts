/** One element of `include`, before anything is fetched. Errors are GitLab's. */
import { valueText } from "../../scalar-text.ts";
import { type Hash, isHash, isList, type Value } from "../../value.ts";
import { MAX_TEXT } from "../../yaml/read-yaml.ts";
import type { IncludeVariables } from "../variables.ts";
import { ComposeError } from "../work.ts";

export type IncludeEntry =
  | ({ readonly kind: "local"; readonly location: string } & Given)
  | ({ readonly kind: "remote"; readonly location: string; readonly integrity: string | null } & Given)
  | ({ readonly kind: "project"; readonly location: string; readonly project: string; readonly ref: string } & Given)
  | ({ readonly kind: "template"; readonly location: string } & Given)
  | ({ readonly kind: "component"; readonly location: string } & Given);

interface Given {
  readonly inputs: Hash;
}

/** What is known to be wrong, as the user shall read it. */
export interface Wrong {
  readonly error: string;
}

/** Whatever `include` has, as a list of hashes. A text is a path or an address; variables are expanded in it first. */
export const asHash = (value: Value, variables: IncludeVariables): Hash | Wrong => {
  if (isHash(value)) return value;
  if (typeof value !== "string") return { error: "Each include must be a hash or a string" };
  const location = expand(value, variables);
  return new Map([[ADDRESS.test(location) ? "remote" : "local", location]]);
};

const ADDRESS = /^(?:https?|ssh|git):\/\/\S+$/;

/** `hash`: its rules hold, its stars are resolved, its `file` is one of the files that it names. */
export const readEntry = (hash: Hash, variables: IncludeVariables): IncludeEntry | Wrong => {
  const kinds = KINDS.filter((key) => isPresent(hash.get(key)) && (key !== "project" || isPresent(hash.get("file"))));
  const [kind, another] = kinds;
  if (isPresent(hash.get("project")) && !isPresent(hash.get("file")) && kinds.length === 0)
    return { error: "include config must specify the file where to fetch the config from" };
  if (kind === undefined)
    return {
      error: `\`${variables.mask(shown(hash))}\` does not have a valid subkey for include. Valid subkeys are: ${NAMES}`,
    };
  if (another !== undefined) return { error: `Each include must use only one of: ${NAMES}` };
  const written = hash.get(kind === "project" ? "file" : kind) ?? null;
  if (typeof written !== "string")
    return { error: `Included file \`${variables.mask(valueText(written))}\` needs to be a string` };
  const location = expand(written, variables);
  const inputs = hash.get("inputs") ?? new Map();
  if (!isHash(inputs)) return { error: "include inputs config should be a hash" };
  const given = { location, inputs };
  switch (kind) {
    case "local":
      return checked({ kind, ...given, location: location.replace(/^\/+/, "") }, variables);
    case "template":
      return checked({ kind, ...given }, variables);
    case "component":
      return { kind, ...given };
    case "remote":
      return readRemote(hash, given, variables);
    case "project":
      return readProject(hash, given, variables);
    case "artifact":
      return { error: `include:artifact \`${variables.mask(location)}\` is not supported: it needs child pipelines` };
  }
};

const KINDS = ["local", "project", "remote", "template", "artifact", "component"] as const;
const NAMES = `\`${KINDS.join("`, `")}\``;
const KNOWN = new Set<string>([...KINDS, "file", "ref", "rules", "inputs", "integrity", "job"]);

/** Keys that GitLab passes over. */
export const unknownKeys = (hash: Hash): readonly string[] => [...hash.keys()].filter((key) => !KNOWN.has(key));

const readRemote = (
  hash: Hash,
  given: Given & { location: string },
  variables: IncludeVariables,
): IncludeEntry | Wrong => {
  const integrity = hash.get("integrity") ?? null;
  if (integrity !== null && !(typeof integrity === "string" && /^sha256-[A-Za-z0-9+/]+={0,2}$/.test(integrity)))
    return { error: "include config integrity hash must start with 'sha256-' and be base64 encoded" };
  if (!ADDRESS.test(given.location))
    return { error: `Remote file \`${variables.mask(given.location)}\` does not have a valid address!` };
  return checked({ kind: "remote", ...given, integrity }, variables);
};

const readProject = (
  hash: Hash,
  given: Given & { location: string },
  variables: IncludeVariables,
): IncludeEntry | Wrong => {
  const named = hash.get("project") ?? "";
  const project = isList(named) ? (named[0] ?? "") : named;
  const ref = hash.get("ref") ?? "HEAD";
  return checked(
    {
      kind: "project",
      ...given,
      location: given.location.replace(/^\/+/, ""),
      project: expand(valueText(project), variables).toLowerCase(),
      ref: expand(valueText(ref), variables),
    },
    variables,
  );
};

const checked = (entry: IncludeEntry, variables: IncludeVariables): IncludeEntry | Wrong => {
  const location = variables.mask(entry.location);
  if (!/[^/]\.ya?ml$/i.test(entry.location))
    return { error: `Included file \`${location}\` does not have YAML extension!` };
  if (entry.kind === "template" && !entry.location.endsWith(".gitlab-ci.yml"))
    return { error: `Template file \`${location}\` is not a valid location!` };
  return entry;
};

/** What Rails calls present. */
const isPresent = (value: Value | undefined): boolean => {
  if (value === undefined || value === null || value === false) return false;
  if (typeof value === "string") return value.trim() !== "";
  return isList(value) ? value.length > 0 : !isHash(value) || value.size > 0;
};

const expand = (text: string, variables: IncludeVariables): string => {
  const expanded = variables.expand(text, MAX_LOCATION);
  if (expanded === undefined) throw new ComposeError("The address of an include is too long");
  return expanded;
};

const MAX_LOCATION = MAX_TEXT / 128;

/** As JSON, cut where it is long. */
const shown = (hash: Hash): string => {
  const text = valueText(hash).replaceAll("=>", ":");
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};
