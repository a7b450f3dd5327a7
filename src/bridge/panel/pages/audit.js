// Who did what: the rows of the audit, the newest first, joined to actions; whether all of it is as it was written; a file of it.
import { h } from "../lib/h.js";
import { go, here, link, route } from "../lib/route.js";
import { ask, resource } from "../lib/api.js";
import { minute, moment, plural, zone } from "../lib/format.js";
import { save } from "../lib/save.js";
import { badge, button, chips, copyLine, empty, facts, failure, heading, note, skeleton } from "../parts/basics.js";
import { virtualTable } from "../parts/table.js";

const PAGE = 1000; // rows of one answer: the service gives no more
const EXPORT_MOST = 200000; // rows that one file of this page holds

/** Rows of one page, the newest first. `before`: the number in front of which it ends, null for the newest. */
const pageOf = (before) => ask(`/api/audit?newest_first=true&limit=${PAGE}${before === null ? "" : `&before=${before}`}`);

const GROUPS = { OK: "done", STARTED: "going on", BEGUN: "no end is known", FAILED: "failed" };
const STATES = { done: "applied", "going on": "running", "no end is known": "warning", failed: "failed", refused: "orphaned" };
const SIGNS = { done: "✓", "going on": "▸", "no end is known": "?", failed: "✕", refused: "–" };
const groupOf = (action) => GROUPS[action.last.outcome] ?? "refused";

/** Rows (the newest first) of one request and method are one action, the newest first: { first, last, rows }. */
function actionsOf(rows) {
  const found = new Map();
  for (const row of rows.toReversed()) {
    const key = `${row.request} ${row.action}`;
    const action = found.get(key);
    if (action && action.last.outcome !== "OK" && row.outcome !== "BEGUN") Object.assign(action, { last: row, rows: [...action.rows, row] });
    else found.set(action ? `${key} ${row.number}` : key, { first: row, last: row, rows: [row] });
  }
  return [...found.values()].reverse();
}

/** "truss.branch.v1.BranchService/ProtectBranch" → "Protect branch" */
const verb = (action) => {
  const words = (action.split("/").at(-1) ?? "").replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};
const actor = (row) => row.actor || (row.actorKind === "anonymous" ? "nobody asked" : row.actorKind);
const haystack = (action) => [action.first.actor, action.first.action, action.first.subject, action.first.origin, action.first.target, action.last.outcome, action.last.detail, action.first.request].join(" ").toLowerCase();

function detail(action) {
  const { first, last } = action;
  return h("aside", { key: first.number, class: "detail-side", "aria-label": `Row ${first.number}` },
    h("div", { class: "detail-head" }, h("h1", { class: "detail-title" }, verb(first.action)), h("a", { class: "button quiet", href: link("audit", "", kept()) }, "Close")),
    facts({ rows: [["Outcome", badge({ state: STATES[groupOf(action)], sign: SIGNS[groupOf(action)] }, last.outcome === "FAILED" || GROUPS[last.outcome] ? groupOf(action) : last.outcome)], ["Said", last.detail], ["Who", actor(first)], ["Known by", first.actorKind], ["From", first.origin],
      ["What", first.subject], ["Method", first.action], ["Database", first.target], ["Began", moment(first.at)], ["Ended", action.rows.length > 1 && last.outcome !== "STARTED" ? moment(last.at) : null], ["Plan", first.planHash], ["Request", first.request], ["Digest of the request", first.digest]] }),
    h("h3", {}, "Rows"), action.rows.map((row) => h("div", { key: row.number }, h("p", { class: "muted" }, `${row.number}: ${row.outcome}, ${moment(row.at)}`), copyLine({ text: row.hash, what: `The hash of row ${row.number}` }))),
    last.outcome === "BEGUN" ? note({ kind: "warning" }, "Only its beginning is on this page: it goes on, or whoever did it was ended. What it changed stands in the database, not here.") : null);
}

const kept = () => Object.fromEntries(["outcome", "q", "before"].map((name) => [name, route().query.get(name)]));

function csv(rows) {
  const names = Object.keys(rows[0] ?? { number: 0 });
  // A ' before what a spreadsheet would take for a formula.
  const cell = (value) => `"${String(value ?? "").replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  return [names.join(","), ...rows.map((row) => names.map((name) => cell(row[name])).join(","))].join("\r\n") + "\r\n";
}

/** All rows, page by page; `told(count)` says how far it is. */
async function everyRow(told) {
  const rows = [];
  for (let after = 0; after !== null && rows.length < EXPORT_MOST;) {
    const answer = await ask(`/api/audit?after=${after}&limit=${PAGE}`);
    rows.push(...answer.rows);
    after = answer.next;
    told(rows.length);
  }
  return rows;
}

export function start({ draw }) {
  let verified = null;
  let keptHash = "";
  let isVerifying = false;
  let exported = "";
  const before = () => route().query.get("before");
  const rows = resource(() => pageOf(before() === null ? null : Number(before()) || 1), draw);
  const table = virtualTable({ label: "Audit", keyOf: (action) => action.first.number, rowProps: (action) => ({ class: String(action.first.number) === route().rest ? "open" : "", onclick: (event) => { if (!event.target.closest("a")) go(link("audit", String(action.first.number), kept())); } }), columns: [
    { name: "Outcome", class: "col-outcome", cell: (action) => badge({ state: STATES[groupOf(action)], sign: SIGNS[groupOf(action)] }, groupOf(action)) },
    { name: "What", class: "col-label", cell: (action) => [h("a", { href: link("audit", String(action.first.number), kept()) }, verb(action.first.action)), h("span", { class: "why muted", title: action.first.subject }, action.first.subject)] },
    { name: "Who", class: "col-who", cell: (action) => h("span", { title: `${actor(action.first)}, ${action.first.origin}` }, actor(action.first)) },
    { name: `At (${zone()})`, class: "col-end", cell: (action) => h("time", { class: "muted", title: moment(action.first.at) }, minute(action.first.at)) },
    { name: "Row", class: "col-number number", cell: (action) => h("span", { class: "muted" }, action.first.number) },
  ] });

  async function verify() {
    isVerifying = true;
    draw();
    const hash = keptHash.trim();
    try { verified = { ...await ask(`/api/audit/verify${hash === "" ? "" : `?hash=${encodeURIComponent(hash)}`}`), kept: hash }; } catch (error) { verified = { error }; }
    isVerifying = false;
    draw();
  }

  async function download(kind) {
    try {
      const all = await everyRow((count) => { exported = `${plural(count, "row")} …`; draw(); });
      save(`audit.${kind}`, kind === "csv" ? csv(all) : all.map((row) => `${JSON.stringify(row)}\n`).join(""), kind === "csv" ? "text/csv" : "application/x-ndjson");
      exported = all.length >= EXPORT_MOST ? `The first ${plural(all.length, "row")}; the rest by truss audit --json` : `${plural(all.length, "row")} saved`;
    } catch (error) { exported = error.message; }
    draw();
  }

  const chain = () => verified === null ? null : verified.error ? failure({ error: verified.error, again: verify })
    : note({ kind: verified.ok ? (verified.rows > 0 ? "good" : "info") : "bad", role: "status", title: verified.ok ? undefined : "The audit is not as it was written." }, [h("div", {}, verified.summary),
      verified.ok && verified.kept ? h("div", {}, "One of them has the hash that you kept.") : null,
      verified.ok && verified.rows > 0 ? h("div", { class: "muted" }, "Keep this hash elsewhere: who has it finds rows that were cut off at the end.") : null,
      !verified.ok && verified.broken ? h("a", { href: link("audit", String(verified.broken), { before: String(verified.broken + 50) }) }, `See row ${verified.broken}`) : null]);

  const verifying = () => h("form", { class: "bar-row", onsubmit: (event) => { event.preventDefault(); verify(); } }, h("label", { for: "kept-hash" }, "A hash that you kept"),
    h("input", { id: "kept-hash", type: "text", maxlength: 100, placeholder: "may be empty", autocomplete: "off", spellcheck: "false", value: keptHash, oninput: (event) => { keptHash = event.target.value; } }),
    h("button", { id: "verify", type: "submit", disabled: isVerifying }, isVerifying ? "Reading all of it …" : "Verify"));

  function filtered(actions) {
    const only = route().query.get("outcome") ?? "";
    const sought = (route().query.get("q") ?? "").toLowerCase();
    return actions.filter((action) => (only === "" || groupOf(action) === only) && haystack(action).includes(sought));
  }

  const pager = (data) => data.next === null && before() === null ? null : h("nav", { class: "actions pager", "aria-label": "Pages of the audit" }, before() === null ? null : [h("a", { class: "button", href: here({ before: null }) }, "Newest"), h("a", { class: "button", href: here({ before: String(Number(before()) + PAGE) }) }, "Newer")],
    h("a", { class: "button", "aria-disabled": data.next === null ? "true" : null, href: data.next === null ? null : here({ before: String(data.next) }) }, "Older"),
    h("span", { class: "muted" }, data.rows.length === 0 ? "" : `rows ${data.rows[0].number.toLocaleString("en")} to ${data.rows.at(-1).number.toLocaleString("en")}`));

  function list(data) {
    const actions = actionsOf(data.rows);
    const shown = filtered(actions);
    table.show(shown);
    const groups = [...new Set(actions.map(groupOf))];
    return h("div", { class: "list" }, h("div", { class: "bar-row" }, chips({ name: "outcome", label: "Only one outcome", rows: groups.map((group) => ({ value: group, label: group, count: actions.filter((action) => groupOf(action) === group).length })) }),
      h("input", { type: "search", id: "filter", placeholder: "Filter this page", "aria-label": "Filter this page by who, what, where", value: route().query.get("q") ?? "", oninput: (event) => go(here({ q: event.target.value }), { replace: true }) }),
      h("span", { class: "muted", role: "status" }, plural(shown.length, "action"))), shown.length === 0 ? empty({ title: "None of them matches" }) : table.element, pager(data));
  }

  const nothing = (data) => empty({ title: before() !== null ? "There are no rows in front of this one" : "Nothing is written down" }, [h("p", {}, data.note ?? "The worker writes who did what once it asks for a login (--tokens), or is told to:"), !data.note || data.note.includes("--audit") ? copyLine({ text: "truss-worker --audit …", what: "The command" }) : null]);

  let asked = before();
  rows.refresh();
  return {
    title: () => "Audit",
    keys: { "/": () => document.getElementById("filter")?.focus(), j: () => table.focus(0), ArrowDown: () => table.focus(0), Escape: () => { if (route().rest) go(link("audit", "", kept())); } },
    routed() {
      if (asked === before()) return;
      asked = before();
      rows.refresh();
    },
    view() {
      const { data, error } = rows;
      const one = route().rest;
      const action = data && one ? actionsOf(data.rows).find((action) => action.rows.some((row) => String(row.number) === one)) : null;
      return h("div", { class: `split ${one ? "has-detail" : ""}` }, h("div", { class: "main-side" },
        heading({ title: "Audit", more: h("p", { class: "muted" }, "Who did what. Each row has the hash of the one before it in its own."), actions: [
          button({ onclick: () => download("csv") }, "Save as CSV"), button({ onclick: () => download("ndjson") }, "NDJSON"), button({ onclick: rows.refresh }, "Look again")] }),
        verifying(), exported ? h("p", { class: "muted", role: "status" }, exported) : null, chain(), error ? failure({ error, again: rows.refresh }) : null, !data ? (error ? null : skeleton({})) : data.rows.length === 0 ? nothing(data) : list(data)),
      !one || !data ? null : action ? detail(action) : h("aside", { class: "detail-side" }, empty({ title: `Row ${one} is not on this page`, actions: [h("a", { class: "button", href: link("audit", one, { before: String(Number(one) + 50) }) }, "Go there")] })));
    },
  };
}
