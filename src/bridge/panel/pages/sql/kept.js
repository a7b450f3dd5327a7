// What this browser keeps of the SQL page: what is written, what was asked, what was saved. Nothing of it leaves the browser.

const HISTORY = 100;
const LONGEST = 20000; // characters of a query that the history keeps

function read(name, otherwise) {
  try { return JSON.parse(localStorage.getItem(`truss-sql-${name}`)) ?? otherwise; } catch { return otherwise; }
}

/** False where the browser keeps nothing. */
function write(name, value) {
  try {
    localStorage.setItem(`truss-sql-${name}`, JSON.stringify(value));
    return true;
  } catch { return false; }
}

export const draft = () => String(read("draft", ""));
export const keepDraft = (text) => write("draft", text.slice(0, 200000));

const list = (name) => { const found = read(name, []); return Array.isArray(found) ? found.filter((one) => typeof one?.sql === "string") : []; };

/** Rows of { sql, at (ms), ms, rows, error, database }, the newest first. */
export const history = () => list("history");
export const saved = () => list("saved");

/** The same query twice in a row is one row. */
export function remember(entry) {
  const before = history().filter((one, i) => i > 0 || one.sql !== entry.sql);
  return write("history", [{ ...entry, sql: entry.sql.slice(0, LONGEST) }, ...before].slice(0, HISTORY));
}

export const forgetHistory = () => write("history", []);
/** Under a name that is there already it takes its place. */
export const saveQuery = (name, sql) => write("saved", [{ name, sql, at: Date.now() }, ...saved().filter((one) => one.name !== name)]);
export const dropQuery = (name) => write("saved", saved().filter((one) => one.name !== name));

const LARGEST = 2000000; // characters of a file with saved queries

/** What is saved, as a file for another browser. */
export const savedFile = () => JSON.stringify({ truss: "saved queries", queries: saved().map(({ name, sql }) => ({ name, sql })) }, null, 1);

/** The queries of such a file: { name, sql } each; throws where it is none. */
export function readSaved(text) {
  const wrong = (why) => Object.assign(new Error(`This is not a file of saved queries: ${why}.`), { body: {} });
  if (text.length > LARGEST) throw wrong("it is larger than 2 MB");
  let told;
  try { told = JSON.parse(text); } catch { throw wrong("it is not JSON"); }
  const found = Array.isArray(told?.queries) ? told.queries : null;
  if (!found) throw wrong("it has no list “queries”");
  for (const [i, one] of found.entries()) if (typeof one?.name !== "string" || one.name.trim() === "" || typeof one.sql !== "string") throw wrong(`its entry ${i + 1} has no name or no sql`);
  return found.map(({ name, sql }) => ({ name: name.trim().slice(0, 80), sql }));
}
