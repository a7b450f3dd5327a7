// SQL: a query is written, run, cancelled, explained, exported; its parts are in sql/.
import { h } from "../lib/h.js";
import { go, here, link, route } from "../lib/route.js";
import { ask, askFile, resource } from "../lib/api.js";
import { bytes, duration } from "../lib/format.js";
import { save } from "../lib/save.js";
import { button, copy, heading, note, tabs } from "../parts/basics.js";
import { toast } from "../parts/toast.js";
import { may, target } from "../store.js";
import { completion } from "./sql/complete.js";
import { sqlEditor } from "./sql/editor.js";
import * as kept from "./sql/kept.js";
import { askName, historyList, savedList } from "./sql/lists.js";
import { resultPart } from "./sql/result.js";
import { tableList } from "./sql/tables.js";
import { offsetOf, placeOf, statementAt } from "./sql/text.js";

/** By which a query can be cancelled: nobody guesses it. (randomUUID() is only there where a page has come by TLS.) */
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export function start({ draw }) {
  const database = () => route().query.get("database") ?? "";
  let going = null; // { kind, id, since, abort, bytes } while something is asked
  const relations = resource(() => ask(`/api/sql/tables?sizes=true${database() ? `&database=${encodeURIComponent(database())}` : ""}`), draw);
  const branches = resource(() => ask("/api/branches"), draw);
  const complete = completion({ tables: () => relations.data?.relations ?? [], database, changed: () => { editor.offerAgain(); draw(); } });
  const editor = sqlEditor({ run: () => run("query"), changed: (text) => { kept.keepDraft(text); draw(); }, complete: complete.at });
  const result = resultPart({ draw, exportAs, progress: () => going?.kind === "export" ? h("span", { class: "muted", role: "status" }, `${bytes(going.bytes ?? 0)} …`) : null });
  const tables = tableList(draw);
  let askedDatabase = database();

  const timer = setInterval(() => { if (going && !document.hidden) draw(); }, 250);

  function begin(kind) {
    going = { kind, id: newId(), since: Date.now(), abort: new AbortController() };
    draw();
    return going;
  }

  const body = (sql, mine) => ({ sql, queryId: mine.id, ...(database() ? { database: database() } : {}) });

  /** kind: "query", "explain", "analyze". */
  async function run(kind) {
    const { sql, from } = statementAt(editor.text(), ...editor.selection());
    if (going || !may("sql")) return;
    editor.mark(-1);
    const mine = begin(kind);
    const path = kind === "query" ? "/api/sql/query" : "/api/sql/explain";
    try {
      const answer = await ask(path, { ...body(sql, mine), ...(kind === "query" ? { rowMode: "array" } : { analyze: kind === "analyze" }) }, { signal: mine.abort.signal });
      result.show({ kind: kind === "query" ? "rows" : "plan", answer, sql });
      kept.remember({ sql, at: mine.since, ms: answer.durationMs ?? Date.now() - mine.since, rows: answer.rowCount ?? 0, database: answer.target?.database });
    } catch (error) { failed(error, sql, from, mine); }
    going = null;
    if (route().query.get("tab")) go(here({ tab: null }), { replace: true });
    draw();
  }

  function failed(error, sql, from, mine) {
    if (error.name === "AbortError") return result.show({ kind: "error", error: Object.assign(new Error("It was cancelled."), { body: {} }) });
    const offset = error.body?.position ? from + offsetOf(sql, error.body.position) : -1;
    result.show({ kind: "error", error, place: offset >= 0 ? placeOf(editor.text(), offset) : null });
    editor.mark(offset);
    kept.remember({ sql, at: mine.since, ms: Date.now() - mine.since, error: error.message, database: target()?.database });
  }

  /** The server is told to end it; who cannot tell it goes away, which ends it, too. */
  async function cancel() {
    const mine = going;
    if (!mine) return;
    if (mine.kind === "export") return mine.abort.abort();
    try { await ask("/api/sql/cancel", { queryId: mine.id }); } catch { mine.abort.abort(); }
  }

  async function exportAs(format) {
    const { sql } = statementAt(editor.text(), ...editor.selection());
    if (going) return;
    const mine = begin("export");
    try {
      const { blob, name } = await askFile("/api/sql/export", { ...body(sql, mine), format, ...(format === "csv" ? { spreadsheetSafe: true } : {}) }, { signal: mine.abort.signal, told: (size) => { mine.bytes = size; } });
      save(name ?? `query.${format}`, blob);
      toast(`${bytes(blob.size)} are saved.`);
    } catch (error) {
      toast(error.name === "AbortError" ? "The export was cancelled; no file is kept." : error.message, { kind: "bad" });
    }
    going = null;
    draw();
  }

  function look(sql) {
    editor.set(sql);
    run("query");
  }

  const open = (sql) => { editor.set(sql); go(here({ tab: null }), { replace: true }); editor.focus(); draw(); };

  function chooser() {
    const active = (branches.data?.branches ?? []).filter((one) => one.status === "active");
    if (active.length === 0 && database() === "") return null;
    return h("label", { class: "option" }, "In", h("select", { "aria-label": "Database", value: database(), onchange: (event) => go(here({ database: event.target.value })) }, h("option", { value: "" }, target()?.database ?? "the database"),
      active.map((one) => h("option", { key: one.branch_db, value: one.branch_db }, `branch ${one.label}`)), database() !== "" && !active.some((one) => one.branch_db === database()) ? h("option", { value: database() }, database()) : null));
  }

  function bar() {
    const nothing = editor.text().trim() === "";
    return h("div", { class: "bar-row run-bar" }, going ? button({ id: "cancel", kind: "danger", onclick: cancel }, `Cancel (${duration(Date.now() - going.since)})`) : button({ id: "run", kind: "primary", disabled: nothing || !may("sql"), title: "Ctrl-Enter", onclick: () => run("query") }, "Run"),
      button({ id: "explain", disabled: nothing || going !== null, title: "How it would be done; nothing is run", onclick: () => run("explain") }, "Explain"), button({ id: "analyze", disabled: nothing || going !== null, title: "Runs it to its end to measure it; its rows are thrown away", onclick: () => run("analyze") }, "Explain analyze"), chooser(),
      h("span", { class: "grow" }), button({ disabled: nothing, onclick: () => askName(statementAt(editor.text(), ...editor.selection()).sql, draw) }, "Save …"),
      button({ disabled: nothing, title: "Whoever opens it sees this text; it is not run by that", onclick: () => copy(`${location.origin}${link("sql", "", { database: database() || null, sql: editor.text() })}`, "The link") }, "Copy link"));
  }

  editor.set(route().query.get("sql") ?? kept.draft());
  relations.refresh();
  branches.refresh();
  return {
    title: () => "SQL",
    keys: { "/": () => editor.focus() },
    close() { clearInterval(timer); going?.abort.abort(); },
    routed() {
      if (askedDatabase === database()) return;
      askedDatabase = database();
      relations.forget();
      relations.refresh();
    },
    view() {
      return [heading({ title: "SQL" }), may("sql") ? null : note({ kind: "info" }, "To ask the database takes the scope “sql”."),
        h("div", { class: "workbench" }, tables.view(relations, { insert: editor.insert, look, columns: complete.columns }), h("div", { class: "work" }, editor.element, bar(),
          tabs({ label: "What came of it", rows: [{ id: "result", label: "Result", view: result.view }, { id: "history", label: "History", view: () => historyList({ open, draw }) }, { id: "saved", label: "Saved", view: () => savedList({ open, draw }) }] })))];
    },
  };
}
