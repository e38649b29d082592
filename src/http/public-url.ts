import { settingsOf } from "../settings.ts";
import type { FrontContext } from "./front.ts";

/** Under which address its caller reaches this server, without a slash at its end; `PUBLIC_URL` where it is set. */
export const originOf = ({ env, req }: FrontContext): string => settingsOf(env).publicUrl ?? new URL(req.url).origin;

/** The address of this request as its caller may use it again. */
export const addressOf = (context: FrontContext): URL => {
  const asked = new URL(context.req.url);
  const { publicUrl } = settingsOf(context.env);
  return publicUrl === null ? asked : new URL(`${publicUrl}${asked.pathname}${asked.search}`);
};

/**
 * The address that a job is told. Runners may have one of their own, behind a proxy or inside a container; what a job
 * prints, stores or posts is for people, so it is the one by which its project was made.
 */
export const jobServerUrl = (context: FrontContext, project: { readonly serverUrl: string | null }): string =>
  settingsOf(context.env).publicUrl ?? project.serverUrl ?? originOf(context);
