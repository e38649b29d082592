import qs from "qs";
import { accept, refuse, type Outcome, type Refusal } from "../core/refusal.ts";
import { readBody, type Admission } from "./body.ts";
import { isDeeperThan } from "./json-depth.ts";

/** What a request says beside its path; own keys only, values as they came: strings from forms, anything from JSON. */
export type Params = Readonly<Record<string, unknown>>;

/** The most names that a query or a form may have; it bounds lists as well. */
const MAX_PARAMETERS = 2000;

/** `a[b][c]` deeper than this stays one long key. */
const MAX_DEPTH = 5;

/** As in Ruby, whose parser GitLab uses. */
const MAX_JSON_DEPTH = 100;

/** `a[7]` is an element of a list up to here and a key beyond, so that nobody can ask for a list of a million holes. */
const MAX_INDEX = 100;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;
const FORM_TYPE = "application/x-www-form-urlencoded";
const MULTIPART_TYPE = "multipart/form-data";

const malformed = (message: string): { readonly ok: false; readonly refusal: Refusal } =>
  refuse({ reason: "malformed_body", message });

/**
 * Numbers the elements of a list of objects, which qs can't tell apart: in `v[][key]=A&v[][value]=1&v[][key]=B` a key
 * that the current element already has begins the next one (as in Rack, whose forms GitLab's manual shows to curl users).
 */
const elementNumbering = (): ((name: string) => string) => {
  const lists = new Map<string, { index: number; keys: Set<string> }>();
  return (name) => {
    const at = name.indexOf("[][");
    if (at === -1) return name;
    const listName = name.slice(0, at);
    const key = name.slice(at + 2);
    const list = lists.get(listName) ?? { index: 0, keys: new Set() };
    lists.set(listName, list);
    if (list.keys.has(key) && !key.endsWith("[]")) {
      list.index += 1;
      list.keys.clear();
    }
    list.keys.add(key);
    return `${listName}[${list.index}]${key}`;
  };
};

/** Builds objects and lists from names like `info[platform]` and `tag_list[]`; of a plain name given twice the last wins. */
const nest = (entries: readonly (readonly [string, string])[]): Outcome<Params> => {
  if (entries.length > MAX_PARAMETERS) return malformed(`there are more than ${MAX_PARAMETERS} parameters`);
  const numbered = elementNumbering();
  const values: Record<string, unknown> = Object.create(null);
  for (const [rawName, value] of entries) {
    const name = numbered(rawName);
    if (!name.endsWith("[]")) {
      values[name] = value;
      continue;
    }
    // Collected here under the list's own name, since qs turns a `[]` list beyond its limit into an object.
    const listName = name.slice(0, -2);
    const list = values[listName];
    if (Array.isArray(list)) list.push(value);
    else values[listName] = [value];
  }
  // qs takes values of any type, its types say strings; it drops `__proto__`, and without prototypes no other name is special.
  const flat = values as Record<string, string>;
  return accept(qs.parse(flat, { plainObjects: true, depth: MAX_DEPTH, arrayLimit: MAX_INDEX }));
};

/** Numbers that are not their own digits as a double, and keys that mean something to JavaScript. */
const isPlain = (text: string): boolean => !/__proto__|\\u|[\d.][eE.]|\d{16}/.test(text);

interface Source {
  readonly source?: string;
}

/**
 * Keeps the digits of a number as they were written where a double would change them (`1.10`, twenty digits): as a text,
 * which is what they are asked for as. A call for each value takes ten times as long as parsing, so most bodies go without.
 */
const faithful = (key: string, value: unknown, { source }: Source = {}): unknown => {
  if (key === "__proto__") return undefined;
  const isChanged = typeof value === "number" && Number.isFinite(value) && String(value) !== source;
  return isChanged && source !== undefined ? source : value;
};

const parseJson = (text: string): Outcome<Params> => {
  if (isDeeperThan(text, MAX_JSON_DEPTH)) return malformed("the JSON is nested too deeply");
  let value: unknown;
  try {
    value = JSON.parse(text, isPlain(text) ? undefined : faithful);
  } catch {
    // The parser's own message would quote the body, which may hold a token.
    return malformed("the body is not valid JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return malformed("the JSON is not an object");
  return accept(value as Params);
};

/** The runtime's own parser; file parts count as their text (`--form "trace=<log"`), being bounded like all of the body. */
const parseMultipart = async (bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<Outcome<Params>> => {
  let form: FormData;
  try {
    form = await new Response(bytes, { headers: { "Content-Type": contentType } }).formData();
  } catch {
    return malformed("the multipart body is broken or its boundary is not the one in Content-Type");
  }
  const text = async (value: string | File) => (typeof value === "string" ? value : await value.text());
  return nest(await Promise.all([...form].map(async ([name, value]) => [name, await text(value)] as const)));
};

const decodeUtf8 = (bytes: Uint8Array): Outcome<string> => {
  try {
    return accept(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return malformed("the body is not valid UTF-8");
  }
};

const mediaType = (request: Request): string =>
  (request.headers.get("Content-Type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

export const isJson = (request: Request): boolean => JSON_TYPE.test(mediaType(request));

/** The body's parameters by its Content-Type; a body of no type or another one is left unread. */
const readBodyParams = async (
  request: Request,
  limitBytes: number,
  admit: Admission | null,
): Promise<Outcome<Params>> => {
  const contentType = request.headers.get("Content-Type") ?? "";
  const type = mediaType(request);
  if (!isJson(request) && type !== FORM_TYPE && type !== MULTIPART_TYPE) return accept({});

  const body = await readBody(request, limitBytes, admit);
  if (!body.ok) return body;
  if (body.value.byteLength === 0) return accept({});
  if (type === MULTIPART_TYPE) return parseMultipart(body.value, contentType);
  const text = decodeUtf8(body.value);
  if (!text.ok) return text;
  return isJson(request) ? parseJson(text.value) : nest([...new URLSearchParams(text.value)]);
};

/**
 * The parameters of a request, whatever its method: those of the query, overridden by those of the body (JSON, form or
 * multipart, of at most `limitBytes`). The result has no prototype, and `__proto__` never is a key, however deep.
 *
 * Refusals: `too_large`, `malformed_body`, and what `admit` refuses a large body with; never throws for what a client sent.
 */
export const readParams = async (
  request: Request,
  limitBytes: number,
  admit: Admission | null = null,
): Promise<Outcome<Params>> => {
  const query = nest([...new URL(request.url).searchParams]);
  if (!query.ok) return query;
  const body = await readBodyParams(request, limitBytes, admit);
  if (!body.ok) return body;
  return accept(Object.assign(Object.create(null), query.value, body.value));
};
