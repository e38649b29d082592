/** Lists come in pages: numbered ones with GitLab's headers, or keyset pages that only link to the next. */
import * as v from "valibot";
import { looseInteger } from "../../http/loose.ts";
import { pageHeaders, readPage, withoutSecrets } from "../../http/pagination.ts";
import type { Page } from "../../http/pagination.ts";
import { addressOf } from "../../http/public-url.ts";
import { NOT_IN_LIST } from "./form.ts";
import type { FrontContext } from "../../http/front.ts";

/** Ids are given out in the order of creation, so that both orders are one. */
export const orderParams = {
  order_by: v.optional(v.picklist(["id", "created_at"], NOT_IN_LIST), "id"),
  sort: v.optional(v.picklist(["asc", "desc"], NOT_IN_LIST), "desc"),
};

/** `cursor`: the id of the last row of the page before. */
export const keysetParams = {
  pagination: v.optional(v.picklist(["keyset", "offset", "legacy"], NOT_IN_LIST), "offset"),
  cursor: v.optional(v.pipe(looseInteger, v.minValue(1))),
};

export const offsetOf = ({ page, perPage }: Page): number => (page - 1) * perPage;

/** A numbered page. `total` null: nobody counted. */
export const pageResponse = (
  context: FrontContext,
  entities: readonly object[],
  page: Page,
  total: number | null,
  hasMore: boolean,
): Response => context.json(entities, 200, pageHeaders(addressOf(context), page, total, hasMore));

/** A numbered page of a list that is in memory as a whole. */
export const listResponse = async <T>(
  context: FrontContext,
  all: readonly T[],
  present: (shown: readonly T[]) => readonly object[] | Promise<readonly object[]>,
): Promise<Response> => {
  const page = readPage(context.req.query());
  const end = offsetOf(page) + page.perPage;
  const entities = await present(all.slice(offsetOf(page), end));
  return pageResponse(context, entities, page, all.length, end < all.length);
};

/** The part of a list that a numbered page shows. */
export const sliceOf = (context: FrontContext): { readonly offset: number; readonly limit: number } => {
  const page = readPage(context.req.query());
  return { offset: offsetOf(page), limit: page.perPage };
};

/** A numbered page of a list of which just this part was read. */
export const partResponse = <T>(
  context: FrontContext,
  { items, total }: { readonly items: readonly T[]; readonly total: number },
  present: (item: T) => object,
): Response => {
  const page = readPage(context.req.query());
  return pageResponse(context, items.map(present), page, total, offsetOf(page) + items.length < total);
};

/** A page of a list that may grow while it is read. `lastId` null: there is no next page. */
export const keysetResponse = (context: FrontContext, entities: readonly object[], lastId: number | null): Response => {
  if (lastId === null) return context.json(entities);
  const next = withoutSecrets(addressOf(context));
  next.searchParams.set("cursor", String(lastId));
  return context.json(entities, 200, { Link: `<${next.href}>; rel="next"` });
};
