/** What clients ask before anything else: which version this is, and whether their token is good. */
import { REVISION, settingsOf, VERSION } from "../../settings.ts";
import { ADMIN } from "../../core/admin.ts";
import { accept } from "../../core/refusal.ts";
import { originOf } from "../../http/public-url.ts";
import type { Handler } from "../../http/front.ts";

export const showVersion: Handler = async (context) => accept(context.json({ version: VERSION, revision: REVISION }));

/** GitLab's, and what this deployment takes at most: known before an upload is refused for it. */
export const showMetadata: Handler = async (context) => {
  const { maxArtifactBytes, maxTraceBytes } = settingsOf(context.env);
  return accept(
    context.json({
      version: VERSION,
      revision: REVISION,
      kas: { enabled: false, externalUrl: null, version: null },
      enterprise: false,
      limits: { max_artifact_bytes: maxArtifactBytes, max_trace_bytes: maxTraceBytes },
    }),
  );
};

export const showUser: Handler = async (context) =>
  accept(
    context.json({
      ...ADMIN,
      state: "active",
      avatar_url: null,
      web_url: `${originOf(context)}/${ADMIN.username}`,
      is_admin: true,
    }),
  );
