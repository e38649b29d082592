import { describe, expect, test } from "vitest";
import { PART_BYTES } from "../../src/artifacts/sink.ts";
import { accept } from "../../src/core/refusal.ts";
import { BOUNDARY, bytesOf, form, inPieces, noise, sha256 } from "../tools/clients/multipart.ts";
import { begun, file, KEY, MIB, receive, storedBytes, uploadIds } from "../tools/clients/uploading.ts";

describe("an upload is stored whole", () => {
  test("with its name, size, hash and fields", async () => {
    const outcome = await receive(form(file("content")));
    expect(outcome).toEqual(
      accept({
        file: { key: KEY, filename: "artifacts.zip", sizeBytes: 7, sha256: sha256(bytesOf("content")) },
        fields: {},
      }),
    );
    expect(await storedBytes()).toEqual(bytesOf("content"));
  });

  test.each([
    ["an empty one", 0, 0],
    ["one of exactly a storage part", PART_BYTES, 0],
    ["one of many storage parts", 2 * PART_BYTES + 4321, 1],
  ])("%s", async (_, length, uploads) => {
    const content = noise(length);
    const body = form(file(content));
    const outcome = await receive(
      inPieces([body.subarray(0, 1_000_000), body.subarray(1_000_000)].filter((piece) => piece.byteLength > 0)),
    );
    expect(outcome.ok && outcome.value.file).toMatchObject({ sizeBytes: length, sha256: sha256(content) });
    expect(sha256((await storedBytes())!)).toBe(sha256(content));
    expect(uploadIds).toHaveLength(uploads);
  });

  test("and the fields before it are there when it begins, those after it at the end", async () => {
    const outcome = await receive(
      form({ name: "token", content: "t" }, { name: "a", content: "" }, file("x"), {
        name: "expire_in",
        content: "7 days",
      }),
    );
    expect(begun).toEqual([{ fields: { token: "t", a: "" }, filename: "artifacts.zip" }]);
    expect(outcome.ok && outcome.value.fields).toEqual({ token: "t", a: "", expire_in: "7 days" });
  });

  test("beside other files, which are dropped, however large", async () => {
    const metadata = { name: "metadata", filename: "metadata.gz", content: noise(3 * MIB) };
    const outcome = await receive(form(metadata, file("x"), metadata));
    expect(outcome.ok && outcome.value).toMatchObject({ file: { sizeBytes: 1 }, fields: {} });
    expect(await storedBytes()).toEqual(bytesOf("x"));
  });

  test.each([
    ["quoted", `multipart/form-data; boundary="${BOUNDARY}"`],
    ["after other parameters, in other case", `Multipart/Form-Data ; charset=utf-8; Boundary=${BOUNDARY}`],
  ])("when the boundary comes %s", async (_, contentType) => {
    expect((await receive(form(file("x")), {}, contentType)).ok).toBe(true);
  });

  test.each([
    ["a path", "../../out dir/a.zip", "../../out dir/a.zip"],
    ["other scripts", "größe 日本.zip", "größe 日本.zip"],
    ["quotes as Go escapes them", 'say \\"hi\\".zip', 'say "hi".zip'],
  ])("under the name that was sent: %s", async (_, sent, filename) => {
    const outcome = await receive(form(file("x", sent)));
    expect(outcome.ok && outcome.value.file.filename).toBe(filename);
    expect(begun[0]?.filename).toBe(filename);
  });

  test("with a field named like an object's own parts kept as data", async () => {
    const outcome = await receive(form({ name: "__proto__", content: "p" }, file("x")));
    expect(outcome.ok && Object.entries(outcome.value.fields)).toEqual([["__proto__", "p"]]);
  });

  test("at exactly the limit", async () => {
    expect((await receive(form(file("12345")), { maxBytes: 5 })).ok).toBe(true);
  });

  test("with what follows the form's end ignored", async () => {
    expect((await receive(inPieces([form(file("x")), bytesOf("\r\nepilogue"), bytesOf("more")]))).ok).toBe(true);
  });
});
