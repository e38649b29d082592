/**
 * The keywords that a job by itself shares with a job in a pipeline's file: read by the same readers, so they may be written
 * in the same ways and are refused with the same words.
 */
import type { ArtifactsSpec, CacheSpec, ImageSpec } from "../../core/build/spec.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { artifacts } from "../../pipeline/keywords/artifacts.ts";
import type { Artifacts } from "../../pipeline/keywords/artifacts.ts";
import { caches } from "../../pipeline/keywords/cache.ts";
import type { Cache } from "../../pipeline/keywords/cache.ts";
import { hooks } from "../../pipeline/keywords/hooks.ts";
import { image } from "../../pipeline/keywords/image.ts";
import { entry } from "../../pipeline/keywords/reader.ts";
import type { Reader } from "../../pipeline/keywords/reader.ts";
import { script } from "../../pipeline/keywords/script.ts";
import { services } from "../../pipeline/keywords/services.ts";
import { timeout } from "../../pipeline/keywords/timeout.ts";
import { Place } from "../../pipeline/problem.ts";
import type { Problem } from "../../pipeline/problem.ts";
import { valueOf } from "./job-values.ts";

export interface JobKeywords {
  readonly script: readonly string[];
  readonly beforeScript: readonly string[];
  readonly afterScript: readonly string[];
  readonly preGetSourcesScript: readonly string[];
  readonly image: ImageSpec | null;
  readonly services: readonly ImageSpec[];
  readonly artifacts: ArtifactsSpec | null;
  readonly cache: readonly CacheSpec[];
  readonly timeoutSeconds: number | null;
}

/** What a job has in a pipeline alone, and how a job by itself stands: that may be said, anything else is refused. */
const OF_PIPELINES: Readonly<Record<string, unknown>> = {
  when: "on_success",
  allow_failure: false,
  interruptible: false,
  retry: 0,
  ...Object.fromEntries(
    [
      ..."needs rules only except start_in parallel resource_group environment coverage release pages publish".split(
        " ",
      ),
      ..."manual_confirmation extends inherit secrets id_tokens identity run trigger".split(" "),
    ].map((key) => [key, null]),
  ),
};

/** Errors: `invalid` for the first thing that can't be read, in the words that the pipeline's file would get. */
export const jobKeywords = (params: Readonly<Record<string, unknown>>): Outcome<JobKeywords> => {
  const foreign = Object.keys(OF_PIPELINES).find(
    (key) => (params[key] ?? null) !== null && params[key] !== OF_PIPELINES[key],
  );
  if (foreign !== undefined) {
    return refuse({ reason: "invalid", field: foreign, message: "is for jobs of pipelines" });
  }
  const problems: Problem[] = [];
  const place = new Place(problems);
  const read = <T>(key: string, reader: Reader<T>): T | undefined =>
    entry(new Map([[key, valueOf(params[key], key)]]), key, place, reader);
  const asked = read("artifacts", artifacts);
  const keywords: JobKeywords = {
    script: read("script", script) ?? [],
    beforeScript: read("before_script", script) ?? [],
    afterScript: read("after_script", script) ?? [],
    preGetSourcesScript: read("hooks", hooks) ?? [],
    image: read("image", image) ?? null,
    services: read("services", services) ?? [],
    artifacts: asked === undefined ? null : artifactsSpec(asked),
    cache: (read("cache", caches) ?? []).map((cache) => cacheSpec(cache, place.at("cache"))),
    timeoutSeconds: read("timeout", positiveTimeout) ?? null,
  };
  const problem = problems.find(({ kind }) => kind === "error");
  if (problem !== undefined) return refuse(asRefusal(problem.message));
  if (keywords.script.some((line) => line.trim() !== "")) return accept(keywords);
  const message = (params["script"] ?? null) === null ? "is missing" : "can't be blank";
  return refuse({ reason: "invalid", field: "script", message });
};

const positiveTimeout: Reader<number> = (value, at) =>
  typeof value === "string" && Number(value) === 0 ? at.invalid("should be a duration") : timeout(value, at);

/** Nobody but the administrator sees artifacts, and there are no merge requests: who may see them, and where, says nothing. */
const artifactsSpec = ({ exposeAs: _shownAs, access: _shownTo, ...spec }: Artifacts): ArtifactsSpec => spec;

const cacheSpec = ({ key, ...rest }: Cache, at: Place): CacheSpec => {
  if (typeof key === "string") return { ...rest, key };
  at.at("key").invalid("should be a text: which files the repository has is not known here");
  return rest;
};

/** The field and what is wrong with it, as the file's problems begin with their place. */
const asRefusal = (problem: string) => {
  const [field = "", ...words] = problem.split(" ");
  return { reason: "invalid", field, message: words.join(" ") } as const;
};
