/** The secret in the address of a repository. */

/**
 * What stands for a password in `scheme://user:password@host/…`, as it is written; for `scheme://token@host` the token. Null
 * where there is none.
 */
export const urlSecret = (url: string): string | null => {
  const [, userinfo] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#@]*(?:@[^/?#@]*)*)@/i.exec(url) ?? [];
  if (userinfo === undefined || userinfo === "") return null;
  const colon = userinfo.indexOf(":");
  const secret = colon < 0 ? userinfo : userinfo.slice(colon + 1);
  // `git@host` and the like name a user, no secret.
  return secret === "" || (colon < 0 && secret.length < 8) ? null : secret;
};

/** A text with percent signs as it is meant; itself where they mean nothing. */
export const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
