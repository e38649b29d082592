/**
 * What a server has acknowledged to a fleet: only what was answered with 2xx and read to its end. What contradicts an
 * earlier acknowledgement is noted as a violation, at once where the next answer shows it.
 */

export interface Attempt {
  readonly runner: string;
  /** Of the log, by patches or by the whole log of a report. */
  ackedBytes: number;
  /** The server took a word of its runner: from here on the build is nobody else's. */
  alive: boolean;
  archived: boolean;
}

export interface LedgerBuild {
  readonly id: number;
  /** Null until its creation is acknowledged: its runner may hear of it before its consumer. */
  projectId: number | null;
  readonly attempts: Map<number, Attempt>;
  /** A final state that the server has told to anyone. */
  finalStatus: string | null;
  /** The runner's report of the end was taken, and with it the whole log. */
  reported: boolean;
}

export type FinalStatus = "success" | "failed" | "canceled";

export const isFinal = (status: string): status is FinalStatus =>
  status === "success" || status === "failed" || status === "canceled";

/** A build's token names its attempt. */
export const attemptOf = (token: string): number => {
  const attempt = /b_[a-z0-9]+_\d+_(\d+)_[0-9a-f]{4}$/.exec(token)?.[1];
  if (attempt === undefined) throw new Error("this is no build's token");
  return Number(attempt);
};

export interface ClaimRef {
  readonly id: number;
  readonly token: string;
}

export class Ledger {
  readonly builds = new Map<number, LedgerBuild>();
  /** Acknowledged bytes, artifacts, builds and ends that are not there. */
  readonly lost = new Set<string>();
  /** Builds and attempts that more than one runner got. */
  readonly handedOutTwice = new Set<string>();
  /** Whatever else must not be. */
  readonly wrong = new Set<string>();
  readonly #buildOfKey = new Map<string, number>();
  readonly #open = new Set<number>();
  readonly counts = { patches: 0, bytes: 0, artifacts: 0, claims: 0, ends: 0 };

  get violations(): string[] {
    return [...this.lost, ...this.handedOutTwice, ...this.wrong];
  }

  /** Builds whose creation was acknowledged and whose end isn't known. */
  get open(): number {
    return this.#open.size;
  }

  /** `key`: what made it, so that a repeated request must name the same build. */
  enqueued(projectId: number, key: string, buildId: number): void {
    const first = this.#buildOfKey.get(key) ?? buildId;
    if (first !== buildId) this.wrong.add(`build ${buildId}: made by ${key}, which had made ${first}`);
    this.#buildOfKey.set(key, first);
    const build = this.#build(buildId);
    build.projectId = projectId;
    if (build.finalStatus === null) this.#open.add(buildId);
  }

  claimed(claim: ClaimRef, runner: string): void {
    const { attempts } = this.#build(claim.id);
    const number = attemptOf(claim.token);
    const same = attempts.get(number);
    if (same !== undefined) {
      this.handedOutTwice.add(`build ${claim.id}: attempt ${number} went to ${same.runner} and to ${runner}`);
      return;
    }
    attempts.set(number, { runner, ackedBytes: 0, alive: false, archived: false });
    this.counts.claims++;
    this.#checkLives(claim.id);
  }

  /** The server took a word of the runner: the claim can't be lost any more. */
  heard(claim: ClaimRef): void {
    this.#attempt(claim).alive = true;
    this.#checkLives(claim.id);
  }

  /** The server holds `lengthBytes` of the log, of which `addedBytes` are new. */
  patched(claim: ClaimRef, lengthBytes: number, addedBytes: number): void {
    this.heard(claim);
    const attempt = this.#attempt(claim);
    if (lengthBytes < attempt.ackedBytes + addedBytes)
      this.#forgot(claim, lengthBytes, attempt.ackedBytes + addedBytes);
    attempt.ackedBytes = lengthBytes;
    this.counts.patches++;
    this.counts.bytes += addedBytes;
  }

  /** The server says how much of the log it has. */
  holds(claim: ClaimRef, lengthBytes: number): void {
    const { ackedBytes } = this.#attempt(claim);
    if (lengthBytes < ackedBytes) this.#forgot(claim, lengthBytes, ackedBytes);
  }

  archived(claim: ClaimRef): void {
    this.heard(claim);
    this.#attempt(claim).archived = true;
    this.counts.artifacts++;
  }

  reported(claim: ClaimRef, status: FinalStatus, logBytes: number): void {
    this.heard(claim);
    this.#attempt(claim).ackedBytes = logBytes;
    this.#build(claim.id).reported = true;
    this.ended(claim.id, status);
  }

  /** Told to whomever: from here on it stays so. */
  ended(buildId: number, status: FinalStatus): void {
    const build = this.#build(buildId);
    if (build.finalStatus === null) this.counts.ends++;
    else if (build.finalStatus !== status) {
      this.lost.add(`build ${buildId}: it had ended as ${build.finalStatus} and is ${status}`);
    }
    build.finalStatus ??= status;
    this.#open.delete(buildId);
  }

  #forgot(claim: ClaimRef, lengthBytes: number, ackedBytes: number): void {
    this.lost.add(`build ${claim.id}: ${ackedBytes} bytes of log acknowledged, the server has ${lengthBytes}`);
  }

  /** Whatever the order in which answers come in: a build whose runner was heard is handed to nobody else. */
  #checkLives(buildId: number): void {
    const attempts = [...this.#build(buildId).attempts].toSorted(([a], [b]) => a - b);
    const first = attempts.findIndex(([, attempt]) => attempt.alive);
    if (first < 0 || first === attempts.length - 1) return;
    const story = attempts.map(([number, { runner, alive }]) => `${number} ${runner}${alive ? " (heard)" : ""}`);
    this.handedOutTwice.add(`build ${buildId}: handed out after its runner was heard: ${story.join(", ")}`);
  }

  #build(id: number): LedgerBuild {
    const known = this.builds.get(id);
    if (known !== undefined) return known;
    const build = { id, projectId: null, attempts: new Map(), finalStatus: null, reported: false };
    this.builds.set(id, build);
    return build;
  }

  #attempt(claim: ClaimRef): Attempt {
    const attempt = this.#build(claim.id).attempts.get(attemptOf(claim.token));
    if (attempt === undefined) throw new Error(`build ${claim.id} was not claimed`);
    return attempt;
  }
}
