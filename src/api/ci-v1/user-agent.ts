/**
 * Runners before 1.3.0 take 404 for "nothing to do"; later ones understand 204. As GitLab 8 told them apart: a name and a
 * version at the beginning, then a space; `~beta.N.gHEX` may follow the version.
 */
const RUNNER = /^(gitlab-ci-multi-runner|gitlab-runner) (\d+)\.(\d+)\.\d+(?:~beta\.\d+\.g[0-9a-f]+)? /;

export const acceptsNoContent = (userAgent: string | undefined): boolean => {
  const match = RUNNER.exec(userAgent ?? "");
  if (match === null) return false;
  const [, name, major, minor] = match;
  return name === "gitlab-runner" || Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 3);
};
