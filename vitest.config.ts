import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

declare module "vitest" {
  interface ProvidedContext {
    readonly model: { readonly seed: number; readonly steps: number; readonly runs: number };
  }
}

const { MODEL_SEED, MODEL_STEPS = 250, MODEL_RUNS } = process.env;

/** `core` runs the pure functions in Node, `workers` the objects and the API inside workerd, `e2e` a real server process. */
export default defineConfig({
  test: {
    // The Worker's own log lines are shown for tests that fail.
    silent: "passed-only",
    // Of test/scenarios/model.test.ts, since tests in workerd don't see the environment.
    provide: {
      model: {
        seed: Number(MODEL_SEED ?? 1),
        steps: Number(MODEL_STEPS),
        runs: Number(MODEL_RUNS ?? (MODEL_SEED === undefined ? 10 : 1)),
      },
    },
    projects: [
      { test: { name: "core", include: ["test/core/**/*.test.ts"] } },
      {
        plugins: [
          cloudflareTest({
            remoteBindings: false,
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ADMIN_TOKEN: "test-admin-token",
                REGISTRATION_TOKEN: "test-registration-token",
                TOKEN_SECRET: "test-token-secret",
              },
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/{objects,api,artifacts,scenarios}/**/*.test.ts"],
          // Another seed each time; a failure names it.
          provide: {
            fuzz: {
              seed: Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31)),
              requests: Number(process.env["FUZZ_REQUESTS"] ?? 20_000),
            },
          },
        },
      },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 60_000 } },
    ],
  },
});
