import type { Hash } from "../../value.ts";

/** What can be asked for: `inputs.name`, and `component.name` in a component. */
export type Scopes = ReadonlyMap<string, Hash>;
