/** Commits as GitLab's v4 writes them. */
import { titleOf } from "../../../core/build/commit-ref.ts";
import type { BuildSummary } from "../../../core/build/summary.ts";
import { isoTime } from "./time.ts";

/**
 * The repository is on another host. Texts that aren't known are empty, since clients cut and print them. Its times, which
 * clients parse, are its pipeline's then.
 */
export const commitEntity = ({ sha, commit, pipeline }: BuildSummary, projectUrl: string) => {
  const time = commit.committedAt === "" ? isoTime(pipeline.createdAtMs) : commit.committedAt;
  return {
    id: sha,
    short_id: sha.slice(0, 8),
    title: titleOf(commit),
    message: commit.message,
    author_name: commit.authorName,
    author_email: commit.authorEmail,
    authored_date: time,
    committer_name: commit.authorName,
    committer_email: commit.authorEmail,
    committed_date: time,
    created_at: time,
    parent_ids: [],
    trailers: {},
    extended_trailers: {},
    web_url: `${projectUrl}/-/commit/${sha}`,
  };
};
