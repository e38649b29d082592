import { DurableObject } from "cloudflare:workers";

export class BuildObject extends DurableObject {}
export class QueueObject extends DurableObject {}
export class ProjectObject extends DurableObject {}
export class DirectoryObject extends DurableObject {}

export default { fetch: () => new Response("starting") };
