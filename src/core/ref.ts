/** Names of branches, tags and other refs. */

/** What `git check-ref-format` refuses in a name, as far as one pattern can say it. */
const FORBIDDEN = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|^[/.-]|[/.]$/u;
/** They would turn what people read around. Git takes them. */
const MISLEADING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;

/** May a branch or tag have this name? As `git check-ref-format --branch` says it, without characters that mislead. */
export const isRefName = (name: string): boolean =>
  name !== "" && name !== "@" && !FORBIDDEN.test(name) && !MISLEADING.test(name);

export interface Ref {
  /** Branch or tag name; another ref by its full name, `refs/merge-requests/5/head`. */
  readonly name: string;
  readonly isTag: boolean;
}

/**
 * A ref as somebody names it: `refs/heads/x` is the branch x, `refs/tags/x` the tag x, anything else is a name as it is;
 * `isTag` is for those. Null for what is no ref's name.
 */
export const readRef = (text: string, isTag: boolean): Ref | null => {
  const [, kind, name = ""] = /^refs\/(heads|tags)\/(.*)$/s.exec(text) ?? [];
  const ref = kind === undefined ? { name: text, isTag } : { name, isTag: kind === "tags" };
  return isRefName(ref.name) ? ref : null;
};

/** Neither a branch nor a tag: fetched by its own name. */
export const isFullRef = (name: string): boolean => name.startsWith("refs/");
