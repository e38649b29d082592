import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DEVELOPMENT_SECRETS } from "../../scripts/local-settings.ts";
import { LegacyClient } from "../tools/clients/legacy-client.ts";
import { killGroup, waitUntilGone } from "../tools/server/process-group.ts";
import { freePort, startServer } from "../tools/server/server.ts";

const START_SCRIPT = resolve(import.meta.dirname, "../../scripts/start.ts");
/** The last line of a start that went well, and the one of a start that did not. */
const LAST_LINE = /runners register: +(?:.*)\n|does not work: .*\n/;

let stateDir: string;
let groups: number[];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "signalbox-"));
  groups = [];
});

const killAll = async (): Promise<void> => {
  for (const group of groups.splice(0)) {
    killGroup(group);
    await waitUntilGone(group);
  }
};

afterEach(async () => {
  await killAll();
  rmSync(stateDir, { recursive: true, force: true });
});

interface Started {
  readonly url: string;
  readonly output: string;
  /** The secrets that were printed. */
  readonly admin: string;
  readonly registration: string;
}

/** `npm start` on the state of this test, up to the end of what it prints. */
const start = async (settings: Record<string, string> = {}): Promise<Started> => {
  const port = await freePort();
  const child = spawn(process.execPath, [START_SCRIPT], {
    detached: true,
    env: { PATH: process.env["PATH"], PORT: `${port}`, STATE_DIR: stateDir, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  groups.push(child.pid as number);
  let output = "";
  await new Promise<void>((printed, failed) => {
    const collect = (text: Buffer): void => {
      output += text.toString();
      if (LAST_LINE.test(output)) printed();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("close", () => failed(new Error(`the server ended:\n${output}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    output,
    admin: /PRIVATE-TOKEN: (.*)/.exec(output)?.[1] ?? "",
    registration: /runners register: +(.*)/.exec(output)?.[1] ?? "",
  };
};

const statusFor = async (url: string, token: string): Promise<number> =>
  (await fetch(`${url}/api/v4/user`, { headers: { "PRIVATE-TOKEN": token } })).status;

test("a new state gets secrets of its own, which are printed, kept where only their owner can read them, and stay", async () => {
  const first = await start();

  expect(await statusFor(first.url, first.admin)).toBe(200);
  expect(await statusFor(first.url, DEVELOPMENT_SECRETS.ADMIN_TOKEN)).toBe(401);
  const runner = await LegacyClient.register(first.url, first.registration);
  const file = join(stateDir, "secrets.env");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const kept = parseEnv(readFileSync(file, "utf8"));
  expect(kept).toEqual({
    ADMIN_TOKEN: first.admin,
    REGISTRATION_TOKEN: first.registration,
    TOKEN_SECRET: expect.stringMatching(/^[\w-]{32}$/),
  });
  expect(new Set(Object.values(kept)).size).toBe(3);
  await killAll();

  const second = await start();
  expect(second).toMatchObject({ admin: first.admin, registration: first.registration });
  expect(second.output).not.toContain("signalbox: ");
  expect((await new LegacyClient(second.url, runner.token).poll()).kind).toBe("nothing");
});

test("two states have different secrets", async () => {
  const first = await start();
  rmSync(stateDir, { recursive: true, force: true });
  await killAll();
  stateDir = mkdtempSync(join(tmpdir(), "signalbox-"));
  const second = await start();

  expect(second.admin).not.toBe(first.admin);
  expect(await statusFor(second.url, first.admin)).toBe(401);
});

test("a state of 0.1.0 keeps its public TOKEN_SECRET and says so, and gets tokens of its own", async () => {
  // As 0.1.0 left it: tokens that the fixed secret signed, and no file.
  const older = await startServer({ stateDir, env: { SIGNALBOX_DEV_SECRETS: "1" } });
  const runner = await LegacyClient.register(older.url, DEVELOPMENT_SECRETS.REGISTRATION_TOKEN);
  await older.kill();

  const { url, output, admin, registration } = await start();
  expect(output).toMatch(/signalbox: this state was made with a public TOKEN_SECRET.*secrets\.env/);
  expect((await new LegacyClient(url, runner.token).poll()).kind).toBe("nothing");
  expect(await statusFor(url, DEVELOPMENT_SECRETS.ADMIN_TOKEN)).toBe(401);
  expect(await statusFor(url, admin)).toBe(200);
  await expect(LegacyClient.register(url, DEVELOPMENT_SECRETS.REGISTRATION_TOKEN)).rejects.toThrow("403");
  await expect(LegacyClient.register(url, registration)).resolves.toBeInstanceOf(LegacyClient);
});

test("SIGNALBOX_DEV_SECRETS=1 serves with the fixed secrets, warns, and leaves no file", async () => {
  const { url, output, admin } = await start({ SIGNALBOX_DEV_SECRETS: "1" });

  expect(admin).toBe(DEVELOPMENT_SECRETS.ADMIN_TOKEN);
  expect(await statusFor(url, admin)).toBe(200);
  expect(output).toContain("the secrets are public");
  expect(() => statSync(join(stateDir, "secrets.env"))).toThrow("ENOENT");
});

test.each([
  ["ADMIN_TOKEN", { ADMIN_TOKEN: "b" }],
  ["ADMIN_TOKEN", { ADMIN_TOKEN: "fifteen-letters" }],
  ["ADMIN_TOKEN", { ADMIN_TOKEN: DEVELOPMENT_SECRETS.ADMIN_TOKEN }],
  ["ADMIN_TOKEN", { ADMIN_TOKEN: "b", SIGNALBOX_DEV_SECRETS: "1" }],
  ["TOKEN_SECRET_PREVIOUS", { TOKEN_SECRET_PREVIOUS: "short" }],
])("a short %s from the environment is a 503 that names it: %j", async (name, settings) => {
  const { url, output } = await start(settings);
  const response = await fetch(`${url}/api/v4/version`);

  expect(response.status).toBe(503);
  expect(await response.text()).toContain(`the secret ${name} must have at least 16 characters`);
  expect(output).toContain(name);
});
