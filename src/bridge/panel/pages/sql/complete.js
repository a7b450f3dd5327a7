// What the editor offers behind the caret: tables, their columns, schemas, and words of SQL.
import { ask } from "../../lib/api.js";
import { WORDS, bare, quoted, relationsIn } from "./text.js";

const MOST = 50;
const QUALIFIER = String.raw`(?:(?:"(?:[^"]|"")*"|[A-Za-z_][\w$]*)\.)?`;
const WORD = new RegExp(String.raw`${QUALIFIER}(?:[A-Za-z_][\w$]*)?$`);
const QUOTED = new RegExp(String.raw`${QUALIFIER}"(?:[^"]|"")*$`);

/** The name that is being written, as far as the caret. An odd number of quotes before it: one of them is open. */
function nameBefore(text, caret) {
  const isQuoted = (text.slice(0, caret).match(/"/g) ?? []).length % 2 === 1;
  return (isQuoted ? QUOTED : WORD).exec(text.slice(Math.max(0, caret - 200), caret))?.[0] ?? "";
}

/**
 * Answers { at(text, caret), columns(schema, name) }. `tables()`: the relations of the service, [] before they are known; `changed()` is called when
 * columns have come; `database()`: of which database.
 */
export function completion({ tables, database, changed }) {
  const known = new Map(); // "database schema.name" → columns, null while they are asked for
  const failures = new Map(); // the same → how often they could not be had

  /** Twice more: a service that is busy for a moment is no reason to offer nothing from then on. */
  function askLater(key) {
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    if (count <= 2) setTimeout(() => { known.delete(key); changed(); }, 1000 * count);
  }

  function columns(schema, name) {
    const relation = tables().find((one) => one.name === name && (schema === "" || one.schema === schema));
    if (!relation) return [];
    const whole = `${quoted(relation.schema)}.${quoted(relation.name)}`;
    const key = `${database()} ${whole}`;
    if (!known.has(key)) {
      known.set(key, null);
      ask(`/api/sql/tables/${encodeURIComponent(whole)}${database() ? `?database=${encodeURIComponent(database())}` : ""}`).then((told) => { known.set(key, told.columns); changed(); }, () => askLater(key));
    }
    return known.get(key) ?? [];
  }

  const tableItem = (one) => ({ text: one.schema === "public" ? quoted(one.name) : `${quoted(one.schema)}.${quoted(one.name)}`, name: one.name, kind: one.kind });
  const columnItem = (of) => (one) => ({ text: quoted(one.name), name: one.name, kind: one.type, of });

  /** Behind "x.": the columns of a table or an alias, or the tables of a schema. */
  function behindDot(qualifier, relations) {
    const meant = relations.find((one) => (one.alias ?? one.name) === qualifier) ?? { schema: "", name: qualifier };
    return [...columns(meant.schema, meant.name).map(columnItem(meant.name)), ...tables().filter((one) => one.schema === qualifier).map((one) => ({ text: quoted(one.name), name: one.name, kind: one.kind }))];
  }

  function everything(before, relations) {
    const all = tables().map(tableItem);
    const ofTables = relations.flatMap((one) => columns(one.schema, one.name).map(columnItem(one.name)));
    const schemas = [...new Set(tables().map((one) => one.schema))].map((name) => ({ text: quoted(name), name, kind: "schema" }));
    const words = WORDS.map((word) => ({ text: word, name: word, kind: "" }));
    return /\b(from|join|table)\s+$/i.test(before) ? [...all, ...schemas] : [...ofTables, ...words, ...all, ...schemas];
  }

  return {
    columns,
    /** { from, items } where something begins so, else null. `isAsked`: also where nothing is written yet. */
    at(text, caret, isAsked) {
      const word = nameBefore(text, caret);
      const dot = word.lastIndexOf(".");
      const last = word.slice(dot + 1);
      if (last === "" && dot < 0 && !isAsked) return null;
      const sought = bare(last).toLowerCase();
      const relations = relationsIn(text);
      const all = dot >= 0 ? behindDot(bare(word.slice(0, dot)), relations) : everything(text.slice(Math.max(0, caret - word.length - 200), caret - word.length), relations);
      const begins = all.filter((one) => one.name.toLowerCase().startsWith(sought) && one.text !== last);
      const within = sought.length < 2 ? [] : all.filter((one) => one.kind !== "" && !begins.includes(one) && one.name.toLowerCase().includes(sought) && one.text !== last);
      const items = [...begins, ...within].slice(0, MOST);
      return items.length === 0 ? null : { from: caret - last.length, items };
    },
  };
}
