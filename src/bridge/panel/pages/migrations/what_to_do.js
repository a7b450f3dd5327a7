// What to do about a migration in its state: a sentence, the two buttons that solve it, and the same as a line for a terminal.
import { h } from "../../lib/h.js";
import { here, link } from "../../lib/route.js";
import { shellWord } from "../../lib/format.js";
import { stateOf } from "../../lib/migration.js";
import { button, copyLine } from "../../parts/basics.js";
import { may } from "../../store.js";
import { markApplied, markRolledBack } from "./actions.js";

const runThis = (one, label) => may("run") ? h("a", { class: "button primary", href: link("review", "", { migrations: [one.name] }) }, label) : null;
const mark = (one) => may("mark") ? button({ onclick: () => markApplied(one.name) }, "Mark as applied …") : null;
const rolledBack = (one) => may("mark") ? button({ kind: "primary", onclick: () => markRolledBack(one.name) }, "Mark as rolled back …") : null;

const diffOf = (label) => h("a", { class: "button primary", href: here({ tab: "diff" }) }, label);

/** text, buttons and command of each state; null where there is nothing to do. */
const ADVICE = {
  // The tracking table itself says that it failed: its own tool runs nothing until that is resolved.
  blocked: (one) => ({ text: "An attempt is recorded as failed. Undo by hand what it left, and mark it as rolled back: then it may run again. Or finish by hand what it should do, and mark it as applied.", buttons: [rolledBack(one), mark(one)],
    command: `truss mark-rolled-back ${shellWord(one.name)}` }),
  failed: (one) => ({ text: one.last_failure?.partially_applied ? "Some of its steps stay applied. Correct the cause and run it again: it continues after them if it can." : "Its attempt failed and left nothing. Correct the script or the cause, and run it again.", buttons: [runThis(one, "Run it again …"), mark(one)],
    command: `truss run ${shellWord(one.name)}` }),
  pending: (one) => ({ text: "It has not run in this database.", buttons: [runThis(one, "Run this one …"), mark(one)], command: `truss run ${shellWord(one.name)}` }),
  modified: (one) => ({ text: "Its file was changed after it was applied; this database has what the file said then. Take the change back, and write a new migration for what it should do.", buttons: [diffOf("See what was changed")], command: `truss diff ${shellWord(one.name)}` }),
  orphaned: (one) => ({ text: "It is applied here, and its file is gone: it was deleted or renamed, or stands on another branch of the project. Bring the file back.", buttons: [diffOf("See what it was")], command: `truss diff ${shellWord(one.name)}` }),
};

export function whatToDo({ one, data }) {
  const state = one.detail_state === "failed" ? "blocked" : stateOf(one);
  const advice = ADVICE[state]?.(one);
  if (!advice) return null;
  const framework = ["pending", "modified", "orphaned"].includes(state) && (data.sources ?? []).length > 1 && data.folder ? ` --framework ${shellWord(data.folder)}` : "";
  return h("div", { class: `todo ${state === "blocked" ? "failed" : state}` }, h("p", {}, h("b", {}, "What to do: "), advice.text),
    h("div", { class: "actions" }, advice.buttons), copyLine({ text: advice.command + framework, what: "The command" }));
}
