/** The Hono app: mounts the dialects and pages, and answers what none of them does. */
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { methodsOf } from "./http/allowed-methods.ts";
import { answerHeaders } from "./http/answer-headers.ts";
import { corsForPages, refuseCrossSite } from "./http/cross-site.ts";
import { onlyAllowedHosts } from "./http/hosts.ts";
import { pathBy } from "./http/path.ts";
import { legacyRoutes } from "./api/ci-v1/routes.ts";
import { isPassingFault } from "./verbs/call.ts";
import { countErrors } from "./http/error-counts.ts";
import { absentFeature } from "./api/v4/absent.ts";
import { showMetrics } from "./api/v4/metrics-page.ts";
import { requestLog } from "./http/request-log.ts";
import { jobRoutes } from "./api/runner-v4/jobs.ts";
import { runnerRoutes } from "./api/runner-v4/runners.ts";
import { guarded } from "./api/v4/handler.ts";
import { consumerRoutes } from "./api/v4/routes.ts";
import { readSettings } from "./settings.ts";

export const app: Hono<{ Bindings: Env }> = new Hono({ getPath: pathBy(() => app.routes) });

app.use(requestId());
app.use(requestLog());
app.use(countErrors());
app.use(answerHeaders());

app.use(async (context, next) => {
  const settings = readSettings(context.env);
  if (settings.ok) return next();
  // Never open: without its secrets it says which one is missing, and nothing else.
  return context.json({ message: `503 Service Unavailable - ${settings.problem}` }, 503, { "Retry-After": "60" });
});

app.use(onlyAllowedHosts());
app.use("/api/*", corsForPages());
app.use(refuseCrossSite());

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
  if (allowed.length === 0) return absentFeature(context) ?? context.json({ error: "404 Not Found" }, 404);
  return context.json({ error: "405 Not Allowed" }, 405, { Allow: allowed.join(", ") });
});

app.onError((error, context) => {
  if (isPassingFault(error)) {
    return context.json({ message: "503 Service Unavailable" }, 503, { "Retry-After": "1" });
  }
  return context.json({ message: "500 Internal Server Error" }, 500);
});
