/** Who asks the consumer API, by whichever of GitLab's ways to show a token. */
import { settingsOf } from "../../settings.ts";
import { ADMINISTRATOR, NOBODY } from "../../core/principal.ts";
import type { Principal } from "../../core/principal.ts";
import { sameSecret } from "../../core/tokens.ts";
import type { FrontContext } from "../../http/front.ts";
import { jobOf } from "../../verbs/authority.ts";

const bearer = ({ req }: FrontContext): string | undefined =>
  req.header("Authorization")?.match(/^bearer +(\S+) *$/i)?.[1];

/** Of several the first counts. */
const personalToken = (context: FrontContext): string | undefined =>
  context.req.header("PRIVATE-TOKEN") ??
  bearer(context) ??
  context.req.query("private_token") ??
  context.req.query("access_token");

const jobToken = (context: FrontContext): string | undefined =>
  context.req.header("JOB-TOKEN") ?? context.req.query("job_token") ?? bearer(context);

/** By a token that is compared here: no object is asked. */
const personOf = (context: FrontContext): Principal => {
  const token = personalToken(context);
  return token !== undefined && sameSecret(token, settingsOf(context.env).adminToken) ? ADMINISTRATOR : NOBODY;
};

/** `admits`: whom the route is for. A build's object is asked about its token only where a job may be the one. */
export const principalOf = async (context: FrontContext, admits: readonly Principal["kind"][]): Promise<Principal> => {
  const person = personOf(context);
  if (person.kind !== "nobody" || !admits.includes("job")) return person;
  return jobOf(context.env, jobToken(context) ?? null);
};
