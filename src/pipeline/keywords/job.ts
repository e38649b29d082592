import type { ImageSpec } from "../../core/build/spec.ts";
import type { Place } from "../problem.ts";
import type { Hash } from "../value.ts";
import { type AllowFailure, allowFailure } from "./allow-failure.ts";
import { type Artifacts, artifacts } from "./artifacts.ts";
import { type Cache, caches } from "./cache.ts";
import { coverage } from "./coverage.ts";
import { dependencies } from "./dependencies.ts";
import { type Environment, environment } from "./environment.ts";
import { hooks } from "./hooks.ts";
import { image } from "./image.ts";
import { interruptible } from "./interruptible.ts";
import { manualConfirmation } from "./manual-confirmation.ts";
import { type Need, needs } from "./needs.ts";
import { type Pages, pages, publish } from "./pages.ts";
import { type Parallel, parallel } from "./parallel.ts";
import { type Policy, policy } from "./policy.ts";
import { attribute, defined, entry, type Reader } from "./reader.ts";
import { type Release, release } from "./release.ts";
import { resourceGroup } from "./resource-group.ts";
import { type Retry, retry } from "./retry.ts";
import { jobRules, type Rule } from "./rules.ts";
import { script } from "./script.ts";
import { services } from "./services.ts";
import type { SharedValues } from "./shared-values.ts";
import { stage } from "./stage.ts";
import { startIn } from "./start-in.ts";
import { tags } from "./tags.ts";
import { timeout } from "./timeout.ts";
import { type FileVariable, jobVariables } from "./variables.ts";
import { type When, when } from "./when.ts";

/** What a job says, keyword by keyword. Undefined: nothing. */
export interface JobKeywords {
  readonly stage?: string;
  readonly beforeScript?: readonly string[];
  readonly script?: readonly string[];
  readonly afterScript?: readonly string[];
  readonly preGetSourcesScript?: readonly string[];
  readonly image?: ImageSpec;
  readonly services?: readonly ImageSpec[];
  readonly variables?: readonly FileVariable[];
  readonly artifacts?: Artifacts;
  readonly cache?: readonly Cache[];
  readonly tags?: readonly string[];
  readonly when?: When;
  readonly startInSeconds?: number;
  readonly allowFailure?: AllowFailure;
  readonly retry?: Retry;
  readonly parallel?: Parallel;
  readonly timeoutSeconds?: number;
  readonly resourceGroup?: string;
  readonly interruptible?: boolean;
  readonly environment?: Environment;
  readonly coverage?: string;
  readonly release?: Release;
  readonly pages?: Pages;
  readonly publish?: string;
  readonly manualConfirmation?: string;
  readonly needs?: readonly Need[];
  readonly dependencies?: readonly string[];
  readonly rules?: readonly Rule[];
  readonly only?: Policy;
  readonly except?: Policy;
}

/** Keys of jobs, without those that Signalbox refuses. `extends` and `inherit` are done with before a job is read. */
export const JOB_KEYS = `
  script before_script after_script hooks image services variables stage needs rules only except when
  start_in allow_failure artifacts dependencies cache tags retry parallel timeout resource_group
  interruptible environment coverage release pages publish manual_confirmation extends inherit
`
  .trim()
  .split(/\s+/);

/**
 * Reads the keywords of a job, each where `placeOf` says that it stands. What they must be beside one another is checked
 * by whoever calls.
 */
export const jobKeywords = (hash: Hash, placeOf: (key: string) => Place, shared: SharedValues): JobKeywords => {
  const own = <T>(key: string, read: Reader<T>): T | undefined => entry(hash, key, placeOf(key), shared.reading(read));
  const plain = <T>(key: string, read: Reader<T>): T | undefined =>
    attribute(hash, key, placeOf(key), shared.reading(read));
  return defined({
    stage: own("stage", stage),
    beforeScript: own("before_script", script),
    script: own("script", script),
    afterScript: own("after_script", script),
    preGetSourcesScript: own("hooks", hooks),
    image: own("image", image),
    services: own("services", services),
    variables: own("variables", jobVariables),
    artifacts: own("artifacts", artifacts),
    cache: own("cache", caches),
    tags: own("tags", tags),
    when: plain("when", when),
    startInSeconds: hash.get("when") === "delayed" ? plain("start_in", startIn) : undefined,
    allowFailure: own("allow_failure", allowFailure),
    retry: own("retry", retry),
    parallel: own("parallel", parallel),
    timeoutSeconds: own("timeout", timeout),
    resourceGroup: plain("resource_group", resourceGroup),
    interruptible: own("interruptible", interruptible),
    environment: own("environment", environment),
    coverage: own("coverage", coverage),
    release: own("release", release),
    pages: own("pages", pages),
    publish: own("publish", publish),
    manualConfirmation: plain("manual_confirmation", manualConfirmation),
    needs: own("needs", needs),
    dependencies: plain("dependencies", dependencies),
    rules: own("rules", jobRules),
    only: own("only", policy),
    except: own("except", policy),
  });
};
