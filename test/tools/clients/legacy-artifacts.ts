/** Artifacts as a legacy runner sends and fetches them. */
import type { Part } from "./multipart.ts";
import { CONTENT_TYPE, form } from "./multipart.ts";
import { legacy } from "./legacy-api.ts";
import type { LegacyBuild } from "./legacy-build.ts";

export const file = (content: string | Uint8Array, filename = "artifacts.zip"): Part => ({
  name: "file",
  filename,
  content,
});

export interface Upload {
  readonly query?: string;
  /** Null sends none. */
  readonly token?: string | null;
  readonly body?: BodyInit;
}

export const upload = (
  build: Pick<LegacyBuild, "id" | "token">,
  parts: readonly Part[],
  { query = "", token, body }: Upload = {},
) =>
  legacy("POST", `/builds/${build.id}/artifacts${query}`, {
    headers: { "Content-Type": CONTENT_TYPE, ...(token === null ? {} : { "BUILD-TOKEN": token ?? build.token }) },
    body: body ?? form(...parts),
  });

export const download = (build: Pick<LegacyBuild, "id" | "token">, headers: Record<string, string> = {}) =>
  legacy("GET", `/builds/${build.id}/artifacts`, { headers: { "BUILD-TOKEN": build.token, ...headers } });

/** Read as bytes: the platform warns of text that doesn't call itself text. */
export const contentOf = async (response: Response): Promise<string> =>
  new TextDecoder().decode(await response.arrayBuffer());

/** Status and words of a refusal. */
export const refusalOf = async (response: Response): Promise<object> => ({
  status: response.status,
  ...(await response.json<object>()),
});
