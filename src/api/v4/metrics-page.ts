/** `GET /-/metrics`: how the deployment fares, for Prometheus. What to do about what it shows is in README.md. */
import { CONTENT_TYPE, renderMetrics } from "../../core/prometheus.ts";
import type { Metric } from "../../core/prometheus.ts";
import { accept } from "../../core/refusal.ts";
import type { Watched } from "../../metrics/object.ts";
import type { QueueMetrics } from "../../queue/metrics.ts";
import type { ConsumerHandler } from "./handler.ts";
import { readMetrics } from "../../verbs/metrics.ts";

export const showMetrics: ConsumerHandler = async (context) => {
  const { queue, watched } = await readMetrics(context.env);
  const page = renderMetrics([...queueMetrics(queue), ...watchedMetrics(queue, watched)]);
  return accept(context.body(page, 200, { "Content-Type": CONTENT_TYPE, "Cache-Control": "no-store" }));
};

const queueMetrics = (queue: QueueMetrics): Metric[] => {
  const byTags = queue.pending.map((each) => ({ ...each, labels: { tags: each.tags.join(",") } }));
  const runnersThat = (state: keyof QueueMetrics["runners"]) => ({ labels: { state }, value: queue.runners[state] });
  return [
    {
      name: "signalbox_builds",
      help: "Builds that have not ended: pending ones wait for a runner, running ones are held by one.",
      type: "gauge",
      samples: [
        { labels: { state: "pending" }, value: queue.pending.reduce((total, { builds }) => total + builds, 0) },
        { labels: { state: "running" }, value: queue.running },
      ],
    },
    {
      name: "signalbox_pending_builds",
      help: "Builds that wait for a runner, by the tags that it must have.",
      type: "gauge",
      samples: byTags.map(({ labels, builds }) => ({ labels, value: builds })),
    },
    {
      name: "signalbox_oldest_pending_build_age_seconds",
      help: "Time since the oldest of these builds first came into the queue.",
      type: "gauge",
      samples: byTags.map(({ labels, oldestAgeMs }) => ({ labels, value: oldestAgeMs / 1000 })),
    },
    {
      name: "signalbox_claim_wait_seconds",
      help: "Time from a build's first arrival in the queue until a runner was found for it.",
      type: "histogram",
      bounds: queue.claimWaitBounds,
      buckets: queue.claimWaits,
    },
    {
      name: "signalbox_finished_builds_total",
      help: "Builds that have ended, by status and, for failed ones, by reason; removed: deleted before they ended.",
      type: "counter",
      samples: queue.finished.map(({ status, reason, count }) => ({ labels: { status, reason }, value: count })),
    },
    {
      name: "signalbox_lost_claims_total",
      help: "Claims after which the runner gave no sign of life, or that broke off. The third of one build fails it.",
      type: "counter",
      samples: [{ value: queue.lostClaims }],
    },
    {
      name: "signalbox_runners",
      help: "Registered runners. Paused ones are in no other state.",
      type: "gauge",
      samples: [runnersThat("online"), runnersThat("offline"), runnersThat("paused")],
    },
    {
      name: "signalbox_runners_with_old_token",
      help: "Runners that would be cut off without TOKEN_SECRET_PREVIOUS: their last call came with a token that it signed.",
      type: "gauge",
      samples: [{ labels: {}, value: queue.oldTokens }],
    },
    {
      name: "signalbox_held_polls",
      help: "Requests for work that wait for a build.",
      type: "gauge",
      samples: [{ value: queue.heldPolls }],
    },
  ];
};

const watchedMetrics = (queue: QueueMetrics, { errors, undelivered }: Watched): Metric[] => [
  {
    name: "signalbox_outbox_messages",
    help: "Messages between objects whose delivery has failed and is tried again, by the kind of object that sends them.",
    type: "gauge",
    samples: [
      { labels: { object: "queue" }, value: queue.undelivered },
      { labels: { object: "build" }, value: undelivered.get("build") ?? 0 },
      { labels: { object: "project" }, value: undelivered.get("project") ?? 0 },
    ],
  },
  {
    name: "signalbox_http_errors_total",
    help: "Answers with a status of 400 or more, by route. Told every few seconds.",
    type: "counter",
    samples: errors.map(({ route, method, status, count }) => ({ labels: { route, method, status }, value: count })),
  },
];
