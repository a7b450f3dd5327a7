// The panel: Database > Migrations. Everything it knows it asks of the REST routes; what comes from outside becomes text nodes, never
// markup.
import { askLogin, startLogin } from "./login.js";
import { highlight } from "./sql.js";

const $ = (id) => document.getElementById(id);
const state = { status: null, filter: "", only: "", source: new URLSearchParams(location.search).get("framework") ?? "", asking: 0 };
const STATES = ["applied", "pending", "modified", "orphaned"];

// ---- elements ----

/** el("p", { class: "muted" }, "text", child): attributes by name, functions as listeners. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

function say(text) {
  $("said").textContent = text;
}

const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const duration = (ms) => ms == null ? "" : ms < 1000 ? `${ms} ms` : ms < 60000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60000)} min ${Math.round(ms % 60000 / 1000)} s`;
const moment = (text) => text == null ? "" : new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
const words = (text) => (text ?? "").replaceAll("_", " ");

// ---- asking ----

class Failed extends Error {
  constructor(body, http) {
    super(body.error ?? `The bridge answered ${http}.`);
    Object.assign(this, { body, http });
  }
}

async function ask(path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, body === undefined ? { headers } : { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
  } catch {
    throw new Failed({ error: "The bridge cannot be reached." }, 0);
  }
  const told = await answer.json().catch(() => ({ error: `The bridge answered ${answer.status} with something else than JSON.` }));
  if (answer.status === 401) askLogin();
  if (!answer.ok && !("applied" in told)) throw new Failed(told, answer.status);
  return told;
}

const withSource = (path) => state.source === "" ? path : `${path}${path.includes("?") ? "&" : "?"}framework=${encodeURIComponent(state.source)}`;
const sourceBody = (body) => state.source === "" ? body : { ...body, framework: state.source };

// ---- the page ----

async function refresh() {
  const asking = ++state.asking;
  $("migrations").setAttribute("aria-busy", "true");
  try {
    const status = await ask(withSource("/api/migrations/idempotent/status"));
    if (asking !== state.asking) return;
    state.status = status;
    $("banner").hidden = true;
    health(true, "the worker answers");
    show();
  } catch (error) {
    if (asking !== state.asking) return;
    health(false, error.message);
    banner(error);
    if (state.status === null) empty("Nothing is known yet.", error.body?.hint ?? "");
  } finally {
    $("migrations").removeAttribute("aria-busy");
  }
}

function health(good, text) {
  $("health").className = `dot ${good ? "good" : "bad"}`;
  $("health").setAttribute("aria-label", text);
  $("health").title = text;
}

function banner(error) {
  $("banner").replaceChildren(el("span", {}, [error.message, error.body?.detail, error.body?.hint].filter(Boolean).join(" ")), el("button", { click: refresh }, "Try again"));
  $("banner").hidden = false;
}

function show() {
  const { status } = state;
  $("framework").textContent = status.framework ?? "No framework was found";
  $("database").textContent = status.database;
  $("ledger").textContent = [status.folder && `folder ${status.folder}`, status.tracking_table ? `tracking table ${status.tracking_table}` : status.framework && "no tracking table yet"].filter(Boolean).join(" · ");
  showSources(status);
  const warnings = status.warnings ?? [];
  $("warnings").hidden = warnings.length === 0;
  $("warnings").replaceChildren(...warnings.map((text) => el("li", {}, text)));
  for (const button of $("counts").children) {
    button.firstElementChild.textContent = status.summary[button.dataset.state];
    button.setAttribute("aria-pressed", String(state.only === button.dataset.state));
  }
  const pending = status.summary.pending;
  $("run").disabled = pending === 0;
  $("run").textContent = pending === 0 ? "Nothing to run" : `Run ${plural(pending, "migration")}`;
  showList();
}

function showSources(status) {
  const sources = status.sources ?? [];
  const chosen = sources.find((source) => source.chosen) ?? sources[0];
  $("evidence").hidden = sources.length === 0;
  $("evidence").lastElementChild.replaceChildren(
    ...(chosen?.evidence ?? []).map((text) => el("li", {}, text)), chosen && el("li", {}, `chosen because ${chosen.reason}`),
    ...(status.detected_tables ?? []).map((table) => el("li", {}, `${table.schema}.${table.table}: ${table.framework}`)));
  const select = $("sources").querySelector("select");
  $("sources").hidden = sources.length < 2;
  select.replaceChildren(...sources.map((source) => el("option", { value: source.folder ?? source.framework, selected: source === chosen },
    `${source.display_name}${source.folder ? ` in ${source.folder}` : " (tracking table only)"}`)));
}

function empty(title, more) {
  $("list").replaceChildren();
  $("empty").replaceChildren(el("p", {}, el("b", {}, title)), more ? el("p", {}, more) : null);
  $("empty").hidden = false;
}

function showList() {
  const all = state.status.migrations;
  const sought = state.filter.toLowerCase();
  const shown = all.filter((one) => (state.only === "" || one.state === state.only) && one.name.toLowerCase().includes(sought));
  $("shown").textContent = shown.length === all.length ? plural(all.length, "migration") : `${shown.length} of ${all.length}`;
  $("empty").hidden = true;
  if (all.length === 0) {
    empty(state.status.framework ? "There are no migrations yet." : "No framework was found.",
      state.status.framework ? "A new one appears here as soon as its file is there." : "Start the worker with --project where the migrations are; truss doctor says more.");
    return;
  }
  if (shown.length === 0) {
    empty("None of them matches.", "");
    return;
  }
  $("list").replaceChildren(...shown.map(row));
}

function row(one) {
  const detail = one.detail_state ? words(one.detail_state) : one.is_code && one.state === "pending" ? "a program" : "";
  return el("tr", { click: () => openMigration(one) },
    el("td", {}, el("span", { class: `badge ${one.state}` }, one.state)),
    el("td", {}, el("button", { type: "button" }, one.name), detail ? el("small", {}, detail) : null),
    el("td", { class: "wide" }, moment(one.applied_at)),
    el("td", { class: "wide number" }, duration(one.duration_ms)));
}

// ---- sheets ----

function sheet(title, body, actions = []) {
  $("sheet-title").textContent = title;
  $("sheet-body").replaceChildren(...[body].flat().filter(Boolean));
  $("sheet-actions").replaceChildren(...actions);
  if (!$("sheet").open) $("sheet").showModal();
}

const failure = (error) => el("div", { class: "failure", role: "alert" }, [error.message, error.body?.detail, error.body?.hint].filter(Boolean).join(" "));
const loading = () => el("p", { class: "muted" }, "Asking …");
const facts = (pairs) => el("dl", {}, pairs.filter(([, value]) => value != null && value !== "").flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));

async function openMigration(one) {
  const sql = el("div", {}, loading());
  const actions = [];
  if (one.state === "pending" && one.detail_state !== "failed") {
    actions.push(el("button", { click: () => markApplied(one) }, "Mark as applied …"), el("button", { class: "primary", click: () => openRun([one.name]) }, "Run this one …"));
  }
  if (one.detail_state === "failed") {
    actions.push(el("button", { click: () => markApplied(one) }, "Mark as applied …"), el("button", { click: () => markRolledBack(one) }, "Mark as rolled back …"));
  }
  sheet(one.name, [
    el("p", {}, el("span", { class: `badge ${one.state}` }, one.state), one.detail_state ? ` ${words(one.detail_state)}` : ""),
    one.note ? el("div", { class: "note" }, one.note) : null,
    facts([["Applied", moment(one.applied_at)], ["Took", duration(one.duration_ms)], ["File", one.filename], ["Recorded hash", one.stored_hash],
      ["Hash of the file", one.file_hash === one.stored_hash ? null : one.file_hash],
      ["Compared", one.state === "applied" && !one.verified ? "no: the framework keeps no checksum of it" : null]]),
    one.logs ? [el("h3", {}, "What it logged"), el("pre", {}, one.logs)] : null,
    lastFailure(one.last_failure), attempts(one), el("h3", {}, "SQL"), sql].flat(), actions);
  if (one.state === "orphaned") {
    sql.replaceChildren(el("p", { class: "muted" }, "Its file is gone."));
    return;
  }
  try {
    const preview = await ask(withSource(`/api/migrations/preview/${one.name.split("/").map(encodeURIComponent).join("/")}`));
    sql.replaceChildren(...[preview.note ? el("div", { class: "note" }, preview.note) : null, code(preview.content, one.is_code),
      preview.sql ? el("details", {}, el("summary", {}, "What is sent to the server"), code(preview.sql)) : null].filter(Boolean));
  } catch (error) {
    sql.replaceChildren(failure(error));
  }
}

function code(text, isProgram = false) {
  const pre = el("pre", { tabindex: "0", "aria-label": "Script" });
  if (text === "") pre.append("(empty)");
  else if (isProgram || text.length > 400000) pre.append(text);
  else pre.append(highlight(text));
  return pre;
}

function lastFailure(failure) {
  if (!failure) return [];
  const lines = [failure.message, failure.detail, failure.hint && `Hint: ${failure.hint}`, failure.sqlstate && `SQLSTATE ${failure.sqlstate}`,
    failure.line ? `Line ${failure.line}, column ${failure.column}` : null, failure.statement].filter(Boolean);
  return [el("h3", {}, "Its last attempt failed"), el("p", { class: "muted" }, `${moment(failure.at)}, by ${failure.by}${failure.partially_applied ? "; what it committed stays" : ""}`),
    el("pre", {}, lines.join("\n"))];
}

function attempts(one) {
  const failed = (one.attempts ?? []).filter((attempt) => attempt.logs || attempt.rolled_back_at);
  if (failed.length === 0) return null;
  return [el("h3", {}, "Failed attempts"), ...failed.map((attempt) => el("details", {}, el("summary", {}, `${moment(attempt.started_at)}${attempt.rolled_back_at ? ", rolled back" : ""}`), el("pre", {}, attempt.logs || "No log.")))];
}

function confirmation(title, text, label, act) {
  const problem = el("div");
  const button = el("button", { class: "primary", click: async () => {
    button.disabled = true;
    try {
      const told = await act();
      $("sheet").close();
      say(told.message);
      await refresh();
    } catch (error) {
      button.disabled = false;
      problem.replaceChildren(failure(error));
    }
  } }, label);
  sheet(title, [...text.map((line) => el("p", {}, line)), problem], [el("button", { click: () => $("sheet").close() }, "Leave it"), button]);
}

function markApplied(one) {
  confirmation(`Mark ${one.name} as applied?`, [
    "It is recorded in the framework's own tracking table and not executed. Right when its objects exist already; wrong when they do not, because nothing will create them then.",
    "Detect schema says which objects of its script exist."], "Mark as applied",
    () => ask("/api/migrations/idempotent/mark-applied", sourceBody({ migration: one.name })));
}

function markRolledBack(one) {
  confirmation(`Mark ${one.name} as rolled back?`, ["Say so when what its failed attempt left was undone by hand. It may run again then."], "Mark as rolled back",
    () => ask("/api/migrations/idempotent/mark-rolled-back", sourceBody({ migration: one.name })));
}

async function openCheck() {
  sheet("Safety check", loading());
  try {
    const check = await ask("/api/migrations/check", sourceBody({}));
    sheet("Safety check", [
      el("p", {}, el("b", { class: check.safe ? "good" : "" }, check.safe ? "Now is a good moment." : "Look first:")),
      check.warnings.length > 0 ? el("ul", {}, check.warnings.map((text) => el("li", {}, text))) : null,
      (check.notes ?? []).length > 0 ? el("ul", { class: "muted" }, check.notes.map((text) => el("li", {}, text))) : null,
      facts([["Database", check.database], ["User", check.user], ["Pending", String(check.pendingCount)], ["Waiting for a lock", plural(check.lockCount, "session")],
        ["Active transactions", String(check.activeTxCount)]])]);
  } catch (error) {
    sheet("Safety check", failure(error));
  }
}

function openDetect() {
  const text = el("textarea", { "aria-label": "SQL", placeholder: "CREATE TABLE …", spellcheck: "false" });
  const found = el("div", { "aria-live": "polite" });
  const pick = el("select", { "aria-label": "Take the script of a pending migration", change: async () => {
    try {
      const preview = await ask(withSource(`/api/migrations/preview/${pick.value.split("/").map(encodeURIComponent).join("/")}`));
      text.value = preview.sql ?? preview.content;
    } catch (error) { found.replaceChildren(failure(error)); }
  } }, el("option", { value: "", disabled: true, selected: true }, "Take a pending migration's script …"),
    (state.status?.migrations ?? []).filter((one) => one.state === "pending").map((one) => el("option", {}, one.name)));
  const button = el("button", { class: "primary", click: async () => {
    try {
      const answer = await ask("/api/migrations/idempotent/detect-schema", { sql: text.value });
      found.replaceChildren(el("p", {}, el("b", {}, answer.recommendation)),
        el("table", {}, el("tbody", {}, answer.findings.map((one) => el("tr", {}, el("td", {}, el("span", { class: `badge ${one.exists ? "pending" : "applied"}` }, one.exists ? "exists" : "new")), el("td", {}, one.type), el("td", {}, one.name))))));
    } catch (error) { found.replaceChildren(failure(error)); }
  } }, "Detect");
  sheet("Which objects exist already?", [el("p", {}, "The script is only read."), pick, text, found], [button]);
}

// ---- plan and run ----

function lockLine(lock) {
  return el("div", { class: `lock ${lock.blocks_reads ? "reads" : lock.blocks_writes ? "writes" : ""}` },
    `${lock.mode} on ${lock.relation}: ${lock.blocks_reads ? "stops readers and writers" : lock.blocks_writes ? "stops writers" : "stops neither readers nor writers"}`);
}

const WORKS = { scan: "reads the whole table", rewrite: "writes the whole table anew", index: "builds an index", rows: "changes rows" };

function planned(migration) {
  const steps = migration.steps ?? [];
  const notable = steps.flatMap((step) => step.statements ?? []).filter((one) => (one.locks ?? []).length > 0 || one.advice || one.unknown);
  return el("details", { open: notable.some((one) => one.unknown || one.locks.some((lock) => lock.blocks_reads || lock.blocks_writes)) },
    el("summary", {}, el("b", {}, migration.name), ` · ${migration.delegate ? "its own tool runs it" : migration.one_transaction ? "one transaction" : plural(steps.length, "step")}`),
    migration.delegate ? el("pre", {}, migration.delegate) : null,
    migration.note ? el("div", { class: "note" }, migration.note) : null,
    steps.map((step) => el("div", { class: "step" },
      steps.length > 1 ? el("div", { class: "muted" }, `Step ${step.number}, line ${step.line}${step.reason ? `: ${step.reason}` : ""}${step.finished ? " (finished by an earlier run)" : ""}`) : null,
      (step.statements ?? []).filter((one) => notable.includes(one)).map((one) => el("div", {}, el("code", {}, one.sql.length > 120 ? `${one.sql.slice(0, 120)}…` : one.sql),
        one.locks.map(lockLine), one.unknown ? el("div", { class: "lock writes" }, "may block: what it locks is not known") : null, WORKS[one.work] ? el("div", { class: "muted" }, WORKS[one.work]) : null, one.advice ? el("div", { class: "muted" }, one.advice) : null)),
      (step.statements ?? []).some((one) => !notable.includes(one)) ? el("div", { class: "muted" }, `${plural(step.statement_count - (step.statements ?? []).filter((one) => notable.includes(one)).length, "statement")} that lock nothing that exists`) : null)));
}

async function openRun(names = []) {
  const title = names.length === 1 ? `Run ${names[0]}` : "Run what is pending";
  const together = el("input", { type: "checkbox", id: "together" });
  const body = el("div", {}, loading());
  const start = el("button", { class: "primary", disabled: true }, "Run");
  const tryIt = el("button", { disabled: true }, "Try it first");
  const options = () => sourceBody({ migrations: names, transaction: together.checked ? "all" : "each" });
  const load = async () => {
    start.disabled = tryIt.disabled = true;
    try {
      const query = new URLSearchParams(names.map((name) => ["migrations", name]));
      if (together.checked) query.set("transaction", "all");
      if (state.source !== "") query.set("framework", state.source);
      const [plan, check] = await Promise.all([ask(`/api/migrations/plan?${query}`), ask("/api/migrations/check", sourceBody({}))]);
      body.replaceChildren(...[el("p", {}, el("b", {}, plan.summary)),
        plan.refusal ? el("div", { class: "failure" }, plan.refusal) : null,
        ...[...(plan.warnings ?? []), ...check.warnings].map((text) => el("div", { class: "note" }, text)),
        el("div", { class: "options" }, el("label", {}, together, "All in one transaction, or nothing")),
        ...plan.migrations.map(planned)].filter(Boolean));
      start.disabled = tryIt.disabled = Boolean(plan.refusal) || plan.migrations.length === 0;
      start.textContent = `Run ${plural(plan.migrations.length, "migration")}`;
      start.onclick = () => run({ ...options(), plan_hash: plan.plan_hash });
      tryIt.onclick = () => tryRun({ ...options(), dry_run: true }, body);
    } catch (error) {
      body.replaceChildren(failure(error));
    }
  };
  together.addEventListener("change", load);
  sheet(title, body, [el("button", { click: () => $("sheet").close() }, "Leave it"), tryIt, start]);
  await load();
}

function outcome(result) {
  return [el("p", {}, el("b", { class: result.ok ? "good" : "" }, result.summary)),
    result.failed ? el("div", { class: "failure", role: "alert" }, el("b", {}, result.failed.name), ": ", result.failed.error,
      result.failed.line ? ` (line ${result.failed.line})` : "", result.failed.detail ? el("div", {}, result.failed.detail) : null, result.failed.hint ? el("div", {}, result.failed.hint) : null) : null,
    result.failed?.statement ? code(result.failed.statement) : null,
    ...(result.not_tried ?? []).map((one) => el("div", { class: "note" }, `Not tried: step ${one.step} of ${one.migration}, ${one.reason}.`)),
    ...(result.warnings ?? []).map((text) => el("div", { class: "note" }, text))].filter(Boolean);
}

async function tryRun(body, place) {
  const told = el("div", { role: "status" }, el("p", { class: "muted" }, "Trying, in a transaction that is rolled back …"));
  place.prepend(told);
  try {
    told.replaceChildren(...outcome(await ask("/api/migrations/idempotent/run", body)));
  } catch (error) {
    told.replaceChildren(failure(error));
  }
}

async function run(body) {
  try {
    const operation = await ask("/api/migrations/idempotent/run", body, { Prefer: "respond-async" });
    follow(operation.id);
  } catch (error) {
    $("sheet-body").prepend(failure(error));
  }
}

/** Shows a run until it has ended; one that is over already, too. */
function follow(id) {
  const bar = el("progress", { max: "1" });
  const now = el("p", { role: "status", "aria-live": "polite" }, "Starting …");
  const more = el("div");
  const log = el("ol", { class: "log", "aria-label": "Events" });
  const stop = el("button", { class: "danger", click: async () => {
    stop.disabled = true;
    try { await ask(`/api/operations/${id}/cancel`, {}); } catch (error) { more.replaceChildren(failure(error)); stop.disabled = false; }
  } }, "Cancel this run");
  sheet("Run", [bar, now, more, log], [el("button", { click: () => $("sheet").close() }, "Close; it goes on"), stop]);
  const source = new EventSource(`/api/operations/${id}/events`);
  const seen = new Set();
  let done = 0;
  const closed = () => { source.close(); refresh(); };
  $("sheet").addEventListener("close", closed, { once: true });
  const take = (event) => {
    const told = JSON.parse(event.data);
    if (seen.has(told.id)) return;
    seen.add(told.id);
    if (told.count) bar.max = told.count;
    if (told.kind === "migration_done") bar.value = ++done;
    now.textContent = told.kind === "progress" && told.progress ? `${told.progress.phase}: ${told.progress.percent.toFixed(0)} %` : told.message;
    more.replaceChildren(...(told.kind === "lock_wait" ? (told.blockers ?? []).map((one) => el("div", { class: "note" },
      `pid ${one.pid}, ${one.application || "no name"}, ${one.user}: ${one.state} for ${duration(one.transaction_ms)}`, one.query ? el("div", {}, el("code", {}, one.query)) : null)) : []));
    if (told.kind !== "progress") {
      log.append(el("li", {}, el("time", {}, new Date(told.at).toLocaleTimeString()), el("span", {}, told.message)));
      log.scrollTop = log.scrollHeight;
    }
  };
  for (const kind of ["run_started", "run_lock_wait", "migration_started", "step_started", "lock_wait", "progress", "step_done", "migration_done", "failed", "note", "output", "notice", "run_done"]) {
    source.addEventListener(kind, take);
  }
  // The stream's last word is the operation itself; its last event (run_done) may be there before the result is.
  source.addEventListener("done", (event) => {
    const operation = JSON.parse(event.data);
    source.close();
    stop.remove();
    bar.value = bar.max;
    now.replaceChildren();
    more.replaceChildren(...operation.result ? outcome(operation.result) : [el("p", {}, el("b", {}, operation.summary))], ...(operation.error?.message ? [failure(new Failed({ error: operation.error.message }, 0))] : []));
    $("sheet-actions").replaceChildren(el("button", { class: "primary", click: () => $("sheet").close() }, "Close"));
  });
  source.addEventListener("error", (event) => {
    if (event.data) { source.close(); more.replaceChildren(failure(new Failed(JSON.parse(event.data), 0))); return; }
    now.textContent = "The connection is lost; asking again …";
  });
}

async function openHistory() {
  sheet("Runs", loading());
  try {
    const { operations } = await ask("/api/operations?limit=50");
    sheet("Runs", operations.length === 0 ? el("p", { class: "muted" }, "No run was begun in the background yet.")
      : el("table", {}, el("thead", {}, el("tr", {}, ["State", "Began", "Summary"].map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, operations.map((one) => el("tr", {}, el("td", {}, el("span", { class: `badge ${{ succeeded: "applied", running: "pending", failed: "orphaned" }[one.state] ?? "modified"}` }, one.state)),
          el("td", {}, moment(one.started_at)), el("td", {}, el("button", { class: "quiet", click: () => follow(one.id) }, one.summary || "Show")))))));
  } catch (error) {
    sheet("Runs", failure(error));
  }
}

// ---- what a person does ----

function setTheme(theme) {
  const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  if (theme) document.documentElement.dataset.theme = theme;
  $("theme").textContent = dark ? "☀" : "☾";
  $("theme").setAttribute("aria-label", dark ? "Light colours" : "Dark colours");
}

function move(by) {
  const buttons = [...$("list").querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  buttons[Math.max(0, Math.min(buttons.length - 1, at + by))]?.focus();
}

const KEYS = { "/": () => $("filter").focus(), r: refresh, R: refresh, j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) };

$("filter").addEventListener("input", () => { state.filter = $("filter").value.trim(); if (state.status) showList(); });
$("counts").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !state.status) return;
  state.only = state.only === button.dataset.state ? "" : button.dataset.state;
  show();
});
$("sources").querySelector("select").addEventListener("change", (event) => { state.source = event.target.value; state.status = null; refresh(); });
$("run").addEventListener("click", () => openRun());
$("check").addEventListener("click", openCheck);
$("detect").addEventListener("click", openDetect);
$("history").addEventListener("click", openHistory);
$("refresh").addEventListener("click", refresh);
$("theme").addEventListener("click", () => {
  const theme = $("theme").textContent === "☀" ? "light" : "dark";
  try { localStorage.setItem("truss-theme", theme); } catch { /* a private window keeps nothing */ }
  setTheme(theme);
});
document.addEventListener("keydown", (event) => {
  const writes = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && event.target === $("filter")) { $("filter").value = ""; $("filter").dispatchEvent(new Event("input")); $("filter").blur(); }
  if (event.ctrlKey || event.metaKey || event.altKey || writes || $("sheet").open || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
let theme = null;
try { theme = localStorage.getItem("truss-theme"); } catch { /* as above */ }
setTheme(theme);
startLogin(ask, refresh);
refresh();
setInterval(() => { if (!document.hidden && !$("sheet").open) refresh(); }, 15000);
