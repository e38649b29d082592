/** A tag between quotes, with what is before and behind it up to the next comma. */
const QUOTED = /(^|,)\s*(?:"([^"]*)"|'([^']*)')\s*(?=,|$)/g;

/** As GitLab reads tags that were joined by commas: one with a comma in it is two, unless it stands in quotes. No repeats. */
export const tagsOf = (tags: readonly string[]): readonly string[] => {
  const quoted: string[] = [];
  const rest = tags.join(", ").replaceAll(QUOTED, (_, _before, double?: string, single?: string) => {
    quoted.push(double ?? single ?? "");
    return "";
  });
  return [...new Set([...quoted, ...rest.split(",")].map((tag) => tag.trim()).filter((tag) => tag !== ""))];
};
