export { BuildObject } from "./builds/object.ts";
export { DirectoryObject } from "./projects/directory.ts";
export { MetricsObject } from "./metrics/object.ts";
export { ProjectObject } from "./projects/object.ts";
export { QueueObject } from "./queue/object.ts";
export { app as default } from "./app.ts";
