/** Which dialect a runner of the model speaks, and the release that it announces. */
import { RELEASE_14, RELEASE_19, without } from "../clients/modern-release.ts";
import type { Release } from "../clients/modern-release.ts";

/** `two-phase` confirms its claims. */
export type Tongue = "legacy" | "modern" | "two-phase";

export const RELEASES: Readonly<Record<Tongue, Release>> = {
  // Not asked.
  legacy: RELEASE_14,
  modern: RELEASE_14,
  "two-phase": without(RELEASE_19, "cancel_gracefully"),
};
