/** What no client library would send: bytes of HTTP/1.1 that are broken as such. */
import type { Dice } from "./dice.ts";

export interface RawTarget {
  readonly buildId: number;
  /** Of that build; good. */
  readonly token: string;
}

const BOUNDARY = "b";
const PART = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x.zip"\r\n\r\nhostile`;

const head = (method: string, path: string, ...headers: string[]): string =>
  [`${method} ${path} HTTP/1.1`, "Host: signalbox.test", ...headers, "", ""].join("\r\n");

const messagesTo = (dialect: { build: string; trace: string; named: string; runners: string }): readonly string[] => {
  const { build, trace, named, runners } = dialect;
  const chunked = "Transfer-Encoding: chunked";
  const upload = (...headers: string[]) =>
    head("POST", `${build}/artifacts`, named, `Content-Type: multipart/form-data; boundary=${BOUNDARY}`, ...headers);
  const patch = (...headers: string[]) => head("PATCH", `${build}/${trace}`, named, ...headers);
  const register = (...headers: string[]) => head("POST", runners, "Content-Type: application/json", ...headers);
  return [
    // Chunks that are none, end early, or lie about their length.
    ...[
      "zz\r\nx\r\n0\r\n\r\n",
      "-1\r\n\r\n",
      "ffffffffffffffffff\r\nx",
      "5\r\nhel",
      "5\r\nhello world\r\n0\r\n\r\n",
      "\r\n",
    ].flatMap((chunks) => [
      upload(chunked) + chunks,
      patch("Content-Range: 7-", chunked) + chunks,
      register(chunked) + chunks,
    ]),
    `${upload(chunked)}${PART.length.toString(16)}\r\n${PART}\r\n`,
    `${upload(chunked)}${PART.length.toString(16)}\r\n${PART}\r\n0\r\n\r\n`,
    // Lengths that lie.
    ...["-1", "1e3", "abc", "5, 6", "99999999999999999999999", "0x10", "+5", "1000000"].flatMap((length) => [
      upload(`Content-Length: ${length}`) + PART,
      patch("Content-Range: 7-", `Content-Length: ${length}`) + "hostile",
      register(`Content-Length: ${length}`) + '{"token":"dev-registration-token"',
    ]),
    register("Content-Length: 5", chunked) + '5\r\n{"a":\r\n0\r\n\r\n',
    register("Content-Length: 5", "Content-Length: 6") + '{"a":1}',
    register("Transfer-Encoding: xchunked") + "5\r\nhello\r\n0\r\n\r\n",
    register("Transfer-Encoding: chunked, identity") + "0\r\n\r\n",
    register("Expect: 100-continue", "Content-Length: 100000"),
    // Heads that are none.
    "\r\n\r\n\r\n",
    "\0\0\0\0",
    "GET",
    "GET /\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "GET  /  HTTP/1.1\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00",
    head("GET", "/\0"),
    head("GET", "http://evil.test/api/v4/projects"),
    "GET /-/health HTTP/1.1\r\nHost: a:99999999\r\n\r\n",
    head("FROB", "/api/v4/projects"),
    head("get", "/api/v4/projects"),
    head("GET", `/${"x".repeat(70_000)}`),
    head("GET", "/api/v4/projects", "No colon"),
    head("GET", "/api/v4/projects", " folded: x", ": empty", "a\0b: c"),
    head("GET", "/api/v4/projects", "PRIVATE-TOKEN: dev-admin-toke\xff"),
    head("GET", "/api/v4/projects", ...Array.from({ length: 5000 }, (_, at) => `X-${at}: x`)),
    head("GET", "/api/v4/projects", `X: ${"x".repeat(200_000)}`),
    "GET / HTTP/1.1\r\nHost: x\r\nX: ",
    // One after the other without waiting, and one inside the other.
    head("GET", "/-/health").repeat(50),
    `${head("GET", "/-/health")}${patch("Content-Range: 7-", "Content-Length: 3")}abc`.repeat(10),
    `${head("GET", "/api/v4/user", "Content-Length: 40")}${head("DELETE", `${build}/artifacts`)}`,
    head("GET", "/-/health", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
  ];
};

/** Requests without an end, or with two, or with none of the parts that a request has. */
export const rawMessages = ({ buildId, token }: RawTarget): readonly string[] => [
  ...messagesTo({
    build: `/ci/api/v1/builds/${buildId}`,
    trace: "trace.txt",
    named: `BUILD-TOKEN: ${token}`,
    runners: "/ci/api/v1/runners/register",
  }),
  ...messagesTo({
    build: `/api/v4/jobs/${buildId}`,
    trace: "trace",
    named: `JOB-TOKEN: ${token}`,
    runners: "/api/v4/runners",
  }),
];

export interface RawRequest {
  /** Latin-1; each piece is sent by itself. */
  readonly pieces: readonly string[];
  /** What follows the last piece: nothing, the end of our half, or a reset of the connection. */
  readonly ending: "wait" | "end" | "reset";
}

/** One of the messages, perhaps cut off. */
export const rawRequest = (dice: Dice, messages: readonly string[]): RawRequest => {
  const whole = dice.one(messages);
  const message = dice.chance(0.3) ? whole.slice(0, dice.number(whole.length)) : whole;
  const at = dice.number(message.length);
  return { pieces: [message.slice(0, at), message.slice(at)], ending: dice.one(["wait", "end", "reset"] as const) };
};
