import type { ContextVariable, PipelineContext } from "../context.ts";
import type { PlannedVariable } from "../plan.ts";
import { Scope } from "./scope.ts";

export type Layer = ReadonlyMap<string, ContextVariable>;

const layerOf = (variables: Iterable<ContextVariable>): Layer =>
  new Map([...variables].map((variable) => [variable.key, variable]));

export { layerOf };

const OF_JOBS = /^CI_(?:JOB|BUILD)/;

/** The variables of an event, made into layers once for all jobs. */
export class PipelineVariables {
  readonly #given: Layer;
  readonly #project: Layer;
  /** Of who caused the event: GitLab puts them above those of the file. */
  readonly #user: Layer;
  readonly #predefined: Layer;

  constructor({ given, project, predefined }: PipelineContext) {
    this.#given = layerOf(given);
    this.#project = layerOf(project);
    this.#user = layerOf(predefined.filter(({ key }) => key.startsWith("GITLAB_USER_")));
    this.#predefined = layerOf(predefined);
  }

  /** What the workflow's rules and the pipeline's name see: nothing of jobs. `top`: of the file's top. */
  forPipeline(top: readonly PlannedVariable[]): Scope {
    const layers = [this.#given, this.#project, this.#user, layerOf(top), this.#predefined];
    return new Scope(layers.map((layer) => layerOf([...layer.values()].filter(({ key }) => !OF_JOBS.test(key)))));
  }

  /** `own`: of the job. `inherited`: of the file's top. `ofJob`: predefined ones that say what job it is. */
  forJob(own: Layer, inherited: Layer, ofJob: Layer): Scope {
    return new Scope([this.#given, this.#project, this.#user, own, inherited, this.#predefined, ofJob]);
  }

  /** Names of those that no file has. */
  *names(): Iterable<string> {
    for (const layer of [this.#given, this.#project, this.#predefined]) yield* layer.keys();
  }
}
