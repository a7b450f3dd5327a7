// One backup: its facts, how far it is, how it was verified and restored, and what can be done with it.
import { h } from "../../lib/h.js";
import { go, link } from "../../lib/route.js";
import { bytes, duration, moment } from "../../lib/format.js";
import { badge, button, copyLine, empty, facts, note } from "../../parts/basics.js";
import { icon } from "../../parts/icons.js";
import { may } from "../../store.js";
import { cancelBackup, deleteBackup, nameOf, restoreBackup, verifyBackup } from "./actions.js";

const STATES = { completed: { state: "applied", sign: "✓" }, failed: { state: "failed", sign: "✕" }, cancelled: { state: "", sign: "–" }, waiting: { state: "pending", sign: "●" } };
export const stateOf = (one) => STATES[one.detail_status] ?? { state: "running", sign: "▸" };

/** Something goes on with it. */
export const isBusy = (one) => ["waiting", "running", "verifying", "restoring"].includes(one.detail_status) || one.restore?.status === "running";

/** Of a store, and not of a folder of the worker's machine. */
export const isStore = (folder) => folder.startsWith("s3://");

const VERIFIED = { restored: "It was restored on trial, and found to be good", read: "It was read whole, and has its checksum", damaged: "It is not what was written: it cannot be trusted", "": "It is not verified yet" };
const VERIFIED_KINDS = { restored: "good", read: "good", damaged: "bad" };

function progress(one) {
  if (one.status !== "in_progress" || !one.tables) return null;
  const share = Math.round(100 * one.tables_done / one.tables);
  return h("div", { class: "progress-row" }, h("progress", { max: "100", value: String(share), "aria-label": "Tables that are dumped" }), h("span", { class: "nowrap" }, `${one.tables_done} of ${one.tables} tables`));
}

function actions(one, changed, close) {
  const isWhole = one.status === "completed";
  return h("div", { class: "actions" }, isWhole ? [button({ id: "restore", kind: "primary", disabled: isBusy(one), onclick: () => restoreBackup(one, changed) }, "Restore into a branch …"), button({ id: "verify", disabled: isBusy(one), onclick: () => verifyBackup(one, changed) }, "Verify …")] : null,
    isBusy(one) ? button({ onclick: () => cancelBackup(one, changed) }, "Cancel") : button({ id: "delete", kind: "danger", onclick: () => deleteBackup(one, () => { changed(); close(); }) }, "Delete …"));
}

function restored({ restore }) {
  if (!restore) return null;
  const kind = { completed: "good", failed: "bad", cancelled: "warning" }[restore.status] ?? "info";
  return note({ kind, title: { completed: "The last restore is whole.", running: "It is being restored.", failed: "The last restore failed.", cancelled: "The last restore was cancelled." }[restore.status] ?? restore.status },
    [restore.message ? h("div", {}, restore.message) : null, restore.branch_id && restore.status === "completed" ? h("div", {}, h("a", { href: link("branches", String(restore.branch_id)) }, "See the branch"), restore.duration_ms ? ` It took ${duration(restore.duration_ms)}.` : "") : null]);
}

const about = (one) => facts({ rows: [["Database", one.database], ["Its size then", bytes(one.database_bytes)], ["File", h("code", {}, one.filename)], ["Size", bytes(one.size_bytes)], ["Begun", moment(one.created_at)], ["Complete", moment(one.completed_at)],
  ["It took", one.completed_at ? duration(new Date(one.completed_at) - new Date(one.created_at)) : null], ["By", one.created_by || (one.kind === "scheduled" ? "the schedule" : "nobody was asked")], ["PostgreSQL", one.server_version], ["Tables", one.tables || null],
  ["Protected", one.protected ? "yes: no schedule deletes it" : "no"]] });

/** `one`: the backup, undefined where the list does not have it. */
export function backupDetail({ id, one, folder, changed, close }) {
  if (!one) return h("aside", { key: id, class: "detail-side", "aria-label": `Backup ${id}` }, empty({ title: "There is no such backup among the newest 50", actions: [h("a", { class: "button", href: close }, "All backups")] }));
  return h("aside", { key: id, class: "detail-side", "aria-label": nameOf(one) },
    h("div", { class: "detail-head" }, h("div", {}, h("h1", { class: "detail-title" }, nameOf(one)), badge(stateOf(one), one.detail_status)), h("a", { class: "button quiet", href: close }, "Close")),
    one.message ? note({ kind: one.status === "failed" ? "bad" : "info" }, one.message) : null, progress(one), may("branch") ? actions(one, changed, () => go(close)) : null, restored(one),
    one.status === "completed" || one.verified === "damaged" ? note({ kind: VERIFIED_KINDS[one.verified] ?? "warning" }, `${VERIFIED[one.verified] ?? one.verified}${one.verified_at ? `, ${moment(one.verified_at)}` : ""}.`) : null, about(one),
    one.sha256 ? [h("h3", {}, "SHA-256 of the file"), copyLine({ text: one.sha256, what: "The checksum" })] : null,
    one.status === "completed" ? [h("h3", {}, "The file itself"), may("admin") ? h("div", { class: "actions" }, h("a", { class: "button", id: "download", href: `/api/backups/${one.id}/download`, download: one.filename }, [icon("download"), "Download"])) : h("p", { class: "muted" }, "To download it takes the scope “admin”."),
      h("p", { class: "muted" }, isStore(folder) ? "In the store its key ends with:" : "On the worker's machine it is:"), copyLine({ text: isStore(folder) ? one.filename : `${folder}/${one.filename}`, what: "The path" })] : null);
}
