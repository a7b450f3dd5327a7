// One migration: what to do about it, and everything that is known of it.
import { h } from "../../lib/h.js";
import { ask, resource, withFramework } from "../../lib/api.js";
import { duration, moment, words } from "../../lib/format.js";
import { STATES, detailOf, stateOf } from "../../lib/migration.js";
import { badge, facts, failure, note, skeleton, tabs } from "../../parts/basics.js";
import { code } from "../../parts/code.js";
import { icon } from "../../parts/icons.js";
import { link } from "../../lib/route.js";
import { plannedMigration } from "../../parts/plan.js";
import { diffTab } from "./diff.js";
import { whatToDo } from "./what_to_do.js";

const previews = new Map(); // "name hash" → its script

function preview(one, draw) {
  const key = `${one.name} ${one.file_hash}`;
  if (!previews.has(key)) {
    if (previews.size > 50) previews.clear();
    const asked = resource(() => ask(withFramework(`/api/migrations/preview/${one.name.split("/").map(encodeURIComponent).join("/")}`)), draw);
    previews.set(key, asked);
    asked.refresh();
  }
  return previews.get(key);
}

function sqlTab(one, draw) {
  if (one.state === "orphaned") return note({ kind: "info" }, "Its file is gone: there is no script to show.");
  const { data, error } = preview(one, draw);
  if (error && !data) return failure({ error });
  if (!data) return skeleton({ lines: 8 });
  const failed = one.last_failure;
  return [stateOf(one) === "failed" ? failedPart(failed) : null, data.note ? note({}, data.note) : null, code({ text: data.content, plain: one.is_code, line: failed?.line, column: failed?.column, label: `Script of ${one.name}` }),
    data.sql ? h("details", { class: "more" }, h("summary", {}, "What is sent to the server"), code({ text: data.sql, label: "What is sent to the server" })) : null];
}

function planTab(one, planned, refusal) {
  if (one.state !== "pending") return note({}, one.state === "orphaned" ? "Its file is gone: nothing can run." : "It is applied: nothing of it will run.");
  if (!planned && refusal) return note({ kind: "warning", title: "A run would be refused now." }, refusal);
  return planned ? plannedMigration({ planned }) : note({}, "Its plan is made in Review and run.");
}

/** Why its last attempt failed: beside the script, with the mark at the place. */
function failedPart(failed) {
  if (!failed) return null;
  const where = [failed.line ? `line ${failed.line}, column ${failed.column}` : null, failed.sqlstate ? `SQLSTATE ${failed.sqlstate}` : null].filter(Boolean).join(" · ");
  return note({ kind: "bad", title: failed.message }, [where ? h("div", {}, where) : null, failed.detail ? h("div", {}, failed.detail) : null, failed.hint ? h("div", {}, failed.hint) : null,
    failed.file_changed ? h("div", {}, "This was the last attempt; the file was changed since.") : null]);
}

/** How it came to be applied: when, by whom, in which run of ours. */
function appliedPart(one) {
  if (!one.applied_at && !one.applied_by) return null;
  return h("div", { class: "card" }, h("h2", {}, "Applied"), facts({ rows: [["When", moment(one.applied_at)], ["Took", duration(one.duration_ms)], ["By", one.applied_by ?? (one.applied_in ? "nobody was asked for a login" : "not known: nobody was asked for a login, or its own tool ran it")],
    ["Run", one.applied_in && h("a", { href: link("runs", one.applied_in) }, "See the run")]] }));
}

function historyTab(one) {
  const failed = one.last_failure;
  const attempts = [...one.attempts ?? []].reverse();
  const applied = appliedPart(one);
  return [applied, failed ? h("div", { class: "card" }, h("h2", {}, "Its last attempt failed"), h("p", { class: "muted" }, `${moment(failed.at)}, by ${failed.by}${failed.partially_applied ? "; what it committed stays" : ""}${failed.file_changed ? "; the file was changed since" : ""}`),
    facts({ rows: [["Error", failed.message], ["Detail", failed.detail], ["Hint", failed.hint], ["SQLSTATE", failed.sqlstate], ["Place", failed.line ? `line ${failed.line}, column ${failed.column}` : null]] }),
    failed.statement ? code({ text: failed.statement, label: "The statement that failed" }) : null) : null,
  attempts.length > 0 ? h("div", { class: "card" }, h("h2", {}, "Attempts that the tracking table has"), h("ol", { class: "attempts", reversed: true }, attempts.map((attempt) => h("li", { key: attempt.id },
    h("div", {}, moment(attempt.started_at), " – ", attempt.finished_at ? `finished, ${duration(new Date(attempt.finished_at) - new Date(attempt.started_at))}` : attempt.rolled_back_at ? `rolled back ${moment(attempt.rolled_back_at)}` : "neither finished nor rolled back"),
    attempt.logs ? code({ text: attempt.logs, plain: true, label: "Log of the attempt" }) : null)))) : null,
  !failed && !applied && attempts.length === 0 ? note({}, "No attempt is known.") : null];
}

function rowTab(one, data) {
  if (!data.tracking_table) return note({}, "There is no tracking table yet; the first run makes it.");
  if (one.state === "pending" && !one.attempts?.length && !one.stored_hash) return note({}, `There is no row of it in ${data.tracking_table}.`);
  const last = one.attempts?.at(-1);
  return [facts({ rows: [["Tracking table", h("code", {}, data.tracking_table)], ["Name", one.name], ["Applied", moment(one.applied_at)], ["Took", duration(one.duration_ms)],
    ["Recorded hash", one.stored_hash && h("code", {}, one.stored_hash)], ["Hash of the file", one.file_hash && h("code", {}, one.file_hash)],
    ["Compared", one.state === "applied" ? one.verified ? "yes: the file is as it was recorded" : "no: the framework keeps no checksum of it" : null],
    ["Row", last?.id && h("code", {}, last.id)], ["Started", moment(last?.started_at)], ["Finished", moment(last?.finished_at)], ["Rolled back", moment(last?.rolled_back_at)], ["Steps", last?.applied_steps_count ? String(last.applied_steps_count) : null]] }),
  one.logs ? [h("h3", {}, "What it logged"), code({ text: one.logs, plain: true, label: "Log" })] : null];
}

export function detail({ one, data, planned, refusal, draw, closeLink }) {
  const state = stateOf(one);
  return [
    h("div", { class: "detail-head" }, h("div", {}, h("h2", { class: "detail-title" }, one.name), h("p", {}, badge({ state, sign: STATES[state].sign }, STATES[state].label), detailOf(one) ? h("span", { class: "muted" }, ` ${words(detailOf(one))}`) : null, one.filename ? h("span", { class: "muted" }, "  ", h("code", {}, one.filename)) : null)),
      h("a", { class: "button quiet", href: closeLink, "aria-label": "Close", title: "Close (Esc)" }, icon("close"))),
    one.note ? note({}, one.note) : null,
    whatToDo({ one, data }),
    tabs({ label: "About this migration", rows: [
      { id: "sql", label: "SQL", view: () => sqlTab(one, draw) },
      { id: "plan", label: "Plan", view: () => planTab(one, planned, refusal) },
      { id: "diff", label: "Diff", view: () => diffTab(one, draw) },
      { id: "history", label: "History", view: () => historyTab(one) },
      { id: "row", label: "Tracking-table row", view: () => rowTab(one, data) }] })];
}
