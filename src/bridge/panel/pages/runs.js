// The newest runs, and one of them (runs/run.js) where the address names it.
import { h } from "../lib/h.js";
import { go, link, route } from "../lib/route.js";
import { duration, moment, plural } from "../lib/format.js";
import { badge, chips, empty, failure, heading, skeleton } from "../parts/basics.js";
import { virtualTable } from "../parts/table.js";
import { runs } from "../store.js";
import { runPage } from "./runs/run.js";
import { RUN_STATES, isMark, stateOf } from "./runs/states.js";

const took = (run) => isMark(run) ? "" : run.started_at ? duration((run.finished_at ? new Date(run.finished_at) : Date.now()) - new Date(run.started_at)) : "";

export function start({ draw }) {
  let open = null;
  const table = virtualTable({ label: "Runs", keyOf: (run) => run.id, rowProps: (run) => ({ onclick: (event) => { if (!event.target.closest("a")) go(link("runs", run.id)); } }), columns: [
    { name: "State", class: "col-state", cell: (run) => badge(RUN_STATES[stateOf(run)] ?? {}, stateOf(run)) },
    { name: "What came of it", class: "col-name", cell: (run) => h("a", { href: link("runs", run.id), title: run.summary }, run.summary || "A run") },
    { name: "By", class: "col-by", cell: (run) => h("span", { class: "muted", title: run.started_by || "Nobody was asked for a login" }, run.started_by || "–") },
    { name: "Began", class: "col-time wide", cell: (run) => h("time", { class: "muted" }, moment(run.started_at)) },
    { name: "Took", class: "col-took number", cell: (run) => h("span", { class: "muted" }, took(run)) },
  ] });

  function routed() {
    const id = route().rest;
    if ((open?.id ?? "") === id) return;
    open?.close();
    open = id ? runPage({ id, draw }) : null;
  }

  function list() {
    const { data, error } = runs;
    if (!data) return error ? failure({ error, again: runs.refresh }) : skeleton({});
    const all = data.operations;
    const only = route().query.get("state") ?? "";
    const rows = only ? all.filter((run) => stateOf(run) === only) : all;
    table.show(rows);
    const states = Object.keys(RUN_STATES).filter((state) => all.some((run) => stateOf(run) === state));
    return all.length === 0 ? empty({ title: "Nothing was run yet", actions: [h("a", { class: "button", href: link("migrations") }, "Migrations")] }, h("p", {}, "Every run in the background is here, whoever began it (this page, the command line, a pipeline), and what was marked as applied without a run."))
      : [h("div", { class: "bar-row" }, chips({ name: "state", label: "Only those in one state", rows: states.map((state) => ({ value: state, label: state, state: RUN_STATES[state].state, count: all.filter((run) => stateOf(run) === state).length })) }),
        h("span", { class: "muted" }, all.length >= 100 ? "the newest 100" : plural(all.length, "run"))), table.element];
  }

  routed();
  return {
    title: () => open ? "Run" : "Runs",
    routed,
    close: () => open?.close(),
    keys: { j: () => table.focus(0), ArrowDown: () => table.focus(0) },
    view: () => open ? open.view() : h("section", { class: "list", "aria-label": "Runs" }, heading({ title: "Runs" }), list()),
  };
}
