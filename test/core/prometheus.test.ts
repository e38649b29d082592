import { describe, expect, it } from "vitest";
import { boundOf, renderMetrics } from "../../src/core/prometheus.ts";
import { parsePage } from "../tools/server/prometheus.ts";

describe("the page", () => {
  it("has name, help, type and samples", () => {
    const page = renderMetrics([
      {
        name: "a_total",
        help: "As.",
        type: "counter",
        samples: [{ value: 1 }, { labels: { b: "c", d: 4 }, value: 2.5 }],
      },
      { name: "none", help: "Nothing.", type: "gauge", samples: [] },
    ]);
    expect(page).toBe(
      '# HELP a_total As.\n# TYPE a_total counter\na_total 1\na_total{b="c",d="4"} 2.5\n# HELP none Nothing.\n# TYPE none gauge\n',
    );
  });

  it("escapes what would end a label, a line or a help", () => {
    const page = renderMetrics([
      { name: "a", help: 'say "x"\\\nagain', type: "gauge", samples: [{ labels: { tags: 'x"\\\n},y' }, value: 0 }] },
    ]);
    expect(page).toBe('# HELP a say "x"\\\\\\nagain\n# TYPE a gauge\na{tags="x\\"\\\\\\n},y"} 0\n');
    expect(parsePage(page).get("a")?.samples.size).toBe(1);
  });
});

describe("a histogram", () => {
  const rendered = (buckets: { le: number | null; count: number; sum: number }[]) => [
    ...(parsePage(
      renderMetrics([{ name: "wait_seconds", help: "Waits.", type: "histogram", bounds: [0.5, 10, 60], buckets }]),
    ).get("wait_seconds")?.samples ?? []),
  ];

  it("adds up its buckets, whatever their order, and has all bounds", () => {
    expect(
      rendered([
        { le: null, count: 1, sum: 100 },
        { le: 10, count: 2, sum: 12 },
        { le: 0.5, count: 3, sum: 0.5 },
      ]),
    ).toEqual([
      ['wait_seconds_bucket{le="0.5"}', 3],
      ['wait_seconds_bucket{le="10"}', 5],
      ['wait_seconds_bucket{le="60"}', 5],
      ['wait_seconds_bucket{le="+Inf"}', 6],
      ["wait_seconds_sum", 112.5],
      ["wait_seconds_count", 6],
    ]);
  });

  it("of nothing is all zeros", () => {
    expect(rendered([]).map(([, value]) => value)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("counts a value with the least bound that is not below it", () => {
    expect([0, 0.5, 0.51, 60, 61].map((value) => boundOf([0.5, 10, 60], value))).toEqual([0.5, 0.5, 10, 60, null]);
  });
});
