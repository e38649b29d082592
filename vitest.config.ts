import { resolve } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

declare module "vitest" {
  interface ProvidedContext {
    readonly model: { readonly seeds: readonly number[]; readonly steps: number };
  }
}

const { MODEL_SEED, MODEL_RUNS = 1, MODEL_STEPS = 100 } = process.env;

const range = (first: number, length: number): number[] => Array.from({ length }, (_, index) => first + index);

/** Of the model test (test/tools/model): the same ones each time and a new one, or those that the environment names. */
const modelSeeds =
  MODEL_SEED === undefined ? [...range(1, 19), Date.now() % 1_000_000] : range(Number(MODEL_SEED), Number(MODEL_RUNS));

/** A hang is told by it, not a machine that is busy. */
const BUSY_MS = 60_000;

/** `core` runs the pure functions in Node, `workers` the objects and the API inside workerd, `e2e` a real server process. */
export default defineConfig({
  test: {
    // The Worker's own log lines are shown for tests that fail.
    silent: "passed-only",
    // Tests in workerd don't see the environment.
    provide: { model: { seeds: modelSeeds, steps: Number(MODEL_STEPS) } },
    projects: [
      { test: { name: "core", include: ["test/{core,pipeline}/**/*.test.ts"], testTimeout: BUSY_MS } },
      {
        // The app itself, in Node, where its work can be counted.
        resolve: { alias: { "cloudflare:workers": resolve(import.meta.dirname, "test/tools/work/workers.ts") } },
        test: { name: "work", include: ["test/work/**/*.test.ts"], testTimeout: BUSY_MS },
      },
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
          include: ["test/{objects,api,http,storage,queue,artifacts,scenarios}/**/*.test.ts"],
          testTimeout: BUSY_MS,
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
