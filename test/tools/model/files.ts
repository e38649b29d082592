/** Archives: uploaded whole, cut off, too large; downloaded, kept, deleted. */
import { noise } from "../clients/multipart.ts";
import { isSame, isThere } from "./look.ts";
import type { Random } from "./random.ts";
import { speaker } from "./speaker.ts";
import { download as fetchArchive, upload as sendArchive } from "./speech.ts";
import { isCurrent, isOver, MAX_ARTIFACT_BYTES, must, only, tokenOf } from "./world.ts";
import type { Archive, World } from "./world.ts";

const HOUR_MS = 3_600_000;

type Kind = "whole" | "cut off" | "too large";

async function* content(bytes: Uint8Array, kind: Kind): AsyncGenerator<Uint8Array, void> {
  yield bytes.slice(0, bytes.length / 2);
  if (kind === "cut off") throw new Error("the runner has vanished");
  yield bytes.slice(bytes.length / 2);
}

const ANSWERS = { whole: 201, "cut off": 400, "too large": 413 } as const;

export const upload = async (world: World, random: Random): Promise<string | null> => {
  const speaking = speaker(world, random);
  if (speaking === null) return null;
  const { build, attempt } = speaking;
  const kind = random.one<Kind>("whole", "whole", "whole", "cut off", "too large");
  const bytes = noise(
    (kind === "too large" ? MAX_ARTIFACT_BYTES : 0) + 1 + random.int(MAX_ARTIFACT_BYTES),
    random.int(1e6),
  );
  const isLegacy = attempt.runner.tongue === "legacy";
  // What has expired and what is still there are told apart by its alarm alone.
  const expires = isLegacy && random.chance(50);
  const isTaken = isCurrent(build, attempt) && !isOver(build) && build.view.summary.erasedAtMs === null;
  const before = only(build.archives);
  const archive: Archive = { bytes, expiresAtMs: expires ? Date.now() + HOUR_MS : null };
  // Two at once: whichever is committed last counts.
  const isRace = isLegacy && kind === "whole" && isTaken && random.chance(20);
  const other: Archive = { bytes: noise(100, random.int(1e6)), expiresAtMs: null };
  build.asked.add("amend");
  const send = ({ bytes: sent, expiresAtMs }: Archive) =>
    sendArchive(world, attempt, tokenOf(attempt.runner), {
      filename: "out.zip",
      content: content(sent, kind),
      expireIn: expiresAtMs === null ? undefined : "1 hour",
    });
  const statuses = await Promise.all(isRace ? [send(archive), send(other)] : [send(archive)]);
  const what = `attempt ${attempt.number} of ${build.label} uploads ${bytes.length} bytes, ${kind}${isRace ? ", and others" : ""}`;
  // There is one of each type, and it stays.
  const isSecond = !isLegacy && kind === "whole" && before !== null;
  const expected = isTaken ? [isSecond ? 400 : ANSWERS[kind]] : [403];
  const isSure = statuses.every((status) => world.isSure(status, expected, what));
  world.touched.add(build);
  if (isTaken && kind === "whole" && !isSecond) {
    build.archives = [...(isSure ? [] : [before]), archive, ...(isRace ? [other] : [])];
    if (isSure) attempt.contactAtMs = Date.now();
  }
  return `${what}: ${statuses.join()}`;
};

/** By the token of an attempt: only the one that holds the build, or held it last, may. */
export const download = async (world: World, random: Random): Promise<string | null> => {
  const { build, attempt } = random.pick(world.attempts()) ?? {};
  if (build === undefined || attempt === undefined) return null;
  const archive = only(build.archives);
  const answer = await fetchArchive(world, attempt, tokenOf(attempt.runner));
  const what = `attempt ${attempt.number} of ${build.label} downloads`;
  const status = typeof answer === "number" ? answer : 200;
  const isLegacy = attempt.runner.tongue === "legacy";
  const isErased = build.view.summary.erasedAtMs !== null && isCurrent(build, attempt);
  const mayRead = isCurrent(build, attempt) && (isLegacy || !isOver(build));
  const expected = !mayRead ? (isLegacy || isErased ? 403 : 401) : isThere(archive) ? 200 : 404;
  if (world.isSure(status, [expected], what) && typeof answer !== "number" && archive !== null) {
    must(isSame(answer, archive.bytes), `${what} ${answer.length} other bytes`);
  }
  return `${what}: ${status}`;
};

export const keep = async (world: World, random: Random): Promise<string | null> => {
  const build = random.pick(world.builds.filter(({ archives }) => only(archives) !== null));
  if (build === null) return null;
  const archive = only(build.archives);
  const { status } = await world.admin("POST", `/projects/${build.project.id}/jobs/${build.id}/artifacts/keep`);
  const isSure = world.isSure(status, [isThere(archive) ? 200 : 404], `keeping the archive of ${build.label}`);
  if (isThere(archive)) build.archives = [...(isSure ? [] : [archive]), { ...archive, expiresAtMs: null }];
  world.touched.add(build);
  return `the archive of ${build.label} is kept: ${status}`;
};

export const remove = async (world: World, random: Random): Promise<string | null> => {
  const build = random.pick(world.builds.filter(({ archives }) => only(archives) !== null));
  if (build === null) return null;
  const { status } = await world.admin("DELETE", `/projects/${build.project.id}/jobs/${build.id}/artifacts`);
  const isSure = world.isSure(status, [204], `deleting the archive of ${build.label}`);
  build.archives = [...(isSure ? [] : build.archives), null];
  world.touched.add(build);
  return `the archive of ${build.label} is deleted: ${status}`;
};
