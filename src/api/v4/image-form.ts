/** An image or a service in a request: its name, or a map with what else there is to say of it. */
import * as v from "valibot";
import { looseInteger, looseString } from "../../http/loose.ts";
import { isRecord, line, NOT_IN_LIST, record, texts, variableKey } from "./form.ts";

const portMap = v.object({
  number: v.pipe(looseInteger, v.minValue(1), v.maxValue(65_535)),
  protocol: v.optional(v.picklist(["http", "https"], NOT_IN_LIST), "http"),
  name: v.optional(line, "default_port"),
});
const portNumber = v.pipe(
  v.unknown(),
  v.transform((number) => ({ number })),
  portMap,
);
const port = v.lazy((input) => (isRecord(input) ? portMap : portNumber));

const variableList = v.array(v.object({ key: variableKey, value: v.optional(looseString, "") }));
/** That the values are texts is for the list to see. */
const variableMap = v.pipe(
  record,
  v.transform((map): v.InferInput<typeof variableList> =>
    Object.entries(map).map(([key, value]) => ({ key, value: value as string })),
  ),
  variableList,
);

const pullPolicies = v.pipe(
  texts,
  v.array(v.picklist(["always", "if-not-present", "never"], NOT_IN_LIST)),
  v.minLength(1),
);

// `lazy` picks the schema by the shape of the input, so that a refusal names the field inside it.
const imageMap = v.object({
  name: line,
  alias: v.exactOptional(line),
  entrypoint: v.exactOptional(texts),
  command: v.exactOptional(texts),
  ports: v.exactOptional(v.array(port)),
  variables: v.exactOptional(v.lazy((input) => (Array.isArray(input) ? variableList : variableMap))),
  pull_policy: v.exactOptional(pullPolicies),
  // Runners fail a job for any other option of an executor: what isn't here is dropped.
  docker: v.exactOptional(v.pipe(record, v.object({ platform: v.exactOptional(line), user: v.exactOptional(line) }))),
  kubernetes: v.exactOptional(v.pipe(record, v.object({ user: v.exactOptional(line) }))),
});
const imageWithOptions = v.pipe(
  imageMap,
  v.transform(({ pull_policy: pullPolicy, ...rest }) => (pullPolicy === undefined ? rest : { ...rest, pullPolicy })),
);
const imageName = v.pipe(
  line,
  v.transform((name) => ({ name })),
);

export const image = v.lazy((input) => (isRecord(input) ? imageWithOptions : imageName));
