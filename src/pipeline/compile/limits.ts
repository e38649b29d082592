/** What one pipeline may be. */

/** Jobs that a file may describe, each instance of `parallel` counted. */
export const MAX_DESCRIBED_JOBS = 10_000;

/** Jobs of one pipeline. GitLab's own plans allow 500 to 2,000. */
export const MAX_PIPELINE_JOBS = 2_000;

/** Jobs that one job may need: GitLab's default. */
export const MAX_NEEDS = 50;

/**
 * How large all jobs may be together, each instance and the variables that it takes from the file's top written out. The
 * unit is that of a config's size: a node, or 32 characters. Some 32 MB; a pipeline of 2,000 large jobs takes a tenth.
 */
export const MAX_JOBS_SIZE = 1_000_000;

/** Characters that a name or a glob may have once its variables are expanded. */
export const MAX_EXPANDED = 4_096;
