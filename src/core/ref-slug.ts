/** A DNS label holds 63 characters. */
const MAX_LENGTH = 63;

/** GitLab's `CI_COMMIT_REF_SLUG`: the text as a DNS label, of `a-z0-9-`. Empty when nothing of it can stand in one. */
export const refSlug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/gu, "-")
    .slice(0, MAX_LENGTH)
    .replace(/^-+/, "")
    .replace(/(?<!-)-+$/, "");
