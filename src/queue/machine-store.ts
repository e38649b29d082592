/** The SQL of the rows of runner machines. */
import type { RunnerInfo, Machine } from "../core/runner/runner.ts";
import type { Sql } from "../storage/sql.ts";
import type { MachineRow } from "./schema.ts";

const fromRow = (row: MachineRow): Machine => ({
  id: row.id,
  runnerId: row.runner_id,
  systemId: row.system_id,
  info: JSON.parse(row.info) as RunnerInfo,
  ipAddress: row.ip_address,
  createdAtMs: row.created_at_ms,
  contactedAtMs: row.contacted_at_ms,
});

export class MachineStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  ofRunner(runnerId: number): Machine[] {
    return this.#sql
      .all<MachineRow>("SELECT * FROM runner_manager WHERE runner_id = :runner_id ORDER BY id", { runner_id: runnerId })
      .map(fromRow);
  }

  /** Stores a machine that was not known, under a number that no other had before. */
  add(machine: Omit<Machine, "id">): Machine {
    const row = this.#sql.first<{ id: number }>(
      `INSERT INTO runner_manager (runner_id, system_id, info, ip_address, created_at_ms, contacted_at_ms)
       VALUES (:runner_id, :system_id, :info, :ip_address, :created_at_ms, :contacted_at_ms) RETURNING id`,
      {
        runner_id: machine.runnerId,
        system_id: machine.systemId,
        info: JSON.stringify(machine.info),
        ip_address: machine.ipAddress,
        created_at_ms: machine.createdAtMs,
        contacted_at_ms: machine.contactedAtMs,
      },
    );
    if (row === null) throw new Error("an insert returns its row");
    return { ...machine, id: row.id };
  }

  put({ id, info, ipAddress, contactedAtMs }: Machine): void {
    this.#sql.run(
      "UPDATE runner_manager SET info = :info, ip_address = :ip_address, contacted_at_ms = :contacted_at_ms WHERE id = :id",
      { info: JSON.stringify(info), ip_address: ipAddress, contacted_at_ms: contactedAtMs, id },
    );
  }

  remove(id: number): void {
    this.#sql.run("DELETE FROM runner_manager WHERE id = :id", { id });
  }
}
