/** What each dialect's table from refusal to status has in common: its form, and how an answer is made of it. */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Refusal } from "../core/refusal.ts";
import type { FrontContext, Handler } from "./front.ts";
import { endsWith } from "./request-log.ts";

export interface Answer {
  readonly status: ContentfulStatusCode;
  readonly body: { readonly message: unknown } | { readonly error: string };
  readonly headers?: Readonly<Record<string, string>>;
}

/** A row for each refusal: a missing one doesn't compile. `Action` is what was tried, where a dialect words it differently. */
export type RefusalTable<Action> = {
  readonly [R in Refusal["reason"]]: (refusal: Extract<Refusal, { reason: R }>, action: Action) => Answer;
};

export const message = (
  status: ContentfulStatusCode,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({ status, body: { message: text }, headers });

export const badRequest = (error: string): Answer => ({ status: 400, body: { error } });

/** Of these GitLab's model is the judge: it words its refusals as lists by field, which runners show to their users. */
const MODEL_FIELDS: ReadonlyMap<string, string> = new Map([
  ["tags_list", "tags_list"],
  ["tag_list", "tags_list"],
  ["description", "description"],
  ["maximum_timeout", "maximum_timeout"],
  ["maintenance_note", "maintainer_note"],
  ["maintainer_note", "maintainer_note"],
]);

export const invalid = ({ field, message: text }: Extract<Refusal, { reason: "invalid" }>): Answer => {
  const name = MODEL_FIELDS.get(field);
  return name === undefined ? badRequest(`${field} ${text}`) : { status: 400, body: { message: { [name]: [text] } } };
};

export const unavailable = ({ retryAfterSeconds }: Extract<Refusal, { reason: "unavailable" }>): Answer =>
  message(503, "503 Service Unavailable", { "Retry-After": String(retryAfterSeconds) });

/** The one sentence for what is too large: tells how much it is, and how much would be taken. */
export const tooLarge = ({ limitBytes, sizeBytes }: Extract<Refusal, { reason: "too_large" }>): Answer =>
  message(413, `413 Request Entity Too Large - ${sizeBytes} bytes, Signalbox takes ${limitBytes} at most`);

/** A route of the front that has this table: its handler's outcome as a response, a refusal in the words for what was tried. */
export const answeringBy =
  <Action>(table: RefusalTable<Action>) =>
  (action: Action, handle: Handler) =>
  async (context: FrontContext): Promise<Response> => {
    const outcome = await handle(context);
    if (outcome.ok) return outcome.value;
    const { refusal } = outcome;
    endsWith(refusal.reason);
    // The row of the table has the refusal's own type, which TypeScript can't follow through the index.
    const answer = table[refusal.reason](refusal as never, action);
    return context.json(answer.body, answer.status, { ...answer.headers });
  };
