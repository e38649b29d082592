/** What clients ask before anything else: which version this is, and whether their token is good. */
import { REVISION, settingsOf, VERSION } from "../../settings.ts";
import { accept } from "../../core/refusal.ts";
import { originOf } from "../../http/public-url.ts";
import { currentUserEntity } from "./entities/user.ts";
import type { ConsumerHandler } from "./handler.ts";

export const showVersion: ConsumerHandler = async (context) =>
  accept(context.json({ version: VERSION, revision: REVISION }));

/** GitLab's, and what this deployment takes at most: known before an upload is refused for it. */
export const showMetadata: ConsumerHandler = async (context) => {
  const { maxArtifactBytes, maxTraceBytes } = settingsOf(context.env);
  return accept(
    context.json({
      version: VERSION,
      revision: REVISION,
      kas: { enabled: false, externalUrl: null, externalK8sProxyUrl: null, version: null },
      enterprise: false,
      limits: { max_artifact_bytes: maxArtifactBytes, max_trace_bytes: maxTraceBytes },
    }),
  );
};

export const showUser: ConsumerHandler = async (context, { user }) =>
  accept(context.json(currentUserEntity(user, originOf(context))));
