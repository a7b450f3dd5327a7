// The plan of a migration: its steps, the statements that touch what is there, and what they lock.
import { h } from "../lib/h.js";
import { plural } from "../lib/format.js";
import { badge, note } from "./basics.js";

const WORKS = { scan: "reads the whole table", rewrite: "rewrites the whole table", index: "builds an index", rows: "changes rows" };

const isNotable = (one) => (one.locks ?? []).length > 0 || one.unknown || one.loses_data || one.advice || one.fails;

export const lockWord = (lock) => lock.blocks_reads ? "blocks reads and writes" : lock.blocks_writes ? "blocks writes" : "blocks nobody who reads or writes";

function statement(one) {
  return h("div", { class: "statement" },
    h("div", { class: "statement-sql" }, h("code", {}, one.sql), one.loses_data ? badge({ state: "failed", sign: "!" }, "data loss") : null, one.every_row ? badge({ state: "warning", sign: "!" }, "every row") : null, one.fails ? badge({ state: "failed", sign: "✕" }, "would fail") : null),
    h("ul", { class: "effects" }, (one.locks ?? []).map((lock) => h("li", { class: lock.blocks_reads ? "reads" : lock.blocks_writes ? "writes" : "muted" }, h("b", {}, lock.mode), ` on ${lock.relation}: ${lockWord(lock)}`)),
      one.unknown ? h("li", { class: "writes" }, "may lock and block more: what it does cannot be known before") : null,
      WORKS[one.work] ? h("li", { class: one.work === "rewrite" ? "reads" : "muted" }, WORKS[one.work]) : null,
      one.fails ? h("li", { class: "fails" }, one.fails) : null,
      one.advice ? h("li", {}, one.advice) : null));
}

const KINDS = { transaction: "one transaction", alone: "one statement outside of any transaction", own: "with its own transaction control" };

function step(one, count) {
  const notable = (one.statements ?? []).filter(isNotable);
  const quiet = one.statement_count - notable.length - one.unlisted_count;
  return h("div", { class: "step", key: one.number },
    count > 1 || one.reason ? h("div", { class: "muted" }, h("b", {}, `Step ${one.number}`), ` · line ${one.line} · ${KINDS[one.kind] ?? ""}${one.reason ? ` · ${one.reason}` : ""}${one.finished ? " · finished by an earlier run" : ""}`) : null,
    notable.map(statement), one.unlisted_count > 0 ? note({ kind: "warning" }, `${plural(one.unlisted_count, "more statement")} that touch what is there are not listed: there are too many.`) : null,
    quiet > 0 ? h("div", { class: "muted" }, `${plural(quiet, "statement")} that ${quiet === 1 ? "locks" : "lock"} nothing that others use`) : null);
}

/** One PlannedMigration of GET /api/migrations/plan. */
export function plannedMigration({ planned }) {
  return [planned.delegate ? note({ kind: "warning", title: "Run by the project's own tool." }, h("code", {}, planned.delegate)) : null,
    planned.note ? note({ kind: "warning" }, planned.note) : null, planned.steps.map((one) => step(one, planned.steps.length))];
}
