/** Values that nobody means well with, for every place of a request that takes one. */
import type { Dice } from "./dice.ts";

/** Numbers of nothing; `%2e%2e` climbs out of its folder, and so leads nowhere. None holds a slash. */
export const NO_IDS: readonly string[] = [
  ..."-1 0 -0 +1 1.0 1e3 0x1 01 1%20 1%00 %00 %2e%2e %zz %E0%A4%A ١ １ NaN null undefined".split(" "),
  ..."__proto__ constructor 1;2 1,2 * :id 1%2F2 %2e%2e%2f%2e%2e%2fadmin a%2Fb%00 %F0%9F%92%A9 %u0031".split(" "),
  "'%20OR%201=1--",
  "999999",
  "999999999999999",
  String(2 ** 53),
  "9".repeat(30),
  "1".repeat(2000),
];

/** A number that could be one, and is none. */
export const madeUpId = (dice: Dice): string =>
  dice.chance(0.3) ? String(100_000 + dice.number(1e9)) : dice.one(NO_IDS);

/** Methods that the runtime can hold; most are of no use here. */
export const METHODS: readonly string[] =
  "GET HEAD POST PUT PATCH DELETE OPTIONS PROPFIND PURGE REPORT LOCK COPY MKCOL SEARCH".split(" ");

export const TEXTS: readonly string[] = [
  "",
  " ",
  "0",
  "-1",
  "1e309",
  "NaN",
  "true",
  "null",
  "[]",
  "{}",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "%00",
  "' OR 1=1 --",
  "${jndi:ldap://x}",
  "<script>alert(1)</script>",
  "x".repeat(300),
  "x".repeat(9000),
];

/** What a JSON text may hold and a header may not. */
export const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  [],
  {},
  [[]],
  [null],
  [{}],
  ["x", 1],
  { a: { b: { c: {} } } },
  { length: 1e9 },
  { toString: 1, valueOf: null },
  { constructor: { prototype: { isAdmin: true } } },
  "\u0000",
  "\ud800",
  "\u202e",
  "é",
  "💩".repeat(50),
  ...TEXTS,
];

export const RANGES: readonly string[] = [
  ..."- -- abc -1 -5-9 1e1- 0x5- 5 5- 6- 7-9 0-0 9-0 0-6/6".split(" "),
  ..."bytes bytes= bytes=- bytes=-0 bytes=-1 bytes=--1 bytes=0- bytes=6- bytes=3-1 bytes=0-0,2-3".split(" "),
  "bytes=0-18446744073709551616",
  "bytes=18446744073709551616-",
  "99999999999999999999999-",
  "items=0-1",
  "bytes */6",
  "bytes 0-5/*",
  "bytes 99999999999999999999999-",
  "",
  " ",
  `${"0-1,".repeat(2000)}0-1`,
  "9".repeat(9000),
];

export const CONTENT_TYPES: readonly string[] = [
  "",
  ";",
  "/",
  "application/json",
  "APPLICATION/JSON ; charset=utf-16",
  "application/vnd.api+json;charset=x",
  "application/json, text/plain",
  "application/x-www-form-urlencoded",
  "application/x-www-form-urlencoded; charset=ebcdic",
  "multipart/form-data",
  "multipart/form-data; boundary=",
  "multipart/form-data; boundary=b",
  'multipart/form-data; boundary="b',
  `multipart/form-data; boundary=${"b".repeat(5000)}`,
  "multipart/form-data; boundary=b; boundary=c",
  "multipart/mixed; boundary=b",
  "application/xml",
  "x".repeat(9000),
];

/** Header names and what to put under them. Tokens come by another way. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  "Content-Range": RANGES,
  Range: RANGES,
  "If-Range": ["*", '"', 'W/"x"', "Thu, 01 Jan 1970 00:00:00 GMT", "x".repeat(5000)],
  "If-None-Match": ["*", '"', ",,,,", 'W/"x"', '"x",'.repeat(2000)],
  "If-Unmodified-Since": ["Thu, 01 Jan 1970 00:00:00 GMT", "never"],
  "Content-Encoding": ["gzip", "br", "identity", "gzip, gzip", "x"],
  "Transfer-Encoding": ["chunked", "gzip, chunked", "x"],
  "Content-Length": ["0", "-1", "1", "1e3", "999999999999999999999", "abc", "70000000", "99000000000", "5, 5"],
  "User-Agent": ["", "gitlab-runner", "gitlab-ci-multi-runner 1.11.5 ", "gitlab-ci-multi-runner 99999.9.9 (x)"],
  "X-Request-Id": ["", "a b", "{}", "x".repeat(300), '"><script>'],
  "X-HTTP-Method-Override": ["DELETE", "GET", "x"],
  "X-Forwarded-For": ["127.0.0.1", "x, y"],
  "X-Forwarded-Host": ["evil.test"],
  "Idempotency-Key": ["", "k", "k".repeat(256)],
  Host: ["", "evil.test", "a b"],
  Origin: ["null", "http://evil.test"],
  "Sec-Fetch-Site": ["cross-site", "same-site", "same-origin", "none", "x"],
  Cookie: ["a=b; ".repeat(500), "token=x"],
  Accept: ["", "*/*", "application/xml;q=9", ","],
  "Accept-Encoding": ["", "identity;q=0, *;q=0", "gzip"],
  Expect: ["100-continue", "x"],
  Upgrade: ["websocket", "h2c"],
  Connection: ["close", "Upgrade, BUILD-TOKEN"],
};

/** The same name may come twice, with two values. */
export const oddHeaders = (dice: Dice, most: number): [string, string][] =>
  dice.some(Object.keys(HEADERS), most).map((name) => [name, dice.one(HEADERS[name] ?? TEXTS)]);

const QUERY_NAMES = [
  ..."page per_page order_by sort search pagination cursor scope scope[] scope[][a] scope[101] status type".split(" "),
  ..."artifact_type artifact_format artifact_type[] direct_download debug_trace system_id".split(" "),
  ..."paused tag_list expire_in filesize state info[version] info[features][a][b][c][d][e] a[ []".split(" "),
  ..."__proto__[token] constructor[prototype]".split(" "),
  "",
];
const QUERY_VALUES = [
  ..."0 1 100 101 99999999999999999999 asc desc id name keyset running pending".split(" "),
  ...TEXTS,
];

/** With its question mark, or empty. */
export const oddQuery = (dice: Dice): string => {
  if (dice.chance(0.5)) return "";
  if (dice.chance(0.05))
    return dice.one(["?", "?&&=&", "?%", "?%zz=%E0%A4%A", "?%00=%00", `?${"a=1&".repeat(3000)}`, "?a#b?c"]);
  const pairs = dice
    .some(QUERY_NAMES, 4)
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(dice.one(QUERY_VALUES))}`);
  return `?${pairs.join("&")}`;
};
