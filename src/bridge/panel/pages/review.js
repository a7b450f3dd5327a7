// Review and run: what a run would do, in the order of what can go wrong; then the button, which says in which database.
import { h } from "../lib/h.js";
import { go, here, link, route } from "../lib/route.js";
import { ask, bodyWithFramework, resource, withFramework } from "../lib/api.js";
import { bytes, duration, plural } from "../lib/format.js";
import { risks } from "../lib/migration.js";
import { badge, button, failure, heading, note, skeleton } from "../parts/basics.js";
import { code } from "../parts/code.js";
import { blockerCard } from "../parts/blockers.js";
import { icon } from "../parts/icons.js";
import { plannedMigration } from "../parts/plan.js";
import { runs, target, wantsName } from "../store.js";
import { approvalPart, lacksApproval } from "./review/approval.js";
import { holders, strongest } from "./review/locks.js";

/** What the address says to run. */
function wish() {
  const { query } = route();
  return { migrations: query.getAll("migrations"), target: query.get("target") ?? "", transaction: query.get("transaction") ?? "" };
}

const request = () => Object.fromEntries(Object.entries(wish()).filter(([, value]) => value.length > 0));

// ---- its parts, the worst first ----

function lossPart(plan) {
  const lost = plan.migrations.flatMap((one) => one.steps.flatMap((step) => (step.statements ?? []).filter((statement) => statement.loses_data).map((statement) => ({ name: one.name, sql: statement.sql }))));
  if (!plan.loses_data && lost.length === 0) return null;
  return h("section", { class: "card danger-card", "aria-label": "Data loss" }, h("h2", {}, icon("warning"), " This throws away data"), h("p", {}, "Rolling back a migration does not bring rows back. Have a backup before you go on."),
    lost.slice(0, 20).map((one) => h("div", {}, h("div", { class: "muted" }, one.name), code({ text: one.sql, label: `Statement of ${one.name}` }))));
}

function locksPart(plan, held) {
  const found = strongest(plan);
  if (found.length === 0) return null;
  return h("section", { class: "card", "aria-label": "Locks" }, h("h2", {}, "The strongest lock on each table"), h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Table of locks" }, h("table", {}, h("thead", {}, h("tr", {}, ["Table", "Lock", "What it stops", "Size", "Held by others now"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, found.slice(0, 100).map((one) => h("tr", { key: one.relation }, h("td", {}, h("code", {}, one.relation)), h("td", { class: "nowrap" }, one.mode), h("td", {}, badge({ state: one.blocks_reads ? "modified" : one.blocks_writes ? "warning" : "" }, one.blocks_reads ? "blocks reads and writes" : one.blocks_writes ? "blocks writes" : "blocks nobody")),
      h("td", { class: "number nowrap" }, held?.sizes.has(one.relation) ? bytes(held.sizes.get(one.relation)) : h("span", { class: "muted" }, held ? "not there yet" : "…")), h("td", {}, heldCell(one, held))))))),
  held?.problem ? h("p", { class: "muted" }, `Sizes and holders are not known: ${held.problem}`) : null,
  (held?.blockers ?? []).length > 0 ? [h("h3", {}, "In the way now"), held.blockers.map((blocker) => blockerCard({ blocker }))] : null);
}

function heldCell(one, held) {
  if (!held || held.problem) return h("span", { class: "muted" }, held ? "unknown" : "…");
  const in_the_way = held.conflicts.get(one.relation) ?? [];
  return in_the_way.length === 0 ? h("span", { class: "good-text" }, "✓ nobody") : badge({ state: "failed", sign: "!" }, in_the_way.map((pid) => `pid ${pid}`).join(", "));
}

function checksPart(plan, check, problem) {
  const rows = [
    [!plan.refusal, plan.refusal ?? "Nothing in the scripts and their order stops the run"],
    ...(check ? [[check.lockCount === 0, check.lockCount === 0 ? "Nobody waits for a lock" : `${plural(check.lockCount, "session waits", "sessions wait")} for a lock`], [check.activeTxCount <= 3, `${plural(check.activeTxCount, "other transaction")} open`]] : []),
    [!plan.unknown, plan.unknown ? "Of some statements it is not known what they lock" : "What every statement locks is known"],
    ...(plan.failures ?? []).map((text) => [false, text]),
    ...(check?.warnings ?? []).filter((text) => !/No pending/i.test(text)).map((text) => [false, text]),
    ...(plan.warnings ?? []).map((text) => [false, text]),
  ];
  return h("section", { class: "card", "aria-label": "Checks" }, h("h2", {}, "Checks"), problem ? failure({ error: problem }) : null, h("ul", { class: "checks" }, rows.map(([good, text], i) => h("li", { key: `${i} ${text}`, class: good ? "good" : "bad" }, icon(good ? "good" : "warning"), h("span", { class: "hidden" }, good ? "In order: " : "Look: "), h("span", {}, text)))),
    (check?.notes ?? []).map((text) => h("p", { class: "muted" }, text)));
}

function stepsPart(plan) {
  return h("section", { class: "card", "aria-label": "Steps" }, h("h2", {}, `${plural(plan.migrations.length, "migration")} in ${plural(plan.transactions, "transaction")}`), plan.migrations.map((one, i) => {
    const found = risks(one);
    return h("details", { key: one.name, class: "planned", open: plan.migrations.length <= 3 ? true : null }, h("summary", {}, h("span", { class: "muted" }, `${i + 1}. `), h("b", {}, one.name), " ", found.map((risk) => badge({ state: risk.state }, risk.label)), one.finished_steps > 0 ? h("span", { class: "muted" }, ` goes on behind step ${one.finished_steps}`) : null), plannedMigration({ planned: one }));
  }));
}

function trialPart(trial) {
  if (trial.isBusy) return note({ role: "status" }, "Dry run: in a transaction that is rolled back …");
  if (trial.error) return failure({ error: trial.error });
  const result = trial.result;
  return result ? note({ kind: result.ok ? "good" : "bad", role: "status", title: result.summary }, [result.failed ? h("div", {}, result.failed.name, ": ", result.failed.error, result.failed.line ? ` (line ${result.failed.line})` : "") : null,
    (result.not_tried ?? []).map((one) => h("div", {}, `Not tried: step ${one.step} of ${one.migration}, ${one.reason}.`))]) : null;
}

export function start({ draw }) {
  let typed = "";
  let begun = { isBusy: false, error: null };
  let trial = {};
  let held = null;
  let asked = "";
  const plan = resource(() => ask(withFramework("/api/migrations/plan", request())), () => { look(); draw(); });
  const check = resource(() => ask("/api/migrations/check", bodyWithFramework({})), draw);

  async function look() {
    if (!plan.data) return;
    held = await holders(strongest(plan.data));
    draw();
  }

  function load() {
    asked = location.search;
    held = null;
    trial = {};
    begun = { isBusy: false, error: null };
    plan.refresh();
    check.refresh();
  }

  async function begin() {
    begun = { isBusy: true, error: null };
    draw();
    const body = bodyWithFramework({ ...request(), plan_hash: plan.data.plan_hash, ...(wantsName() ? { confirm: typed } : {}) });
    try {
      const run = await ask("/api/migrations/idempotent/run", body, { headers: { Prefer: "respond-async" } });
      runs.refresh();
      go(link("runs", run.id), { replace: true });
    } catch (error) {
      begun = { isBusy: false, error };
      draw();
    }
  }

  async function tryIt() {
    trial = { isBusy: true };
    draw();
    try {
      trial = { result: await ask("/api/migrations/idempotent/run", bodyWithFramework({ ...request(), dry_run: true, ...(wantsName() ? { confirm: typed } : {}) })) };
    } catch (error) {
      trial = { error };
    }
    draw();
  }

  function goPart(data) {
    const to = target() ?? data.target;
    const why = data.loses_data ? "It throws away data" : wantsName() ? `This is ${to.environment}` : "";
    const isReady = data.migrations.length > 0 && !data.refusal && !lacksApproval(data) && !begun.isBusy && (why === "" || typed === to.database);
    return h("section", { class: "card go", "aria-label": "Run" },
      why ? h("label", { class: "typed" }, `${why}. Type the database's name, `, h("b", {}, to.database), ", to go on", h("input", { id: "typed", autocomplete: "off", spellcheck: "false", value: typed, oninput: (event) => { typed = event.target.value; draw(); } })) : null,
      begun.error ? failure({ error: begun.error, again: begun.error.body?.reason === "PLAN_CHANGED" ? load : null }) : null, trialPart(trial),
      h("div", { class: "actions" }, button({ kind: data.loses_data ? "primary danger" : "primary", id: "begin", disabled: !isReady, onclick: begin }, begun.isBusy ? "Begins …" : `Run ${plural(data.migrations.length, "migration")} in ${to.database} on ${to.host}`),
        button({ id: "dry-run", disabled: data.migrations.length === 0 || Boolean(data.refusal) || trial.isBusy || (wantsName() && typed !== to.database), onclick: tryIt, title: "In a transaction that is rolled back; it holds its locks until then" }, "Dry run"),
        h("a", { class: "button", href: link("migrations") }, "Leave it"),
        h("label", { class: "option" }, h("input", { type: "checkbox", id: "together", checked: wish().transaction === "all", onchange: (event) => go(here({ transaction: event.target.checked ? "all" : null }), { replace: true }) }), "All in one transaction, or nothing")));
  }

  load();
  return {
    title: () => "Review and run",
    routed() { if (location.search !== asked) load(); },
    view() {
      const data = plan.data;
      return [heading({ title: "Review and run", more: h("p", { class: "muted" }, data ? data.summary : plan.error ? "" : "Reads the scripts and makes the plan …"), actions: [h("a", { class: "button", href: link("migrations") }, "Back")] }),
        plan.error ? failure({ error: plan.error, again: load }) : null,
        data ? [data.refusal ? note({ kind: "bad", role: "alert", title: "A run would be refused." }, data.refusal) : null, (data.failures ?? []).length > 0 ? note({ kind: "bad", role: "alert", title: "A run would begin now, and fail." }, h("ul", {}, data.failures.slice(0, 10).map((text, i) => h("li", { key: i }, text)))) : null, approvalPart({ plan: data, request: request(), done: load }), lossPart(data), h("div", { class: "review-grid" }, checksPart(data, check.data, check.error), locksPart(data, held)), stepsPart(data), goPart(data)] : plan.error ? null : skeleton({ lines: 8 })];
    },
  };
}
