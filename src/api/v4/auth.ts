/** Who may use the consumer API: the holder of `ADMIN_TOKEN`, and nobody else. */
import { settingsOf } from "../../settings.ts";
import { sameSecret } from "../../core/tokens.ts";
import type { Context } from "hono";

type Asking = Pick<Context<{ Bindings: Env }>, "env" | "req">;

/** As `PRIVATE-TOKEN: …`, `Authorization: Bearer …` or `?private_token=…`; of several the first counts. */
const givenToken = ({ req }: Asking): string | undefined =>
  req.header("PRIVATE-TOKEN") ?? bearer(req.header("Authorization")) ?? req.query("private_token");

const bearer = (header: string | undefined): string | undefined => header?.match(/^bearer +(\S+) *$/i)?.[1];

export const isAdmin = (asking: Asking): boolean => {
  const token = givenToken(asking);
  return token !== undefined && sameSecret(token, settingsOf(asking.env).adminToken);
};
