/** The parameters of the legacy calls, as loose as GitLab 8 took them. */
import * as v from "valibot";
import { infoSchema, looseBoolean, looseInteger, looseString, tagList } from "../../http/loose.ts";

const MAX_DESCRIPTION = 1024;

const optionalText = v.nullish(looseString);

export const registration = v.pipe(
  v.object({
    token: looseString,
    description: v.nullish(v.pipe(looseString, v.maxLength(MAX_DESCRIPTION, "is too long"))),
    tag_list: v.nullish(tagList),
    run_untagged: v.nullish(looseBoolean),
    locked: v.nullish(looseBoolean),
    info: infoSchema,
  }),
  v.transform(({ token, description, tag_list, run_untagged, locked, info }) => ({
    token,
    description: description ?? "",
    tags: tag_list ?? [],
    runUntagged: run_untagged ?? true,
    locked: locked ?? false,
    info,
  })),
);

export const removal = v.object({ token: looseString });

export const pollParams = v.object({
  token: optionalText,
  last_update: optionalText,
  /** Nothing said is not the same as nothing to say: what is known of the runner stays. */
  info: v.nullish(infoSchema),
});

export const reportParams = v.object({
  token: optionalText,
  state: optionalText,
  trace: v.nullish(v.string()),
});

export const sizeParams = v.object({
  token: optionalText,
  filesize: v.nullish(v.pipe(looseInteger, v.minValue(0))),
});

/** A token that is no text is none. */
export const tokenParams = v.object({ token: v.fallback(v.nullable(v.string()), null) });
