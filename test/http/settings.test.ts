import { describe, expect, test } from "vitest";
import { readSettings } from "../../src/settings.ts";

const GOOD = {
  ADMIN_TOKEN: "an-admin-token-of-some-length",
  REGISTRATION_TOKEN: "a-registration-token",
  TOKEN_SECRET: "sixteen-letters!",
};

const read = (given: object) => readSettings({ ...GOOD, ...given } as Env);

test("secrets of sixteen characters are enough", () => {
  expect(read({})).toMatchObject({ ok: true, settings: { tokenSecret: "sixteen-letters!", publicUrl: null } });
});

describe("what can't be right is refused, and the variable named", () => {
  test.each([
    ["ADMIN_TOKEN", "fifteen-letters"],
    ["REGISTRATION_TOKEN", "x"],
    ["TOKEN_SECRET", "dev-admin-token"],
    ["TOKEN_SECRET_PREVIOUS", "previous"],
    ["ADMIN_TOKEN", ""],
    ["MAX_ARTIFACT_BYTES", "83886080001"],
    ["MAX_ARTIFACT_BYTES", "0"],
    ["MAX_TRACE_BYTES", "8000000001"],
    ["PUBLIC_URL", "ci.example.com"],
    ["PUBLIC_URL", "ftp://ci.example.com"],
    ["PUBLIC_URL", "https://user:password@ci.example.com"],
    ["PUBLIC_URL", "https://ci.example.com/?a=b"],
    ["PUBLIC_URL", "javascript:alert(1)"],
    ["ALLOWED_HOSTS", "ci.lan:8787"],
    ["ALLOWED_HOSTS", "http://ci.lan"],
    ["ALLOWED_HOSTS", "*"],
  ])("%s=%s", (name, value) => {
    const result = read({ [name]: value });
    expect(result).toEqual({ ok: false, problem: expect.stringContaining(name) });
    if (name.endsWith("TOKEN") && value !== "") expect(JSON.stringify(result)).not.toContain(value);
  });
});

test.each([
  ["https://ci.example.com", "https://ci.example.com"],
  ["https://CI.example.com:8443/", "https://ci.example.com:8443"],
  ["http://example.com/ci/", "http://example.com/ci"],
  [" ", null],
])("PUBLIC_URL=%s makes links begin with %s", (PUBLIC_URL, publicUrl) => {
  expect(read({ PUBLIC_URL })).toMatchObject({ ok: true, settings: { publicUrl } });
});

test("the largest sizes are what R2 and a build's object can take", () => {
  const most = { MAX_ARTIFACT_BYTES: "83886080000", MAX_TRACE_BYTES: "8000000000" };
  expect(read(most)).toMatchObject({ ok: true, settings: { maxArtifactBytes: 83_886_080_000 } });
});

test("the fixed secret of npm start is good where it says that it has those, and nowhere else", () => {
  expect(read({ ADMIN_TOKEN: "dev-admin-token" }).ok).toBe(false);
  expect(read({ ADMIN_TOKEN: "dev-admin-token", SIGNALBOX_DEV_SECRETS: "1" }).ok).toBe(true);
});
