import { scalarText } from "../scalar-text.ts";
import { hashOf } from "./known-keys.ts";
import { attribute, defined, type Reader } from "./reader.ts";
import { isInteger, text } from "./scalar.ts";

const shortText =
  (most: number): Reader<string> =>
  (value, at) => {
    const read = text(value, at);
    if (read === undefined || (read.length >= 1 && read.length <= most)) return read;
    return at.invalid(`should have 1 to ${most} characters`);
  };

/** `docker` of an image or a service: what is for that executor alone. */
export const dockerOptions: Reader<{ platform?: string; user?: string }> = hashOf(["platform", "user"], (hash, at) =>
  defined({
    platform: attribute(hash, "platform", at, shortText(64)),
    user: attribute(hash, "user", at, shortText(255)),
  }),
);

/** `kubernetes` of an image or a service. The user may be a number. */
export const kubernetesOptions: Reader<{ user?: string }> = hashOf(["user"], (hash, at) =>
  defined({
    user: attribute(hash, "user", at, (value, place) =>
      isInteger(value) ? scalarText(value) : shortText(255)(value, place),
    ),
  }),
);
