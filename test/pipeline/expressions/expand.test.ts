import { describe, expect, it } from "vitest";
import { expandText, namesIn } from "../../../src/pipeline/expressions/expand.ts";

const VALUES = new Map(Object.entries({ TREE: "oak", LEAF: "$TREE-leaf", EMPTY: "", _1: "one" }));

describe("a text with variables", () => {
  it.each([
    ["$TREE", "oak"],
    ["${TREE}house", "oakhouse"],
    ["%TREE%", "oak"],
    ["$TREEHOUSE", ""],
    ["a-$TREE-b", "a-oak-b"],
    ["$TREE$TREE", "oakoak"],
    ["[$EMPTY]", "[]"],
    ["$_1", "one"],
    // What a value has in it stays as it is.
    ["$LEAF", "$TREE-leaf"],
    // Two dollars have no meaning to the server.
    ["$$TREE", "$oak"],
    ["$1 ${} ${1} % %% $", "$1 ${} ${1} % %% $"],
    ["${TREE", "${TREE"],
    ["100%", "100%"],
    ["%NONE%|$NONE|${NONE}", "||"],
  ])("%s becomes %s", (text, expected) => {
    expect(expandText(text, 1_000, (name) => VALUES.get(name) ?? "")).toBe(expected);
  });

  it("keeps unknown ones as they are written, where it is asked to", () => {
    const kept = expandText("$A ${A} %A% $TREE", 1_000, (name, written) => VALUES.get(name) ?? written);
    expect(kept).toBe("$A ${A} %A% oak");
  });

  it("tells the names that it asks for", () => {
    expect(namesIn("$A ${B} %C% $$D $A")).toEqual(["A", "B", "C", "D", "A"]);
  });

  it("may become as long as it is allowed to, and no longer", () => {
    expect(expandText("$A!", 11, () => "x".repeat(10))).toBe("xxxxxxxxxx!");
    expect(expandText("$A!", 10, () => "x".repeat(10))).toBeUndefined();
  });

  it("asks for no more values when it has become too long", () => {
    let asked = 0;
    const value = (): string => {
      asked += 1;
      return "x".repeat(1_000);
    };
    expect(expandText("$A".repeat(100_000), 10_000, value)).toBeUndefined();
    expect(asked).toBe(11);
  });
});
