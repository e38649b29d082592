/** What is known of a build's commit besides its id. What isn't known is "". */
export interface CommitRef {
  readonly message: string;
  readonly authorName: string;
  readonly authorEmail: string;
  /** ISO 8601, as the repository's host writes it. */
  readonly committedAt: string;
}

/** The repository is on another host, and nobody asked it. */
export const UNKNOWN_COMMIT: CommitRef = { message: "", authorName: "", authorEmail: "", committedAt: "" };

/** As long as GitLab cuts a title off to. */
const MAX_TITLE = 100;

/** The first line. */
export const titleOf = ({ message }: CommitRef): string => message.split("\n", 1)[0] ?? "";

/** What follows the title; all of the message when that is too long for a title, as in GitLab. */
export const descriptionOf = (commit: CommitRef): string => {
  const title = titleOf(commit);
  return title.length >= MAX_TITLE ? commit.message : commit.message.slice(title.length).trimStart();
};

/** `Name <address>`, "" when neither is known. */
export const authorOf = ({ authorName, authorEmail }: CommitRef): string =>
  authorName === "" && authorEmail === "" ? "" : `${authorName} <${authorEmail}>`;
