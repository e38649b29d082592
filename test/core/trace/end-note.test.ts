import { expect, it } from "vitest";
import type { Build } from "../../../src/core/build/build.ts";
import type { BuildEvent } from "../../../src/core/build/events.ts";
import { endNote } from "../../../src/core/trace/end-note.ts";
import { after, BUILDS, CANCEL, claimOf, FAIL, FORCE_CANCEL, runnerRef } from "../../tools/objects/builds.ts";

const gone: BuildEvent = { kind: "lose_runner", runnerId: 7, machineId: null };
const erase: BuildEvent = { kind: "erase", by: "root", hasContent: true, hasArtifacts: false };

it.each<{ build: Build; events: readonly BuildEvent[]; note: string | null; why: string }>([
  { why: "goes on", build: BUILDS.running, events: [], note: null },
  { why: "ended well", build: BUILDS.running, events: [{ kind: "succeed" }], note: null },
  { why: "failed by its runner's word", build: BUILDS.running, events: [FAIL], note: null },
  { why: "was canceled and its runner said so", build: BUILDS.canceling, events: [FAIL], note: null },
  {
    why: "passed the limit",
    build: BUILDS.running,
    events: [{ kind: "overflow_trace", limitBytes: 9 }],
    note: "cut at MAX_TRACE_BYTES, 9 bytes",
  },
  { why: "lost its runner", build: BUILDS.running, events: [gone], note: "its runner was removed" },
  { why: "ran too long", build: BUILDS.running, events: [{ kind: "time_out" }], note: "it ran past its timeout" },
  { why: "was canceled by force", build: BUILDS.running, events: [FORCE_CANCEL], note: "canceled by root" },
  {
    why: "was canceled and not heard of",
    build: BUILDS.canceling,
    events: [{ kind: "expire_canceling" }],
    note: "canceled, and the runner did not confirm it in time",
  },
  {
    why: "ended so, whatever is noted later",
    build: BUILDS.running,
    events: [gone, { kind: "amend", what: "kept" }],
    note: "its runner was removed",
  },
  { why: "was erased", build: BUILDS.success, events: [erase], note: "erased by root" },
])("the log of a build that $why says: $note", ({ build, events, note }) => {
  const text = endNote(after(build, ...events));
  expect(text).toBe(note === null ? "" : `\u001b[33;1mSignalbox ended this log: ${note}\u001b[0m\n`);
});

it("a build whose runner is silent is canceled at once, one whose runner lives when that has wound down", () => {
  const graceful = after(BUILDS.pending, claimOf(BUILDS.pending, { ...runnerRef(7), cancelGracefully: true }));
  const status = (silentAfterMs: number) => after(graceful, { ...CANCEL, silentAfterMs } as BuildEvent).status;
  expect([status(0), status(-1)]).toEqual(["canceling", "canceled"]);
});
