/** Names of objects in R2. Each upload gets a name of its own, so that none is ever written twice. */
export const artifactKey = (buildId: number, type: string): string =>
  `builds/${buildId}/${type}-${crypto.randomUUID()}`;
