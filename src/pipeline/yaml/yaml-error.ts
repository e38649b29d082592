/** Ends the reading of a text. It is caught where reading begins, and its message shown as GitLab shows it. */
export class YamlError extends Error {}

/** Counted from 1, as people and GitLab count. */
export interface LineAndColumn {
  readonly line: number;
  readonly column: number;
}

export const lineAndColumn = (text: string, offset: number): LineAndColumn => {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf("\n"); next !== -1 && next < offset; next = text.indexOf("\n", start)) {
    line += 1;
    start = next + 1;
  }
  return { line, column: offset - start + 1 };
};
