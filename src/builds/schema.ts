/** One build per database: one row in `build` and `spec`; times in milliseconds since the epoch. */
import { BUILD_STATUSES } from "../core/build/build.ts";
import { OUTBOX_TABLE } from "../storage/outbox-table.ts";
import type { Migration } from "../storage/sql.ts";

const statuses = BUILD_STATUSES.map((status) => `'${status}'`).join(", ");

/**
 * By itself, since all of its rows are freed by making the table anew. Part of migration 1: one that changes this table
 * needs a definition of its own for making it anew.
 */
export const TRACE_TABLE = `
  CREATE TABLE trace (
    offset_bytes INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL,
    crc32 INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT`;

/** Columns that a later migration has added. */
interface Added {
  readonly build: readonly string[];
  readonly artifact: readonly string[];
}

const columns = (added: readonly string[]): string => added.map((column) => `, ${column}`).join("");

const tables = (added: Added): string => `
      CREATE TABLE build (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL,
        pipeline_id INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN (${statuses})),
        revision INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        lost_claims INTEGER NOT NULL,
        avoid_runner_id INTEGER,
        claim TEXT,
        last_contact_at_ms INTEGER,
        grace_until_ms INTEGER NOT NULL,
        timeout_seconds INTEGER NOT NULL,
        created_at_ms INTEGER NOT NULL,
        queued_at_ms INTEGER,
        started_at_ms INTEGER,
        canceling_since_ms INTEGER,
        finished_at_ms INTEGER,
        erased_at_ms INTEGER,
        failure_reason TEXT,
        exit_code INTEGER,
        reported TEXT,
        retried_as INTEGER,
        history TEXT NOT NULL${columns(added.build)}
      ) STRICT;
      CREATE TABLE spec (
        build_id INTEGER PRIMARY KEY,
        spec TEXT NOT NULL,
        project TEXT NOT NULL
      ) STRICT;
      ${TRACE_TABLE};
      CREATE TABLE artifact (
        id INTEGER PRIMARY KEY,
        type TEXT NOT NULL,
        format TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('uploading', 'current', 'retired')),
        r2_key TEXT NOT NULL,
        upload_id TEXT,
        filename TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        expires_at_ms INTEGER,
        delete_at_ms INTEGER${columns(added.artifact)}
      ) STRICT`;

const ADDED_BY_2: Added = {
  build: [
    "trace_verified INTEGER",
    "trace_resets INTEGER NOT NULL DEFAULT 0",
    "watched_until_ms INTEGER NOT NULL DEFAULT 0",
  ],
  artifact: ["variables TEXT"],
};

const ADDED_BY_3 = ["owed TEXT NOT NULL DEFAULT '{}'", "first_alarm_at_ms INTEGER"];

/** What is owed moves from a table of its own into the build's row. */
const OUTBOX_TO_COLUMN = `
  UPDATE build SET owed = (
    SELECT json_group_object(destination, json_object('revision', revision, 'tries', tries, 'dueAtMs', due_at_ms))
    FROM outbox
  );
  DROP TABLE outbox`;

const alter = (table: keyof Added, added: readonly string[]): string[] =>
  added.map((column) => `ALTER TABLE ${table} ADD COLUMN ${column}`);

export const MIGRATIONS: readonly Migration[] = [
  { id: 1, name: "tables", sql: `${tables({ build: [], artifact: [] })}; ${OUTBOX_TABLE}` },
  {
    id: 2,
    name: "verified traces, watched traces, dotenv reports",
    sql: [...alter("build", ADDED_BY_2.build), ...alter("artifact", ADDED_BY_2.artifact)].join("; "),
  },
  { id: 3, name: "the outbox becomes a column", sql: [...alter("build", ADDED_BY_3), OUTBOX_TO_COLUMN].join("; ") },
];

/** What a new build begins with: altering a table costs as much as making it. */
export const FRESH = tables({ ...ADDED_BY_2, build: [...ADDED_BY_2.build, ...ADDED_BY_3] });

export interface BuildRow {
  id: number;
  project_id: number;
  pipeline_id: number;
  status: string;
  revision: number;
  attempt: number;
  lost_claims: number;
  avoid_runner_id: number | null;
  /** JSON of `Claim`. */
  claim: string | null;
  last_contact_at_ms: number | null;
  grace_until_ms: number;
  timeout_seconds: number;
  created_at_ms: number;
  queued_at_ms: number | null;
  started_at_ms: number | null;
  canceling_since_ms: number | null;
  finished_at_ms: number | null;
  erased_at_ms: number | null;
  failure_reason: string | null;
  exit_code: number | null;
  reported: string | null;
  trace_verified: number | null;
  trace_resets: number;
  watched_until_ms: number;
  retried_as: number | null;
  /** JSON of `HistoryEntry[]`: with the state it tells of in one row, so that it costs no write of its own. */
  history: string;
  /** JSON of what is owed, by destination: outbox-column.ts. */
  owed: string;
  /** When the alarm of a new build comes; null for one that has changed since. */
  first_alarm_at_ms: number | null;
}

/** Row of `spec`: JSON of `BuildSpec` and `ProjectSnapshot`. Written once; kept apart so that a state change doesn't rewrite it. */
export interface SpecRow {
  spec: string;
  project: string;
}

/**
 * Row of `trace`: the patch that begins at this byte. `crc32` is the checksum of the whole trace up to the end of this row,
 * `at_ms` when it came: so length, checksum and last contact all follow from the last row, and a patch writes one row.
 */
export interface TraceRow {
  offset_bytes: number;
  bytes: ArrayBuffer;
  crc32: number;
  at_ms: number;
}

/**
 * Row of `artifact`: one object in R2. `uploading` until its bytes are all there, `retired` when replaced, expired or
 * abandoned; `delete_at_ms` says when the object goes. The trace of a finished build is one of them, of type `trace`.
 */
export interface ArtifactRow {
  id: number;
  type: string;
  format: string;
  state: "uploading" | "current" | "retired";
  r2_key: string;
  /** R2's multipart upload, known once there is one: deleting the key does not end it. */
  upload_id: string | null;
  filename: string;
  size_bytes: number;
  sha256: string;
  expires_at_ms: number | null;
  delete_at_ms: number | null;
  /** JSON of what a dotenv report sets; null for anything else. */
  variables: string | null;
}
