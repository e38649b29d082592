/** What a request says of the artifacts of a job. */
import * as v from "valibot";
import { reportType } from "../../core/artifact/types.ts";
import { parseDuration } from "../../core/duration.ts";
import { looseBoolean, looseString } from "../../http/loose.ts";
import { line, NOT_IN_LIST, record, texts } from "./form.ts";

export const when = v.exactOptional(v.picklist(["on_success", "on_failure", "always"], NOT_IN_LIST));

/** GitLab's one report that names its own format. */
const COVERAGE = "coverage_report";
const coverage = v.pipe(
  record,
  v.object({ coverage_format: v.picklist(["cobertura", "jacoco"], NOT_IN_LIST), path: line }),
);

const reports = v.pipe(
  record,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const input = dataset.value;
    const unknown = Object.keys(input).find((type) => type !== COVERAGE && reportType(type) === null);
    if (unknown === undefined) return;
    const path = { type: "object", origin: "key", input, key: unknown, value: input[unknown] } as const;
    addIssue({ message: "is not a type of report", path: [path] });
  }),
  v.objectWithRest({ [COVERAGE]: v.exactOptional(coverage) }, texts),
  v.transform(({ [COVERAGE]: asked, ...byType }): Record<string, string[]> => {
    if (asked === undefined) return byType;
    const { coverage_format: type, path } = asked;
    return { ...byType, [type]: [...(byType[type] ?? []), path] };
  }),
);

export const artifacts = v.pipe(
  record,
  v.object({
    name: v.exactOptional(line),
    untracked: v.exactOptional(looseBoolean),
    paths: v.exactOptional(texts),
    exclude: v.exactOptional(texts),
    when,
    expire_in: v.exactOptional(
      v.pipe(
        looseString,
        v.check((text) => parseDuration(text) !== null, "is not a duration"),
      ),
    ),
    reports: v.exactOptional(reports),
  }),
  v.transform(({ expire_in: expireIn, ...rest }) => (expireIn === undefined ? rest : { ...rest, expireIn })),
);
