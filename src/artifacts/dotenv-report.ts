import { MAX_DOTENV_BYTES, parseDotenv } from "../core/artifact/dotenv.ts";
import type { DotenvVariable } from "../core/artifact/dotenv.ts";
import { refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { gunzipMembers } from "./gunzip.ts";

/** An upload of more can't be a report of `MAX_DOTENV_BYTES`: gzip adds some twenty bytes and a name to each file. */
export const MAX_DOTENV_UPLOAD_BYTES = 64 * 1024;

/** The variables in a dotenv report as a runner sends it. Errors: `invalid`, field `dotenv`. */
export const readDotenvReport = (upload: Uint8Array): Outcome<DotenvVariable[]> => {
  const files = gunzipMembers(upload, MAX_DOTENV_BYTES);
  if (files.ok) return parseDotenv(files.value);
  const message = files.refusal.reason === "too_large" ? `has more than ${MAX_DOTENV_BYTES} bytes` : "is not gzip";
  return refuse({ reason: "invalid", field: "dotenv", message });
};
