/** Who asks the consumer API. */
import { settingsOf } from "../../settings.ts";
import { ADMINISTRATOR, NOBODY } from "../../core/principal.ts";
import type { Principal } from "../../core/principal.ts";
import { sameSecret } from "../../core/tokens.ts";
import type { FrontContext } from "../../http/front.ts";

/** As `PRIVATE-TOKEN: …`, `Authorization: Bearer …` or `?private_token=…`; of several the first counts. */
const givenToken = ({ req }: FrontContext): string | undefined =>
  req.header("PRIVATE-TOKEN") ?? bearer(req.header("Authorization")) ?? req.query("private_token");

const bearer = (header: string | undefined): string | undefined => header?.match(/^bearer +(\S+) *$/i)?.[1];

export const principalOf = (context: FrontContext): Principal => {
  const token = givenToken(context);
  return token !== undefined && sameSecret(token, settingsOf(context.env).adminToken) ? ADMINISTRATOR : NOBODY;
};
