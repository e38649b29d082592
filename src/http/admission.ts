/** Whose large body is read: that of a sender who shows a token of ours, signed, in front of all else that it sends. */
import { accept, refuse } from "../core/refusal.ts";
import { tokenKeys } from "../settings.ts";
import type { Admission } from "./body.ts";
import type { FrontContext } from "./front.ts";

const HEADERS = ["BUILD-TOKEN", "JOB-TOKEN", "RUNNER-TOKEN"];

/** What a token of ours looks like, anywhere in a body of any type. */
const TOKEN_IN_TEXT = /(?:glrt-)?[\w-]{32}[rbpd]_[a-z0-9]{1,40}_[0-9_]{1,40}_[0-9a-f]{4}(?![0-9a-f])/g;
const MAX_TRIED = 5;

const tokensIn = (beginning: Uint8Array): string[] => {
  const matches = [...new TextDecoder("latin1").decode(beginning).matchAll(TOKEN_IN_TEXT)].slice(0, MAX_TRIED);
  // From the bytes anew: a match is a view of the text, and would keep all of it for as long as it is remembered.
  return matches.map(({ index, 0: match }) =>
    new TextDecoder("latin1").decode(beginning.subarray(index, index + match.length)),
  );
};

/**
 * The genuine tokens in header, query and the beginning of a body. Runners say theirs before all that may be long. What a
 * token opens is looked at later, when the whole request is known.
 */
export const tokensShown = ({ env, req }: FrontContext, beginning: Uint8Array): string[] => {
  const early = [...HEADERS.map((name) => req.header(name)), req.query("token")];
  const shown = [...early.filter((token) => token !== undefined), ...tokensIn(beginning)];
  return [...new Set(shown)].filter((token) => tokenKeys(env).verify(token) !== null);
};

/** Errors: `forbidden` for a sender without one. */
export const admitKnown =
  (context: FrontContext): Admission =>
  async (beginning) =>
    tokensShown(context, beginning).length > 0 ? accept(null) : refuse({ reason: "forbidden" });
