import type { Place } from "../problem.ts";
import { isHash, type Hash, isGiven } from "../value.ts";
import { durationText } from "./duration.ts";
import { checkKeys, hashOf } from "./known-keys.ts";
import { attribute, entry, type Reader } from "./reader.ts";
import { oneOf, text } from "./scalar.ts";

export interface Environment {
  readonly name: string;
  /** Expanded once the job has ended, since its dotenv report may hold a part of it. */
  readonly url: string | null;
  readonly action: Action;
  /** The job that stops the environment. */
  readonly onStop: string | null;
  /** A duration, or a text with a variable. */
  readonly autoStopIn: string | null;
  readonly tier: Tier | null;
}

export type Action = "start" | "prepare" | "stop" | "verify" | "access";
export type Tier = "production" | "staging" | "testing" | "development" | "other";

const KEYS = ["name", "url", "action", "on_stop", "auto_stop_in", "kubernetes", "deployment_tier"];

/** `environment`: a name, or a hash with a name. */
export const environment: Reader<Environment> = (value, at) => {
  const none = { url: null, action: "start", onStop: null, autoStopIn: null, tier: null } as const;
  if (typeof value === "string") {
    const name = environmentName(value, at.attribute("name"));
    return name === undefined ? undefined : { name, ...none };
  }
  if (!isHash(value)) return at.invalid("should be a hash or a string");
  checkKeys(value, at, KEYS);
  if (!isGiven(value, "name")) at.attribute("name").invalid("can't be blank");
  if (isGiven(value, "kubernetes")) entry(value, "kubernetes", at, kubernetes);
  const name = attribute(value, "name", at, environmentName);
  const read = {
    url: attribute(value, "url", at, url) ?? null,
    action: attribute(value, "action", at, action) ?? "start",
    onStop: attribute(value, "on_stop", at, text) ?? null,
    autoStopIn: attribute(value, "auto_stop_in", at, autoStop) ?? null,
    tier: attribute(value, "deployment_tier", at, tier) ?? null,
  };
  return name === undefined ? undefined : { name, ...read };
};

const NAME = /^[\w${}. -](?:[\w/${}. -]*[\w${}. -])?$/;

const MAX_NAME = 255;

/** Whether an environment may have this name, its variables expanded. */
export const isEnvironmentName = (name: string): boolean => name.length <= MAX_NAME && NAME.test(name);

const environmentName: Reader<string> = (value, at) => {
  if (value === "") return at.invalid("can't be blank");
  if (typeof value === "string" && NAME.test(value)) return value;
  return at.invalid(
    "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces, but it cannot start or end with '/'",
  );
};

const MAX_URL = 255;

const url: Reader<string> = (value, at) => {
  const read = text(value, at);
  return read !== undefined && read.length > MAX_URL
    ? at.invalid(`is too long (maximum is ${MAX_URL} characters)`)
    : read;
};

const action: Reader<Action> = oneOf(
  ["start", "stop", "prepare", "verify", "access"],
  "should be start, stop, prepare, verify, or access",
);

const tier: Reader<Tier> = oneOf(["production", "staging", "testing", "development", "other"]);

/** GitLab reads it when the job has ended, and then ignores what is no duration. */
const autoStop: Reader<string> = (value, at) =>
  typeof value === "string" && value.includes("$") ? text(value, at) : durationText(value, at);

/** Signalbox has no agents, as a GitLab without any: the key is checked and does nothing. */
const kubernetes = hashOf(
  ["namespace", "agent", "flux_resource_path", "managed_resources", "dashboard"],
  (hash: Hash, at: Place): undefined => {
    attribute(hash, "namespace", at, text);
    attribute(hash, "agent", at, text);
    attribute(hash, "flux_resource_path", at, text);
    at.warn("does nothing: Signalbox has no agents for Kubernetes");
  },
);
