/** What a file out of an archive is, by its name, for programs that look at the type. Nothing that a browser would run. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["json", "application/json"],
  ["xml", "application/xml"],
  ["pdf", "application/pdf"],
  ["zip", "application/zip"],
  ["gz", "application/gzip"],
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ...["txt", "log", "md", "csv", "tsv", "yml", "yaml", "toml", "ini", "env", "diff", "patch"].map(
    (extension) => [extension, "text/plain; charset=utf-8"] as const,
  ),
]);

export const contentTypeOf = (filename: string): string =>
  TYPES.get(filename.slice(filename.lastIndexOf(".") + 1).toLowerCase()) ?? "application/octet-stream";
