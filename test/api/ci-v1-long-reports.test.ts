/** Reports with a long log: read as fast as the build takes it, and held in whole nowhere. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { readReport } from "../../src/api/ci-v1/report-body.ts";
import { app } from "../../src/app.ts";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { accept } from "../../src/core/refusal.ts";
import { buildStub } from "../../src/stubs.ts";
import type { RunningBuild } from "../tools/clients/legacy-api.ts";
import { ORIGIN, patch, runningBuild, summaryOf, traceBytes } from "../tools/clients/legacy-api.ts";

const MIB = 1024 * 1024;
/** 64 KiB in JSON, 32 KiB as bytes. */
const PIECE = "\\n".repeat(32 * 1024);

interface Sent {
  readonly start: string;
  /** How many pieces of log follow. */
  readonly pieces: number;
  readonly end: string;
  /** Before each piece. */
  readonly onPiece?: (number: number) => Promise<unknown> | void;
}

/** A body that is made when it is asked for; `made` counts its bytes. */
const bodyOf = ({ start, pieces, end, onPiece }: Sent) => {
  const encoder = new TextEncoder();
  const body = { made: 0, stream: null as ReadableStream<Uint8Array> | null };
  let number = -1;
  body.stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        number += 1;
        await onPiece?.(number);
        const text = number === 0 ? start : number > pieces ? end : PIECE;
        body.made += text.length;
        controller.enqueue(encoder.encode(text));
        if (number > pieces) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return body;
};

const requestOf = (buildId: number, stream: ReadableStream<Uint8Array> | null): Request =>
  new Request(`${ORIGIN}/ci/api/v1/builds/${buildId}.json`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: stream,
  });

const put = async (buildId: number, sent: Sent): Promise<{ status: number; message: unknown }> => {
  const response = await app.fetch(requestOf(buildId, bodyOf(sent).stream), env);
  const answer = await response.json<{ message?: unknown } | true>();
  return { status: response.status, message: answer === true ? null : answer.message };
};

const opening = ({ runner }: Pick<RunningBuild, "runner">, state: string, log = "") =>
  `{"info":{"version":"1.11.5"},"token":"${runner.token}","state":"${state}","trace":"${log}`;

const lengthOf = async (buildId: number): Promise<number> => (await traceBytes(buildId)).length;

test("a log of 24 MiB becomes the trace, with the bytes of the patches as they came", async () => {
  const running = await runningBuild();
  const { build, runner } = running;
  const raw = Uint8Array.of(0x61, 0xff, 0x62);
  expect(await runner.appendTrace(build, 0, raw)).toMatchObject({ status: 202 });

  const answer = await put(build.id, { start: opening(running, "success", "a\ufffdb"), pieces: 768, end: '"}' });
  expect(answer).toEqual({ status: 200, message: null });
  const trace = await traceBytes(build.id);
  expect(trace.length).toBe(24 * MIB + raw.length);
  expect(trace.subarray(0, 4)).toEqual(Uint8Array.of(...raw, 0x0a));
  expect((await summaryOf(build.id)).status).toBe("success");
});

test("the body is read no further than somebody takes the log", async () => {
  const body = bodyOf({ start: '{"token":"t","state":"success","trace":"', pieces: 768, end: '"}' });
  const report = await readReport(requestOf(1, body.stream), async () => accept(null));
  if (!report.ok || typeof report.value.log !== "function") throw new Error("the log is not a stream");

  expect(report.value.params).toMatchObject({ token: "t", state: "success" });
  expect(body.made).toBeLessThan(3 * MIB);
  const reader = report.value.log().getReader();
  await reader.read();
  expect(body.made).toBeLessThan(4 * MIB);
  await reader.cancel();
  // A client that is answered before it has sent all sees no answer.
  await report.value.finish();
  expect(body.made).toBeGreaterThan(48 * MIB);
});

test("what doesn't fit into memory is stored on the way, and a report that broke off may be repeated", async () => {
  const running = await runningBuild();
  const { build } = running;
  let stored = 0;
  const broken = await put(build.id, {
    start: opening(running, "success"),
    pieces: 768,
    end: "",
    onPiece: async (number) => {
      if (number === 700) stored = await lengthOf(build.id);
      if (number > 768) throw new Error("the client has gone");
    },
  });

  expect(broken).toEqual({ status: 400, message: "400 (Bad request) the body ended early" });
  expect(stored).toBeGreaterThan(8 * MIB);
  expect((await summaryOf(build.id)).status).toBe("running");
  expect((await put(build.id, { start: opening(running, "success"), pieces: 768, end: '"}' })).status).toBe(200);
  expect(await lengthOf(build.id)).toBe(24 * MIB);
});

describe("a long log is refused and nothing stored", () => {
  test("of a runner that doesn't have the build", async () => {
    const { build } = await runningBuild();
    const other = await runningBuild();
    const answer = await put(build.id, { start: opening(other, "failed"), pieces: 64, end: '"}' });

    expect(answer.status).toBe(404);
    expect([await lengthOf(build.id), (await summaryOf(build.id)).status]).toEqual([0, "running"]);
  });

  test("by a job's token, with which nobody reports", async () => {
    const { build } = await runningBuild();
    const start = `{"token":"${build.token}","state":"failed","trace":"`;
    expect((await put(build.id, { start, pieces: 64, end: '"}' })).status).toBe(403);
    expect(await lengthOf(build.id)).toBe(0);
  });

  test.each([
    ["with a state behind it", '","state":"failed"}', "token and state must precede the trace"],
    ["with something behind its end", '"}}', "the body is not valid JSON"],
    ["without an end", "", "the body is not valid JSON"],
    ["with a second log", '","trace":"x"}', "the body is not valid JSON"],
  ])("%s", async (_what, end, message) => {
    const running = await runningBuild();
    const { build } = running;
    const answer = await put(build.id, { start: opening(running, "success"), pieces: 64, end });

    expect(answer).toEqual({ status: 400, message: `400 (Bad request) ${message}` });
    expect([await lengthOf(build.id), (await summaryOf(build.id)).status]).toEqual([0, "running"]);
  });

  test("in a form of more than 4 MiB, which would be held several times over", async () => {
    const { build, runner } = await runningBuild();
    const body = new URLSearchParams({ token: runner.token, state: "success", trace: "x".repeat(5 * MIB) });
    const response = await app.fetch(
      new Request(`${ORIGIN}/ci/api/v1/builds/${build.id}`, { method: "PUT", body }),
      env,
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ message: expect.stringContaining("4194304 at most") });
  });
});

describe("while a long log comes in", () => {
  test("the build may end: then it is read to its end, and the runner is told", async () => {
    const running = await runningBuild();
    const { build } = running;
    const cancel = () => buildStub(env, build.id).cancel(ADMINISTRATOR, true);
    const sent = { start: opening(running, "success"), pieces: 64, end: '"}' };
    const answer = await put(build.id, {
      ...sent,
      onPiece: async (number) => void (number === 50 && (await cancel())),
    });

    expect(answer.status).toBe(404);
    expect((await summaryOf(build.id)).status).toBe("canceled");
  });

  test("a patch of the same log may be stored, and is in it once", async () => {
    const running = await runningBuild();
    const { build } = running;
    await patch(build, 0, "first\n");
    const answer = await put(build.id, {
      start: opening(running, "success", "first\\nsecond\\n"),
      pieces: 64,
      end: '"}',
      onPiece: async (number) => void (number === 60 && (await patch(build, 6, "second\n\n\n"))),
    });

    expect(answer.status).toBe(200);
    const trace = await traceBytes(build.id);
    expect(new TextDecoder().decode(trace.subarray(0, 15))).toBe("first\nsecond\n\n\n");
    expect(trace.length).toBe(13 + 2 * MIB);
  });
});
