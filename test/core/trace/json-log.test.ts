import { describe, expect, test } from "vitest";
import { JsonLogReader } from "../../../src/core/trace/json-log.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const MEBIBYTE = 1_048_576;

interface Reading {
  /** In Latin-1, one character for each byte. */
  readonly log: string;
  readonly rest: string;
}

const read = (chunks: readonly Uint8Array[]): Reading => {
  const pieces: Buffer[] = [];
  const reader = new JsonLogReader("trace", (bytes) => pieces.push(Buffer.from(bytes)));
  for (const chunk of chunks) reader.push(chunk);
  return { log: Buffer.concat(pieces).toString("latin1"), rest: new TextDecoder().decode(reader.rest()) };
};

const inBytes = (bytes: Uint8Array): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));

/** Whole, byte by byte, and cut in two at every place. */
const everyCut = (bytes: Uint8Array): Uint8Array[][] => [
  [bytes],
  inBytes(bytes),
  ...Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]),
];

/** What JSON.parse makes of the text, with the log (if any) set apart. */
const expected = (text: string) => {
  const whole = JSON.parse(text) as { trace?: unknown };
  if (typeof whole.trace !== "string") return { log: "", rest: whole };
  return { log: Buffer.from(encode(whole.trace)).toString("latin1"), rest: { ...whole, trace: "" } };
};

const expectSameAsParse = (text: string, chunks: readonly Uint8Array[]): void => {
  const { log, rest } = read(chunks);
  expect({ log, rest: JSON.parse(rest) as unknown }).toEqual(expected(text));
};

describe("a log", () => {
  test.each([
    String.raw`{"info":{"name":"x"},"token":"t","state":"failed","trace":"line\nline\r\n"}`,
    String.raw`{"trace":"","state":"failed"}`,
    String.raw`{"trace":"\" \\ \/ \b \f \n \r \t","state":"a\"b\\"}`,
    String.raw`{"trace":"\\","state":"\\"}`,
    String.raw`{"trace":"\\\"","token":"\",\"trace\":\"no"}`,
    String.raw`{"trace":"\u001b[0;m\u0000\u003C\u003c\u007f\u0080\u07ff\u0800\uFFFF\u2028"}`,
    String.raw`{"trace":"\ud83d\ude00\uD83D\uDE00\ud800\udc00\udbff\udfff"}`,
    String.raw`{"trace":"\ud83d"}`,
    String.raw`{"trace":"\ude00 \ud83d \ud83d\n\ud83d\\"}`,
    String.raw`{"trace":"\ud83d\ud83d\ude00\ude00"}`,
    String.raw`{"trace":"\ud83d\u0041\ud83dA"}`,
    String.raw`{"trace":"naïve 漢字 😀 \ud83dé"}`,
    String.raw`{"trace":"{\"trace\":\"inner\"}","after":[1,2,{"x":null}]}`,
    String.raw` { "a" : [ ] , "trace" : "spaced" , "b" : { } } `,
    '\n{\t"trace"\r\n:\n\t"lines",\n"b":-1.5e3}\n',
    String.raw`{"\u0074r\u0061ce":"escaped key"}`,
  ])("is set apart from %s wherever the bytes are cut", (text) => {
    for (const chunks of everyCut(encode(text))) expectSameAsParse(text, chunks);
  });

  test("leaves the bytes around it as they were", () => {
    const text = '{ "a":1.0, "trace" : "log" ,"b":"\\u0041" }';
    expect(read([encode(text)])).toEqual({ log: "log", rest: text.replace("log", "") });
  });

  test("keeps bytes that are not UTF-8", () => {
    const text = Buffer.from('{"trace":"\xff\xc3\xed\xa0\x80"}', "latin1");
    for (const chunks of everyCut(text))
      expect(read(chunks)).toEqual({ log: "\xff\xc3\xed\xa0\x80", rest: '{"trace":""}' });
  });
});

describe("nothing is taken out", () => {
  test.each([
    String.raw`{"info":{"trace":"inner"},"state":"failed"}`,
    String.raw`{"info":[{"trace":"inner"}]}`,
    String.raw`[{"trace":"inner"}]`,
    String.raw`{"trace":null,"state":"failed"}`,
    String.raw`{"trace":12,"state":"failed"}`,
    String.raw`{"trace":true,"state":"failed"}`,
    String.raw`{"trace":{"trace":"inner"},"state":"failed"}`,
    String.raw`{"trace":["inner","trace"],"state":"trace"}`,
    String.raw`{"state":"trace","token":"x"}`,
    String.raw`{"traces":"x","trac":"x","Trace":"x","\"trace":"x","trace\u0000":"x","":"x"}`,
    String.raw`["trace","x"]`,
    String.raw`"trace"`,
    String.raw`{}`,
    String.raw`null`,
  ])("from %s", (text) => {
    for (const chunks of everyCut(encode(text))) expect(read(chunks)).toEqual({ log: "", rest: text });
  });

  test("from an object inside that follows the log", () => {
    const { log, rest } = read([encode('{"trace":"outer","info":{"trace":"inner"}}')]);
    expect({ log, rest }).toEqual({ log: "outer", rest: '{"trace":"","info":{"trace":"inner"}}' });
  });
});

describe("JSON.parse refuses the rest", () => {
  test.each([
    ["an unknown escape", String.raw`{"trace":"a\x"}`],
    ["an escape in capitals", String.raw`{"trace":"\N"}`],
    ["a short unicode escape", String.raw`{"trace":"\u12"}`],
    ["a unicode escape with a letter past f", String.raw`{"trace":"\u12g4"}`],
    ["a unicode escape with a sign", String.raw`{"trace":"\u+123"}`],
    ["a raw line end", '{"trace":"a\nb"}'],
    ["a raw tabulator", '{"trace":"\t"}'],
    ["a raw NUL", '{"trace":"\0"}'],
    ["a raw control character behind half a pair", '{"trace":"\\ud83d\u001f"}'],
    ["a log without end", '{"trace":"abc'],
    ["a log that ends within an escape", '{"trace":"abc\\'],
    ["a log that ends within a unicode escape", '{"trace":"abc\\u00'],
    ["an object without end", '{"trace":"abc"'],
    ["a log without a comma behind it", '{"trace":"abc" "state":"failed"}'],
    ["a log with another string behind it", '{"trace":"abc""def"}'],
    ["two objects", '{"trace":"abc"}{"trace":"def"}'],
    ["a key in an array", '["trace":"abc"]'],
    ["a colon too many", '{"trace"::"abc"}'],
    ["a colon without a key", '{:"abc"}'],
    ["a value for a value", '{"state":"trace":"abc"}'],
    ["something between key and colon", '{"trace" 1:"abc"}'],
    ["something between colon and log", '{"trace":1"abc"}'],
    ["a broken key", '{"\\trac\\e":"abc"}'],
    ["a broken string elsewhere", '{"state":"\\x","trace":"abc"}'],
    ["nothing at all", ""],
  ])("for %s", (_, text) => {
    expect(() => void JSON.parse(text)).toThrow(SyntaxError);
    for (const chunks of everyCut(encode(text))) expect(() => void JSON.parse(read(chunks).rest)).toThrow(SyntaxError);
  });

  test.each([
    '{"trace":"a","trace":"b"}',
    '{"trace":"a","\\u0074race":"b"}',
    '{"trace":"a","trace":null}',
    '{"trace":1,"state":"failed","trace":"b"}',
  ])("for the same key twice: %s", (text) => {
    for (const chunks of everyCut(encode(text))) expect(() => void JSON.parse(read(chunks).rest)).toThrow(SyntaxError);
  });
});

/** A small repeatable generator (mulberry32). */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
};

describe("random documents", () => {
  const random = randomFrom(20);
  const below = (bound: number): number => Math.floor(random() * bound);
  const pick = (values: readonly string[]): string => values[below(values.length)] ?? "";
  const unicode = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`;

  /** A character as it may stand inside a JSON string. */
  const character = (): string =>
    [
      () => pick(["a", "é", "漢", "😀", "\u007f", "{", "}", ":", ",", "'"]),
      () => pick(['\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]),
      () => unicode(below(0x20)),
      () => unicode(below(0x10000)).toUpperCase().replace("U", "u"),
      () => unicode(0xd800 + below(0x400)),
      () => unicode(0xdc00 + below(0x400)),
    ][below(6)]?.() ?? "";
  const literal = (): string => `"${Array.from({ length: below(12) }, character).join("")}"`;
  const value = (depth: number): string =>
    [
      literal,
      () => pick(["null", "true", "-1.5e3", "0"]),
      () => (depth > 2 ? "[]" : `[${value(depth + 1)},${value(depth + 1)}]`),
      () => (depth > 2 ? "{}" : `{"trace":${value(depth + 1)},"x":${literal()}}`),
    ][below(4)]?.() ?? "";
  const cutAnywhere = (bytes: Uint8Array): Uint8Array[] => {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += chunks.at(-1)?.length ?? 0)
      chunks.push(bytes.slice(at, at + 1 + below(9)));
    return chunks;
  };

  test("are read as JSON.parse and TextEncoder do", () => {
    for (let round = 0; round < 5000; round++) {
      const members = [`"info":${value(1)}`, `"trace":${below(4) > 0 ? literal() : value(1)}`, `"state":${literal()}`];
      const text = `{${members.slice(below(2), 2 + below(2)).join(pick([",", " ,\n"]))}}`;
      const bytes = encode(text);
      expectSameAsParse(text, cutAnywhere(bytes));
      expectSameAsParse(text, [bytes]);
    }
  });
});

describe("memory and time", () => {
  test.each([
    ["coloured lines", "\\u001b[32;1m$ make -j8 all && make check install\\u001b[0;m\\n", MEBIBYTE],
    ["binary that is escaped throughout", "\\ufffd\\u0000", MEBIBYTE],
    ["plain text in one chunk", "x", 32 * MEBIBYTE],
  ])("a log of 32 MiB of %s goes through in small pieces", (_, line, chunkBytes) => {
    const chunk = encode(line.repeat(Math.floor(chunkBytes / line.length)));
    const chunks = (32 * MEBIBYTE) / chunkBytes;
    let logBytes = 0;
    let longest = 0;
    const reader = new JsonLogReader("trace", (bytes) => {
      logBytes += bytes.length;
      longest = Math.max(longest, bytes.length);
    });
    reader.push(encode('{"token":"t","trace":"'));
    for (let i = 0; i < chunks; i++) reader.push(chunk);
    reader.push(encode('"}'));
    const lineBytes = encode(JSON.parse(`"${line}"`) as string).length;
    expect(logBytes).toBe((chunk.length / line.length) * lineBytes * chunks);
    expect(longest).toBeLessThanOrEqual(65_536);
    expect(reader.restBytes).toBe('{"token":"t","trace":""}'.length);
  });

  test("what a push brings of the log is handed on before it returns", () => {
    const seen: string[] = [];
    const reader = new JsonLogReader("trace", (bytes) => seen.push(new TextDecoder().decode(bytes)));
    for (const text of ['{"trace":"', "one\\n", "", "two", '"}']) reader.push(encode(text));
    expect(seen).toEqual(["one\n", "two"]);
  });

  test("the bytes of the rest are counted while they come, and a rest of any size is kept", () => {
    const reader = new JsonLogReader("trace", () => {});
    const token = "x".repeat(100_000);
    reader.push(encode(`{"token":"${token}`));
    expect(reader.restBytes).toBe(100_010);
    reader.push(encode('","trace":"log"}'));
    expect(new TextDecoder().decode(reader.rest())).toBe(`{"token":"${token}","trace":""}`);
    expect(reader.restBytes).toBe(reader.rest().length);
  });
});
