// One run as it happens, or as it was: where it is, who stands in its way, its steps, and everything that it said.
import { h } from "../../lib/h.js";
import { link } from "../../lib/route.js";
import { ask } from "../../lib/api.js";
import { ago, clock, duration, moment, plural } from "../../lib/format.js";
import { badge, button, failure, facts, heading, note, skeleton } from "../../parts/basics.js";
import { code } from "../../parts/code.js";
import { confirmDialog } from "../../parts/dialog.js";
import { toast } from "../../parts/toast.js";
import { may, runs, status } from "../../store.js";
import { blockerCard } from "../../parts/blockers.js";
import { follow } from "./follow.js";
import { logPart } from "./log.js";
import { RUN_STATES, isMark, stateOf } from "./states.js";

/** What the events say of each migration: { name, state, steps, ms, number }, in the order in which they began. */
function timeline(events) {
  const found = new Map();
  for (const event of events) {
    if (!event.migration) continue;
    const one = found.get(event.migration) ?? { name: event.migration, state: "running", step: 0, steps: 0, ms: null };
    found.set(event.migration, one);
    if (event.steps) Object.assign(one, { step: event.step, steps: event.steps });
    if (event.kind === "migration_done") Object.assign(one, { state: "succeeded", ms: event.duration_ms || null });
    if (event.kind === "failed") one.state = "failed";
  }
  return [...found.values()];
}

function progress(followed) {
  const { events, run } = followed;
  const last = events.findLast((event) => event.count > 0);
  const done = events.filter((event) => event.kind === "migration_done").length;
  const inner = events.at(-1)?.kind === "progress" ? events.at(-1).progress : null;
  const count = last?.count ?? 0;
  const now = inner ? `${inner.phase}${inner.total > 0 ? `: ${inner.done.toLocaleString("en")} of ${inner.total.toLocaleString("en")} ${inner.unit}${inner.percent ? `, ${inner.percent.toFixed(0)} %` : ""}${left(events)}` : ""}` : null;
  return [count > 0 ? h("div", { class: "progress-row" }, h("progress", { max: String(count), value: Math.min(count, done + (inner?.percent ?? 0) / 100), "aria-label": "Migrations that are done" }), h("span", { class: "muted nowrap" }, `${done} of ${count}`)) : null,
    now ? h("p", { class: "muted", role: "status" }, now) : null,
    h("p", { class: "muted" }, `Began ${moment(run.started_at)}, ${ago(new Date(run.started_at).getTime())}`)];
}

/** ", 1,200 blocks/s, about 3 min left" by the last reports of the same phase; "" where they do not tell. */
function left(events) {
  const reports = events.slice(-40).filter((event) => event.kind === "progress" && event.progress.phase === events.at(-1).progress.phase);
  const [first, last] = [reports[0], reports.at(-1)];
  const seconds = (new Date(last.at) - new Date(first.at)) / 1000;
  const rate = seconds > 0 ? (last.progress.done - first.progress.done) / seconds : 0;
  return rate > 0 ? `, ${Math.round(rate).toLocaleString("en")} ${last.progress.unit}/s, about ${duration((last.progress.total - last.progress.done) / rate * 1000)} left` : "";
}

const lastWord = (events) => events.findLast((event) => event.kind !== "progress" && event.kind !== "notice" && event.kind !== "output");

/** Tries come several times a second, and are told of now and then: a countdown would only flicker. */
const nextTry = (event) => event.next_try_ms ? `within ${duration(event.next_try_ms)}, again and again` : event.kind === "lock_wait" ? "it waits in the queue: this statement has no limit of its own" : null;

function givesUp(event) {
  if (!event.gives_up_at) return event.kind === "lock_wait" && !event.next_try_ms ? "never by itself; Cancel ends it" : null;
  const left = new Date(event.gives_up_at) - Date.now();
  return h("span", { class: "countdown" }, left > 0 ? [h("b", {}, `in ${duration(Math.ceil(left / 1000) * 1000)}`), `, at ${clock(event.gives_up_at)}`] : "now");
}

function lockCard(events) {
  const last = lastWord(events);
  if (!isWaiting(events)) return null;
  return h("section", { class: "card lock-card", "aria-label": "Waits for a lock" }, h("h2", {}, last.kind === "run_lock_wait" ? "Waits for another run" : "Waits for a lock"),
    facts({ rows: [["Tries", `${last.attempt} in ${duration(last.duration_ms)}`], ["Next try", nextTry(last)], ["Gives up", givesUp(last)],
      ["Others", last.next_try_ms && last.kind === "lock_wait" ? "can work meanwhile: each try is short, and between tries nobody waits behind it" : null]] }),
    (last.blockers ?? []).length === 0 ? h("p", { role: "status" }, last.message) : h("h3", {}, last.blockers.length === 1 ? "Held by" : `Held by ${last.blockers.length} sessions`),
    (last.blockers ?? []).map((blocker) => blockerCard({ blocker })));
}

function failedPart(failed) {
  const where = [failed.line ? `line ${failed.line}, column ${failed.column}` : null, failed.steps > 1 ? `step ${failed.step} of ${failed.steps}` : null, failed.sqlstate ? `SQLSTATE ${failed.sqlstate}` : null].filter(Boolean).join(" · ");
  return h("section", { class: "card", "aria-label": "What failed" }, note({ kind: "bad", role: "alert", title: failed.error }, [where ? h("div", {}, where) : null, failed.detail ? h("div", {}, failed.detail) : null, failed.hint ? h("div", {}, failed.hint) : null]),
    failed.statement ? code({ text: failed.statement, label: "The statement that failed" }) : null, (failed.blockers ?? []).map((blocker) => blockerCard({ blocker })),
    failed.partially_applied ? note({ kind: "warning" }, failed.needs_person ? "Some of its steps have stayed, and a new run does not continue after them: look at the database, then mark the migration." : "Some of its steps have stayed; a new run continues after them.") : null,
    failed.name ? h("div", { class: "actions" }, h("a", { class: "button", href: link("migrations", failed.name) }, `Open ${failed.name}`)) : null);
}

function resultPart(run) {
  const result = run.result;
  const isCancelled = run.state === "cancelled";
  return [result?.failed ? isCancelled ? note({ title: `It was cancelled in ${result.failed.name}.` }, result.failed.partially_applied ? "Some of its steps have stayed." : "Its step was rolled back; what was applied before stays.") : failedPart(result.failed) : null,
    !result && !isCancelled && run.error?.message ? failure({ error: { message: run.error.message, body: run.error.detail ?? {} } }) : null,
    run.error?.detail?.reason === "PLAN_CHANGED" ? h("div", { class: "actions" }, h("a", { class: "button primary", href: link("review") }, "Review it again")) : null,
    (result?.not_tried ?? []).map((one) => note({ kind: "warning" }, `Not tried: step ${one.step} of ${one.migration}, ${one.reason}.`)),
    (result?.warnings ?? []).map((text) => note({ kind: "warning" }, text)),
    run.state === "lost" ? note({ kind: "warning", title: "Its worker has gone without a word." }, "What is applied stands in the list of migrations; a new run goes on from there.") : null];
}

function cancel(run) {
  confirmDialog({ title: "Cancel this run?", label: "Cancel the run", kind: "primary danger", text: ["Its running statement is cancelled and the step around it is rolled back. What was committed before stays applied."],
    act: () => ask(`/api/operations/${encodeURIComponent(run.id)}/cancel`, {}), done: (told) => { toast(told.summary || "The run was cancelled."); runs.refresh(); } });
}

function download(followed) {
  const text = JSON.stringify({ run: followed.run, events: followed.events }, null, 1);
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  anchor.download = `run-${followed.run.id}.json`;
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}

function timelinePart(followed) {
  const found = isMark(followed.run) ? [] : timeline(followed.events);
  if (found.length === 0) return null;
  const over = followed.run?.done;
  return h("section", { "aria-label": "Migrations of this run" }, h("h3", {}, plural(found.length, "migration")), h("ol", { class: "timeline" }, found.slice(-200).map((one) => {
    const state = one.state === "running" && over ? (followed.run.state === "cancelled" ? "cancelled" : "failed") : one.state;
    return h("li", { key: one.name, class: state }, badge({ ...RUN_STATES[state] }, state === "succeeded" ? "done" : state), h("a", { href: link("migrations", one.name) }, one.name),
      h("span", { class: "muted nowrap" }, [one.steps > 1 ? `step ${one.step} of ${one.steps}` : null, duration(one.ms)].filter(Boolean).join(" · ")));
  })));
}

/** In a few words: the whole of it stands below. */
function titleOf({ run, events }) {
  if (run.done && !run.result && run.error) return run.state === "cancelled" ? "The run was cancelled before it began." : "The run did not begin.";
  if (run.done) return run.summary || "A run";
  const what = run.migration ?? "The run";
  return isWaiting(events) ? `${what} waits for a lock` : `Running ${run.migration ?? "…"}`;
}

const isWaiting = (events) => /lock_wait$/.test(lastWord(events)?.kind ?? "");

/** The page of a run: { view(), close() }. */
export function runPage({ id, draw }) {
  let wasDone = true;
  const followed = follow(id, () => {
    if (followed.run && !followed.run.done) wasDone = false;
    if (followed.run?.done && !wasDone) { wasDone = true; runs.refresh(); status.refresh(); }
    draw();
  });
  const log = logPart();
  return {
    id,
    close: followed.close,
    view() {
      const { run, error } = followed;
      if (!run) return error ? [h("h1", {}, "Run"), failure({ error })] : skeleton({});
      return [heading({ title: titleOf(followed), more: h("p", {}, badge(RUN_STATES[stateOf(run)] ?? {}, stateOf(run)), h("span", { class: "muted" }, isMark(run) ? ` ${moment(run.finished_at)}, in the tracking table only: nothing was run` : run.done && run.finished_at ? ` ${moment(run.finished_at)}, after ${duration(new Date(run.finished_at) - new Date(run.started_at))}` : run.cancel_requested ? " being cancelled" : ""), run.started_by ? h("span", { class: "muted" }, " by ", h("b", {}, run.started_by)) : null, run.result?.approved_by ? h("span", { class: "muted" }, ", approved by ", h("b", {}, run.result.approved_by)) : null, " ", h("code", { class: "muted" }, run.id)),
        actions: [h("a", { class: "button", href: link("runs") }, "All runs"), button({ onclick: () => download(followed) }, "Download"), !run.done && may("run") ? button({ kind: "danger", id: "cancel", disabled: run.cancel_requested, onclick: () => cancel(run) }, run.cancel_requested ? "Being cancelled …" : "Cancel …") : null] }),
      followed.isLost ? note({ kind: "warning", role: "status" }, "The connection is lost; asking again. The run goes on without it.") : null,
      run.done ? resultPart(run) : [progress(followed), lockCard(followed.events)],
      timelinePart(followed), log.view(followed.events)];
    },
  };
}
