// Backups of the database: what is there and how good it is known to be; when they are made by themselves; one that is open.
import { h } from "../lib/h.js";
import { go, link, route } from "../lib/route.js";
import { ask, resource } from "../lib/api.js";
import { bytes, minute, moment, plural, zone } from "../lib/format.js";
import { badge, button, copyLine, empty, failure, heading, note, skeleton, tabs } from "../parts/basics.js";
import { virtualTable } from "../parts/table.js";
import { may } from "../store.js";
import { createBackup } from "./backups/actions.js";
import { backupDetail, isBusy, isStore, stateOf } from "./backups/detail.js";
import { schedulePart } from "./backups/schedule.js";

const VERIFIED = { restored: { state: "applied", sign: "✓", text: "restored on trial" }, read: { state: "applied", sign: "✓", text: "read whole" }, damaged: { state: "failed", sign: "✕", text: "damaged" }, "": { state: "warning", sign: "?", text: "not verified" } };

function verified(one) {
  if (one.status !== "completed" && one.verified !== "damaged") return null;
  const how = VERIFIED[one.verified] ?? { state: "warning", sign: "?", text: one.verified };
  return badge(how, how.text);
}

const notSetUp = () => empty({ title: "Backups are not set up" }, [h("p", {}, "The worker needs a folder for them, which all workers of this database share, or an S3-compatible store, and the programs of PostgreSQL (pg_dump, pg_restore):"), copyLine({ text: "truss-worker --backups /var/backups/truss …", what: "The command" }),
  h("p", {}, "A backup is a file of pg_dump with a checksum. It is restored into a new branch, never over the database.")]);

export function start({ draw }) {
  const backups = resource(() => ask("/api/backups"), draw);
  const schedule = schedulePart(draw);
  const kept = () => ({ tab: route().query.get("tab") });
  const table = virtualTable({ label: "Backups", keyOf: (one) => one.id, rowProps: (one) => ({ class: String(one.id) === route().rest ? "open" : "", onclick: (event) => { if (!event.target.closest("a")) go(link("backups", String(one.id), kept())); } }), columns: [
    { name: "State", class: "col-state", cell: (one) => badge(stateOf(one), one.detail_status) },
    { name: "Backup", class: "col-label", cell: (one) => [h("a", { href: link("backups", String(one.id), kept()), title: one.filename }, one.label || `Backup ${one.id}`), h("span", { class: "why muted" }, one.kind === "scheduled" ? "by the schedule" : "", one.protected ? " ■ protected" : ""),
      one.message ? h("span", { class: one.status === "failed" ? "why failed" : "why muted", title: one.message }, one.message) : null] },
    { name: "Known to be good", class: "col-end", cell: verified },
    { name: `Made (${zone()})`, class: "col-time", cell: (one) => h("time", { class: "muted", title: moment(one.created_at) }, minute(one.created_at)) },
    { name: "Size", class: "col-size number", cell: (one) => h("span", { class: "muted" }, one.size_bytes ? bytes(one.size_bytes) : "") },
  ] });

  let ticks = 0;
  const timer = setInterval(() => {
    if (!document.hidden && ++ticks % ((backups.data?.backups ?? []).some(isBusy) ? 1 : 20) === 0) backups.refresh();
  }, 1500);

  const make = () => createBackup((backup) => { backups.refresh(); go(link("backups", String(backup.id), kept())); });

  function list(data) {
    table.show(data.backups);
    const good = data.backups.filter((one) => one.status === "completed");
    return data.backups.length === 0 ? empty({ title: "There is no backup yet", actions: may("branch") ? [button({ kind: "primary", onclick: make }, "Back up now …")] : [] })
      : [h("div", { class: "list" }, h("p", { class: "muted bar-row" }, h("span", {}, isStore(data.folder) ? "Store " : "Folder ", h("code", {}, data.folder), isStore(data.folder) ? "" : " of the worker's machine"), h("span", { class: "muted" }, `${plural(good.length, "backup")}, ${bytes(good.reduce((sum, one) => sum + one.size_bytes, 0))}`)), table.element),
        data.problem ? note({ kind: "warning", title: "Files that no row knows are not known:" }, data.problem) : null,
        data.orphans.length > 0 ? note({ kind: "warning", title: `${plural(data.orphans.length, "file")} of this database in the folder that no row knows:` }, h("ul", {}, data.orphans.map((file) => h("li", {}, h("code", {}, file))))) : null];
  }

  function body(data) {
    if (data.folder === null) return notSetUp();
    return tabs({ label: "Backups", rows: [{ id: "list", label: "Backups", view: () => list(data) }, { id: "schedule", label: "Schedule", view: schedule.view }, { id: "point", label: "A point in time", view: schedule.pointInTime }] });
  }

  backups.refresh();
  return {
    title: () => "Backups",
    keys: { j: () => table.focus(0), ArrowDown: () => table.focus(0), Escape: () => { if (route().rest) go(link("backups", "", kept())); } },
    close: () => clearInterval(timer),
    view() {
      const { data, error } = backups;
      const id = route().rest;
      const one = data?.backups.find((backup) => String(backup.id) === id);
      const canMake = may("branch") && data?.folder;
      return h("div", { class: `split ${id ? "has-detail" : ""}` }, h("div", { class: "main-side" },
        heading({ title: "Backups", actions: canMake ? [button({ id: "make", kind: "primary", onclick: make }, "Back up now …")] : [] }), error ? failure({ error, again: backups.refresh }) : null, data ? body(data) : error ? null : skeleton({})),
      id && data ? backupDetail({ id, one, folder: data.folder, changed: backups.refresh, close: link("backups", "", kept()) }) : null);
    },
  };
}
