import { shownName } from "../text.ts";

/** What common file systems take. */
const MAX_FILENAME_BYTES = 255;

/**
 * The name under which a client's file is kept and offered: the last segment of what may be a path of any system, without
 * control and direction characters, at most 255 bytes of UTF-8, the extension kept where it fits. `fallback` when nothing usable is left.
 */
export const cleanFilename = (raw: string, fallback: string): string => {
  const segment = raw.slice(Math.max(raw.lastIndexOf("/"), raw.lastIndexOf("\\")) + 1);
  const name = shownName(segment).trim();
  return name === "" || name === "." || name === ".." ? fallback : shorten(name);
};

/**
 * The `Content-Disposition` of a download (RFC 6266): old clients read the ASCII `filename`, in which whatever could end or
 * escape the quotes is `_`; the others the exact `filename*`.
 */
export const contentDisposition = (filename: string): string => {
  const ascii = filename.replace(/[^\x20-\x7e]|["\\]/gu, "_");
  // encodeURIComponent leaves four characters that RFC 8187 doesn't allow here, and throws on half a surrogate pair.
  const encoded = encodeURIComponent(filename.toWellFormed()).replace(/['()*]/g, percentEncode);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
};

const shorten = (name: string): string => {
  if (utf8Length(name) <= MAX_FILENAME_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 ? name.slice(dot) : "";
  const stemBytes = MAX_FILENAME_BYTES - utf8Length(extension);
  // An "extension" that leaves no room for a name is none.
  if (extension === "" || stemBytes <= 0) return firstBytes(name, MAX_FILENAME_BYTES);
  return firstBytes(name.slice(0, dot), stemBytes) + extension;
};

/** The longest beginning of `text` that takes at most `maxBytes` in UTF-8; never splits a character. */
const firstBytes = (text: string, maxBytes: number): string =>
  text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(maxBytes)).read);

const utf8Length = (text: string): number => new TextEncoder().encode(text).byteLength;

const percentEncode = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
