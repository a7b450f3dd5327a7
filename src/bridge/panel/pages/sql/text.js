// Where statements and names begin and end in the text of the editor. No parser: what the service refuses, it refuses.

const PIECES = /--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$([A-Za-z_][A-Za-z_0-9]*)?\$|;|[^-/'"$;]+|[-/$]/g;

/** [start, end) of every statement between semicolons that are in no string, name or comment. */
function statements(text) {
  const found = [];
  let start = 0;
  PIECES.lastIndex = 0;
  for (let piece = PIECES.exec(text); piece !== null; piece = PIECES.exec(text)) {
    if (piece[0] === ";") {
      found.push([start, piece.index]);
      start = piece.index + 1;
    } else if (piece[0].length > 1 && piece[0].startsWith("$") && piece[0].endsWith("$")) {
      const end = text.indexOf(piece[0], PIECES.lastIndex);
      PIECES.lastIndex = end < 0 ? text.length : end + piece[0].length;
    }
  }
  return [...found, [start, text.length]].filter(([from, to]) => text.slice(from, to).trim() !== "");
}

/** What a run takes: what is marked, else the statement with the caret, or the one before it. { sql, from } with its place in the text. */
export function statementAt(text, from, to) {
  const [start, end] = from !== to ? [from, to] : (() => {
    const all = statements(text);
    return all.find(([, last]) => from <= last) ?? all.at(-1) ?? [0, text.length];
  })();
  const piece = text.slice(start, end);
  const sql = piece.trim();
  return { sql, from: start + piece.indexOf(sql) };
}

/** PostgreSQL counts characters from 1, and this language pairs of bytes from 0. */
export function offsetOf(sql, position) {
  let offset = 0;
  for (const character of sql) {
    if (--position <= 0) break;
    offset += character.length;
  }
  return offset;
}

/** { line, column } of an offset, from 1. */
export function placeOf(text, offset) {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** The end of the word, name or sign that begins there. */
export const wordEnd = (text, offset) => offset + (/^(?:"(?:[^"]|"")*"|[\w$]+|\S|$)/.exec(text.slice(offset, offset + 200))?.[0].length || 1);

const NAME = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)`;
const RELATION = new RegExp(String.raw`\b(?:from|join)\s+(?:only\s+)?(${NAME}(?:\s*\.\s*${NAME})?)(?:\s+(?:as\s+)?(${NAME}))?`, "gi");
const AFTER = new Set("where on join left right inner full cross natural order group having limit union using offset fetch for window except intersect".split(" "));

export const bare = (name) => name.startsWith('"') ? name.slice(1, name.endsWith('"') && name.length > 1 ? -1 : undefined).replaceAll('""', '"') : name.toLowerCase();
export const quoted = (name) => /^[a-z_][a-z0-9_$]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** The relations behind FROM and JOIN: { schema ("" where none is said), name, alias }. */
export function relationsIn(text) {
  return [...text.matchAll(RELATION)].map((match) => {
    const parts = match[1].match(new RegExp(NAME, "g")).map(bare);
    const alias = match[2] && !AFTER.has(match[2].toLowerCase()) ? bare(match[2]) : null;
    return { schema: parts.length > 1 ? parts[0] : "", name: parts.at(-1), alias };
  });
}

/** https://www.postgresql.org/docs/current/sql-keywords-appendix.html: reserved, and so to be quoted as a name. */
const RESERVED = new Set(("all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column concurrently constraint create cross current_catalog " +
  "current_date current_role current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having ilike " +
  "in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references " +
  "returning right select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when where window with").split(" "));

export const WORDS = ("select|from|where|group by|order by|having|limit|offset|join|left join|on|and|or|not|in|exists|between|like|ilike|is null|is not null|as|distinct|case|when|then|else|end|with|union all|except|intersect|" +
  "asc|desc|values|table|explain|count(*)|sum(|avg(|min(|max(|coalesce(|now()|lower(|upper(|length(|date_trunc(|to_char(|string_agg(|array_agg(|jsonb_agg(|row_number() over (").split("|");
