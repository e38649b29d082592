import { describe, expect, it } from "vitest";
import { pageHeaders, readPage } from "../../src/http/pagination.ts";

describe("the page that is asked for", () => {
  const cases: readonly [params: Record<string, unknown>, page: number, perPage: number][] = [
    [{}, 1, 20],
    [{ page: "3", per_page: "50" }, 3, 50],
    [{ page: 3, per_page: 50 }, 3, 50],
    [{ page: "0", per_page: "0" }, 1, 20],
    [{ page: "-2", per_page: "-1" }, 1, 20],
    [{ page: "x", per_page: "x" }, 1, 20],
    [{ page: "2.5", per_page: ["5"] }, 1, 20],
    [{ page: "99999999999999999999", per_page: null }, 1, 20],
    [{ per_page: "100" }, 1, 100],
    [{ per_page: "101" }, 1, 100],
  ];
  it.each(cases)("%j", (params, page, perPage) => {
    expect(readPage(params)).toEqual({ page, perPage });
  });
});

describe("page headers", () => {
  const LIST = "https://ci.test/api/v4/jobs";
  const at = (page: number, perPage: number, total: number | null, hasMore: boolean, query = "") =>
    pageHeaders(new URL(LIST + query), { page, perPage }, total, hasMore);
  const linksOf = (headers: Record<string, string>) =>
    Object.fromEntries(
      [...(headers.Link ?? "").matchAll(/<([^>]*)>; rel="(\w+)"/g)].map(([, href, rel]) => [rel, href]),
    );

  it("name the pages around one in the middle", () => {
    expect(at(2, 10, 35, true)).toEqual({
      "X-Page": "2",
      "X-Per-Page": "10",
      "X-Next-Page": "3",
      "X-Prev-Page": "1",
      "X-Total": "35",
      "X-Total-Pages": "4",
      Link: [
        `<${LIST}?page=1&per_page=10>; rel="prev"`,
        `<${LIST}?page=3&per_page=10>; rel="next"`,
        `<${LIST}?page=1&per_page=10>; rel="first"`,
        `<${LIST}?page=4&per_page=10>; rel="last"`,
      ].join(", "),
    });
  });

  const cases: readonly [title: string, headers: Record<string, string>, around: [string, string], rels: string[]][] = [
    ["no previous page on the first", at(1, 20, 30, true), ["", "2"], ["first", "last", "next"]],
    ["no next page on the last", at(2, 20, 30, false), ["1", ""], ["first", "last", "prev"]],
    ["neither on the only one", at(1, 20, 20, false), ["", ""], ["first", "last"]],
    ["neither beyond the end", at(9, 20, 30, false), ["", ""], ["first", "last"]],
    ["no last page when nobody counted", at(3, 20, null, true), ["2", "4"], ["first", "next", "prev"]],
  ];
  it.each(cases)("name %s", (_, headers, around, rels) => {
    expect([headers["X-Prev-Page"], headers["X-Next-Page"]]).toEqual(around);
    expect(Object.keys(linksOf(headers)).toSorted()).toEqual(rels);
  });

  it("leave the totals out when nobody counted", () => {
    const headers = at(1, 20, null, true);
    expect(headers).not.toHaveProperty("X-Total");
    expect(headers).not.toHaveProperty("X-Total-Pages");
  });

  it("give an empty list one page", () => {
    expect(at(1, 20, 0, false)).toMatchObject({ "X-Total": "0", "X-Total-Pages": "1" });
  });

  it("keep the other query parameters in the links, but no secret", () => {
    const query = "?scope[]=failed&scope[]=success&page=1&private_token=s3cret&access_token=s3cret&job_token=s3cret";
    const headers = at(1, 20, 30, true, query);
    const next = new URL(linksOf(headers).next ?? "");
    expect(next.searchParams.getAll("scope[]")).toEqual(["failed", "success"]);
    expect(next.searchParams.getAll("page")).toEqual(["2"]);
    expect(headers.Link).not.toContain("s3cret");
  });

  it("keep credentials out of the links and the path as it is", () => {
    const headers = pageHeaders(new URL("https://me:s3cret@ci.test//x/a%2Fb"), { page: 1, perPage: 20 }, null, false);
    expect(linksOf(headers).first).toBe("https://ci.test//x/a%2Fb?page=1&per_page=20");
  });
});
