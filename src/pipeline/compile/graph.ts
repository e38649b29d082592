/** What the jobs of a file must be to one another, whatever event comes: stages, needs, dependencies, `on_stop`. */
import type { Place } from "../problem.ts";
import type { DescribedJob, DescribedNeed } from "./described-job.ts";
import { toDescribed } from "./describe-jobs.ts";

type Jobs = ReadonlyMap<string, DescribedJob>;

/** `isKnown`: of names that have no job because that could not be read, which was told already. */
export const checkGraph = (jobs: Jobs, stages: readonly string[], isKnown: (name: string) => boolean): void => {
  const order = new Map(stages.map((name, at) => [name, at]));
  const seen = new Set<unknown>();
  for (const job of jobs.values()) {
    const check = new JobCheck(job, jobs, order, isKnown);
    // Instances share what their group says: it is checked once.
    if (!seen.has(job.group)) {
      seen.add(job.group);
      check.stage(stages);
      check.dependencies();
      check.needsOfRules();
      check.onStop();
    }
    if (job.needs !== null && !seen.has(job.needs)) {
      seen.add(job.needs);
      check.needs(job.needs.list);
    }
  }
  checkCycles(jobs);
};

class JobCheck {
  readonly #job: DescribedJob;
  readonly #jobs: Jobs;
  readonly #order: ReadonlyMap<string, number>;
  readonly #isKnown: (name: string) => boolean;
  readonly #place: Place;

  constructor(job: DescribedJob, jobs: Jobs, order: ReadonlyMap<string, number>, isKnown: (name: string) => boolean) {
    this.#job = job;
    this.#jobs = jobs;
    this.#order = order;
    this.#isKnown = isKnown;
    this.#place = job.group.place;
  }

  stage(stages: readonly string[]): void {
    const { stage } = this.#job.group;
    if (this.#order.has(stage)) return;
    this.#place.errorWithoutPlace(
      `${this.#job.group.name} job: chosen stage ${stage} does not exist; available stages are ${stages.join(", ")}`,
    );
  }

  dependencies(): void {
    for (const name of this.#job.dependencies ?? []) this.#reaches(name, "dependency");
  }

  needs(list: readonly DescribedNeed[]): void {
    for (const { job, optional } of list) {
      if (!optional || this.#jobs.has(job)) this.#reaches(job, "need");
    }
    const names = list.map(({ job }) => job);
    const repeated = [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
    if (repeated.length > 0) {
      this.#place.errorWithoutPlace(
        `${this.#job.group.name} has the following needs duplicated: ${repeated.join(", ")}.`,
      );
    }
  }

  needsOfRules(): void {
    for (const { needs } of this.#job.group.keywords.rules ?? []) {
      if (needs !== undefined) this.needs(toDescribed(needs).list);
    }
  }

  onStop(): void {
    const environment = this.#job.group.keywords.environment;
    if (environment === undefined || environment.onStop === null) return;
    const { onStop } = environment;
    const stop = this.#jobs.get(onStop);
    const other = stop?.group.keywords.environment;
    const begin = `${this.#job.group.name} job: on_stop job ${onStop}`;
    if (stop === undefined) {
      if (!this.#isKnown(onStop)) this.#place.errorWithoutPlace(`${begin} is not defined`);
    } else if (other === undefined) this.#place.errorWithoutPlace(`${begin} does not have environment defined`);
    else if (other.name !== environment.name) this.#place.errorWithoutPlace(`${begin} have different environment name`);
    else if (other.action !== "stop") this.#place.errorWithoutPlace(`${begin} needs to have action stop defined`);
  }

  #reaches(name: string, kind: "dependency" | "need"): void {
    const { group } = this.#job;
    const other = this.#jobs.get(name);
    if (other === undefined) {
      if (!this.#isKnown(name)) this.#place.errorWithoutPlace(`${group.name} job: undefined ${kind}: ${name}`);
      return;
    }
    const there = this.#order.get(other.group.stage);
    const here = this.#order.get(group.stage);
    if (there === undefined || here === undefined || there <= here) return;
    this.#place.errorWithoutPlace(`${group.name} job: ${kind} ${name} is not defined in current or prior stages`);
  }
}

/** Jobs of one stage may need one another; not in a circle: the first one is told. Each job is visited once, without recursion. */
const checkCycles = (jobs: Jobs): void => {
  const done = new Set<string>();
  const onPath = new Map<string, number>();
  for (const start of jobs.keys()) {
    const path: { readonly name: string; readonly left: DescribedNeed[] }[] = [];
    const enter = (name: string): void => {
      onPath.set(name, path.length);
      path.push({ name, left: [...(jobs.get(name)?.needs?.list ?? [])].toReversed() });
    };
    if (!done.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.left.pop()?.job;
      if (next === undefined) {
        path.pop();
        onPath.delete(top.name);
        done.add(top.name);
      } else if (onPath.has(next)) {
        tellCircle(
          jobs,
          path.slice(onPath.get(next)).map(({ name }) => name),
        );
        return;
      } else if (jobs.has(next) && !done.has(next)) enter(next);
    }
  }
};

const tellCircle = (jobs: Jobs, circle: readonly string[]): void => {
  const place = jobs.get(circle[0] ?? "")?.group.place;
  const what = circle.length === 1 ? `self-dependency: ${circle[0]}` : [...circle, circle[0]].join(" → ");
  place?.errorWithoutPlace(`The pipeline has circular dependencies: ${what}`);
};
