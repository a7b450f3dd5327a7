// What every page is made of: buttons, chips, tabs, notes, lists of facts, and the states of a page that has nothing to show.
import { h } from "../lib/h.js";
import { go, here, route } from "../lib/route.js";
import { icon } from "./icons.js";
import { toast } from "./toast.js";

/** A button; `kind`: "primary", "danger", "quiet" or none. */
export const button = ({ kind = "", ...props }, ...children) => h("button", { type: "button", class: kind, ...props }, children);

/** A state as a coloured word with a sign, so that colour is never all that tells it. `state`: a class of base.css. */
export const badge = ({ state, sign }, ...children) => h("span", { class: `badge ${state}` }, sign ? h("span", { "aria-hidden": "true" }, `${sign} `) : null, children);

/** Filters with counts: rows of { value, label, count, state }. The address keeps the choice as `name`; "" is all. */
export function chips({ name, label, rows }) {
  const chosen = route().query.get(name) ?? "";
  return h("div", { class: "chips", role: "group", "aria-label": label }, rows.map((row) => h("button", { key: row.value, type: "button", class: `chip ${row.state ?? ""}`,
    "aria-pressed": String(chosen === row.value), onclick: () => go(here({ [name]: chosen === row.value ? null : row.value })) },
  row.label, row.count == null ? null : h("b", {}, row.count.toLocaleString("en")))));
}

/** Tabs whose choice is in the address (?tab=): rows of { id, label, view }. The first is the one without a name. */
export function tabs({ label, rows }) {
  const wanted = route().query.get("tab");
  const at = Math.max(0, rows.findIndex((row) => row.id === wanted));
  const choose = (i) => { go(here({ tab: i === 0 ? null : rows[i].id }), { replace: true }); document.getElementById(`tab-${rows[i].id}`)?.focus(); };
  const move = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    choose((at + by + rows.length) % rows.length);
  };
  return h("div", { class: "tabbed" },
    h("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: move }, rows.map((row, i) => h("button", { key: row.id, type: "button", role: "tab", id: `tab-${row.id}`,
      "aria-selected": String(i === at), "aria-controls": "tab-panel", tabindex: i === at ? "0" : "-1", onclick: () => choose(i) }, row.label))),
    h("div", { key: rows[at].id, class: "tab-panel", id: "tab-panel", role: "tabpanel", "aria-labelledby": `tab-${rows[at].id}`, tabindex: "0" }, rows[at].view()));
}

/** Pairs of a name and a value; those without a value are left out. */
export const facts = ({ rows }) => h("dl", { class: "facts" }, rows.filter(([, value]) => value != null && value !== "").map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

/** A word to the side: `kind` is "info", "warning", "bad" or "good". */
export const note = ({ kind = "info", title, role }, ...children) => h("div", { class: `note ${kind}`, role }, icon({ info: "dot", warning: "warning", bad: "bad", good: "good" }[kind]),
  h("div", {}, title ? h("b", {}, title) : null, children));

/** An error of api.js, with what PostgreSQL said beside it. */
export function failure({ error, again }) {
  const { detail, hint, sqlstate, suggestions } = error.body ?? {};
  return note({ kind: "bad", role: "alert", title: error.message }, [detail ? h("div", {}, detail) : null, hint ? h("div", {}, hint) : null,
    suggestions?.length ? h("div", {}, `Did you mean ${suggestions.join(", ")}?`) : null,
    sqlstate ? h("div", { class: "muted" }, `SQLSTATE ${sqlstate}`) : null, again ? h("div", {}, button({ onclick: again }, "Try again")) : null]);
}

/** A page or a part of one that has nothing to show: why, and what to do. */
export const empty = ({ title, actions }, ...children) => h("div", { class: "empty" }, h("h2", {}, title), children, actions?.length ? h("div", { class: "actions" }, actions) : null);

/** Grey bars where something will be. */
export const skeleton = ({ lines = 6, label = "Asking …" }) => h("div", { class: "skeleton", role: "status", "aria-label": label }, Array.from({ length: lines }, (_, i) => h("div", { key: i })));

export async function copy(text, what = "It") {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} is copied.`);
  } catch {
    toast(`This browser does not let a page copy; mark it and press Ctrl-C.`, { kind: "bad" });
  }
}

/** A line to be copied into a terminal or psql. */
export const copyLine = ({ text, what }) => h("div", { class: "copy-line" }, h("code", { tabindex: "0" }, text), button({ kind: "quiet", "aria-label": `Copy ${what ?? "this line"}`, title: "Copy", onclick: () => copy(text, what) }, icon("copy")));

/** The head of a page: its one heading, what is said beside it, and its buttons. */
export const heading = ({ title, actions, more }) => h("div", { class: "heading" }, h("div", {}, h("h1", { tabindex: "-1", id: "title" }, title), more ?? null), actions ? h("div", { class: "actions" }, actions) : null);
