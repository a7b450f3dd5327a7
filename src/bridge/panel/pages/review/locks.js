// The strongest lock that a plan takes on each table, how large these are, and who holds what conflicts with it now.
import { ask } from "../../lib/api.js";

// https://www.postgresql.org/docs/current/explicit-locking.html, table 13.2: modes that conflict.
const MODES = ["ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"];
const CONFLICTS = { "ACCESS SHARE": [7], "ROW SHARE": [6, 7], "ROW EXCLUSIVE": [4, 5, 6, 7], "SHARE UPDATE EXCLUSIVE": [3, 4, 5, 6, 7], SHARE: [2, 3, 5, 6, 7], "SHARE ROW EXCLUSIVE": [2, 3, 4, 5, 6, 7], EXCLUSIVE: [1, 2, 3, 4, 5, 6, 7], "ACCESS EXCLUSIVE": [0, 1, 2, 3, 4, 5, 6, 7] };

/** pg_locks writes "AccessExclusiveLock" for ACCESS EXCLUSIVE. */
const modeOf = (word) => word.replace(/Lock$/, "").replaceAll(/([a-z])([A-Z])/g, "$1 $2").toUpperCase();

/** One lock for each relation of a plan, the strongest, those that stop the most first. */
export function strongest(plan) {
  const found = new Map();
  for (const lock of plan.migrations.flatMap((one) => one.steps.flatMap((step) => (step.statements ?? []).flatMap((statement) => statement.locks ?? [])))) {
    const before = found.get(lock.relation);
    if (!before || MODES.indexOf(lock.mode) > MODES.indexOf(before.mode)) found.set(lock.relation, lock);
  }
  return [...found.values()].sort((a, b) => MODES.indexOf(b.mode) - MODES.indexOf(a.mode) || a.relation.localeCompare(b.relation));
}

const literal = (text) => `'${text.replaceAll("'", "''")}'`;

/**
 * { sizes: Map(relation → bytes), conflicts: Map(relation → pids), blockers: those sessions as the service tells of them, problem }. Asked of the
 * workbench, which may not be allowed: then `problem` says so, and nothing is claimed.
 */
export async function holders(locks) {
  const none = { sizes: new Map(), conflicts: new Map(), blockers: [], problem: null };
  if (locks.length === 0) return none;
  const sql = `SELECT r.name, pg_total_relation_size(r.oid) AS bytes, l.pid, l.mode, a.usename, a.application_name, a.state, left(a.query, 200) AS query,
 (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::int8 AS transaction_ms, (extract(epoch FROM clock_timestamp() - a.query_start) * 1000)::int8 AS query_ms
FROM (SELECT name, to_regclass(name)::oid AS oid FROM unnest(ARRAY[${locks.slice(0, 50).map((lock) => literal(lock.relation)).join(",")}]) AS name) r
LEFT JOIN pg_locks l ON l.locktype = 'relation' AND l.relation = r.oid AND l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE r.oid IS NOT NULL`;
  try {
    const { rows } = await ask("/api/sql/query", { sql });
    return { ...none, ...sorted(rows, new Map(locks.map((lock) => [lock.relation, lock.mode]))) };
  } catch (error) {
    return { ...none, problem: error.message };
  }
}

function sorted(rows, wanted) {
  const sizes = new Map();
  const conflicts = new Map();
  const blockers = new Map();
  for (const row of rows) {
    sizes.set(row.name, Number(row.bytes));
    if (row.pid === null || !CONFLICTS[wanted.get(row.name)]?.includes(MODES.indexOf(modeOf(row.mode)))) continue;
    conflicts.set(row.name, [...new Set([...conflicts.get(row.name) ?? [], row.pid])]);
    blockers.set(row.pid, { pid: row.pid, user: row.usename ?? "", application: row.application_name ?? "", state: row.state ?? "", query: row.query ?? "", transaction_ms: row.transaction_ms, query_ms: row.query_ms });
  }
  return { sizes, conflicts, blockers: [...blockers.values()] };
}
