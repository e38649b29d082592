import * as v from "valibot";
import { looseInteger } from "./loose.ts";
import type { Params } from "./params.ts";

const DEFAULT_PER_PAGE = 20;
const MAX_PER_PAGE = 100;

/** Parameters that authenticate. */
const SECRET_PARAMETERS = ["private_token", "access_token", "job_token", "token"];

/** Takes the tokens out of an address that is to be shown: a link is printed, logged and passed on. */
export const withoutSecrets = (address: URL): URL => {
  for (const name of SECRET_PARAMETERS) address.searchParams.delete(name);
  return address;
};

/** `page` counts from 1. */
export type Page = { readonly page: number; readonly perPage: number };

const positive = (value: unknown, fallback: number): number => {
  const result = v.safeParse(looseInteger, value);
  return result.success && result.output >= 1 ? result.output : fallback;
};

/** The page that a list request asks for, by GitLab's rules: what makes no sense is the default, too much is the most. */
export const readPage = (params: Params): Page => ({
  page: positive(params.page, 1),
  perPage: Math.min(positive(params.per_page, DEFAULT_PER_PAGE), MAX_PER_PAGE),
});

/**
 * GitLab's pagination headers for the list at `url`. `total` is the number of rows on all pages, null when nobody counted
 * them (GitLab stops at 10,000): the totals and the last page are left out then. `hasMore`: there are rows after this page.
 */
export const pageHeaders = (
  url: URL,
  { page, perPage }: Page,
  total: number | null,
  hasMore: boolean,
): Record<string, string> => {
  // Like GitLab's, an empty list has one page.
  const totalPages = total === null ? null : Math.max(1, Math.ceil(total / perPage));
  const isBeyondEnd = totalPages !== null && page > totalPages;
  const next = hasMore ? page + 1 : null;
  const previous = page > 1 && !isBeyondEnd ? page - 1 : null;

  const link = (rel: string, target: number | null): string[] => {
    if (target === null) return [];
    const address = new URL(url);
    address.username = "";
    address.password = "";
    withoutSecrets(address);
    address.searchParams.set("page", String(target));
    address.searchParams.set("per_page", String(perPage));
    return [`<${address.href}>; rel="${rel}"`];
  };

  return {
    "X-Page": String(page),
    "X-Per-Page": String(perPage),
    "X-Next-Page": String(next ?? ""),
    "X-Prev-Page": String(previous ?? ""),
    ...(totalPages === null ? {} : { "X-Total": String(total), "X-Total-Pages": String(totalPages) }),
    Link: [...link("prev", previous), ...link("next", next), ...link("first", 1), ...link("last", totalPages)].join(
      ", ",
    ),
  };
};
