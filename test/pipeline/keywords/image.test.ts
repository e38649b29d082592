import { image } from "../../../src/pipeline/keywords/image.ts";
import { keyword } from "./table.ts";

keyword({
  key: "image",
  read: image,
  means: [
    ["alpine:3.20", { name: "alpine:3.20" }],
    ["$REGISTRY/app:$TAG", { name: "$REGISTRY/app:$TAG" }],
    ["{name: alpine}", { name: "alpine" }],
    ['{name: alpine, entrypoint: [""]}', { name: "alpine", entrypoint: [""] }],
    ["{name: alpine, entrypoint: null}", { name: "alpine" }],
    ["{name: alpine, pull_policy: always}", { name: "alpine", pullPolicy: ["always"] }],
    [
      "{name: alpine, pull_policy: [if-not-present, never]}",
      { name: "alpine", pullPolicy: ["if-not-present", "never"] },
    ],
    [
      "{name: alpine, docker: {platform: linux/arm64, user: dev}}",
      { name: "alpine", docker: { platform: "linux/arm64", user: "dev" } },
    ],
    ["{name: alpine, kubernetes: {user: 1001}}", { name: "alpine", kubernetes: { user: "1001" } }],
  ],
  tells: [
    ["12", "config should be a hash or a string"],
    ["[alpine]", "config should be a hash or a string"],
    ['""', "name can't be blank"],
    ["{entrypoint: [sh]}", "name can't be blank"],
    ["{name: 12}", "name should be a string"],
    ["{name: alpine, entrypoint: sh}", "entrypoint should be an array of strings"],
    ["{name: alpine, ports: [80]}", "config contains disallowed keys: ports"],
    ["{name: alpine, entry_point: [sh]}", "config contains unknown keys: entry_point (did you mean entrypoint?)"],
    ["{name: alpine, pull_policy: sometimes}", ":pull_policy config should be one of: always, never, if-not-present"],
    ["{name: alpine, pull_policy: [always, x]}", ":pull_policy config contains unknown values: x"],
    ["{name: alpine, pull_policy: []}", ":pull_policy config can't be blank"],
    ["{name: alpine, docker: {platform: ''}}", ":docker platform should have 1 to 64 characters"],
    ["{name: alpine, docker: {memory: 1}}", ":docker config contains unknown keys: memory"],
  ],
});
