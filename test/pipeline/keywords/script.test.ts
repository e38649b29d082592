import { script } from "../../../src/pipeline/keywords/script.ts";
import { keyword } from "./table.ts";

const NESTED = "config should be a string or a nested array of strings up to 10 levels deep";
const deep = (levels: number): string => `${"[".repeat(levels)}a${"]".repeat(levels)}`;

for (const key of ["script", "before_script", "after_script"]) {
  keyword({
    key,
    read: script,
    means: [
      ["make", ["make"]],
      ["[make, make test]", ["make", "make test"]],
      ["[a, [b, [c, d]], e]", ["a", "b", "c", "d", "e"]],
      ["[]", []],
      ["|\n  a\n  b\n", ["a\nb\n"]],
      [deep(10), ["a"]],
    ],
    tells: [
      [deep(11), NESTED],
      ["12", NESTED],
      ["true", NESTED],
      ["{run: make}", NESTED],
      ["[a, 12]", NESTED],
      ["[a, null]", NESTED],
      ["- echo one: two\n", `${NESTED} (a line with ": " in it needs quotes)`],
      ['"a\\0b"', "config contains a NUL or half of a surrogate pair, which no script or environment can hold"],
    ],
  });
}
