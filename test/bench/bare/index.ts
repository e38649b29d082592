/**
 * The unavoidable and nothing else: no routing, no authentication, no checks. What a coordinator on this platform can't do
 * without is a durable write per patch, two per claim and one when it is confirmed, and a stream into and out of R2.
 */
import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly OBJECTS: DurableObjectNamespace<BareObject>;
  readonly BUCKET: R2Bucket;
}

export class BareObject extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
  }

  write(bytes: ArrayBuffer): void {
    this.#sql.exec("INSERT INTO item (bytes) VALUES (?)", bytes);
  }

  writeAndArm(bytes: ArrayBuffer): void {
    this.write(bytes);
    void this.ctx.storage.setAlarm(Date.now() + 3_600_000);
  }

  override alarm(): void {}
}

/** What a claim has to say of a build. */
const CLAIM = new Uint8Array(1024).buffer;

const PART_BYTES = 8 * 1024 * 1024;

/** R2 takes a stream whose length nobody knows in parts alone, and each of them whole. */
const streamIn = async (bucket: R2Bucket, name: string, body: ReadableStream<Uint8Array>): Promise<void> => {
  const upload = await bucket.createMultipartUpload(name);
  const parts: R2UploadedPart[] = [];
  const part = new Uint8Array(PART_BYTES);
  let filled = 0;
  const send = async () => {
    parts.push(await upload.uploadPart(parts.length + 1, part.subarray(0, filled)));
    filled = 0;
  };
  for await (const chunk of body) {
    for (let taken = 0; taken < chunk.length;) {
      const piece = chunk.subarray(taken, taken + PART_BYTES - filled);
      part.set(piece, filled);
      filled += piece.length;
      taken += piece.length;
      if (filled === PART_BYTES) await send();
    }
  }
  if (filled > 0) await send();
  await upload.complete(parts);
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, what, name = ""] = pathname.split("/");
    switch (what) {
      case "append":
        await env.OBJECTS.getByName(name).write(await request.arrayBuffer());
        return new Response(null, { status: 202 });
      case "claim":
        await env.OBJECTS.getByName("queue").write(CLAIM);
        await env.OBJECTS.getByName(name).writeAndArm(CLAIM);
        return new Response(null, { status: 201 });
      case "confirm":
        await env.OBJECTS.getByName(name).writeAndArm(CLAIM);
        return new Response(null, { status: 200 });
      case "upload":
        await streamIn(env.BUCKET, name, request.body as ReadableStream<Uint8Array>);
        return new Response(null, { status: 201 });
      case "download": {
        const object = await env.BUCKET.get(name);
        return new Response(object?.body ?? null, { status: object === null ? 404 : 200 });
      }
      default:
        return new Response(null, { status: 200 });
    }
  },
} satisfies ExportedHandler<Env>;
