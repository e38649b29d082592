import { Hono } from "hono";
import type { Env } from "../../config.ts";

export const consumerRoutes = new Hono<{ Bindings: Env }>();
