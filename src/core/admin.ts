/** The one user: whoever has the administrator's token. The name is also in a build's history. */
export const ADMIN = { id: 1, username: "admin", name: "Administrator" } as const;
