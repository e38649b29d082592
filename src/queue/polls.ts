/**
 * Where runners ask for work. A poll is answered with a build, or with nothing at once, or it is held until there may be
 * one, for so long as `LONG_POLL_SECONDS` says.
 */
import { abilitiesOf } from "../core/runner/abilities.ts";
import type { Abilities } from "../core/runner/abilities.ts";
import type { ClaimedBuild, QueueFigures } from "../core/build/claimed.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { Runner } from "../core/runner/runner.ts";
import type { Claimant, Claims } from "./claims.ts";
import type { Caller, Machines } from "./machines.ts";
import type { Matchmaker } from "./matchmaker.ts";
import { SUPERSEDED } from "./waiting-line.ts";
import type { WaitingLine } from "./waiting-line.ts";
import type { Runners, RunnerToken } from "./runners.ts";

/** Held polls of one token and machine: several `[[runners]]` entries of one process share a `system_id`. */
const MAX_HELD = 8;
/** Of all machines of a token that don't say which one they are. */
const MAX_HELD_UNNAMED = 32;

export interface PollRequest extends Caller {
  readonly token: RunnerToken;
  /** Null when it says nothing of them: then what the waiter last said of itself holds. */
  readonly abilities: Abilities | null;
  /** What the last answer without work told. Only a current one is held. */
  readonly cursor: string | null;
  /** For the log alone. */
  readonly requestId?: string | undefined;
}

export type PollAnswer =
  | {
      readonly kind: "work";
      readonly build: ClaimedBuild;
      readonly runner: Runner;
      readonly figures: QueueFigures;
    }
  | { readonly kind: "nothing"; readonly cursor: string };

export interface PollParts {
  readonly runners: Runners;
  readonly machines: Machines;
  readonly matchmaker: Matchmaker;
  readonly claims: Claims;
  readonly line: WaitingLine;
  readonly longPollMs: number;
  /** Who hasn't asked for longer than this starts to wait anew. */
  readonly patienceMs: number;
}

/** A poll as it is while it is held: what its runner said of itself is elsewhere by then. */
interface Poll {
  readonly token: RunnerToken;
  readonly waiter: string;
  readonly machine: Claimant["machine"];
  readonly abilities: Abilities;
  readonly cursor: string | null;
  readonly requestId: string | undefined;
}

export class Polls {
  readonly #parts: PollParts;
  /** Cursors of an earlier life of this object are not current. */
  readonly #boot = crypto.randomUUID().slice(0, 8);

  constructor(parts: PollParts) {
    this.#parts = parts;
  }

  /** Errors: `forbidden`, `stale_token`, `paused`. Whoever is refused is not noted as seen. */
  async serve(request: PollRequest): Promise<Outcome<PollAnswer>> {
    const runner = this.#admit(request.token);
    if (!runner.ok) return runner;
    const nowMs = Date.now();
    this.#parts.runners.poll(runner.value.id, request.info, nowMs);
    this.#parts.runners.sawToken(request.token);
    const machine = this.#parts.machines.meet(runner.value.id, request, nowMs);
    const known = machine ?? this.#parts.runners.get(runner.value.id);
    // In a call of its own, so that a poll that is held keeps no request alive.
    return this.#answer({
      token: request.token,
      waiter: waiterOf(runner.value.id, request.systemId),
      machine: machine && { id: machine.id, systemId: machine.systemId },
      abilities: request.abilities ?? abilitiesOf(known?.info ?? {}),
      cursor: request.cursor,
      requestId: request.requestId,
    });
  }

  /** Ends the held polls of a waiter that is to be known no more. */
  dismiss(runnerId: number, systemId: string): void {
    this.#parts.line.release(runnerId, waiterOf(runnerId, systemId));
  }

  /** A claimed build whose answer is lost on the way comes back by its lease. */
  async #answer({ token, waiter, machine, abilities, cursor, requestId }: Poll): Promise<Outcome<PollAnswer>> {
    const { claims, line, longPollMs, patienceMs } = this.#parts;
    const untilMs = Date.now() + longPollMs;
    let wokenFor: string | null = null;
    for (let isFirst = true; ; isFirst = false) {
      const runner = this.#admit(token);
      // Woken for a build that it may not take now, or taking another: the one that it was woken for is still to be had.
      if (!runner.ok) return this.#leave(wokenFor, runner);
      const claimant = { runner: runner.value, machine, abilities };
      if (!claims.isStill(claimant)) return this.#leave(wokenFor, this.#nothing(token));
      const claimed = await claims.next(claimant, requestId);
      if (claimed !== null) {
        line.served(waiter, Date.now());
        return this.#leave(wokenFor, accept({ kind: "work", ...claimed, runner: runner.value }));
      }
      this.#leave(wokenFor, null);
      wokenFor = null;
      // Paused, reset or deleted while a claim was under way.
      if (!this.#admit(token).ok || !claims.isStill(claimant)) continue;
      // No await from the pick that found nothing to the place in the line: a build that comes now finds this poll.
      const nowMs = Date.now();
      line.inVain(waiter, token.id, nowMs, patienceMs);
      const isCurrent = !isFirst || cursor === this.#cursor(token.id);
      if (!isCurrent || nowMs >= untilMs) return this.#nothing(token);
      const woken = await line.wait(waiter, untilMs - nowMs, machine === null ? MAX_HELD_UNNAMED : MAX_HELD);
      if (woken === SUPERSEDED) return this.#nothing(token);
      wokenFor = woken;
      if (wokenFor !== null) line.came(wokenFor);
    }
  }

  #leave<T>(wokenFor: string | null, answer: T): T {
    if (wokenFor !== null) this.#parts.matchmaker.offerAgain(wokenFor);
    return answer;
  }

  #admit(token: RunnerToken): Outcome<Runner> {
    const runner = this.#parts.runners.authenticate(token.id, token.epoch);
    return runner.ok && runner.value.paused ? refuse({ reason: "paused", cursor: this.#cursor(token.id) }) : runner;
  }

  #nothing({ id }: RunnerToken): Outcome<PollAnswer> {
    return accept({ kind: "nothing", cursor: this.#cursor(id) });
  }

  #cursor(runnerId: number): string {
    return `${this.#boot}-${this.#parts.runners.cursorOf(runnerId)}`;
  }
}

const waiterOf = (runnerId: number, systemId: string | null): string => `${runnerId}/${systemId ?? ""}`;
