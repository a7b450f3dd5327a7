// What changes the tracking table without a run: asked for first, said afterwards.
import { go, link } from "../../lib/route.js";
import { ask, bodyWithFramework } from "../../lib/api.js";
import { plural } from "../../lib/format.js";
import { confirmDialog } from "../../parts/dialog.js";
import { toast } from "../../parts/toast.js";
import { status, target, wantsName } from "../../store.js";

/** In an environment a worker wants the database's name with it, as it was typed. */
const confirmed = (body) => bodyWithFramework(wantsName() ? { ...body, confirm: target().database } : body);
const typed = () => wantsName() ? target().database : undefined;
const where = () => target() ? `${target().database} on ${target().host}:${target().port}` : "the database";

function told(answer, name) {
  toast(answer.message, name ? { href: link("migrations", name), label: "View" } : {});
  status.refresh();
}

export function markApplied(name) {
  confirmDialog({ title: `Mark ${name} as applied?`, label: `Mark as applied in ${target()?.database ?? "the database"}`, typed: typed(), text: [
    `It is recorded in the framework's own tracking table of ${where()} and not executed.`,
    "Right when its objects exist already; wrong when they do not, because nothing will create them then."],
  act: () => ask("/api/migrations/idempotent/mark-applied", confirmed({ migration: name })), done: (answer) => told(answer, name) });
}

export function markRolledBack(name) {
  confirmDialog({ title: `Mark ${name} as rolled back?`, label: `Mark as rolled back in ${target()?.database ?? "the database"}`, typed: typed(), text: [
    "Say so when what its failed attempt left was undone by hand. It is pending then, and may run again."],
  act: () => ask("/api/migrations/idempotent/mark-rolled-back", confirmed({ migration: name })), done: (answer) => told(answer, name) });
}

/** `which`: { migrations }, { through } or { all } of a baseline; `count` where it is known. Its scripts are compared with the database first. */
export function baseline(which, count) {
  confirmDialog({ title: which.through ? `Record everything up to ${which.through} as applied?` : `Record ${plural(count, "migration")} as applied?`, label: `Record in ${target()?.database ?? "the database"}`, typed: typed(), text: [
    `Nothing is executed. What their scripts make is looked for in ${where()} first; where something is missing, nothing is recorded.`],
  act: async () => {
    const answer = await ask("/api/migrations/idempotent/baseline", confirmed({ ...which, verify: true }));
    if (!answer.ok) throw Object.assign(new Error(answer.message), { body: { detail: (answer.missing ?? []).slice(0, 8).map((one) => `${one.migration}: ${one.type} ${one.name} ${one.difference ?? "is not there"}`).join("; ") } });
    return answer;
  }, done: (answer) => { told(answer); go(link("migrations")); } });
}
