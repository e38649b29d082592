import type { Place } from "../problem.ts";
import { isHash, isList, type Value, isGiven } from "../value.ts";
import { checkKeys, hashOf } from "./known-keys.ts";
import { textOrTexts } from "./list.ts";
import { attribute, entry, type Reader } from "./reader.ts";
import { filledText, oneOf, text } from "./scalar.ts";

/** What a job's release step makes once its script has succeeded. Variables in its texts are expanded by the runner. */
export interface Release {
  readonly tagName: string;
  readonly tagMessage: string | null;
  readonly name: string | null;
  readonly description: string;
  readonly ref: string | null;
  readonly milestones: readonly string[];
  readonly releasedAt: string | null;
  readonly assetLinks: readonly AssetLink[];
}

export interface AssetLink {
  readonly name: string;
  readonly url: string;
  readonly type: "other" | "runbook" | "image" | "package" | null;
  readonly filepath: string | null;
}

const KEYS = ["tag_name", "tag_message", "name", "description", "ref", "released_at", "milestones", "assets"];

/** `release`. */
export const release: Reader<Release> = hashOf(KEYS, (hash, at) => {
  for (const key of ["tag_name", "description"]) {
    if (!isGiven(hash, key)) at.attribute(key).invalid("can't be blank");
  }
  const tagName = attribute(hash, "tag_name", at, filledText);
  const description = attribute(hash, "description", at, filledText);
  const read = {
    tagMessage: attribute(hash, "tag_message", at, text) ?? null,
    name: attribute(hash, "name", at, text) ?? null,
    ref: attribute(hash, "ref", at, ref) ?? null,
    milestones: attribute(hash, "milestones", at, textOrTexts) ?? [],
    releasedAt: attribute(hash, "released_at", at, dateTime) ?? null,
    assetLinks: entry(hash, "assets", at, assets) ?? [],
  };
  return tagName === undefined || description === undefined ? undefined : { tagName, description, ...read };
});

/** What `git check-ref-format` refuses; `$` may begin a variable. */
const ref: Reader<string> = (value, at) => {
  const read = text(value, at);
  if (read === undefined) return undefined;
  const refused = /[\s~^:?*[\\\u007F]|\.\.|@\{|\/\/|^[/.-]|[/.]$|\.lock$|^$/.test(read.replaceAll(/\$\{?\w+\}?/g, "x"));
  return refused ? at.invalid("must be a valid ref") : read;
};

const DATE_TIME = /^\d{4}-?\d{2}-?\d{2}(?:T\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

const dateTime: Reader<string> = (value, at) =>
  typeof value === "string" && (DATE_TIME.test(value) || value.includes("$"))
    ? value
    : at.invalid("must be a valid datetime");

const assets: Reader<readonly AssetLink[]> = hashOf(["links"], (hash, at) => {
  const links = hash.get("links") ?? null;
  if (links === null || (isList(links) && links.length === 0)) return at.attribute("links").invalid("can't be blank");
  if (!isList(links) || !links.every(isHash)) return at.attribute("links").invalid("should be an array of hashes");
  return links.flatMap((link) => assetLink(link, at.at("links")) ?? []);
});

const assetLink = (value: Value, at: Place): AssetLink | undefined => {
  if (!isHash(value)) return at.invalid("should be a hash");
  checkKeys(value, at, ["name", "url", "filepath", "link_type"]);
  for (const key of ["name", "url"]) if (!isGiven(value, key)) at.attribute(key).invalid("can't be blank");
  const name = attribute(value, "name", at, filledText);
  const url = attribute(value, "url", at, filledText);
  const type = attribute(value, "link_type", at, oneOf(["other", "runbook", "image", "package"])) ?? null;
  const filepath = attribute(value, "filepath", at, text) ?? null;
  return name === undefined || url === undefined ? undefined : { name, url, type, filepath };
};
