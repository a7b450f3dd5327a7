// What was asked before, and what was kept under a name.
import { h } from "../../lib/h.js";
import { ago, duration, plural } from "../../lib/format.js";
import { visible } from "../../lib/plain.js";
import { badge, button, empty } from "../../parts/basics.js";
import { confirmDialog } from "../../parts/dialog.js";
import { formDialog } from "../../parts/form.js";
import { save } from "../../lib/save.js";
import { toast } from "../../parts/toast.js";
import * as kept from "./kept.js";

const query = (sql, open) => h("button", { type: "button", class: "query", title: "Put it into the editor", onclick: () => open(sql) }, h("code", {}, visible(sql.slice(0, 300).replaceAll(/\s+/g, " "))));

const local = () => h("p", { class: "muted" }, "This browser keeps them; nobody else sees them.");

export function historyList({ open, draw }) {
  const all = kept.history();
  if (all.length === 0) return empty({ title: "Nothing was asked yet" }, local());
  return [local(), h("ul", { class: "queries" }, all.map((one, i) => h("li", { key: `${one.at} ${i}` }, query(one.sql, open), h("span", { class: "muted" }, one.error ? badge({ state: "failed", sign: "✕" }, "failed") : `${plural(one.rows ?? 0, "row")}, ${duration(one.ms)}`, ` · ${one.database ?? ""} · ${ago(one.at)}`)))),
    button({ onclick: () => confirmDialog({ title: "Forget the history?", text: ["What is saved under a name stays."], label: "Forget it", act: async () => kept.forgetHistory(), done: draw }) }, "Forget all of it …")];
}

/** Asks before a name that is there gets another query; nothing of a file with a fault in it is taken. */
async function load(file, draw) {
  try {
    const queries = kept.readSaved(await file.text());
    const there = new Map(kept.saved().map((one) => [one.name, one.sql]));
    const taken = queries.filter((one) => there.has(one.name) && there.get(one.name) !== one.sql).length;
    const act = async () => { for (const one of queries) if (!kept.saveQuery(one.name, one.sql)) throw Object.assign(new Error("This browser keeps no more: its storage is full or off."), { body: {} }); };
    const done = () => { toast(`${plural(queries.length, "query", "queries")} of the file are saved.`); draw(); };
    if (taken === 0) { await act(); done(); } else confirmDialog({ title: `Replace ${plural(taken, "saved query", "saved queries")}?`, text: ["The file has another query under the same name."], label: "Replace", act, done });
  } catch (error) { toast(error.message, { kind: "bad" }); }
}

function files(all, draw) {
  return h("div", { class: "actions" }, h("label", { class: "button" }, "Load a file …", h("input", { type: "file", id: "load-saved", class: "hidden", accept: ".json,application/json", onchange: (event) => { const [file] = event.target.files; event.target.value = ""; if (file) load(file, draw); } })),
    all.length > 0 ? button({ onclick: () => save("saved-queries.json", kept.savedFile(), "application/json") }, "Save as a file") : null);
}

export function savedList({ open, draw }) {
  const all = kept.saved();
  if (all.length === 0) return empty({ title: "Nothing is saved yet", actions: [files(all, draw)] }, [h("p", {}, "“Save …” keeps the query under a name."), local()]);
  return [local(), files(all, draw), h("ul", { class: "queries" }, all.map((one) => h("li", { key: one.name }, h("b", {}, h("bdi", {}, visible(one.name))), query(one.sql, open),
    button({ kind: "quiet", "aria-label": `Delete ${one.name}`, onclick: () => { kept.dropQuery(one.name); draw(); } }, "Delete"))))];
}

export function askName(sql, draw) {
  formDialog({ title: "Save this query", label: "Save it", text: [h("code", {}, visible(sql.slice(0, 200)))], fields: [{ name: "name", label: "Name", most: 80, hint: "One that is there already gets this query." }],
    act: async ({ name }) => {
      if (name.trim() === "") throw Object.assign(new Error("It needs a name."), { body: {} });
      if (!kept.saveQuery(name.trim(), sql)) throw Object.assign(new Error("This browser keeps nothing here: its storage is full or off."), { body: {} });
    }, done: () => { toast("The query is saved."); draw(); } });
}
