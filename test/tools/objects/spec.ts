import type { UploadedFile } from "../../../src/builds/artifacts.ts";
import { UNKNOWN_COMMIT } from "../../../src/core/build/commit-ref.ts";
import { lonePipeline } from "../../../src/core/build/pipeline-ref.ts";
import { ADMIN } from "../../../src/core/principal.ts";
import type { BuildSpec } from "../../../src/core/build/spec.ts";

/** A spec with nothing special in it, but for `change`. */
export const specOf = (change: Partial<BuildSpec> = {}): BuildSpec => ({
  name: "test",
  stage: "test",
  ref: "main",
  sha: "b482b7345668d4ec3441448def046c29d61d02de",
  beforeSha: "0".repeat(40),
  tag: false,
  commit: UNKNOWN_COMMIT,
  pipeline: lonePipeline(8, Date.UTC(2026, 10, 25)),
  user: ADMIN,
  refProtected: false,
  beforeScript: [],
  script: ["echo hello"],
  afterScript: [],
  preGetSourcesScript: [],
  image: null,
  services: [],
  variables: [],
  artifacts: null,
  cache: [],
  tags: [],
  timeoutSeconds: 3600,
  allowGitFetch: true,
  dependencies: [],
  ...change,
});

/** An archive whose bytes are in the bucket, but for `change`. */
export const fileOf = (change: Partial<UploadedFile> = {}): UploadedFile => ({
  type: "archive",
  format: "zip",
  filename: "a.zip",
  sizeBytes: 3,
  sha256: "00",
  variables: null,
  expiresInMs: null,
  ...change,
});
