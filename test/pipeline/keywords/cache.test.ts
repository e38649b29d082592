import { caches } from "../../../src/pipeline/keywords/cache.ts";
import { keyword } from "./table.ts";

const cache = (fields: object = {}): object => ({
  key: "default",
  paths: [],
  untracked: false,
  policy: "pull-push",
  when: "on_success",
  unprotect: false,
  fallbackKeys: [],
  ...fields,
});

keyword({
  key: "cache",
  read: caches,
  means: [
    ["{}", [cache()]],
    ["[]", []],
    ["{paths: [vendor/]}", [cache({ paths: ["vendor/"] })]],
    [
      "[{key: a, paths: [x]}, {key: b, paths: [y]}]",
      [cache({ key: "a", paths: ["x"] }), cache({ key: "b", paths: ["y"] })],
    ],
    ['{key: "$CI_COMMIT_REF_SLUG"}', [cache({ key: "$CI_COMMIT_REF_SLUG" })]],
    [
      "{key: {files: [Gemfile.lock, /package.json]}}",
      [cache({ key: { files: ["Gemfile.lock", "package.json"], by: "content", prefix: "" } })],
    ],
    [
      "{key: {files_commits: [go.sum], prefix: $CI_JOB_NAME}}",
      [cache({ key: { files: ["go.sum"], by: "commit", prefix: "$CI_JOB_NAME" } })],
    ],
    ["{policy: pull}", [cache({ policy: "pull" })]],
    ["{policy: $POLICY}", [cache({ policy: "$POLICY" })]],
    ["{when: always, untracked: true, unprotect: true}", [cache({ when: "always", untracked: true, unprotect: true })]],
    ["{fallback_keys: [a, b]}", [cache({ fallbackKeys: ["a", "b"] })]],
    ["{key: null, paths: null}", [cache()]],
  ],
  tells: [
    ["vendor", "config can only be a Hash or an Array"],
    ["[{}, {}, {}, {}, {}]", "config no more than 4 caches can be created"],
    ["[vendor]", ":cache config should be a hash"],
    ["{path: [a]}", "config contains unknown keys: path (did you mean paths?)"],
    ["{paths: a}", ":paths config should be an array of strings"],
    ["{key: a/b}", ':key config cannot contain the "/" character'],
    ["{key: a%2Fb}", ':key config cannot contain the "/" character'],
    ["{key: ..}", ':key config cannot be "." or ".."'],
    ["{key: 12}", ":key should be a hash, a string or a symbol"],
    ["{key: {prefix: a}}", ":key config must use exactly one of these keys: files, files_commits"],
    ["{key: {files: [a], files_commits: [b]}}", ":key config must use exactly one of these keys: files, files_commits"],
    ["{key: {files: []}}", ":key:files config requires at least 1 item"],
    ["{key: {files: [a, b, c]}}", ":key:files config has too many items (maximum is 2)"],
    ["{policy: push-pull}", "policy should be a variable or one of: pull-push, push, pull"],
    ["{when: never}", "when should be one of: on_success, on_failure, always"],
    ["{fallback_keys: [a, b, c, d, e, f]}", "fallback keys has to many entries (maximum 5)"],
    ["{unprotect: x}", ":unprotect config should be a boolean value"],
  ],
});
