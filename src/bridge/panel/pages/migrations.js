// Every migration of the chosen framework: what is to be done first, in a sentence; then the list; beside it the one that is open.
import { h } from "../lib/h.js";
import { go, here, link, route } from "../lib/route.js";
import { ask, resource, withFramework } from "../lib/api.js";
import { duration, minute, moment, plural, zone } from "../lib/format.js";
import { STATES, counts, detailOf, lastApplied, ordered, reasonOf, risks, stateOf } from "../lib/migration.js";
import { badge, chips, empty, heading, note, skeleton } from "../parts/basics.js";
import { virtualTable } from "../parts/table.js";
import { may, running, status } from "../store.js";
import { badState } from "./migrations/bad.js";
import { detail } from "./migrations/detail.js";
import { selectionBar } from "./migrations/selection.js";

const PLANNED = 300; // pending ones up to which the list asks for their plan by itself

/** One sentence about all of it, and what to do now. */
function sentence(data) {
  const found = counts(data.migrations);
  const edited = [found.modified && `${plural(found.modified, "migration")} changed since ${found.modified === 1 ? "it was" : "they were"} applied`, found.orphaned && `the ${found.orphaned === 1 ? "file of one applied migration is" : `files of ${found.orphaned} applied migrations are`} gone`].filter(Boolean).join("; ");
  if (data.problem) return { state: "failed", text: data.migrations.length === 0 ? "No migrations were found." : "Whether anything is pending is not known." };
  if (running().length > 0 && found.failed + found.pending > 0) return { state: "pending", text: "A run is under way.", more: `${plural(found.pending + found.failed, "migration is", "migrations are")} pending.`, watch: running()[0].id };
  if (found.failed) return { state: "failed", runs: found.failed + found.pending, text: `${plural(found.failed, "migration")} failed${found.pending ? `; ${found.pending} more ${found.pending === 1 ? "is" : "are"} pending` : ""}.`, open: data.migrations.find((one) => stateOf(one) === "failed") };
  if (found.pending) return { state: "pending", text: `${plural(found.pending, "migration is", "migrations are")} pending.`, more: edited && `Beside that, ${edited}.`, runs: found.pending };
  if (edited) return { state: "modified", text: `Nothing is pending; ${edited}.` };
  const last = lastApplied(data.migrations);
  return { state: "applied", text: data.migrations.length === 0 ? "There are no migrations yet." : `All ${plural(found.applied, "migration")} are applied.`, more: last && `The last one at ${moment(last)}.` };
}

function head(data) {
  const said = sentence(data);
  return heading({ title: said.text, more: [h("p", { class: "muted" }, said.more ? `${said.more} ` : "", data.folder ? ["Folder ", h("code", {}, data.folder), " · "] : null, data.tracking_table ? [data.folder ? "tracking table " : "Tracking table ", h("code", {}, data.tracking_table)] : data.folder ? "no tracking table yet" : "No tracking table yet"),
    !data.tracking_table && data.summary?.pending && may("mark") ? h("p", { class: "muted" }, "Are its tables there already? ", h("a", { href: link("adopt") }, "Adopt this database")) : null],
    actions: [said.watch ? h("a", { class: "button primary", href: link("runs", said.watch) }, "Watch the run") : null, said.open ? h("a", { class: "button", href: link("migrations", said.open.name) }, "See why") : null,
      said.runs && may("run") ? h("a", { class: "button primary", id: "run", href: link("review") }, `Review and run ${said.runs.toLocaleString("en")}`) : null] });
}

/** Asks for the plan of what is pending, once for each state of files and table. */
function plans(draw) {
  let of = "";
  let seen = null;
  const asked = resource(() => ask(withFramework("/api/migrations/plan")), draw);
  return {
    refusal: () => asked.data?.refusal ?? null,
    byName: () => new Map((asked.data?.migrations ?? []).map((one) => [one.name, one])),
    follow(data) {
      if (data === seen) return;
      seen = data;
      const pending = data.migrations.filter((one) => one.state === "pending");
      if (pending.length > PLANNED) return;
      const now = `${data.framework_id} ${data.folder} ${pending.map((one) => `${one.name} ${one.file_hash}`).join()}`;
      if (now === of || pending.length === 0) return;
      of = now;
      asked.forget();
      asked.refresh();
    },
  };
}

function riskCell(one, planned) {
  if (one.state !== "pending") return null;
  if (!planned) return h("span", { class: "muted", title: "It is known in Review and run" }, "–");
  const found = risks(planned);
  if (found.length === 0) return h("span", { class: "muted", title: "Nothing that it does stops readers or writers" }, "none");
  return h("span", { title: found.map((risk) => `${risk.label}: ${risk.why}`).join("; ") }, badge({ state: found[0].state }, found[0].label), found.length > 1 ? h("small", { class: "muted" }, ` +${found.length - 1}`) : null);
}

/** Who had it applied, as far as it is known; the run, where only that is. */
function byCell(one) {
  if (one.applied_by) return h("span", { class: "muted", title: `Applied by ${one.applied_by}` }, one.applied_by);
  return one.applied_in ? h("a", { class: "muted", href: link("runs", one.applied_in), title: "Nobody was asked for a login" }, "a run") : null;
}

const selected = new Set(); // names of those that are ticked; they stay so while another page is looked at

export function start({ draw }) {
  const planned = plans(draw);
  let byName = new Map();
  let shownFor = null;

  const toggle = (one) => { selected.has(one.name) ? selected.delete(one.name) : selected.add(one.name); draw(); };
  const table = virtualTable({
    label: "Migrations", keyOf: (one) => one.name, rowProps: (one) => ({ class: one.name === route().rest ? "open" : "", onclick: (event) => { if (!event.target.closest("a, button, input")) go(link("migrations", one.name, kept())); } }),
    columns: [
      { name: h("span", { class: "hidden" }, "Selected"), class: "col-check", cell: (one) => one.state === "pending" ? h("input", { type: "checkbox", "aria-label": `Select ${one.name}`, checked: selected.has(one.name), onchange: () => toggle(one) }) : null },
      { name: "State", class: "col-state", cell: (one) => badge({ state: stateOf(one), sign: STATES[stateOf(one)].sign }, STATES[stateOf(one)].label) },
      { name: "Name", class: "col-name", cell: (one) => [h("a", { href: link("migrations", one.name, kept()), title: one.name }, one.name), extra(one)] },
      { name: "Risk", class: "col-risk", cell: (one) => riskCell(one, byName.get(one.name)) },
      { name: `Applied (${zone()})`, class: "col-time", cell: (one) => h("time", { class: "muted", title: moment(one.applied_at) }, minute(one.applied_at)) },
      { name: "By", class: "col-by", cell: byCell },
      { name: "Took", class: "col-took number", cell: (one) => h("span", { class: "muted" }, duration(one.duration_ms)) },
    ],
  });
  const extra = (one) => {
    const reason = reasonOf(one);
    const run = one.state === "pending" ? running().find((other) => other.migration === one.name) : null;
    if (run) return h("a", { class: "why live", href: link("runs", run.id) }, "running now");
    return reason ? h("span", { class: "why failed", title: reason }, reason) : detailOf(one) ? h("span", { class: "why muted" }, detailOf(one)) : null;
  };
  const kept = () => ({ state: route().query.get("state"), q: route().query.get("q") });

  function filtered(data) {
    const only = route().query.get("state") ?? "";
    const sought = (route().query.get("q") ?? "").toLowerCase();
    if (only === "" && sought === "") return ordered(data.migrations);
    return ordered(data.migrations).filter((one) => (only === "" || stateOf(one) === only) && one.name.toLowerCase().includes(sought));
  }

  function list(data) {
    const found = counts(data.migrations);
    const rows = filtered(data);
    byName = planned.byName();
    planned.follow(data);
    if (selected.size > 0) for (const name of selected) if (!data.migrations.some((one) => one.name === name && one.state === "pending")) selected.delete(name);
    table.show(rows);
    const wanted = `${data.framework_id} ${route().query}`;
    if (shownFor !== null && shownFor !== wanted) table.element.scrollTop = 0;
    shownFor = wanted;
    return h("section", { key: "list", class: "list", "aria-label": "Migrations" },
      h("div", { class: "bar-row" }, chips({ name: "state", label: "Only those in one state", rows: Object.keys(STATES).filter((state) => found[state] > 0).map((state) => ({ value: state, label: STATES[state].label, count: found[state], state })) }),
        h("input", { type: "search", id: "filter", placeholder: "Filter by name", "aria-label": "Filter by name", "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false", value: route().query.get("q") ?? "",
          oninput: (event) => go(here({ q: event.target.value.trim() }), { replace: true }) }),
        h("span", { class: "muted", id: "shown", role: "status" }, rows.length === data.migrations.length ? plural(rows.length, "migration") : `${rows.length.toLocaleString("en")} of ${data.migrations.length.toLocaleString("en")}`)),
      selected.size > 0 ? selectionBar({ selected, migrations: data.migrations, clear: () => { selected.clear(); draw(); } }) : null,
      rows.length === 0 ? empty({ title: "None of them matches" }, h("p", {}, h("a", { href: link("migrations") }, "Show all"))) : table.element);
  }

  return {
    title: () => route().rest || "Migrations",
    keys: {
      "/": () => document.getElementById("filter")?.focus(),
      j: () => table.focus(0), ArrowDown: () => table.focus(0),
      Escape: () => { if (route().rest) go(link("migrations", "", kept())); },
    },
    view() {
      const { data, error } = status;
      if (!data) return error ? badState(error) : skeleton({ lines: 9 });
      if (!data.framework || (data.sources ?? []).length > 1 && !data.sources.some((source) => source.chosen)) return badState(null, data);
      const name = route().rest;
      const one = name === "" ? null : data.migrations.find((migration) => migration.name === name);
      return h("div", { class: `split ${name ? "has-detail" : ""}` },
        h("div", { class: "main-side" }, head(data), data.problem ? note({ kind: "bad", role: "alert" }, data.problem) : null, (data.warnings ?? []).filter((text) => text !== data.problem).map((text) => note({ kind: "warning" }, text)), data.edits_unseen ? note({ kind: "info" }, data.edits_unseen) : null, list(data)),
        name ? h("aside", { key: name, class: "detail-side", "aria-label": name }, one ? detail({ one, data, planned: byName.get(name), refusal: planned.refusal(), draw, closeLink: link("migrations", "", kept()) })
          : empty({ title: "There is no such migration", actions: [h("a", { class: "button", href: link("migrations") }, "All migrations")] }, h("p", {}, name))) : null);
    },
  };
}
