import { pages } from "../../../src/pipeline/keywords/pages.ts";
import { keyword } from "./table.ts";

const on = (fields: object = {}): object => ({ on: true, publish: null, pathPrefix: null, expireIn: null, ...fields });

keyword({
  key: "pages",
  read: pages,
  means: [
    ["true", on()],
    ["false", on({ on: false })],
    ["{}", on({ on: false })],
    ["{publish: out}", on({ publish: "out" })],
    [
      "{path_prefix: $CI_COMMIT_BRANCH, expire_in: 2 weeks}",
      on({ pathPrefix: "$CI_COMMIT_BRANCH", expireIn: "2 weeks" }),
    ],
  ],
  tells: [
    ["out", "config should be a hash or a boolean value"],
    ["{publsh: out}", "config contains unknown keys: publsh (did you mean publish?)"],
    ["{publish: 1}", "publish should be a string"],
    ["{expire_in: soon}", "expire in should be a duration"],
  ],
});
