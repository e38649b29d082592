/** The parameters of a runner's calls about jobs, as loose as GitLab takes them. */
import * as v from "valibot";
import { abilitiesOf } from "../../core/runner/abilities.ts";
import { FAILURE_REASONS } from "../../core/build/build.ts";
import type { FailureReason } from "../../core/build/build.ts";
import { parseChecksum } from "../../core/trace/sum.ts";
import type { TraceSum } from "../../core/trace/sum.ts";
import { looseBoolean, looseInteger, looseString } from "../../http/loose.ts";
import { callerFields } from "./runner-params.ts";

const optionalText = v.nullish(looseString);
const size = v.pipe(looseInteger, v.minValue(0));

/** A sum of another kind, or `""`, which is how 14.6 leaves it out, counts as not said: the report itself is good. */
const checksum = v.pipe(looseString, v.transform(parseChecksum));

export const pollParams = v.object({ ...callerFields, token: optionalText, last_update: optionalText });

/** A reason that GitLab may know and we don't is no reason to refuse the report. */
const failureReason = (text: string | null | undefined): FailureReason =>
  FAILURE_REASONS.find((reason) => reason === text) ?? "unknown_failure";

export const reportParams = v.pipe(
  v.object({
    token: optionalText,
    state: optionalText,
    failure_reason: optionalText,
    /** What can't be read is no reason to refuse the report, which would be repeated for ever. */
    exit_code: v.fallback(v.nullish(looseInteger), null),
    info: callerFields.info,
    /** The older place of `output.checksum`. */
    checksum: v.nullish(checksum),
    output: v.nullish(v.object({ checksum: v.nullish(checksum), bytesize: v.nullish(size) })),
  }),
  v.transform(({ token, state, failure_reason, exit_code, info, checksum: older, output }) => ({
    token: token || null,
    abilities: info?.features === undefined ? null : abilitiesOf(info),
    state: state ?? "",
    reason: failureReason(failure_reason),
    exitCode: exit_code ?? null,
    sum: { lengthBytes: output?.bytesize ?? null, crc32: output?.checksum ?? older ?? null } satisfies TraceSum,
  })),
);

export const sizeParams = v.object({ token: optionalText, filesize: v.nullish(size) });

export const downloadParams = v.object({
  token: optionalText,
  direct_download: v.fallback(v.optional(looseBoolean, false), false),
});
