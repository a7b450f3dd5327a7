// What is done with branches, each behind a question.
import { h } from "../../lib/h.js";
import { ask } from "../../lib/api.js";
import { confirmDialog } from "../../parts/dialog.js";
import { endField, formDialog, hoursOf } from "../../parts/form.js";
import { toast } from "../../parts/toast.js";
import { link } from "../../lib/route.js";
import { may, target } from "../../store.js";

const SOURCES = [["", "the database itself, now"], ["golden", "the golden copy"], ["dump", "a dump of it"], ["schema", "its schema, without rows"]];
const SOURCE_MEANS = {
  "": "PostgreSQL copies its files: quick. New connections to the database wait meanwhile, and it works only while nobody else is connected.",
  golden: "From the copy that was made before: quick, disturbs nobody, and is as old as that copy.",
  dump: "Read and written again: slow for a large database, and disturbs nobody.", schema: "Tables, functions, grants; no rows.",
};
const BUSY = [["", "is decided by the worker"], ["fail", "makes no branch, and says who is connected"], ["wait", "waits until nobody is"], ["golden", "takes the golden copy"], ["dump", "makes a dump"], ["schema", "takes the schema only"]];
const BUSY_MEANS = {
  "": "The golden copy if there is one; otherwise no branch is made, and the answer says who is connected.", fail: "Nobody is disturbed; try again later.", wait: "At most as long as a request may take; new connections wait only for the copying itself.",
  golden: "As old as the golden copy is.", dump: "Slow for a large database, and disturbs nobody.", schema: "Without rows.", terminate: "Sessions of everybody else on the database are ended: what they have not committed is lost.",
};

const busyField = () => ({ name: "onBusy", label: "Where others are connected, it", kind: "choice", value: "", options: [...BUSY, ...(may("admin") ? [["terminate", "ends their sessions"]] : [])],
  hint: (values) => BUSY_MEANS[values.onBusy], shown: (values) => (values.source ?? "") === "" });

/** What is chosen for a copy of the database itself alone counts. */
const endsSessions = (values) => values.source === "" && values.onBusy === "terminate";

export function createBranch(done) {
  formDialog({
    title: "Make a branch", label: (values) => endsSessions(values) ? "End their sessions and make it" : "Make it", kind: (values) => endsSessions(values) ? "danger primary" : "primary",
    text: [`A copy of ${target()?.database ?? "the database"} on the same server, with a name and an end of its own.`],
    fields: [{ name: "label", label: "Name", most: 60, placeholder: "try it", hint: "Up to 60 characters; empty: a name of its time." }, ...endField("24"),
      { name: "source", label: "Copied from", kind: "choice", value: "", options: SOURCES, hint: (values) => SOURCE_MEANS[values.source] }, busyField(),
      { name: "parent", label: "Another database of the server (optional)", hint: "Empty: the one that this service works on." }],
    act: (values) => ask("/api/branches", { label: values.label.trim(), ttlHours: hoursOf(values), source: values.source, onBusy: values.source === "" ? values.onBusy : "", parent: values.parent.trim() }),
    done: (branch) => {
      toast(`Branch ${branch.label} is there.`, { href: link("branches", String(branch.id)) });
      for (const warning of branch.warnings ?? []) toast(warning);
      done(branch);
    },
  });
}

export function refreshGolden(done) {
  formDialog({
    title: "Make the golden copy again", label: "Make it", text: ["Branches are made from it while the database is busy. The old copy is replaced."],
    fields: [{ name: "source", label: "With", kind: "choice", value: "dump", options: [["dump", "all rows"], ["schema", "the schema only"]] }],
    act: (values) => ask("/api/branches/golden", { source: values.source }), done: () => { toast("The golden copy is there."); done(); },
  });
}

export function resetBranch(one, done) {
  formDialog({
    title: `Reset ${one.label}?`, kind: "danger primary", label: "Reset it", typed: one.label,
    text: ["It is made again from its source, under the same name. Changes in it are lost, and its sessions are ended."], fields: one.source === "parent" ? [busyField()] : [],
    act: (values) => ask(`/api/branches/${one.id}/reset`, { onBusy: values.onBusy ?? "" }), done: () => { toast(`Branch ${one.label} is as its parent again.`); done(); },
  });
}

export function changeEnd(one, done) {
  formDialog({ title: `When does ${one.label} end?`, label: "Set it", text: ["Counted from now."], fields: endField("24"), act: (values) => ask(`/api/branches/${one.id}`, { ttlHours: hoursOf(values) }, { method: "PATCH" }),
    done: () => { toast("Its end is set."); done(); } });
}

export function renameBranch(one, done) {
  formDialog({ title: `Rename ${one.label}`, label: "Rename it", text: ["Its database keeps the name that it has: connection strings stay as they are."], fields: [{ name: "label", label: "Name", value: one.label, most: 60 }],
    act: (values) => ask(`/api/branches/${one.id}`, { label: values.label }, { method: "PATCH" }), done: () => { toast("It is renamed."); done(); } });
}

export function deleteBranch(one, done) {
  confirmDialog({ title: `Delete ${one.label}?`, kind: "danger primary", label: "Delete it", typed: one.label, text: [["Database ", h("code", {}, one.branch_db), " is dropped, and its sessions are ended. It cannot be brought back."]],
    act: () => ask(`/api/branches/${one.id}`, undefined, { method: "DELETE" }), done: () => { toast(`Branch ${one.label} is deleted.`); done(); } });
}

export async function protect(one, isOn, done) {
  try {
    await ask(`/api/branches/${one.id}/protect`, isOn ? {} : { off: true });
    toast(isOn ? `${one.label} neither ends by itself nor can it be deleted.` : `${one.label} is protected no longer.`);
  } catch (error) { toast(error.message, { kind: "bad" }); }
  done();
}
