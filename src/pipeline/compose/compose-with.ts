import type { ComposedConfig } from "./composed.ts";
import { compose, type ComposeInput } from "./compose.ts";
import { type FetchedInclude, type IncludeRequest, requestKey } from "./include-request.ts";
import { ReadTexts } from "./load-file.ts";

/** How whoever calls gets at files that a config includes. */
export interface IncludeFetcher {
  readonly kinds: ReadonlySet<IncludeRequest["kind"]>;
  /** What can't be had is an answer, too; what it throws ends composing. */
  readonly fetch: (request: IncludeRequest) => Promise<FetchedInclude>;
}

/** Composes, fetching what is lacking, each file once. At most 150 files are fetched: more can't be included. */
export const composeWith = async (
  input: Omit<ComposeInput, "fetches" | "fetched" | "texts">,
  { kinds, fetch }: IncludeFetcher,
): Promise<ComposedConfig> => {
  const texts = new ReadTexts();
  const fetched = new Map<string, FetchedInclude>();
  for (;;) {
    const composition = compose({ ...input, fetches: kinds, fetched, texts });
    if (composition.state === "composed") return composition.config;
    const round = composition.requests.map(async (request) => [requestKey(request), await fetch(request)] as const);
    // oxlint-disable-next-line no-await-in-loop -- what the next round asks for stands in these files
    for (const [key, answer] of await Promise.all(round)) fetched.set(key, answer);
  }
};
