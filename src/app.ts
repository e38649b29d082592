/** The Hono app: mounts the dialects and pages, and answers what none of them does. */
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { methodsOf } from "./http/allowed-methods.ts";
import { legacyRoutes } from "./api/ci-v1/routes.ts";
import { isPassingFault } from "./verbs/call.ts";
import { countErrors } from "./http/error-counts.ts";
import { showMetrics } from "./api/v4/metrics-page.ts";
import { requestLog } from "./http/request-log.ts";
import { jobRoutes } from "./api/runner-v4/jobs.ts";
import { runnerRoutes } from "./api/runner-v4/runners.ts";
import { guarded } from "./api/v4/handler.ts";
import { consumerRoutes } from "./api/v4/routes.ts";
import { readSettings } from "./settings.ts";

/** Every path may be asked with `.json` at its end, as GitLab's API takes it and old runners do. */
const withoutSuffix = (request: Request): string => {
  // What is no address (a Host with a port of eight digits) is found nowhere; handlers may parse it without a thought.
  if (!URL.canParse(request.url)) return "*";
  // The runtime has written the URL in its normal form: taking its path out costs less than parsing it again.
  const [, path = "/"] = /^[^/]*\/\/[^/?#]*([^?#]*)/.exec(request.url) ?? [];
  return path.replace(/\.json$/, "").replace(/(.)\/+$/, "$1");
};

export const app = new Hono<{ Bindings: Env }>({ getPath: withoutSuffix });

app.use(requestId());
app.use(requestLog());
app.use(countErrors());

app.use(async (context, next) => {
  const settings = readSettings(context.env);
  if (settings.ok) return next();
  // Never open: without its secrets it says which one is missing, and nothing else.
  return context.json({ message: `503 Service Unavailable - ${settings.problem}` }, 503, { "Retry-After": "60" });
});

app.get("/-/health", (context) => context.json({ status: "ok" }));
app.get("/-/metrics", guarded(showMetrics));
app.route("/ci/api/v1", legacyRoutes);
// Before the consumers', whose /runners/:id would take /runners/managers as well.
app.route("/api/v4", runnerRoutes);
app.route("/api/v4", jobRoutes);
app.route("/api/v4", consumerRoutes);

const allowedMethods = methodsOf(app.routes);

app.notFound((context) => {
  const allowed = allowedMethods(context.req.path);
  if (allowed.length === 0) return context.json({ error: "404 Not Found" }, 404);
  return context.json({ error: "405 Not Allowed" }, 405, { Allow: allowed.join(", ") });
});

app.onError((error, context) => {
  if (isPassingFault(error)) {
    return context.json({ message: "503 Service Unavailable" }, 503, { "Retry-After": "1" });
  }
  return context.json({ message: "500 Internal Server Error" }, 500);
});
