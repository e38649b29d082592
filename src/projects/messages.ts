/** What a project tells others: new builds that they are to be made, the directory and the queue how the project is now. */
import type { NewBuild } from "../builds/record.ts";
import { lonePipeline } from "../core/build/pipeline-ref.ts";
import { currentSnapshot, currentSpec } from "../core/build/stored-spec.ts";
import type { StoredSnapshot, StoredSpec } from "../core/build/stored-spec.ts";
import type { Project } from "../core/project.ts";
import { FIRST_RETRY_MS, Outbox } from "../storage/outbox.ts";
import type { Delivery } from "../storage/outbox.ts";
import { OutboxTable } from "../storage/outbox-table.ts";
import type { Sql } from "../storage/sql.ts";
import { undeliveredTeller } from "../storage/undelivered.ts";
import { waitAtMost } from "../storage/wait-at-most.ts";
import { buildStub, directoryStub, queueStub } from "../stubs.ts";
import type { ProjectState } from "./state.ts";

type Message =
  | { readonly to: "build"; readonly build: StoredBuild }
  | { readonly to: "directory"; readonly project: Project; readonly deleting: boolean }
  /** Messages of earlier versions don't say `deleting`. */
  | { readonly to: "queue"; readonly sharedRunnersEnabled: boolean; readonly deleting?: boolean };

/** An earlier version may have stored a message and not got to send it. */
interface StoredBuild extends Omit<NewBuild, "spec" | "project"> {
  readonly pipelineId?: number;
  readonly spec: StoredSpec;
  readonly project: StoredSnapshot;
}

const currentBuild = ({ pipelineId, ...build }: StoredBuild, nowMs: number): NewBuild => ({
  ...build,
  spec: currentSpec(build.spec, lonePipeline(pipelineId ?? build.id, nowMs)),
  project: currentSnapshot(build.project),
});

/** How long an answer waits for directory and queue, so that a read right after it sees the change. */
const SETTLE_MS = 1000;

const buildDestination = (id: number): string => `build/${id}`;

export interface MessageParts {
  readonly env: Env;
  readonly sql: Sql;
  readonly state: ProjectState;
  /** Sets the alarm for what is not delivered. */
  readonly arm: () => void;
}

export class ProjectMessages {
  readonly #parts: MessageParts;
  readonly outbox: Outbox<Message>;

  constructor(parts: MessageParts) {
    this.#parts = parts;
    this.outbox = new Outbox({
      store: new OutboxTable<Message>(parts.sql),
      send: (_destination, message) => this.#send(message),
      tellUndelivered: undeliveredTeller(parts.env, "project", () => String(parts.state.project?.id)),
    });
  }

  /** Call it in the transaction that adds the build to the index. */
  putBuild(build: NewBuild, nowMs: number): void {
    this.outbox.put(buildDestination(build.id), 1, { to: "build", build }, nowMs + FIRST_RETRY_MS);
  }

  /** Makes the build now, if it can; never rejects. */
  deliverBuild(id: number): Promise<boolean> {
    return this.outbox.deliver(buildDestination(id));
  }

  /** The build will be removed: it must not be made after that. */
  async withdrawBuild(id: number): Promise<void> {
    await this.outbox.deliver(buildDestination(id));
    this.outbox.withdraw(buildDestination(id));
  }

  putDirectory(project: Project, deleting: boolean): void {
    const message = { to: "directory", project, deleting } as const;
    this.outbox.put("directory", project.revision, message, Date.now() + FIRST_RETRY_MS);
  }

  putQueue({ revision, sharedRunnersEnabled }: Project, deleting: boolean): void {
    this.outbox.put("queue", revision, { to: "queue", sharedRunnersEnabled, deleting }, Date.now() + FIRST_RETRY_MS);
  }

  /** Waits up to a second until directory and queue have what is theirs. */
  async settled(destinations: readonly ("directory" | "queue")[]): Promise<void> {
    this.#parts.arm();
    await waitAtMost(Promise.all(destinations.map((each) => this.outbox.deliver(each))), SETTLE_MS);
  }

  async #send(message: Message): Promise<Delivery> {
    const { env, state } = this.#parts;
    switch (message.to) {
      case "build": {
        const build = currentBuild(message.build, Date.now());
        const created = await buildStub(env, build.id).create(build);
        if (created.ok) state.store.updateBuild(created.value);
        return "done";
      }
      case "directory":
        await directoryStub(env).describe(message.project, message.deleting);
        return "done";
      case "queue":
        if (state.project === null) return "done";
        if (message.deleting === true) await queueStub(env).stopProject(state.project.id);
        else await queueStub(env).allowInstanceRunners(state.project.id, message.sharedRunnersEnabled);
        return "done";
    }
  }
}
