export { BuildObject } from "./build/object.ts";
export { DirectoryObject } from "./project/directory.ts";
export { MetricsObject } from "./metrics/object.ts";
export { ProjectObject } from "./project/object.ts";
export { QueueObject } from "./queue/object.ts";
export { app as default } from "./app.ts";
