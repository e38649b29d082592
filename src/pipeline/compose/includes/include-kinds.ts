/** How each kind of include is asked for, listed, and told of where it is lacking. Texts are GitLab's where it has one. */
import type { IncludedFile } from "../composed.ts";
import type { IncludeRepository, IncludeRequest } from "../include-request.ts";
import type { IncludeEntry } from "./include-entry.ts";

export const requestFor = (entry: IncludeEntry, repository: IncludeRepository | null): IncludeRequest => {
  switch (entry.kind) {
    case "local":
      return { kind: "local", path: entry.location, repository };
    case "remote":
      return { kind: "remote", url: entry.location, integrity: entry.integrity };
    case "project":
      return { kind: "project", project: entry.project, file: entry.location, ref: entry.ref };
    case "template":
      return { kind: "template", name: entry.location };
    case "component":
      return { kind: "component", address: entry.location };
  }
};

/** As lint lists it, before it is known where it can be looked at. */
export const described = (
  entry: IncludeEntry,
  mask: (text: string) => string,
  context: { readonly project: string | null; readonly sha: string },
): IncludedFile => ({
  type: entry.kind === "project" ? "file" : entry.kind,
  location: mask(entry.location),
  blob: null,
  raw: entry.kind === "remote" ? mask(entry.location) : null,
  extra: entry.kind === "project" ? { project: mask(entry.project), ref: mask(entry.ref) } : {},
  context_project: context.project,
  context_sha: context.sha,
});

export const missingText = (entry: IncludeEntry, location: string): string => {
  switch (entry.kind) {
    case "local":
      return `Local file \`${location}\` does not exist!`;
    case "project":
      return `Project \`${entry.project}\` file \`${location}\` does not exist!`;
    case "remote":
      return `Remote file \`${location}\` could not be fetched!`;
    case "template":
      return `Included file \`${location}\` is empty or does not exist!`;
    case "component":
      return `Component '${location}' - content not found`;
  }
};

export const emptyText = (kind: IncludeEntry["kind"], location: string): string =>
  kind === "local"
    ? `Local file \`${location}\` is empty!`
    : `Included file \`${location}\` is empty or does not exist!`;

/** Where whoever asks has no way to fetch such includes. */
export const notFetched = (kind: IncludeEntry["kind"], location: string): string => {
  if (kind === "local") return `Local file \`${location}\` does not exist!`;
  return `include:${kind} \`${location}\` is not supported here: nothing can fetch it`;
};
