/** People as GitLab's v4 writes them. */
import type { User } from "../../../core/principal.ts";

/** As others see somebody: behind a job, or as who made a runner. */
export const userEntity = ({ id, username, name }: User, origin: string) => ({
  id,
  username,
  public_email: "",
  name,
  state: "active",
  locked: false,
  avatar_url: null,
  web_url: `${origin}/${username}`,
  created_at: null,
  bot: false,
});

/** As whoever asks sees itself. */
export const currentUserEntity = (user: User, origin: string) => {
  const email = `${user.username}@${new URL(origin).hostname}`;
  return {
    ...userEntity(user, origin),
    is_admin: true,
    email,
    commit_email: email,
    confirmed_at: null,
    external: false,
    can_create_project: true,
    // Groups are no more than a part of a project's path.
    can_create_group: false,
    two_factor_enabled: false,
    private_profile: false,
  };
};
