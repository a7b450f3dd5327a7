// One value, whole: a long text, a document, with a copy of it and a file.
import { h } from "../../lib/h.js";
import { bytes } from "../../lib/format.js";
import { visible, visibleLines } from "../../lib/plain.js";
import { save } from "../../lib/save.js";
import { button, copy, note } from "../../parts/basics.js";
import { code } from "../../parts/code.js";
import { textOf } from "./grid.js";

const SHOWN = 100000; // characters that are on the page at once

/** A document with its parts in lines; anything else as it is. */
function wholeText(value, type) {
  if (value !== null && typeof value === "object" && /^jsonb?$/.test(type)) return JSON.stringify(value, null, 2);
  return textOf(value);
}

let last = { value: undefined, text: "" }; // a large document is written out once

/** `column`: { name, type }; `cutAt`: the characters at which the service has cut values, null where none is; `close()` puts it away. */
export function valuePane({ column, row, value, cutAt, close }) {
  if (last.value !== value || value === null || typeof value !== "object") last = { value, text: wholeText(value, column.type) };
  const { text } = last;
  return h("section", { class: "value", "aria-label": `Value of ${visible(column.name)}` }, h("div", { class: "heading" }, h("div", {}, h("h2", {}, h("bdi", {}, visible(column.name))), h("p", { class: "muted" }, `${column.type}, row ${row + 1}, ${value === null ? "NULL" : value === "" ? "an empty text" : bytes(new Blob([text]).size)}`)),
    h("div", { class: "actions" }, button({ onclick: () => copy(text, "The value") }, "Copy"), button({ onclick: () => save(`${column.name.replaceAll(/[^\w.-]+/g, "_") || "value"}.txt`, text, "text/plain") }, "Save"), button({ kind: "quiet", "aria-label": "Close the value", onclick: close }, "✕"))),
  code({ text: visibleLines(text.slice(0, SHOWN)), plain: !/^jsonb?$/.test(column.type), label: "Value" }),
  cutAt !== null && typeof value === "string" && value.length >= cutAt ? note({ kind: "warning" }, `This is the beginning of a longer value: the service sends ${cutAt.toLocaleString("en")} characters of one. An export as CSV has all of it.`) : null,
  text.length > SHOWN ? h("p", { class: "muted" }, `The first ${SHOWN.toLocaleString("en")} of ${text.length.toLocaleString("en")} characters; Copy and Save take all of these.`) : null);
}
