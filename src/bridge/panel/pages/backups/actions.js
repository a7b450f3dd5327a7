// What is done with backups, each behind a question.
import { link } from "../../lib/route.js";
import { ask } from "../../lib/api.js";
import { confirmDialog } from "../../parts/dialog.js";
import { endField, formDialog, hoursOf } from "../../parts/form.js";
import { toast } from "../../parts/toast.js";
import { target } from "../../store.js";

export const nameOf = (one) => one.label || `backup ${one.id}`;

/** The same key for every try of one question: a request that is sent twice begins one backup. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export function createBackup(done) {
  const key = newKey();
  formDialog({ title: `Back up ${target()?.database ?? "the database"}`, label: "Begin", text: ["pg_dump reads the database as it is at one moment; nobody who reads or writes rows waits for it."],
    fields: [{ name: "label", label: "Name", most: 60, placeholder: "before the release" }, { name: "protected", label: "Protect it", kind: "check", hint: "No schedule deletes it." }],
    act: (values) => ask("/api/backups", { label: values.label.trim(), protected: values.protected }, { headers: { "Idempotency-Key": key } }),
    done: ({ backup, message }) => { toast(message, { href: link("backups", String(backup.id)) }); done(backup); } });
}

export function verifyBackup(one, done) {
  formDialog({ title: `Verify ${nameOf(one)}`, label: "Verify", fields: [{ name: "how", label: "How", kind: "choice", value: "restore", options: [["restore", "restore it on trial"], ["read", "read all of it"]],
    hint: (values) => values.how === "restore" ? "Into a database that is dropped again: the only proof that it can be restored. Takes as long as a restore, and as much space." : "The file is whole and has its checksum. Quicker, and proves less." }],
  act: (values) => ask(`/api/backups/${one.id}/verify`, values.how === "restore" ? { restore: true } : {}), done: ({ message }) => { toast(message); done(); } });
}

export function restoreBackup(one, done) {
  formDialog({ title: `Restore ${nameOf(one)} into a branch`, label: "Restore", text: [`A new database beside ${one.database}. What is in ${one.database} stays as it is.`],
    fields: [{ name: "label", label: "Name of the branch", most: 60, hint: "Empty: it is made." }, ...endField("168")],
    act: (values) => ask(`/api/backups/${one.id}/restore`, { label: values.label.trim(), ttlHours: hoursOf(values) }), done: ({ message }) => { toast(message, { href: link("branches") }); done(); } });
}

export function deleteBackup(one, done) {
  confirmDialog({ title: `Delete ${nameOf(one)}?`, kind: "danger primary", label: "Delete it", typed: one.protected ? one.filename : nameOf(one),
    text: ["Its file is deleted. It cannot be brought back.", ...(one.protected ? ["It is protected: somebody wanted it to stay."] : [])],
    act: () => ask(`/api/backups/${one.id}${one.protected ? "?force=true" : ""}`, undefined, { method: "DELETE" }), done: () => { toast("The backup is deleted."); done(); } });
}

export async function cancelBackup(one, done) {
  try {
    const { cancelled } = await ask(`/api/backups/${one.id}/cancel`, {});
    toast(cancelled ? "It has been told to end." : "Nothing was under way any more.");
  } catch (error) { toast(error.message, { kind: "bad" }); }
  done();
}
