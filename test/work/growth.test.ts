/**
 * No request may cost work out of proportion to its length. Each parser that a stranger or a job can reach gets an input of
 * its worst kind that grows by doubling; the work is counted (test/tools/work/counter.ts), not timed.
 */
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { jobForm } from "../../src/api/v4/job-spec.ts";
import { acceptsNoContent } from "../../src/api/ci-v1/user-agent.ts";
import { withoutCredentials } from "../../src/api/v4/entities/project.ts";
import { readDotenvReport } from "../../src/artifacts/dotenv-report.ts";
import { gunzipMembers } from "../../src/artifacts/gunzip.ts";
import { downloadResponse } from "../../src/artifacts/read.ts";
import { UploadForm } from "../../src/artifacts/upload-form.ts";
import { cleanFilename, contentDisposition } from "../../src/core/artifact/filename.ts";
import { parseDotenv } from "../../src/core/artifact/dotenv.ts";
import { parseRange } from "../../src/core/byte-range.ts";
import { parseDuration } from "../../src/core/duration.ts";
import { fullPath, pathFromName } from "../../src/core/project.ts";
import { refSlug } from "../../src/core/ref-slug.ts";
import { TokenKeys } from "../../src/core/tokens.ts";
import { JsonLogReader } from "../../src/core/trace/json-log.ts";
import { heldBack, maskSecrets } from "../../src/core/trace/mask.ts";
import type { FrontContext } from "../../src/http/front.ts";
import { parseContentRange } from "../../src/http/content-range.ts";
import { validate } from "../../src/http/loose.ts";
import { tokensShown } from "../../src/http/admission.ts";
import { countWork } from "../tools/work/counter.ts";

const LENGTHS = [4096, 8192, 16_384, 32_768];
/** Eight times the input: eight times the work, and some for tables and buffers that grow. With its square it would be 64. */
const MOST_GROWTH = 12;
/** What is done whatever the length is. */
const LEAST_WORK = 2000;

const SECRETS = {
  ADMIN_TOKEN: "test-admin-token",
  REGISTRATION_TOKEN: "test-registration-token",
  TOKEN_SECRET: "test-token-secret",
};
/** Without objects: what would call one fails. */
const env = SECRETS as unknown as Env;
// The pause before errors are told, which nobody waits for here.
vi.stubGlobal("scheduler", { wait: () => new Promise(() => {}) });

const ask = async (path: string, init: RequestInit = {}): Promise<void> => {
  const response = await app.request(`https://ci.test${path}`, init, env);
  await response.arrayBuffer();
};

const growth = async (work: (length: number) => unknown): Promise<void> => {
  // Once before, for what is made at the first use.
  await countWork(() => work(LENGTHS[0] ?? 0));
  const counts: number[] = [];
  for (const length of LENGTHS) counts.push(await countWork(() => work(length)));
  const [first = 0, last = 0] = [counts[0], counts.at(-1)];
  expect(last / Math.max(first, LEAST_WORK), `${counts.join(", ")} units`).toBeLessThan(MOST_GROWTH);
};

const repeated = (text: string, length: number): string =>
  text.repeat(Math.ceil(length / text.length)).slice(0, length);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const tokenLike = `${"a".repeat(32)}r_default_1_1_0000`;

describe("a path", () => {
  test.each([
    ["/", "a"],
    ["a/", ""],
    ["a/", ".json"],
    [".json", ""],
    ["%2f", ""],
    ["%", ""],
    [":{}", ""],
    ["projects/1/", "x"],
  ])("of %j over and over, then %j", async (piece, end) => {
    await growth((length) => ask(`/${repeated(piece, length)}${end}`));
    await growth((length) => ask(`/api/v4/projects/${repeated(piece, length)}${end}`));
  });
});

describe("a query", () => {
  test.each(["a=1&", "&", "a[]=1&", "a[0][b]=1&", "[", "a[b]", "%", "+", "token=&", "a=%f0%9f&"])(
    "of %j over and over",
    async (piece) => {
      await growth((length) => ask(`/api/v4/jobs/request?${repeated(piece, length)}`, { method: "POST" }));
      await growth((length) => ask(`/api/v4/user?private_token=${repeated(piece, length)}`));
    },
  );
});

describe("a header", () => {
  test.each([
    ["Authorization", "Bearer", " ", "x"],
    ["Authorization", "Bearer x", " ", "x"],
    ["PRIVATE-TOKEN", "", "a", ""],
    ["JOB-TOKEN", "", tokenLike, ""],
    ["Content-Type", "application/", "x.", "json"],
    ["Content-Type", "multipart/form-data", "; ", "boundary=b"],
    ["X-Request-Id", "", "a", ""],
    ["X-Request-Id", "", "-", "!"],
    ["Origin", "https://", "a.", ""],
    ["Access-Control-Request-Headers", "", "a,", ""],
    ["Access-Control-Request-Headers", "", " ", ","],
    ["X-Forwarded-For", "", "1,", ""],
    ["X-Forwarded-For", "", "1.", "x"],
  ])("%s: %j and then %j over and over", async (name, start, piece, end) => {
    const headers = (length: number) => ({
      Origin: "https://evil.example",
      [name]: `${start}${repeated(piece, length)}${end}`,
    });
    await growth((length) => ask("/api/v4/projects", { headers: headers(length) }));
    await growth((length) => ask("/api/v4/projects", { method: "OPTIONS", headers: headers(length) }));
    await growth((length) => ask("/api/v4/jobs/1/artifacts", { method: "POST", headers: headers(length), body: "x" }));
    await growth((length) => ask("/ci/api/v1/builds/1", { method: "PUT", headers: headers(length), body: "{}" }));
  });
});

describe("a body that a stranger sends", () => {
  const JSON_TYPE = "application/json";
  const FORM_TYPE = "application/x-www-form-urlencoded";
  const MULTIPART = "multipart/form-data; boundary=b";
  const field = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n';
  test.each<[what: string, type: string, start: string, piece: string, end: string]>([
    ["a list", JSON_TYPE, '{"a":[1', ",1", "]}"],
    ["many members", JSON_TYPE, '{"a":1', ',"b":1', "}"],
    ["escapes", JSON_TYPE, '{"a":"', "\\u0061", '"}'],
    ["names like __proto__", JSON_TYPE, '{"a":1', ',"__proto__":{}', "}"],
    ["depth", JSON_TYPE, '{"a":', "[", ""],
    ["features", JSON_TYPE, '{"info":{"features":{"a":1', ',"b":"true"', "}}}"],
    ["tags", JSON_TYPE, '{"token":"x","tag_list":"', "a, ", '"}'],
    ["a long token", JSON_TYPE, '{"token":"', "a", '"}'],
    ["tokens", JSON_TYPE, '{"a":"', `${tokenLike} `, '"}'],
    ["a log", JSON_TYPE, '{"token":"x","trace":"', "\\n", '"}'],
    ["a log that is broken", JSON_TYPE, '{"token":"x","trace":"', "\\u00", '"}'],
    ["names of a log", JSON_TYPE, '{"a":{', '"trace":"",', '"b":1}}'],
    ["fields", FORM_TYPE, "a=1", "&b=1", ""],
    ["a list of fields", FORM_TYPE, "a[]=1", "&a[]=1", ""],
    ["a list of objects", FORM_TYPE, "a[][b]=1", "&a[][b]=1", ""],
    ["brackets", FORM_TYPE, "a", "[b]", "=1"],
    ["open brackets", FORM_TYPE, "a", "[", "=1"],
    ["indexes", FORM_TYPE, "a[0]=1", "&a[99]=1", ""],
    ["parts", MULTIPART, "", field, "--b--"],
    ["half a boundary", MULTIPART, field, "\r\n-", "\r\n--b--"],
    ["headers of a part", MULTIPART, "--b\r\n", "X: y\r\n", "\r\n\r\n--b--"],
    ["a name with escapes", MULTIPART, '--b\r\nContent-Disposition: form-data; name="', '\\"', '"\r\n\r\n\r\n--b--'],
    ["parameters", MULTIPART, "--b\r\nContent-Disposition: form-data", "; a=b", "\r\n\r\n\r\n--b--"],
    [
      "a name in percents",
      MULTIPART,
      "--b\r\nContent-Disposition: form-data; filename*=utf-8''",
      "%41",
      "\r\n\r\n\r\n--b--",
    ],
  ])("with %s", async (_what, type, start, piece, end) => {
    const init = (method: string, length: number) => ({
      method,
      headers: { "Content-Type": type },
      body: `${start}${repeated(piece, length - (length % piece.length))}${end}`,
    });
    for (const [method, path] of [
      ["POST", "/api/v4/runners"],
      ["PUT", "/ci/api/v1/builds/1"],
    ] as const) {
      await growth((length) => ask(path, init(method, length)));
    }
  });
});

describe("an upload", () => {
  const part = (headers: string) => `--b\r\nContent-Disposition: form-data; name="file"${headers}\r\n\r\n`;
  const receive = async (text: string, pieceBytes: number): Promise<void> => {
    const form = UploadForm.open("multipart/form-data; boundary=b");
    const bytes = bytesOf(text);
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      // After a defect the rest is dropped.
      if (form === null || form.defect !== null) return;
      await form.push(bytes.subarray(at, at + pieceBytes));
      form.takeFileBytes();
    }
    await form?.end();
  };
  test.each([
    ["line ends", part('; filename="f"'), "\r\n", "\r\n--b--"],
    ["halves of its boundary", part('; filename="f"'), "\r\n--", "\r\n--b--"],
    ["a long filename", '--b\r\nContent-Disposition: form-data; name="file"; filename="', "\\", '"\r\n\r\n\r\n--b--'],
    ["text parts", "", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n', "--b--"],
    ["a long text part", part(""), "x", "\r\n--b--"],
    ["headers", "--b\r\n", "A: b\r\n", "\r\n\r\n--b--"],
  ])("of %s, in whole and byte by byte", async (_what, start, piece, end) => {
    const text = (length: number) => `${start}${repeated(piece, length)}${end}`;
    await growth((length) => receive(text(length), length));
    await growth((length) => receive(text(length), 1));
  });
});

describe("what a job or its creator says", () => {
  const keys = TokenKeys.from(SECRETS.TOKEN_SECRET);
  const secrets = [bytesOf("aaaaaaaab"), bytesOf("abababab")];
  const nobody = { env, req: { header: () => undefined, query: () => undefined } } as unknown as FrontContext;
  const bucket = { get: async () => null, head: async () => null } as unknown as R2Bucket;
  const artifact = { key: "k", filename: "f", sizeBytes: 1, sha256: "0".repeat(64) };
  const log = (text: string, pieceBytes: number): void => {
    const reader = new JsonLogReader("trace", () => {});
    const bytes = bytesOf(`{"trace":"${text}"}`);
    for (let at = 0; at < bytes.length; at += pieceBytes) reader.push(bytes.subarray(at, at + pieceBytes));
    reader.rest();
  };
  const job = (fields: object): void => void validate(jobForm, { name: "n", script: ["true"], ...fields });
  const list = <T>(item: T, length: number, weight: number): T[] => Array.from({ length: length / weight }, () => item);

  test.each<[what: string, work: (length: number) => unknown]>([
    ["Range, digits", (length) => parseRange(`bytes=${repeated("1", length)}-`, 10)],
    ["Range, many", (length) => parseRange(`bytes=${repeated("0-1,", length)}`, 10)],
    ["Range, spaces", (length) => parseRange(`${repeated(" ", length)}bytes=0-x`, 10)],
    ["Content-Range", (length) => parseContentRange(`${repeated(" ", length)}1`)],
    ["Content-Range, digits", (length) => parseContentRange(`bytes ${repeated("1", length)}x`)],
    ["User-Agent", (length) => acceptsNoContent(`gitlab-runner 1.1.1~beta.${repeated("1", length)}.g`)],
    [
      "If-None-Match",
      (length) => downloadResponse(bucket, artifact, new Headers({ "If-None-Match": repeated('"x",', length) })),
    ],
    ["a file's name", (length) => contentDisposition(cleanFilename(repeated("a /\\\u00e9", length), "f"))],
    ["a file's name to show", (length) => contentDisposition(repeated("\u00e9\"'", length))],
    ["a dotenv report", (length) => parseDotenv([bytesOf(repeated("A=b\n", length))])],
    ["a dotenv line", (length) => parseDotenv([bytesOf(`A=${repeated(" ", length)}x`)])],
    [
      "many gzip members",
      (length) => gunzipMembers(new Uint8Array(list(gzipSync("a"), length, 32).flatMap((each) => [...each])), length),
    ],
    ["a report of zeros", (length) => readDotenvReport(gzipSync(new Uint8Array(length * 8)))],
    [
      "a name without end in gzip",
      (length) => gunzipMembers(Uint8Array.of(0x1f, 0x8b, 8, 8, ...new Uint8Array(length).fill(1)), length),
    ],
    ["a duration of words", (length) => parseDuration(repeated("1 hour and ", length))],
    ["a duration of digits", (length) => parseDuration(repeated("1", length))],
    ["a duration of colons", (length) => parseDuration(repeated("1:", length))],
    ["a duration of blanks", (length) => parseDuration(`1${repeated(" ", length)}x`)],
    ["a ref", (length) => refSlug(repeated("-/", length))],
    ["a project's name", (length) => pathFromName(`${repeated("-.", length)}x`)],
    ["a project's path", (length) => fullPath(`${repeated("a/", length)}!`)],
    ["a repository's address", (length) => withoutCredentials(repeated(":", length))],
    ["a repository's address with a scheme", (length) => withoutCredentials(`https://${repeated("a@", length)}`)],
    ["a token", (length) => keys.verify(repeated("a", length))],
    ["tokens in a body", (length) => tokensShown(nobody, bytesOf(repeated(tokenLike, length)))],
    ["almost tokens in a body", (length) => tokensShown(nobody, bytesOf(repeated("a", length)))],
    ["secrets in a log", (length) => maskSecrets(bytesOf(repeated("aaaaaaaab", length)), secrets)],
    ["almost secrets in a log", (length) => maskSecrets(bytesOf(repeated("a", length)), secrets)],
    [
      "a long secret",
      (length) => maskSecrets(bytesOf(repeated("a", length)), [bytesOf(`${repeated("a", length / 2)}b`)]),
    ],
    [
      "a long secret that overlaps itself",
      (length) => maskSecrets(bytesOf(repeated("a", length)), [bytesOf(repeated("a", length / 2))]),
    ],
    [
      "a secret that may begin",
      (length) => heldBack(bytesOf(repeated("a", length)), [bytesOf(`${repeated("a", length)}b`)]),
    ],
    ["a log of escapes", (length) => log(repeated("\\u0041", length - (length % 6)), length)],
    ["a log in single bytes", (length) => log(repeated("\\n", length), 1)],
    ["a job's variables", (length) => job({ variables: list({ key: "A", value: "b" }, length, 16) })],
    [
      "a job's map of variables",
      (length) => job({ variables: Object.fromEntries(list(0, length, 16).map((_, at) => [`A${at}`, "b"])) }),
    ],
    ["a job's script", (length) => job({ script: list("true", length, 8) })],
    ["a job's tags", (length) => job({ tags: list("a", length, 4) })],
    ["a job's tags in one text", (length) => job({ tags: repeated("a,", length) })],
    ["a job's services", (length) => job({ services: list({ name: "a", alias: "b" }, length, 16) })],
    [
      "a job's paths",
      (length) => job({ artifacts: { paths: list("a/", length, 8), expire_in: repeated("1 h ", length) } }),
    ],
  ])("%s", async (_what, work) => {
    await growth(work);
  });
});

describe("the counter sees", () => {
  let text = "";
  beforeAll(() => {
    text = "a".repeat(65_536);
  });
  const isRefused = async (work: (length: number) => unknown): Promise<void> => {
    await expect(growth(work)).rejects.toThrow("units");
  };

  test("a search that begins anew for each character", () =>
    isRefused((length) => {
      for (let at = 0; at < length; at++) text.slice(0, at).includes("b");
    }));

  test("a buffer that is copied for each piece", () =>
    isRefused((length) => {
      for (let at = 0; at < length; at += 64) Buffer.concat([new Uint8Array(at), new Uint8Array(64)]);
    }));

  test("an expression that is tried anew on the rest for each match", () =>
    isRefused((length) => {
      for (let at = 0; at < length; at += 64) /b/.test(text.slice(0, length - at));
    }));
});
