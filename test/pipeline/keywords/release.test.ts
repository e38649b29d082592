import { release } from "../../../src/pipeline/keywords/release.ts";
import { keyword } from "./table.ts";

const made = (fields: object = {}): object => ({
  tagName: "$T",
  description: "notes",
  tagMessage: null,
  name: null,
  ref: null,
  milestones: [],
  releasedAt: null,
  assetLinks: [],
  ...fields,
});

const withMore = (more: string): string => `{tag_name: $T, description: notes, ${more}}`;

keyword({
  key: "release",
  read: release,
  means: [
    [withMore(""), made()],
    [
      withMore("name: One, tag_message: hi, ref: $CI_COMMIT_SHA"),
      made({ name: "One", tagMessage: "hi", ref: "$CI_COMMIT_SHA" }),
    ],
    [withMore("milestones: m1"), made({ milestones: ["m1"] })],
    [withMore("milestones: [m1, m2]"), made({ milestones: ["m1", "m2"] })],
    [withMore("released_at: '2026-03-15T08:00:00Z'"), made({ releasedAt: "2026-03-15T08:00:00Z" })],
    [
      withMore("assets: {links: [{name: bin, url: 'https://x.example/bin', link_type: package, filepath: /bin}]}"),
      made({ assetLinks: [{ name: "bin", url: "https://x.example/bin", type: "package", filepath: "/bin" }] }),
    ],
  ],
  tells: [
    ["v1", "config should be a hash"],
    ["{description: x}", "tag name can't be blank"],
    ["{tag_name: x}", "description can't be blank"],
    [withMore("tagname: x"), "config contains unknown keys: tagname (did you mean tag_name?)"],
    [withMore("released_at: tomorrow"), "released at must be a valid datetime"],
    [withMore("ref: 'a b'"), "ref must be a valid ref"],
    [withMore("assets: {}"), ":assets links can't be blank"],
    [withMore("assets: {links: [{name: a}]}"), ":assets:links url can't be blank"],
    [withMore("assets: {links: [x]}"), ":assets links should be an array of hashes"],
  ],
});
