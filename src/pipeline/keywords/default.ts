import type { Place } from "../problem.ts";
import type { Hash } from "../value.ts";
import { artifacts } from "./artifacts.ts";
import { caches } from "./cache.ts";
import { hooks } from "./hooks.ts";
import { image } from "./image.ts";
import { interruptible } from "./interruptible.ts";
import { checkKeys } from "./known-keys.ts";
import { entry, type Reader } from "./reader.ts";
import { retry } from "./retry.ts";
import { script } from "./script.ts";
import { services } from "./services.ts";
import type { SharedValues } from "./shared-values.ts";
import { tags } from "./tags.ts";
import { timeout } from "./timeout.ts";
import { refuseUnsupported } from "./unsupported.ts";

/** The keywords that jobs inherit from `default`, with their readers. */
const INHERITED: ReadonlyMap<string, Reader<unknown>> = new Map<string, Reader<unknown>>([
  ["before_script", script],
  ["after_script", script],
  ["hooks", hooks],
  ["cache", caches],
  ["image", image],
  ["services", services],
  ["interruptible", interruptible],
  ["timeout", timeout],
  ["retry", retry],
  ["tags", tags],
  ["artifacts", artifacts],
]);

/** Those of them that old files have at the file's top. */
export const OLD_GLOBALS = ["before_script", "after_script", "cache", "image", "services"];

/** Checks `default` at its own place. The jobs have what they inherit already, and read it without telling it again. */
export const checkDefault = (hash: Hash, at: Place, shared: SharedValues): void => {
  checkKeys(hash, at, [...INHERITED.keys(), "id_tokens", "identity"]);
  refuseUnsupported(hash, at);
  for (const [key, read] of INHERITED) entry(hash, key, at, shared.reading(read));
};

/** Checks the old globals at their own place. */
export const checkOldGlobals = (top: Hash, at: Place, shared: SharedValues): void => {
  for (const key of OLD_GLOBALS) entry(top, key, at, shared.reading(INHERITED.get(key) ?? script));
};
