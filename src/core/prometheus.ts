/** Prometheus' text form, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

export type Metric = { readonly name: string; readonly help: string } & (
  | { readonly type: "counter" | "gauge"; readonly samples: readonly Sample[] }
  | { readonly type: "histogram"; readonly bounds: readonly number[]; readonly buckets: readonly Bucket[] }
);

/** So many observations above the next lower bound and up to `le`, which is null above the highest. Not cumulative. */
export interface Bucket {
  readonly le: number | null;
  readonly count: number;
  /** Of the observed values. */
  readonly sum: number;
}

/** The least bound that `value` doesn't exceed, null if it exceeds all. `bounds` ascend. */
export const boundOf = (bounds: readonly number[], value: number): number | null =>
  bounds.find((bound) => value <= bound) ?? null;

export const renderMetrics = (metrics: readonly Metric[]): string => metrics.map(rendered).join("");

const rendered = (metric: Metric): string => {
  const { name, type } = metric;
  const lines = metric.type === "histogram" ? histogramLines(name, metric) : sampleLines(name, metric.samples);
  return [`# HELP ${name} ${escapedHelp(metric.help)}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
};

const sampleLines = (name: string, samples: readonly Sample[]): string[] =>
  samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([label, of]) => `${label}="${escapedLabel(String(of))}"`);
    return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
  });

const histogramLines = (
  name: string,
  { bounds, buckets }: { readonly bounds: readonly number[]; readonly buckets: readonly Bucket[] },
): string[] => {
  const upTo = (bound: number): number =>
    buckets.reduce((total, { le, count }) => ((le ?? Infinity) <= bound ? total + count : total), 0);
  const value = upTo(Infinity);
  return [
    ...sampleLines(`${name}_bucket`, [
      ...bounds.map((le) => ({ labels: { le }, value: upTo(le) })),
      { labels: { le: "+Inf" }, value },
    ]),
    ...sampleLines(`${name}_sum`, [{ value: buckets.reduce((total, { sum }) => total + sum, 0) }]),
    ...sampleLines(`${name}_count`, [{ value }]),
  ];
};

const escapedHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
const escapedLabel = (text: string): string => escapedHelp(text).replaceAll('"', '\\"');
