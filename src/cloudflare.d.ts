/** Tells `cloudflare:workers` and the test pool what this Worker's environment and exports are. */
import type { Env as WorkerEnv } from "./config.ts";

declare global {
  namespace Cloudflare {
    interface Env extends WorkerEnv {}
    interface GlobalProps {
      mainModule: typeof import("./index.ts");
    }
  }
}
