/** A hostile request as plain data: it can be sent again, and told. */
import { ORIGIN } from "../clients/legacy-api.ts";
import type { Body } from "./bodies.ts";

export interface HostileRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Body | null;
  /** Of it nothing may come but a refusal. Where it isn't said, an answer is no harm as long as nothing changes. */
  readonly mustBeRefused: boolean;
}

const streamOf = ({ bytes, breaksOff }: Body): ReadableStream<Uint8Array> => {
  const middle = bytes.length >> 1;
  const pieces = [bytes.slice(0, middle), bytes.slice(middle)].filter((piece) => piece.length > 0);
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece !== undefined) return controller.enqueue(piece);
      if (breaksOff === true) controller.error(new Error("the client is gone"));
      else controller.close();
    },
  });
};

/** The runtime's own requests have no body with these. */
const hasNoBody = (method: string): boolean => method === "GET" || method === "HEAD";

export const toRequest = ({ method, path, headers: pairs, body }: HostileRequest): Request => {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  if (body !== null && body.type !== null) headers.set("Content-Type", body.type);
  const init = body === null || hasNoBody(method) ? {} : { body: streamOf(body) };
  return new Request(ORIGIN + path, { method, headers, ...init });
};

const shortened = (text: string): string =>
  text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;

export const told = ({ method, path, headers, body }: HostileRequest): string => {
  const text = body === null ? "no body" : JSON.stringify(new TextDecoder("latin1").decode(body.bytes));
  const lines = [
    `${method} ${path}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    body === null ? text : `${body.type ?? "no type"}${body.breaksOff === true ? ", breaks off" : ""}: ${text}`,
  ];
  return lines.map(shortened).join("\n");
};

export interface Route {
  readonly method: string;
  /** As Hono knows it, with `:id`. */
  readonly path: string;
}
