import { accept, refuse } from "../refusal.ts";
import type { Outcome } from "../refusal.ts";

export interface DotenvVariable {
  readonly key: string;
  readonly value: string;
}

/** GitLab's limits, which its users know. */
export const MAX_DOTENV_BYTES = 5 * 1024;
const MAX_VARIABLES = 20;

const KEY = /^[A-Za-z0-9_]{1,255}$/;

const invalid = (message: string) => refuse({ reason: "invalid", field: "dotenv", message });

/**
 * Reads the files of a dotenv report: `KEY=value` lines. As in GitLab quotes are part of a value, blanks around key and
 * value are not, and of two lines with one key the last counts. Comments and empty lines, which GitLab refuses, are
 * skipped. Errors: `invalid`; the message never shows a value, which may be a secret.
 */
export const parseDotenv = (files: readonly Uint8Array[]): Outcome<DotenvVariable[]> => {
  const sizeBytes = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (sizeBytes > MAX_DOTENV_BYTES) return invalid(`has more than ${MAX_DOTENV_BYTES} bytes`);
  const values = new Map<string, string>();
  for (const file of files) {
    const text = decoded(file);
    // No environment can hold a NUL.
    if (text === null || text.includes("\0")) return invalid("is not UTF-8 text");
    for (const [index, line] of text.split("\n").entries()) {
      const parsed = parseLine(line);
      if (parsed === "malformed") return invalid(`line ${index + 1} is not KEY=value`);
      if (parsed !== "nothing") values.set(parsed.key, parsed.value);
    }
  }
  if (values.size > MAX_VARIABLES) return invalid(`has more than ${MAX_VARIABLES} variables`);
  return accept([...values].map(([key, value]) => ({ key, value })));
};

const parseLine = (line: string): DotenvVariable | "nothing" | "malformed" => {
  const trimmed = line.trim();
  if (trimmed === "" || trimmed.startsWith("#")) return "nothing";
  const at = trimmed.indexOf("=");
  const key = trimmed.slice(0, at).trimEnd();
  return at > 0 && KEY.test(key) ? { key, value: trimmed.slice(at + 1).trimStart() } : "malformed";
};

/** Without a byte order mark; null when it is no text. Windows PowerShell's `>` writes UTF-16, which GitLab takes as well. */
const decoded = (bytes: Uint8Array): string | null => {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
};
