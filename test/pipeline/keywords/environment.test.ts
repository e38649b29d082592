import { environment } from "../../../src/pipeline/keywords/environment.ts";
import { keyword } from "./table.ts";

const named = (name: string, fields: object = {}): object => ({
  name,
  url: null,
  action: "start",
  onStop: null,
  autoStopIn: null,
  tier: null,
  ...fields,
});

const NAME =
  "name can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces, but it cannot start or end with '/'";

keyword({
  key: "environment",
  read: environment,
  means: [
    ["production", named("production")],
    ["review/$CI_COMMIT_REF_SLUG", named("review/$CI_COMMIT_REF_SLUG")],
    ["{name: staging, url: https://s.example}", named("staging", { url: "https://s.example" })],
    ["{name: r, on_stop: stop, auto_stop_in: 1 week}", named("r", { onStop: "stop", autoStopIn: "1 week" })],
    ["{name: r, action: stop}", named("r", { action: "stop" })],
    ["{name: r, action: access, deployment_tier: testing}", named("r", { action: "access", tier: "testing" })],
    ["{name: r, auto_stop_in: $LIFETIME, url: null}", named("r", { autoStopIn: "$LIFETIME" })],
  ],
  tells: [
    ["12", "config should be a hash or a string"],
    ['""', "name can't be blank"],
    ["{url: https://x}", "name can't be blank"],
    ["/a", NAME],
    ["a:b", NAME],
    ["{name: a, action: begin}", "action should be start, stop, prepare, verify, or access"],
    ["{name: a, on_stp: x}", "config contains unknown keys: on_stp (did you mean on_stop?)"],
    ["{name: a, auto_stop_in: soon}", "auto stop in should be a duration"],
    [
      "{name: a, deployment_tier: moon}",
      "deployment tier should be one of: production, staging, testing, development, other",
    ],
    [`{name: a, url: ${"x".repeat(256)}}`, "url is too long (maximum is 255 characters)"],
    [
      "{name: a, kubernetes: {namespace: x}}",
      "warning: :kubernetes does nothing: Signalbox has no agents for Kubernetes",
    ],
    ["{name: a, kubernetes: x}", ":kubernetes config should be a hash"],
  ],
});
