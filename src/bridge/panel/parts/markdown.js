// Our own pages (help/*.md), as elements: headings, paragraphs, lists, tables, code, and in a line code, bold, emphasis and links.
import { h } from "../lib/h.js";
import { copyLine } from "./basics.js";

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|\*([^\s*][^*]*?)\*|!?\[([^\]]*)\]\(([^)\s]+)\)/s;

/** What stands in a line. `linkTo(target)` answers an address, or null where there is none to go to: then only the words are shown. */
function inline(text, linkTo) {
  const found = INLINE.exec(text);
  if (!found) return [text];
  const [whole, , code, bold, emphasis, words, target] = found;
  const address = target ? linkTo(target) : null;
  const element = code !== undefined ? h("code", {}, code.replace(/^ (.*) $/, "$1"))
    : bold !== undefined ? h("b", {}, inline(bold, linkTo))
      : emphasis !== undefined ? h("em", {}, inline(emphasis, linkTo))
        : address === null ? inline(words, linkTo)
          : h("a", address.startsWith("/") || address.startsWith("#") ? { href: address } : { href: address, target: "_blank", rel: "noreferrer" }, inline(words, linkTo));
  return [text.slice(0, found.index), element, ...inline(text.slice(found.index + whole.length), linkTo)];
}

/** "Several workers, one database" → "several-workers-one-database", as GitHub has it. */
export const anchor = (words) => words.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-");

const cells = (line) => line.trim().replace(/^\|/, "").replace(/\|$/, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

function table(lines, linkTo) {
  const [head, , ...rows] = lines.map(cells);
  return h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": `Table: ${head.filter(Boolean).join(", ") || "facts"}` },
    h("table", {}, head.some(Boolean) ? h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, inline(cell, linkTo))))) : null,
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, inline(cell, linkTo))))))));
}

const code = (lines) => h("div", { class: "prose-code" }, lines.length === 1 && lines[0].length < 120 ? copyLine({ text: lines[0].replace(/^\$ /, ""), what: "The command" })
  : h("pre", { tabindex: "0" }, h("code", {}, lines.join("\n"))));

/** Lines up to the one for which `ends` is true. */
function take(lines, at, ends) {
  let end = at;
  while (end < lines.length && !ends(lines[end])) end++;
  return [lines.slice(at, end), end];
}

const isTable = (line) => line.startsWith("|");
const isItem = (line) => /^(- |\d+\. )/.test(line);
const endsText = (line) => line === "" || isTable(line) || isItem(line) || /^(#|```)/.test(line);

function list(lines, linkTo) {
  const items = [];
  for (const line of lines) isItem(line) ? items.push(line.replace(/^(- |\d+\. )/, "")) : items[items.length - 1] += `\n${line.trim()}`;
  return h(lines[0].startsWith("-") ? "ul" : "ol", {}, items.map((item) => h("li", {}, inline(item, linkTo))));
}

/** The elements of a page, in order; the first heading is an h1, whose text is left to the page that shows it. */
export function markdown(text, linkTo) {
  const lines = text.replaceAll(/<!--[\s\S]*?-->\n?/g, "").split("\n");
  const made = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    const heading = /^(#{1,4}) (.*)/.exec(line);
    let taken;
    if (heading) {
      if (heading[1].length > 1) made.push(h(`h${heading[1].length}`, { id: anchor(heading[2].replaceAll(/[`*]/g, "")) }, inline(heading[2], linkTo)));
      at++;
    } else if (line.startsWith("```")) {
      [taken, at] = take(lines, at + 1, (one) => one.startsWith("```"));
      made.push(code(taken));
      at++;
    } else if (isTable(line)) {
      [taken, at] = take(lines, at, (one) => !isTable(one));
      made.push(table(taken, linkTo));
    } else if (isItem(line)) {
      [taken, at] = take(lines, at, (one) => one === "" || (endsText(one) && !isItem(one)));
      made.push(list(taken, linkTo));
    } else if (line.trim() === "") at++;
    else {
      [taken, at] = take(lines, at, endsText);
      made.push(h("p", {}, inline(taken.join("\n"), linkTo)));
    }
  }
  return made;
}
