/** The parameters of the calls by which today's runners come and go, as loose as GitLab takes them. */
import * as v from "valibot";
import type { Context } from "hono";
import { refuse, accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { Caller } from "../../queue/machines.ts";
import { clientAddress } from "../../http/client-address.ts";
import { infoSchema, looseString } from "../../http/loose.ts";
import { settingFields } from "../../http/runner-settings.ts";

const tokenField = v.nullish(looseString);

/** GitLab's name for the machine of a runner that doesn't tell: 14.6 knows no `system_id`. */
const UNNAMED_MACHINE = "<legacy>";

/** What any call says of the machine that makes it. */
export const callerFields = {
  // Well-formed, since it must be the same text when it comes back from storage.
  system_id: v.nullish(
    v.pipe(
      looseString,
      v.transform((text) => text.toWellFormed()),
      v.maxLength(255, "is too long"),
    ),
  ),
  /** Nothing said is not the same as nothing to say: what is known of the runner stays. */
  info: v.nullish(infoSchema),
};

const callerParams = v.object(callerFields);

export const registrationParams = v.object({ ...settingFields, token: tokenField, info: infoSchema });

export const runnerParams = v.object({ ...callerFields, token: tokenField });

/** In the body or the query, else as 19.3 also sends it. Errors: `invalid` when there is none. */
export const runnerToken = ({ req }: Context, given: string | null | undefined): Outcome<string> => {
  const token = given || (req.header("RUNNER-TOKEN") ?? given);
  return token === undefined || token === null
    ? refuse({ reason: "invalid", field: "token", message: "is missing" })
    : accept(token);
};

export const callerOf = ({ req }: Context, params: v.InferOutput<typeof callerParams>): Caller => ({
  systemId: params.system_id || UNNAMED_MACHINE,
  ipAddress: clientAddress(req.raw),
  info: params.info ?? null,
});
