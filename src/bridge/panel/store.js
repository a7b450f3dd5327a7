// What every page shares: the status of the chosen framework, the newest runs, who is logged in; asked again while somebody looks.
import { ask, resource, withFramework } from "./lib/api.js";

const watchers = new Set();
const changed = () => { for (const watcher of watchers) watcher(); };

/** Every migration with its state, as GET /api/migrations/idempotent/status says it. */
export const status = resource(() => ask(withFramework("/api/migrations/idempotent/status")), changed);
/** The newest runs, the newest first: { operations, target }. */
export const runs = resource(() => ask("/api/operations?limit=100"), changed);
/** Whom the worker takes us for: { name, kind, scopes }. */
export const who = resource(() => ask("/api/whoami"), changed);

/** Has `watcher()` called whenever one of them has news. Answers how to stop that. */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** user, host, port, database, server_version, environment of what all this is about; null before the first answer. */
export const target = () => status.data?.target ?? runs.data?.target ?? null;

/** What a request says to mean this source of a status. */
export const idOf = (source) => source.folder ?? source.framework;

/** True where the operator says that the database is production. */
export const isProduction = () => /^prod/i.test(target()?.environment ?? "");

/** True where whoever changes something has to type the database's name: the operator has named an environment. */
export const wantsName = () => Boolean(target()?.environment);

/** The runs that are under way. */
export const running = () => (runs.data?.operations ?? []).filter((one) => !one.done);

/** What may be done here. Where scopes are not known, all: the worker has the last word. */
export const may = (scope) => !who.data?.scopes?.length || who.data.scopes.some((one) => one === scope || one === "admin" || one.startsWith(`${scope}:`));

let asksAt = 0;

/** Asks now, and again when it is time: soon where that failed. */
export async function refresh() {
  await Promise.all([status.refresh(), runs.refresh()]);
  asksAt = Date.now() + pause();
}

/** When the status is asked for again, in ms since 1970. */
export const nextAsk = () => asksAt;

const QUICK = 3000;
const SLOW = 15000;
const MANY = 2000; // migrations from which on a status is so large that it is asked for less often

/** How long until the next time: short while something runs or is gone. */
function pause() {
  if (running().length > 0 || status.error !== null) return status.data?.migrations.length > MANY ? SLOW : QUICK;
  return status.data?.migrations.length > MANY ? 4 * SLOW : SLOW;
}

/** The first answer, and then others: quickly while something runs or is gone, slowly otherwise, never in a tab that nobody sees. */
export function startAsking() {
  asksAt = Date.now() + SLOW;
  refresh();
  who.refresh();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  setInterval(() => {
    if (document.hidden || Date.now() < asksAt || status.isAsking) return;
    asksAt = Date.now() + pause();
    refresh();
  }, 500);
}
