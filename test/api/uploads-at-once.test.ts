/** Uploads of many runners at once, in one isolate; and one whose project goes while it comes. */
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { PART_BYTES } from "../../src/artifacts/sink.ts";
import { BOUNDARY, bytesOf, CONTENT_TYPE, noise } from "../tools/clients/multipart.ts";
import { call, ORIGIN, runningBuild } from "../tools/clients/legacy-api.ts";
import type { RunningBuild } from "../tools/clients/legacy-api.ts";

/** The room of an isolate, in uploads that don't say how long they are. */
const AT_ONCE = 6;
const HEAD = bytesOf(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n`);
const TAIL = bytesOf(`\r\n--${BOUNDARY}--\r\n`);

afterEach(() => void vi.useRealTimers());

/** An upload that sends the file's first byte and waits until it is told to go on. */
const upload = ({ build }: RunningBuild, headers: Record<string, string> = { "BUILD-TOKEN": build.token }) => {
  const goOn = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const seen = { pieces: 0 };
  const pieces = [HEAD, bytesOf("x"), TAIL];
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const piece = pieces[seen.pieces++];
        if (piece === TAIL) {
          started.resolve();
          await goOn.promise;
        }
        if (piece === undefined) controller.close();
        else controller.enqueue(piece.slice());
      },
    },
    { highWaterMark: 0 },
  );
  const request = new Request(`${ORIGIN}/ci/api/v1/builds/${build.id}/artifacts`, {
    method: "POST",
    headers: { "Content-Type": CONTENT_TYPE, ...headers },
    body,
  });
  return { seen, started: started.promise, goOn: goOn.resolve, answer: Promise.resolve(app.fetch(request, env)) };
};

const fill = async () => {
  const builds = await Promise.all(Array.from({ length: AT_ONCE }, () => runningBuild()));
  const uploads = builds.map((each) => upload(each));
  await Promise.all(uploads.map(({ started }) => started));
  return uploads;
};

const finish = async (uploads: readonly ReturnType<typeof upload>[]): Promise<void> => {
  for (const each of uploads) each.goOn();
  const answers = await Promise.all(uploads.map(({ answer }) => answer));
  expect(answers.map(({ status }) => status)).toEqual(uploads.map(() => 201));
};

test("one too many for an isolate's memory waits without being read, and is stored when another has ended", async () => {
  const [first, ...others] = await fill();
  const late = upload(await runningBuild());
  if (first === undefined) throw new Error("nothing was uploaded");
  // Much else goes on meanwhile.
  for (let tries = 0; tries < 20; tries++) await call("GET", "/-/health");
  expect(late.seen.pieces).toBe(0);
  await finish([first]);
  await late.started;
  await finish([late, ...others]);
});

test("one that has waited for half a minute is to come again, and nothing of it has been read", async () => {
  const uploads = await fill();
  const late = await runningBuild();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { seen, answer } = upload(late);
  await vi.waitUntil(() => vi.getTimerCount() > 0);
  await vi.advanceTimersByTimeAsync(31_000);
  const response = await answer;
  vi.useRealTimers();

  expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "10"]);
  expect(seen.pieces).toBe(0);
  await finish(uploads);
});

test("strangers and runners that have no build take none of the room", async () => {
  const builds = await Promise.all(Array.from({ length: AT_ONCE }, () => runningBuild()));
  const other = await runningBuild();
  const refused = builds.flatMap((each) => [
    upload(each, {}),
    upload(each, { "BUILD-TOKEN": other.build.token }),
    upload(each, { "BUILD-TOKEN": "x" }),
  ]);
  const stored = upload(other);
  await stored.started;
  await finish([stored]);
  for (const each of refused) each.goOn();
  const statuses = await Promise.all(refused.map(async ({ answer }) => (await answer).status));
  expect(new Set(statuses)).toEqual(new Set([403]));
});

test("an upload whose project is deleted while it comes is refused, not to be tried again", async () => {
  const { project, build } = await runningBuild();
  const piece = noise(PART_BYTES + 1);
  const pieces = [HEAD, piece, piece, piece, TAIL];
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = pieces.shift();
      if (pieces.length === 2) {
        const headers = { "PRIVATE-TOKEN": "test-admin-token" };
        expect((await call("DELETE", `/api/v4/projects/${project.id}`, { headers })).status).toBe(202);
        await vi.waitUntil(
          async () => (await env.ARTIFACTS.list({ prefix: `builds/${build.id}/` })).objects.length === 0,
        );
        await vi.waitUntil(async () => {
          const job = await call("GET", `/ci/api/v1/builds/${build.id}/artifacts`, {
            headers: { "BUILD-TOKEN": build.token },
          });
          return job.status === 403;
        });
      }
      if (next === undefined) controller.close();
      else controller.enqueue(next.slice());
    },
  });
  const headers = { "BUILD-TOKEN": build.token, "Content-Type": CONTENT_TYPE };
  const request = new Request(`${ORIGIN}/ci/api/v1/builds/${build.id}/artifacts`, { method: "POST", headers, body });
  const response = await app.fetch(request, env);
  expect(response.status).toBe(403);
  expect((await env.ARTIFACTS.list({ prefix: `builds/${build.id}/` })).objects).toEqual([]);
});
