/** What queue and projects know of the builds: copies, which agree with them once all messages have arrived. */
import { viewProject, viewQueue } from "./views.ts";
import type { ProjectView, QueueView } from "./views.ts";
import { must } from "./world.ts";
import type { ModelBuild, World } from "./world.ts";

export interface Copies {
  readonly queue: QueueView;
  /** By project. */
  readonly indexes: ReadonlyMap<number, ProjectView>;
}

export const viewCopies = async (world: World): Promise<Copies> => ({
  queue: await viewQueue(),
  indexes: new Map(await Promise.all(world.projects.map(async ({ id }) => [id, await viewProject(id)] as const))),
});

/** How the queue has it, once it has heard. */
const queuedAs = ({ summary }: ModelBuild["view"]): string => {
  if (summary.finishedAtMs !== null) return "gone";
  return summary.runner === null ? "pending" : `taken by ${summary.runner.id}`;
};

/** What the copies say otherwise, in words; null when they agree. */
export const difference = ({ id, label, project, view }: ModelBuild, { queue, indexes }: Copies): string | null => {
  const { status, revision, runner } = view.summary;
  const row = queue.builds.get(id);
  const queued = row === undefined ? "gone" : row.state === "taken" ? `taken by ${row.runnerId}` : row.state;
  const indexed = indexes.get(project.id)?.builds.get(id);
  if (queued !== queuedAs(view)) return `${label} is ${queuedAs(view)}, and ${queued} to the queue`;
  // To its project a claim is no news before the runner has confirmed it.
  const behind = status === "pending" && runner !== null ? 1 : 0;
  if (indexed?.status === status && revision - indexed.revision <= behind) return null;
  return `${label} is ${status}@${revision}, and ${indexed?.status}@${indexed?.revision} to its project`;
};

/** Of all builds, and nothing else. */
export const judgeCopies = (world: World, copies: Copies): void => {
  const { queue, indexes } = copies;
  for (const build of world.builds) must(difference(build, copies) === null, difference(build, copies) ?? "");
  const known = new Set(world.builds.map(({ id }) => id));
  for (const id of queue.builds.keys()) must(known.has(id), `the queue has build ${id}, which nobody made`);
  for (const { builds, owed } of indexes.values()) {
    must(owed === 0, `a project owes ${owed} messages`);
    for (const id of builds.keys()) must(known.has(id), `a project has build ${id}, which nobody made`);
  }
  const present = world.present();
  const areSame = present.length === queue.runners.size && present.every(({ id }) => queue.runners.has(id));
  must(areSame, `the queue has the runners ${[...queue.runners].join()}`);
};
