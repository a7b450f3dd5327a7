// What a migration's state means to a person: its word, sign, place in the list, and how dangerous its plan is.

/** Five states by urgency. `failed` is pending with an attempt that failed: the service's own word for it is beside the state. */
export const STATES = {
  failed: { sign: "✕", label: "failed", rank: 0 },
  pending: { sign: "●", label: "pending", rank: 1 },
  modified: { sign: "≠", label: "modified", rank: 2 },
  orphaned: { sign: "?", label: "orphaned", rank: 2 },
  applied: { sign: "✓", label: "applied", rank: 2 },
};

export function stateOf(one) {
  return one.state === "pending" && (one.detail_state === "failed" || one.last_failure) ? "failed" : one.state in STATES ? one.state : "pending";
}

const DETAILS = {
  rolled_back: "rolled back", out_of_order: "late: a later one is applied", file_missing: "has no script", baseline: "baseline: recorded, not run",
  skipped: "its own tool would pass over it", outdated: "repeatable, and changed", duplicate: "another file has its version",
};

/** The finer word beside the state, "" where there is none. */
export const detailOf = (one) => one.detail_state === "failed" ? "" : DETAILS[one.detail_state] ?? (one.is_code && one.state === "pending" ? "a program" : "");

/** Why it failed, in one line; "" where it did not. */
export const reasonOf = (one) => stateOf(one) !== "failed" ? "" : one.last_failure?.message ?? (one.logs ?? "").trim().split("\n")[0] ?? "";

/** A function of a list that is asked again and again: made once for each list. */
function once(make) {
  const known = new WeakMap();
  return (list) => {
    if (!known.has(list)) known.set(list, make(list));
    return known.get(list);
  };
}

/** What waits first, and the newest first in each part; not to be changed. */
export const ordered = once((migrations) => migrations.map((one, i) => ({ one, i, rank: STATES[stateOf(one)].rank })).sort((a, b) => a.rank - b.rank || b.i - a.i).map(({ one }) => one));

/** How many there are in each state. */
export const counts = once((migrations) => {
  const found = { failed: 0, pending: 0, modified: 0, orphaned: 0, applied: 0 };
  for (const one of migrations) found[stateOf(one)]++;
  return found;
});

/** When the last one was applied; undefined where no time is known. */
export const lastApplied = once((migrations) => migrations.reduce((last, one) => one.applied_at && (!last || one.applied_at > last) ? one.applied_at : last, undefined));

// ---- risk ----

/** The dangers of a planned migration, the worst first: { id, label, state, why }. Empty: nothing of what it does stops anybody. */
export function risks(planned) {
  const statements = planned.steps.flatMap((step) => step.statements ?? []);
  const has = (test) => statements.some(test);
  const locks = statements.flatMap((statement) => statement.locks ?? []);
  return [
    has((one) => one.fails) && { id: "fails", label: "would fail", state: "failed", why: "it cannot succeed now" },
    has((one) => one.loses_data) && { id: "loss", label: "data loss", state: "failed", why: "throws away what is stored" },
    has((one) => one.work === "rewrite") && { id: "rewrite", label: "rewrite", state: "modified", why: "rewrites a whole table while it is locked" },
    locks.some((lock) => lock.blocks_reads) && { id: "reads", label: "blocks reads", state: "modified", why: "nobody can read a table meanwhile" },
    locks.some((lock) => lock.blocks_writes && !lock.blocks_reads) && { id: "writes", label: "blocks writes", state: "warning", why: "nobody can write to a table meanwhile" },
    (has((one) => one.unknown) || planned.delegate || planned.steps.some((step) => step.unlisted_count > 0)) && { id: "unknown", label: "unknown", state: "warning", why: "what it locks cannot be known before" },
  ].filter(Boolean);
}
