/**
 * Who asks. Found out once, at the edge of the Worker; which principals a route lets in stands in its front's table. Objects
 * trust the Worker: what they do for somebody they are told by whom, for the record alone.
 */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly name: string;
}

/** The one person that there is so far: whoever has the administrator's token. */
export const ADMIN: User = { id: 1, username: "admin", name: "Administrator" };

/** Somebody who may change something. */
export type Actor =
  | { readonly kind: "admin"; readonly user: User }
  /** A build that runs, by the token of its attempt. It acts for the user behind it. */
  | { readonly kind: "job"; readonly buildId: number; readonly projectId: number; readonly user: User };

export type Principal = Actor | { readonly kind: "nobody" };

export const NOBODY: Principal = { kind: "nobody" };

export const ADMINISTRATOR: Actor = { kind: "admin", user: ADMIN };

/** How a build's history and logs name somebody. */
export const nameOf = (actor: Actor): string => (actor.kind === "job" ? `job ${actor.buildId}` : actor.user.username);
