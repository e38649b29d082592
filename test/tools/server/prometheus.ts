/** A strict reader of Prometheus' text form: throws at what a scraper would refuse or misread. */

export interface Family {
  readonly type: string;
  /** By name and labels, exactly as written. */
  readonly samples: ReadonlyMap<string, number>;
}

const HELP = /^# HELP ([a-z_]+) \S.*$/;
const TYPE = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/;
const LABELS = /^\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*"(?:,(?!\})|(?=\})))+\}$/;
const SAMPLE = /^([a-z_]+)(\{.*\})? (\d+(?:\.\d+)?(?:e[+-]\d+)?)$/;
const ENDINGS = ["_bucket", "_sum", "_count"];

export const parsePage = (page: string): Map<string, Family> => {
  if (!page.endsWith("\n")) throw new Error("the last line doesn't end");
  const families = new Map<string, { type: string; samples: Map<string, number> }>();
  const lines = page.slice(0, -1).split("\n");
  for (let at = 0; at < lines.length;) {
    const name = HELP.exec(lines[at++] ?? "")?.[1];
    const [, typed, type] = TYPE.exec(lines[at++] ?? "") ?? [];
    if (name === undefined || type === undefined || typed !== name || families.has(name)) {
      throw new Error(`no family begins before line ${at}: ${lines[at - 1]}`);
    }
    if (type === "counter" && !name.endsWith("_total")) throw new Error(`${name} is a counter`);
    const samples = new Map<string, number>();
    for (; at < lines.length && lines[at]?.startsWith("#") === false; at++) {
      const line = lines[at] ?? "";
      const [, sampled, labels, value] = SAMPLE.exec(line) ?? [];
      const names = type === "histogram" ? ENDINGS.map((ending) => `${name}${ending}`) : [name];
      if (sampled === undefined || !names.includes(sampled)) throw new Error(`no sample of ${name}: ${line}`);
      if (labels !== undefined && !LABELS.test(labels)) throw new Error(`bad labels: ${line}`);
      const key = `${sampled}${labels ?? ""}`;
      if (samples.has(key)) throw new Error(`twice: ${key}`);
      samples.set(key, Number(value));
    }
    if (type === "histogram") checkHistogram(name, samples);
    families.set(name, { type, samples });
  }
  return families;
};

const checkHistogram = (name: string, samples: ReadonlyMap<string, number>): void => {
  const buckets = [...samples].filter(([key]) => key.startsWith(`${name}_bucket{le=`));
  for (const [index, [key, value]] of buckets.entries()) {
    if (value < (buckets[index - 1]?.[1] ?? 0)) throw new Error(`not cumulative: ${key}`);
  }
  const all = samples.get(`${name}_bucket{le="+Inf"}`);
  if (all === undefined || all !== samples.get(`${name}_count`)) throw new Error(`${name}: +Inf is not the count`);
  if (!samples.has(`${name}_sum`)) throw new Error(`${name} has no sum`);
};
