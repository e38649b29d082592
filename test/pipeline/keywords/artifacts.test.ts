import { artifacts } from "../../../src/pipeline/keywords/artifacts.ts";
import { keyword } from "./table.ts";

keyword({
  key: "artifacts",
  read: artifacts,
  means: [
    ["{}", {}],
    ["{paths: [dist/]}", { paths: ["dist/"] }],
    ["{paths: [dist/], expire_in: null}", { paths: ["dist/"] }],
    [
      '{name: "$CI_JOB_NAME", paths: [a], exclude: [a/*.o], untracked: true}',
      { name: "$CI_JOB_NAME", paths: ["a"], exclude: ["a/*.o"], untracked: true },
    ],
    ["{when: always, expire_in: 1 week}", { when: "always", expireIn: "1 week" }],
    ["{expire_in: never}", { expireIn: "never" }],
    ["{paths: [doc], expose_as: the manual}", { paths: ["doc"], exposeAs: "the manual" }],
    ["{access: none}", { access: "none" }],
    ["{public: false}", { access: "developer" }],
    ["{public: true}", {}],
    ["{reports: {junit: r.xml}}", { reports: { junit: ["r.xml"] } }],
    [
      "{reports: {junit: [a.xml, b.xml], dotenv: build.env}}",
      { reports: { junit: ["a.xml", "b.xml"], dotenv: ["build.env"] } },
    ],
    ["{reports: {coverage_report: {coverage_format: cobertura, path: c.xml}}}", { reports: { cobertura: ["c.xml"] } }],
  ],
  tells: [
    ["dist", "config should be a hash"],
    ["{path: [a]}", "config contains unknown keys: path (did you mean paths?)"],
    ["{paths: dist}", "paths should be an array of strings"],
    ["{untracked: please}", "untracked should be a boolean value"],
    ["{when: never}", "when should be one of: on_success, on_failure, always"],
    ["{expire_in: soon}", "expire in should be a duration"],
    ["{expire_in: 3600}", "expire in should be a duration"],
    ["{expose_as: doc}", "paths can't be blank"],
    ["{expose_as: doc, paths: [a/*]}", "paths can't contain '*' when used with 'expose_as'"],
    ["{expose_as: a/b, paths: [a]}", "expose as can contain only letters, digits, '-', '_' and spaces"],
    ["{public: true, access: all}", "config these keys cannot be used together: access, public"],
    ["{access: everybody}", "access should be one of: none, developer, maintainer, all"],
    ["{reports: [junit]}", ":reports config should be a hash"],
    ["{reports: {junit: 1}}", ":reports junit should be an array of strings or a string"],
    ["{reports: {junti: a}}", ":reports config contains unknown keys: junti (did you mean junit?)"],
    [
      "{reports: {coverage_report: {coverage_format: lcov, path: c}}}",
      ":reports:coverage_report coverage format must be one of supported formats: cobertura, jacoco.",
    ],
    ["{reports: {coverage_report: {coverage_format: jacoco}}}", ":reports:coverage_report path can't be blank"],
  ],
});
