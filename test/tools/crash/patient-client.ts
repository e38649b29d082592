/** Who asks again when an answer doesn't come, as long as a crash is to blame. */
import { expect } from "vitest";
import type { CrashPoint } from "./points.ts";
import { appFetch, call } from "../clients/legacy-api.ts";
import { advance } from "../objects/objects.ts";
import type { Fetch } from "../clients/runner-wire.ts";

const AUTH = { "PRIVATE-TOKEN": "test-admin-token" };
export const MAX_TRIES = 20;

export class PatientClient {
  readonly #point: CrashPoint;

  constructor(point: CrashPoint) {
    this.#point = point;
  }

  /** Throws for an answer that never comes, or that the server itself calls a fault of its own. */
  async #answered(answer: Promise<Response>): Promise<Response> {
    const response = await this.#point.request(answer);
    if (response.status >= 500) throw new Error(String(response.status));
    return response;
  }

  /** What the clients of runners ask with. */
  readonly fetch: Fetch = (url, init) => this.#answered(appFetch(url, init));

  /** Null for what has no answer. */
  async ask<T>(request: () => Promise<T>): Promise<T | null> {
    const answer = await request().catch(() => null);
    if (answer !== null) return answer;
    // Something has crashed, or it is no excuse.
    expect(this.#point.hit).not.toBeNull();
    advance(1000);
    return null;
  }

  /** Asks until there is an answer. */
  async insist<T>(request: () => Promise<T>): Promise<T> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const answer = await this.ask(request);
      if (answer !== null) return answer;
    }
    throw new Error("the server doesn't recover");
  }

  /** As people and programs ask. */
  admin(method: string, path: string, options: Parameters<typeof call>[2] = {}): Promise<Response> {
    const headers = { ...AUTH, ...options.headers };
    return this.insist(() => this.#answered(call(method, `/api/v4${path}`, { ...options, headers })));
  }
}
