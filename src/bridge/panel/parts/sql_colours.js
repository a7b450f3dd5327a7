// SQL in colours: words, strings, comments and figures, as far as the eye needs them.
const KEYWORDS = new Set(("add after all alter analyze and any as asc before begin between by cascade case check column comment commit concurrently constraint create cross " +
  "current_timestamp declare default deferrable delete desc distinct do drop each else end enum exception execute exists extension false for foreign from function generated grant group " +
  "having identity if in index inner insert into is join key language left like limit lock loop materialized not null offset on only or order outer over owner partition perform policy " +
  "primary procedure raise references reindex rename replace restrict return returning returns revoke right role rollback row schema security select sequence set table temporary then to " +
  "transaction trigger true truncate type union unique update using vacuum values view when where while with").split(" "));
const PIECES = /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*'|\$[A-Za-z_0-9]*\$)|("(?:[^"]|"")*")|(\b\d+(?:\.\d+)?\b)|([A-Za-z_][A-Za-z_0-9$]*)/g;

/** The text as a fragment of text nodes and spans. */
export function highlight(text) {
  const fragment = document.createDocumentFragment();
  let at = 0;
  for (const match of text.matchAll(PIECES)) {
    const kind = match[1] ? "comment" : match[2] ? "string" : match[4] ? "figure" : match[5] && KEYWORDS.has(match[5].toLowerCase()) ? "keyword" : "";
    if (kind === "") continue;
    fragment.append(text.slice(at, match.index));
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = match[0];
    fragment.append(span);
    at = match.index + match[0].length;
  }
  fragment.append(text.slice(at));
  return fragment;
}
