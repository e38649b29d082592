/** What the names of all objects of a build begin with. */
export const artifactPrefix = (buildId: number): string => `builds/${buildId}/`;

/** Names of objects in R2. Each upload gets a name of its own, so that none is ever written twice. */
export const artifactKey = (buildId: number, type: string): string =>
  `${artifactPrefix(buildId)}${type}-${crypto.randomUUID()}`;
