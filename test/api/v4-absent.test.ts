/** What GitLab has and Signalbox doesn't is answered with a word on it. */
import { expect, test } from "vitest";
import { answer } from "../tools/objects/fixtures.ts";

test.each([
  ["GET", "/projects/1/issues", "issues"],
  ["POST", "/projects/group%2Fname/hooks", "webhooks"],
  ["GET", "/projects/1/wikis/home", "wikis"],
  ["GET", "/groups/1", "groups: they are no more than the first part of a project's path"],
  ["GET", "/search?scope=projects", "a search: use /projects?search="],
  ["GET", "/users?username=x", "users: there is one, the administrator"],
])("%s %s", async (method, path, feature) => {
  const message = `404 Not Found - Signalbox doesn't have ${feature}`;
  expect(await answer(method, path)).toEqual([404, { message }]);
});

test.each([["/projects/1/nothing"], ["/constructor"], ["/projects/1/constructor"]])(
  "%s is nothing that GitLab has",
  async (path) => {
    expect(await answer("GET", path)).toEqual([404, { error: "404 Not Found" }]);
  },
);
