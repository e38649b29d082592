/**
 * The product with an entry point for the bench: the same app and the same objects, whose uses of the platform are
 * counted, and a way to fill the queue with builds that nobody will ever claim.
 */
import { app } from "../../../src/app.ts";
import { BuildObject } from "../../../src/builds/object.ts";
import { DirectoryObject } from "../../../src/projects/directory.ts";
import { ProjectObject } from "../../../src/projects/object.ts";
import { QueueObject } from "../../../src/queue/object.ts";
import { countAlarm, countRows, counted, counts, details } from "./counts.ts";

export { MetricsObject } from "../../../src/metrics/object.ts";

export class CountedBuild extends BuildObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(countRows(ctx, "build"), counted(env));
  }

  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    countAlarm("build");
    return super.alarm(info);
  }
}

export class CountedProject extends ProjectObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(countRows(ctx, "project"), counted(env));
  }

  override alarm(): Promise<void> {
    countAlarm("project");
    return super.alarm();
  }
}

export class CountedDirectory extends DirectoryObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(countRows(ctx, "directory"), counted(env));
  }
}

export class CountedQueue extends QueueObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(countRows(ctx, "queue"), counted(env));
  }

  override alarm(): Promise<void> {
    countAlarm("queue");
    return super.alarm();
  }

  /** Builds of `groups` projects that don't exist, `each` per project; the object then starts anew and loads them. */
  async fill(groups: number, each: number): Promise<void> {
    const { storage } = this.ctx;
    const FIRST = 1_000_000_000;
    storage.transactionSync(() => {
      for (let group = 0; group < groups; group++) {
        const key = JSON.stringify([FIRST + group, [], null]);
        storage.sql.exec(
          `INSERT INTO build (build_id, project_id, revision, state, group_key, tags, position, shared, asked_at_ms)
           WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
           SELECT ?2 + ?3 * ?1 + i, ?2 + ?3, 1, 'pending', ?4, '[]', ?3 * ?1 + i, 0, 0 FROM n`,
          each,
          FIRST,
          group,
          key,
        );
      }
    });
    await storage.sync();
    this.ctx.abort("filled");
  }
}

const queue = (env: Env) => env.QUEUES.getByName("default") as unknown as DurableObjectStub<CountedQueue>;

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/bench/counts":
        return Response.json({ counts, details: Object.fromEntries(details) });
      case "/bench/fill":
        // The object aborts itself when it has filled its table.
        await queue(env)
          .fill(Number(url.searchParams.get("groups")), Number(url.searchParams.get("each")))
          .catch(() => {});
        return new Response(null, { status: 204 });
      default:
        return app.fetch(request, counted(env), ctx);
    }
  },
} satisfies ExportedHandler<Env>;
