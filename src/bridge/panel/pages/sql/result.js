// What came of a query: its rows, its plan, or why it was not run; and what can be taken from it.
import { h } from "../../lib/h.js";
import { bytes, duration, plural } from "../../lib/format.js";
import { button, copy, empty, failure, note } from "../../parts/basics.js";
import { code } from "../../parts/code.js";
import { resultGrid, textOf } from "./grid.js";
import { planTree } from "./plan_tree.js";
import { valuePane } from "./value.js";

/** For a spreadsheet: tabs between values, and no value has a tab or an end of line. */
const line = (values) => values.map((value) => value === null ? "" : textOf(value).replaceAll(/[\t\r\n]+/g, " ")).join("\t");

/** The characters at which the service has cut values, as it says; null: it has cut none. */
function cutAt({ warnings }) {
  const found = (warnings ?? []).map((text) => /^Values of more than (\d+) characters are cut/.exec(text)).find(Boolean);
  return found ? Number(found[1]) : null;
}

/** Answers { show(answer), view() }. `act`: { draw, exportAs(kind), progress() }. */
export function resultPart(act) {
  let told = null; // { kind: "rows" | "plan" | "error", … }
  let isOpen = false;
  const grid = resultGrid({ opened: () => open(true), moved: act.draw });
  const open = (is) => {
    isOpen = is;
    grid.element.classList.toggle("short", is);
    act.draw();
    if (is) requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector(".value")?.scrollIntoView({ block: "nearest" })));
    else grid.element.focus();
  };
  const columns = () => told.answer.columns.map((name, i) => ({ name, type: told.answer.columnsDetail?.[i]?.type ?? "" }));

  grid.element.addEventListener("keydown", (event) => {
    if (event.key !== "c" || !(event.ctrlKey || event.metaKey) || String(getSelection()) !== "" || told?.kind !== "rows") return;
    event.preventDefault();
    copyCell();
  });

  const value = () => told.answer.values[grid.at().row]?.[grid.at().column];
  const copyCell = () => copy(value() === null ? "" : textOf(value()), "The value");
  const copyAll = () => copy([line(told.answer.columns), ...told.answer.values.map(line)].join("\n"), told.answer.truncated ? "What is listed" : "The result");

  function summary({ answer }) {
    const rows = plural(answer.rowCount, "row");
    const cut = [answer.truncatedBy === "rows" ? `the first ${rows}; an export has all` : answer.truncatedBy === "bytes" && cutAt(answer) === null ? `the first ${rows}: more would be too large` : rows, cutAt(answer) !== null ? "long values are cut" : ""].filter(Boolean).join(", ");
    return h("p", { role: "status", id: "summary" }, h("b", {}, cut), h("span", { class: "muted" }, ` · ${plural(answer.columns.length, "column")} · ${duration(answer.durationMs)} · as ${answer.role} in ${answer.target?.database ?? ""}`));
  }

  function tools() {
    const hasRows = told.answer.values.length > 0;
    return h("div", { class: "actions tools" }, button({ disabled: !hasRows, onclick: copyCell }, "Copy cell"), button({ disabled: !hasRows, onclick: () => copy(line(told.answer.values[grid.at().row]), "The row") }, "Copy row"), button({ disabled: !hasRows, onclick: copyAll }, "Copy all"),
      button({ disabled: !hasRows, "aria-pressed": String(isOpen), onclick: () => open(!isOpen) }, "Open value"),
      ["csv", "json", "ndjson"].map((kind) => button({ key: kind, id: `export-${kind}`, title: "All rows of the query, as a file", onclick: () => act.exportAs(kind) }, kind.toUpperCase())), act.progress());
  }

  const remarks = (all) => all.length === 0 ? null : h("details", { class: "remarks" }, h("summary", { class: "muted" }, plural(all.length, "remark")), all.map((text) => note({ kind: "warning" }, text)));

  function rows() {
    const { answer } = told;
    return [h("div", { class: "bar-row" }, summary(told), tools()), answer.columns.length === 0 ? empty({ title: "It has no columns" }) : grid.element,
      answer.values.length === 0 && answer.columns.length > 0 ? h("p", { class: "muted" }, "No row fits.") : null,
      isOpen && answer.values.length > 0 ? valuePane({ column: columns()[grid.at().column], row: grid.at().row, value: value(), cutAt: cutAt(answer), close: () => open(false) }) : null, remarks(answer.warnings ?? [])];
  }

  function refused({ error, place }) {
    const reason = error.body?.reason;
    return [failure({ error }), place ? h("p", {}, `Line ${place.line}, column ${place.column}.`) : null, reason ? h("p", { class: "muted" }, `Refused before it was sent (${reason}). The workbench takes one statement that only reads: SELECT, TABLE, VALUES, WITH, or EXPLAIN of one.`) : null];
  }

  return {
    show(next) {
      told = next;
      isOpen = false;
      grid.element.classList.remove("short");
      if (told?.kind === "rows") grid.show({ columns: columns(), rows: told.answer.values });
    },
    view() {
      if (told === null) return empty({ title: "Ask the database something" }, h("p", {}, "Ctrl-Enter runs the statement with the caret, or what is marked. It can only read: it runs in a transaction that is rolled back."));
      if (told.kind === "error") return refused(told);
      if (told.kind === "rows") return rows();
      const text = JSON.stringify(told.answer.plan, null, 2);
      return [planTree(told.answer), h("details", {}, h("summary", {}, `As PostgreSQL says it (${bytes(text.length)})`), code({ text, label: "Plan" })), remarks(told.answer.warnings ?? [])];
    },
  };
}
