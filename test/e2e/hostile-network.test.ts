/** Clients that vanish, uploads that are too large and an outage, on a real server and real sockets. */
import { request } from "node:http";
import { afterEach, expect, test } from "vitest";
import { DEVELOPMENT_SECRETS } from "../../scripts/local-settings.ts";
import { startServer, type RunningServer, type ServerOptions } from "../support/server.ts";
