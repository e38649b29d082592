/** Which of a text's documents is the config and which its header, as GitLab takes them. */
import { type Hash, isHash, isList, type Value } from "../value.ts";
import type { Constructed } from "./construct.ts";

export type FileDocuments =
  | {
      readonly ok: true;
      /** A first document with `spec`, where another follows; it describes the file's inputs. */
      readonly header: Hash | null;
      /** Empty if nothing but comments is there. */
      readonly content: Hash;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

export const chooseDocuments = ({ documents, marked, warnings }: Constructed): FileDocuments => {
  // GitLab cuts a text at `---` into three parts at most, one of them before a leading `---`.
  const cut = documents.slice(0, marked ? 2 : 3).filter((document) => !isBlank(document));
  if (!cut.every(isHash)) return { ok: false, message: "Invalid configuration format" };
  const first: Hash = cut[0] ?? new Map();
  const header = cut.length > 1 && first.has("spec") ? first : null;
  const content = header === null ? first : (cut.at(-1) ?? first);
  const read = header === null ? 1 : 2;
  const more = documents.filter((document) => !isBlank(document)).length > read;
  return { ok: true, header, content, warnings: more ? [...warnings, UNREAD] : warnings };
};

const UNREAD = "the file has more documents (`---`) than a header and one config; GitLab doesn't read all of them";

/** What Rails calls blank. */
const isBlank = (value: Value): boolean => {
  if (typeof value === "string") return value.trim() === "";
  if (isList(value)) return value.length === 0;
  return isHash(value) ? value.size === 0 : value === null || value === false;
};
