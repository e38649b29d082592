/** Bodies that are broken, lie about themselves, or hold what nobody asked for. */
import type { Dice } from "./dice.ts";
import { CONTENT_TYPES, VALUES } from "./values.ts";

export interface Body {
  readonly type: string | null;
  readonly bytes: Uint8Array;
  /** The connection breaks after the last byte. */
  readonly breaksOff?: boolean;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
export const MULTIPART_TYPE = "multipart/form-data; boundary=b";

/** Every field that some route knows. */
const FIELDS = [
  ..."token state trace info last_update description tag_list run_untagged locked paused active filesize".split(" "),
  ..."file expire_in name path repo_url visibility build_timeout script variables image services".split(" "),
  ..."artifacts cache dependencies timeout sha force follow scope page sort system_id".split(" "),
  ..."runner_type project_id maximum_timeout access_level maintenance_note run_untagged session".split(" "),
  ..."failure_reason exit_code output checksum artifact_type artifact_format accessibility".split(" "),
  ..."__proto__ constructor toString \u0000".split(" "),
  "",
  "x".repeat(3000),
];

const members = (dice: Dice, token: unknown): [string, unknown][] => [
  ...dice.some(FIELDS, 5).map((name): [string, unknown] => [name, dice.one(VALUES)]),
  ["token", token],
];

/** Written by hand, for names that come twice and `__proto__`. */
const jsonText = (dice: Dice, token: unknown): string =>
  `{${members(dice, token)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(",")}}`;

const formText = (dice: Dice, token: unknown): string =>
  members(dice, token)
    .map(
      ([name, value]) =>
        `${dice.one(["", "a[b][c]", `${name}[]`, `${name}[x][y][z][1][2][3]`, `${name}[`, name])}=${encodeURIComponent(JSON.stringify(value).replaceAll("\ud800", ""))}`,
    )
    .join("&");

const partText = (dice: Dice, name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${dice.one(["", '; filename="x"', "; filename*=UTF-8''%zz"])}\r\n\r\n${value}\r\n`;

const multipartText = (dice: Dice, token: unknown): string => {
  const parts = members(dice, token).map(([name, value]) =>
    partText(dice, name, typeof value === "string" ? value : JSON.stringify(value)),
  );
  return `${parts.join("")}--b--\r\n`;
};

/** Cut off, with a byte too much, or with one that is another. */
const damaged = (dice: Dice, bytes: Uint8Array): Uint8Array => {
  const at = dice.number(bytes.length);
  if (dice.chance(0.4)) return bytes.slice(0, at);
  const copy = bytes.slice();
  copy[at] = dice.number(256);
  return copy;
};

const MIB = 1024 * 1024;

const LARGE = [
  "[".repeat(50_000),
  '{"a":'.repeat(50_000),
  `{"token":"x","a":"${"x".repeat(2 * MIB)}"}`,
  "a=1&".repeat(MIB / 2),
  `--b\r\nContent-Disposition: form-data; name="file"; filename="${"x".repeat(100_000)}"\r\n\r\n`,
  `--b\r\n${"X-Header: x\r\n".repeat(20_000)}\r\n`,
  "--b\r\n".repeat(50_000),
  "\r\n".repeat(MIB / 2),
].map(bytesOf);

/** Parses nowhere, under whatever type. */
export const BROKEN: readonly Body[] = [
  { type: JSON_TYPE, bytes: bytesOf('{"a":') },
  { type: JSON_TYPE, bytes: bytesOf('{"a":1}}') },
  { type: JSON_TYPE, bytes: bytesOf("[]") },
  { type: JSON_TYPE, bytes: bytesOf("null") },
  { type: JSON_TYPE, bytes: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d) },
  { type: JSON_TYPE, bytes: bytesOf("[".repeat(20_000)) },
  { type: JSON_TYPE, bytes: bytesOf('{"a":1}'), breaksOff: true },
  { type: FORM_TYPE, bytes: Uint8Array.of(0x61, 0x3d, 0xff) },
  { type: FORM_TYPE, bytes: bytesOf("a=1&".repeat(5000)) },
  { type: FORM_TYPE, bytes: bytesOf("a=1"), breaksOff: true },
  { type: "multipart/form-data", bytes: bytesOf("--b--\r\n") },
  { type: MULTIPART_TYPE, bytes: bytesOf("--b\r\nContent-Dispos") },
  { type: MULTIPART_TYPE, bytes: bytesOf('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx') },
];

/** `token` is somewhere in most of them. */
export const oddBody = (dice: Dice, token: unknown): Body | null => {
  if (dice.chance(0.15)) return null;
  if (dice.chance(0.003)) return { type: dice.one(CONTENT_TYPES), bytes: dice.one(LARGE) };
  if (dice.chance(0.1)) return dice.one(BROKEN);
  const [type, text] = dice.one([
    [JSON_TYPE, jsonText],
    [JSON_TYPE, jsonText],
    [FORM_TYPE, formText],
    [MULTIPART_TYPE, multipartText],
  ] as const);
  const whole = dice.chance(0.05) ? dice.bytes(1 + dice.number(300)) : bytesOf(text(dice, token));
  return {
    type: dice.chance(0.8) ? type : dice.chance(0.3) ? null : dice.one(CONTENT_TYPES),
    bytes: dice.chance(0.25) ? damaged(dice, whole) : whole,
    breaksOff: dice.chance(0.05),
  };
};
