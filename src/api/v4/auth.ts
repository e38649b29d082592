/** Who may use the consumer API: the holder of `ADMIN_TOKEN`, and nobody else. */
import { settingsOf } from "../../config.ts";
import { sameSecret } from "../../core/tokens.ts";
import type { ConsumerContext } from "./handler.ts";

/** As `PRIVATE-TOKEN: …`, `Authorization: Bearer …` or `?private_token=…`; of several the first counts. */
const givenToken = ({ req }: ConsumerContext): string | undefined =>
  req.header("PRIVATE-TOKEN") ?? bearer(req.header("Authorization")) ?? req.query("private_token");

const bearer = (header: string | undefined): string | undefined => header?.match(/^bearer +(\S+) *$/i)?.[1];

export const isAdmin = (context: ConsumerContext): boolean => {
  const token = givenToken(context);
  return token !== undefined && sameSecret(token, settingsOf(context.env).adminToken);
};
