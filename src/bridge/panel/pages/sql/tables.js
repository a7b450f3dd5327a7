// The tables and views that can be read: looked through, opened, and put into the query.
import { h } from "../../lib/h.js";
import { bytes, plural } from "../../lib/format.js";
import { visible } from "../../lib/plain.js";
import { button, failure, skeleton } from "../../parts/basics.js";
import { quoted } from "./text.js";

const MOST = 400; // that are listed at once

const nameOf = (one) => one.schema === "public" ? quoted(one.name) : `${quoted(one.schema)}.${quoted(one.name)}`;

/** Answers { view(relations, act) }: `relations` a resource; `act`: { insert(text), look(sql), columns(schema, name) }. */
export function tableList(draw) {
  let sought = "";
  const open = new Set();

  function columns(one, act) {
    const all = act.columns(one.schema, one.name);
    return h("ul", { class: "columns" }, all.length === 0 ? h("li", { class: "muted" }, "…") : all.map((column) => h("li", { key: column.name }, h("button", { type: "button", class: "name", title: `${visible(column.name)}: ${column.type}${column.nullable ? "" : ", not null"}`, onclick: () => act.insert(quoted(column.name)) }, h("bdi", {}, visible(column.name)), h("small", { class: "muted" }, column.type)))),
      h("li", {}, button({ kind: "quiet", onclick: () => act.look(`SELECT * FROM ${nameOf(one)} LIMIT 100`) }, "First 100 rows"), button({ kind: "quiet", onclick: () => act.insert(nameOf(one)) }, "Insert its name")));
  }

  function row(one, act) {
    const key = `${one.schema}.${one.name}`;
    const toggle = () => { open.has(key) ? open.delete(key) : open.add(key); draw(); };
    return h("li", { key }, h("button", { type: "button", class: "name", "aria-expanded": String(open.has(key)), title: `${visible(key)}, ${one.kind}${one.rowsEstimate == null ? "" : `, about ${plural(Math.round(one.rowsEstimate), "row")}`}`, onclick: toggle },
      h("span", {}, h("span", { "aria-hidden": "true", class: "muted" }, open.has(key) ? "▾ " : "▸ "), one.schema === "public" ? null : h("span", { class: "muted" }, visible(one.schema), "."), h("bdi", {}, visible(one.name))), h("small", { class: "muted" }, one.kind === "table" ? bytes(one.bytes) : one.kind)),
    open.has(key) ? columns(one, act) : null);
  }

  return {
    view(relations, act) {
      const { data, error } = relations;
      const all = (data?.relations ?? []).filter((one) => `${one.schema}.${one.name}`.toLowerCase().includes(sought.toLowerCase()));
      return h("section", { class: "tables", "aria-label": "Tables" }, h("input", { type: "search", placeholder: "Filter tables", "aria-label": "Filter tables", value: sought, oninput: (event) => { sought = event.target.value; draw(); } }),
        !data ? (error ? failure({ error, again: relations.refresh }) : skeleton({ lines: 4 })) : [h("ul", {}, all.slice(0, MOST).map((one) => row(one, act))),
          all.length > MOST ? h("p", { class: "muted" }, `${(all.length - MOST).toLocaleString("en")} more: filter.`) : all.length === 0 ? h("p", { class: "muted" }, sought ? "None has this name." : "There are no tables that can be read.") : null]);
    },
  };
}
