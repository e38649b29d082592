import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const DEMO_SCRIPT = resolve(import.meta.dirname, "../../scripts/demo.ts");

/** Runs the demo to its end; `onOutput` sees all that it printed so far, whenever it prints. */
const runDemo = async (onOutput: (output: string) => void): Promise<{ code: number | null; output: string }> => {
  const demo = spawn(process.execPath, [DEMO_SCRIPT], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (text: Buffer): void => {
    output += text.toString();
    onOutput(output);
  };
  demo.stdout.on("data", collect);
  demo.stderr.on("data", collect);
  await once(demo, "close");
  return { code: demo.exitCode, output };
};

test("the demo shows a build's log while it runs, lists its artifacts and leaves no server behind", async () => {
  let sawLogGrow = false;
  const { code, output } = await runDemo((sofar) => {
    sawLogGrow ||= sofar.includes("compiling part 1 of 6\n") && !sofar.includes("compiling part 6 of 6\n");
  });

  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain("$ mkdir -p out/reports");
  expect(output).toContain("compiling part 6 of 6\n");
  expect(output).toContain("Build succeeded");
  expect(sawLogGrow).toBe(true);
  expect(output).toMatch(/^ +\d+ {2}out\/hello\.txt$/m);
  expect(output).toMatch(/^ +3893 {2}out\/reports\/numbers\.txt$/m);

  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? "";
  await expect(fetch(`${url}/-/health`)).rejects.toThrow("fetch failed");
});
