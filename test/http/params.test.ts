import * as v from "valibot";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readBody } from "../../src/http/body.ts";
import { infoSchema, looseBoolean, looseInteger, looseString, tagList, validate } from "../../src/http/loose.ts";
import { readParams } from "../../src/http/params.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const LIMIT = 64 * KIB;
const ADDRESS = "https://ci.test/api/v4/thing";
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
const MULTIPART_TYPE = "multipart/form-data; boundary=XX";

type Sent = { query?: string; method?: string; type?: string; body?: BodyInit; headers?: Record<string, string> };

const request = ({ query = "", method = "POST", type, body, headers = {} }: Sent): Request => {
  const sent = new Request(ADDRESS + query, { method, headers, ...(body === undefined ? {} : { body }) });
  sent.headers.delete("Content-Type");
  if (type !== undefined) sent.headers.set("Content-Type", type);
  return sent;
};

/** Prototypes are not what most tests look at, and `toEqual` ignores them. */
const paramsOf = async (sent: Sent): Promise<unknown> => {
  const outcome = await readParams(request(sent), LIMIT);
  return outcome.ok ? outcome.value : outcome.refusal;
};

const part = (name: string, value: string, more = ""): string =>
  `--XX\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
const multipart = (...parts: readonly string[]): string => `${parts.join("")}--XX--\r\n`;
const malformed = (message: unknown = expect.any(String)) => ({ reason: "malformed_body", message });

/** A chunked body of these pieces, made as they are asked for; it counts what was asked and whether it was cut off. */
const chunkedBody = (pieceBytes: number, count: number, atEnd: "close" | "fail" | "stall" = "close") => {
  const seen = { pulled: 0, canceled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (seen.pulled < count) controller.enqueue(new Uint8Array(pieceBytes).fill(seen.pulled % 251));
        else if (atEnd === "close") controller.close();
        else if (atEnd === "fail") controller.error(new Error("Network connection lost."));
        else return new Promise(() => {});
        seen.pulled += 1;
        return undefined;
      },
      cancel: () => void (seen.canceled = true),
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
};

afterEach(() => {
  vi.useRealTimers();
});

describe("where parameters come from", () => {
  const sources: readonly [title: string, sent: Sent, expected: unknown][] = [
    ["a query", { query: "?a=1&b=x%20y+z" }, { a: "1", b: "x y z" }],
    ["JSON", { type: JSON_TYPE, body: '{"a":1,"b":[true]}' }, { a: 1, b: [true] }],
    ["JSON with a charset", { type: "Application/JSON; charset=utf-8", body: '{"a":"é"}' }, { a: "é" }],
    ["JSON of a vendor's type", { type: "application/vnd.x+json", body: '{"a":1}' }, { a: 1 }],
    ["a form", { type: FORM_TYPE, body: "a=1&b=x%20y" }, { a: "1", b: "x y" }],
    [
      "multipart",
      { type: MULTIPART_TYPE, body: multipart(part("a", "1"), part("b", "x\r\ny")) },
      { a: "1", b: "x\r\ny" },
    ],
    ["a quoted boundary", { type: 'multipart/form-data; boundary="XX"', body: multipart(part("a", "1")) }, { a: "1" }],
    [
      "the text of a file part",
      { type: MULTIPART_TYPE, body: multipart(part("trace", "log é", '; filename="log"\r\nContent-Type: text/plain')) },
      { trace: "log é" },
    ],
    ["the JSON body of a DELETE", { method: "DELETE", type: JSON_TYPE, body: '{"token":"t"}' }, { token: "t" }],
    ["the form of a PUT", { method: "PUT", type: FORM_TYPE, body: "token=t" }, { token: "t" }],
    ["query and body, the body winning", { query: "?a=q&b=q", type: JSON_TYPE, body: '{"a":"b"}' }, { a: "b", b: "q" }],
    ["the query alone with an unknown type", { query: "?a=1", type: "text/plain", body: "a=2" }, { a: "1" }],
    ["the query alone without a type", { method: "DELETE", query: "?a=1", body: "a=2" }, { a: "1" }],
    ["nothing in an empty JSON body", { type: JSON_TYPE, body: "" }, {}],
    ["nothing in an empty multipart body", { type: MULTIPART_TYPE, body: "" }, {}],
    ["nothing without a body", { method: "GET", type: JSON_TYPE }, {}],
  ];
  it.each(sources)("%s", async (_, sent, expected) => {
    expect(await paramsOf(sent)).toEqual(expected);
  });
});

describe("names in brackets", () => {
  const names: readonly [title: string, pairs: readonly [string, string][], expected: unknown][] = [
    [
      "build objects",
      [
        ["info[platform]", "linux"],
        ["info[features][cache]", "1"],
      ],
      { info: { platform: "linux", features: { cache: "1" } } },
    ],
    [
      "build lists",
      [
        ["tag_list[]", "a"],
        ["tag_list[]", "b"],
      ],
      { tag_list: ["a", "b"] },
    ],
    ["build a list of one", [["info[tags][]", "a"]], { info: { tags: ["a"] } }],
    [
      "build numbered lists",
      [
        ["v[1]", "b"],
        ["v[0]", "a"],
      ],
      { v: ["a", "b"] },
    ],
    [
      "build lists of objects, a repeated key beginning the next one",
      [
        ["v[][key]", "A"],
        ["v[][value]", "1"],
        ["v[][key]", "B"],
        ["v[][tags][]", "x"],
        ["v[][tags][]", "y"],
      ],
      {
        v: [
          { key: "A", value: "1" },
          { key: "B", tags: ["x", "y"] },
        ],
      },
    ],
    ["make a large number a key, not a list", [["v[1000000]", "x"]], { v: { "1000000": "x" } }],
    [
      "stop nesting after five levels",
      [["a[b][c][d][e][f][g]", "x"]],
      { a: { b: { c: { d: { e: { f: { "[g]": "x" } } } } } } },
    ],
    [
      "may be names of Object's own members",
      [
        ["info[constructor]", "x"],
        ["toString", "y"],
      ],
      { info: { constructor: "x" }, toString: "y" },
    ],
    [
      "let the last of a plain name win",
      [
        ["a", "1"],
        ["a", "2"],
      ],
      { a: "2" },
    ],
  ];
  it.each(names)("%s, in query, form and multipart alike", async (_, pairs, expected) => {
    const encoded = new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString();
    expect(await paramsOf({ method: "GET", query: `?${encoded}` })).toEqual(expected);
    expect(await paramsOf({ type: FORM_TYPE, body: encoded })).toEqual(expected);
    const parts = multipart(...pairs.map(([name, value]) => part(name, value)));
    expect(await paramsOf({ type: MULTIPART_TYPE, body: parts })).toEqual(expected);
  });

  it("keep a list of a thousand a list", async () => {
    const list = Array.from({ length: 1000 }, (_, index) => `t${index}`);
    const body = list.map((tag) => `tag_list[]=${tag}`).join("&");
    expect(await paramsOf({ type: FORM_TYPE, body })).toEqual({ tag_list: list });
  });

  it("are refused when there are thousands", async () => {
    const body = Array.from({ length: 2001 }, (_, index) => `a${index}=1`).join("&");
    expect(await paramsOf({ type: FORM_TYPE, body })).toEqual(malformed("there are more than 2000 parameters"));
  });

  it("survive bad percent-encoding", async () => {
    expect(await paramsOf({ query: "?a=%zz&b=%&c=%FF" })).toEqual({ a: "%zz", b: "%", c: "\ufffd" });
    expect(await paramsOf({ type: FORM_TYPE, body: "a=%zz&b=%&c=%FF" })).toEqual({ a: "%zz", b: "%", c: "\ufffd" });
  });
});

describe("a key __proto__", () => {
  const attacks: readonly [title: string, sent: Sent][] = [
    ["a query", { query: "?__proto__[admin]=1&__proto__=1&a[__proto__][admin]=1&a[b]=1" }],
    ["a form", { type: FORM_TYPE, body: "__proto__[admin]=1&a[__proto__][admin]=1&a[b]=1&__proto__[]=1" }],
    ["JSON", { type: JSON_TYPE, body: '{"__proto__":{"admin":1},"a":{"__proto__":{"admin":1},"b":"1"}}' }],
  ];
  it.each(attacks)("in %s is dropped and changes no prototype", async (_, sent) => {
    const outcome = await readParams(request(sent), LIMIT);
    if (!outcome.ok) throw new Error(outcome.refusal.reason);
    expect(Object.getPrototypeOf(outcome.value)).toBeNull();
    expect(Object.keys(outcome.value)).toEqual(["a"]);
    const inner = outcome.value.a as Record<string, unknown>;
    expect(Object.keys(inner)).toEqual(["b"]);
    expect(inner.admin).toBeUndefined();
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });
});

describe("a body that isn't what its type says is refused", () => {
  const broken: readonly [title: string, sent: Sent, message: unknown][] = [
    ["a JSON array", { type: JSON_TYPE, body: "[1]" }, "the JSON is not an object"],
    ["a JSON string", { type: JSON_TYPE, body: '"a"' }, "the JSON is not an object"],
    ["a JSON null", { type: JSON_TYPE, body: "null" }, "the JSON is not an object"],
    ["broken JSON, without quoting it", { type: JSON_TYPE, body: '{"token":"se' }, "the body is not valid JSON"],
    [
      "bottomless JSON",
      { type: JSON_TYPE, body: `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}` },
      "the JSON is nested too deeply",
    ],
    [
      "JSON of a depth of 101",
      { type: JSON_TYPE, body: `{"a":${'[{"a":'.repeat(50)}1${"}]".repeat(50)}}` },
      "the JSON is nested too deeply",
    ],
    [
      "invalid UTF-8 in JSON",
      { type: JSON_TYPE, body: new Uint8Array([123, 34, 255, 34, 58, 49, 125]) },
      "the body is not valid UTF-8",
    ],
    [
      "invalid UTF-8 in a form",
      { type: FORM_TYPE, body: new Uint8Array([97, 61, 255]) },
      "the body is not valid UTF-8",
    ],
    [
      "another boundary",
      { type: "multipart/form-data; boundary=YY", body: multipart(part("a", "1")) },
      expect.stringContaining("boundary"),
    ],
    [
      "no boundary",
      { type: "multipart/form-data", body: multipart(part("a", "1")) },
      expect.stringContaining("boundary"),
    ],
    ["multipart without its end", { type: MULTIPART_TYPE, body: part("a", "1") }, expect.stringContaining("broken")],
  ];
  it.each(broken)("%s", async (_, sent, message) => {
    expect(await paramsOf(sent)).toEqual(malformed(message));
  });

  it("a body larger than the limit", async () => {
    const body = JSON.stringify({ a: "x".repeat(LIMIT) });
    expect(await paramsOf({ type: JSON_TYPE, body })).toMatchObject({ reason: "too_large", limitBytes: LIMIT });
  });
});

describe("reading a body", () => {
  it("puts many small pieces together", async () => {
    const { stream } = chunkedBody(7, 5000);
    const outcome = await readBody(request({ body: stream }), LIMIT);
    const expected = Uint8Array.from({ length: 35_000 }, (_, index) => Math.floor(index / 7) % 251);
    expect(outcome).toEqual({ ok: true, value: expected });
    expect(outcome.ok && outcome.value.buffer.byteLength).toBe(35_000);
  });

  it("takes a body of exactly the limit", async () => {
    const { stream } = chunkedBody(KIB, 64);
    const outcome = await readBody(request({ body: stream }), LIMIT);
    expect(outcome.ok && outcome.value.byteLength).toBe(LIMIT);
  });

  it("has no bytes when there is no body", async () => {
    expect(await readBody(request({ method: "GET" }), LIMIT)).toEqual({ ok: true, value: new Uint8Array(0) });
  });

  it("refuses by Content-Length, after reading to the end, so that the client sees it", async () => {
    const { stream, seen } = chunkedBody(KIB, 100);
    const headers = { "Content-Length": String(100 * KIB) };
    const refusal = { reason: "too_large", limitBytes: LIMIT, sizeBytes: 100 * KIB };
    expect(await readBody(request({ body: stream, headers }), LIMIT)).toEqual({ ok: false, refusal });
    expect(seen.pulled).toBe(101);
  });

  it("doesn't read a byte of what declares to be far too large", async () => {
    const { stream, seen } = chunkedBody(KIB, 100);
    const headers = { "Content-Length": String(1000 * MIB) };
    const refusal = { reason: "too_large", limitBytes: LIMIT, sizeBytes: 1000 * MIB };
    expect(await readBody(request({ body: stream, headers }), LIMIT)).toEqual({ ok: false, refusal });
    expect(seen.pulled).toBe(0);
  });

  it("reads a chunked body that is too large to its end before it refuses", async () => {
    const { stream, seen } = chunkedBody(MIB, 10);
    const refusal = { reason: "too_large", limitBytes: LIMIT, sizeBytes: 10 * MIB };
    expect(await readBody(request({ body: stream }), LIMIT)).toEqual({ ok: false, refusal });
    expect(seen).toEqual({ pulled: 11, canceled: false });
  });

  it("cuts off an endless body 64 MiB beyond the limit", async () => {
    const { stream, seen } = chunkedBody(MIB, Infinity);
    const refusal = { reason: "too_large", limitBytes: LIMIT, sizeBytes: 65 * MIB };
    expect(await readBody(request({ body: stream }), LIMIT)).toEqual({ ok: false, refusal });
    expect(seen).toEqual({ pulled: 65, canceled: true });
  });

  it("cuts off a body that is too large and stalls, after a minute", async () => {
    vi.useFakeTimers();
    const { stream, seen } = chunkedBody(MIB, 2, "stall");
    const outcome = readBody(request({ body: stream }), LIMIT);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(seen.canceled).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    const refusal = { reason: "too_large", limitBytes: LIMIT, sizeBytes: 2 * MIB };
    expect(await outcome).toEqual({ ok: false, refusal });
    expect(seen.canceled).toBe(true);
  });

  it("cuts off a stalled stream of the runtime's own as well, whose waiting read fails", async () => {
    vi.useFakeTimers();
    const { readable, writable } = new IdentityTransformStream();
    const outcome = readBody(request({ body: readable }), LIMIT);
    await writable.getWriter().write(new Uint8Array(MIB));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await outcome).toMatchObject({ ok: false, refusal: { reason: "too_large", sizeBytes: MIB } });
  });

  it("refuses the body of a client that vanishes", async () => {
    const { stream } = chunkedBody(KIB, 3, "fail");
    const refusal = malformed("the body ended early");
    expect(await readBody(request({ body: stream }), LIMIT)).toEqual({ ok: false, refusal });
  });
});

describe("loose values", () => {
  const schemas = { boolean: looseBoolean, integer: looseInteger, string: looseString, tags: tagList };
  const REFUSED = Symbol("refused");
  const values: readonly (readonly [schema: keyof typeof schemas, value: unknown, expected: unknown])[] = [
    ...[true, "true", "True", "1", 1].map((value) => ["boolean", value, true] as const),
    ...[false, "false", "0", 0].map((value) => ["boolean", value, false] as const),
    ...["yes", "", 2, null, {}, ["true"]].map((value) => ["boolean", value, REFUSED] as const),
    ["integer", 42, 42],
    ["integer", "42", 42],
    ["integer", " -7 ", -7],
    ...["", "4.5", 4.5, "0x10", "1e3", "9007199254740993", 2 ** 53, null, true, [1]].map(
      (value) => ["integer", value, REFUSED] as const,
    ),
    ["string", "a", "a"],
    ["string", 1.5, "1.5"],
    ["string", false, "false"],
    ...[null, {}, ["a"]].map((value) => ["string", value, REFUSED] as const),
    ["tags", "b, a,,b , ", ["b", "a"]],
    ["tags", ["b", " a ", "", "b", "c,d", 7], ["b", "a", "c", "d", "7"]],
    ["tags", "", []],
    ["tags", [], []],
    ["tags", ["x".repeat(255)], ["x".repeat(255)]],
    ["tags", ["x".repeat(256)], REFUSED],
    ["tags", Array.from({ length: 51 }, (_, index) => index), REFUSED],
    ["tags", [{}], REFUSED],
    ["tags", null, REFUSED],
  ];
  it.each(values)("%s of %j", (name, value, expected) => {
    const result = v.safeParse(schemas[name], value);
    expect(result.success ? result.output : REFUSED).toEqual(expected);
  });
});

describe("a runner's info", () => {
  const read = (info: unknown) => validate(v.object({ info: infoSchema }), info === undefined ? {} : { info });
  const cases: readonly (readonly [title: string, info: unknown, expected: unknown])[] = [
    [
      "keeps what is known",
      {
        name: "r",
        version: "19",
        revision: "a",
        platform: "linux",
        architecture: "amd64",
        executor: "shell",
        features: { cache: true, image: false },
      },
      {
        name: "r",
        version: "19",
        revision: "a",
        platform: "linux",
        architecture: "amd64",
        executor: "shell",
        features: { cache: true, image: false },
      },
    ],
    [
      "takes the features of a form",
      { features: { cache: "true", image: "0" } },
      { features: { cache: true, image: false } },
    ],
    [
      "drops wrong types",
      { name: 1, version: null, platform: {}, features: { cache: "x", image: [], ok: 1 } },
      { features: { ok: true } },
    ],
    [
      "keeps of the configuration the GPUs alone",
      { shell: "bash", config: { gpus: "all", host: "x" }, labels: { a: "b" } },
      { shell: "bash", gpus: "all" },
    ],
    ["tells features that are none from nothing said of them", { features: {} }, { features: {} }],
    ["cuts long texts", { name: "x".repeat(300) }, { name: "x".repeat(255) }],
    ["repairs half a character", { name: "\ud800" }, { name: "\ufffd" }],
    ["is empty when it is missing", undefined, {}],
    ...[null, "x", 7, [{ name: "x" }]].map((info) => [`is empty for ${JSON.stringify(info)}`, info, {}] as const),
  ];
  it.each(cases)("%s", (_, info, expected) => {
    expect(read(info)).toStrictEqual({ ok: true, value: { info: expected } });
  });

  it("keeps no more than fifty features, and none whose name isn't one", () => {
    const features = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, true]));
    expect(Object.keys(v.parse(infoSchema, { features }).features ?? {})).toHaveLength(50);
    const odd = { cache: true, ["x".repeat(41)]: true, "a b": true, Cache: true };
    expect(v.parse(infoSchema, { features: odd }).features).toEqual({ cache: true });
  });
});

describe("validating", () => {
  const schema = v.object({
    token: looseString,
    run_untagged: v.optional(looseBoolean, true),
    tag_list: v.optional(tagList),
    variables: v.optional(v.array(v.object({ key: looseString }))),
  });
  const refusals: readonly [title: string, params: Record<string, unknown>, field: string, message: string][] = [
    ["a missing field", {}, "token", "is missing"],
    ["a field of the wrong type", { token: {} }, "token", "is invalid"],
    ["the first of several", { token: null, run_untagged: "x" }, "token", "is invalid"],
    ["a field within, by its path", { token: "t", variables: [{ key: "A" }, {}] }, "variables.1.key", "is missing"],
    [
      "by the schema's own words",
      { token: "t", tag_list: "x".repeat(256) },
      "tag_list",
      "has a tag of more than 255 characters",
    ],
  ];
  it.each(refusals)("refuses %s", (_, params, field, message) => {
    expect(validate(schema, params)).toEqual({ ok: false, refusal: { reason: "invalid", field, message } });
  });

  it("gives the typed values and ignores what nobody asked for", () => {
    expect(validate(schema, { token: 5, tag_list: "a,b", other: 1 })).toEqual({
      ok: true,
      value: { token: "5", run_untagged: true, tag_list: ["a", "b"] },
    });
  });
});
