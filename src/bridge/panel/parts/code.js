// SQL and other text with line numbers, in colours, to be copied, wrapped, and with a mark where an error is.
import { h, oncePerFrame } from "../lib/h.js";
import { visibleLines } from "../lib/plain.js";
import { button, copy } from "./basics.js";
import { icon } from "./icons.js";
import { highlight } from "./sql_colours.js";

const COLOURED = 200000; // characters: above that colours cost more than they tell
const LINES = 5000; // lines that are shown at first

let isWrapped = false;
const made = new WeakMap(); // element of a block → what it shows

/** The lines of a unified diff, each told apart by its sign and a colour. */
function changes(text) {
  const kinds = { "+": "added", "-": "removed", "@": "hunk" };
  const lines = document.createDocumentFragment();
  for (const line of text.split(/(?<=\n)/)) {
    const one = document.createElement("span");
    one.className = kinds[line[0]] ?? "";
    one.textContent = line;
    lines.append(one);
  }
  return lines;
}

function fill(pre, { text, plain, diff, line, column }) {
  const whole = text.split("\n").slice(0, LINES).join("\n");
  const isCut = whole.length < text.length;
  const shown = visibleLines(whole); // what turns text around would make a script look like another
  const rows = document.createElement("code");
  const body = diff ? [changes(shown)] : plain || text.length > COLOURED ? [document.createTextNode(shown)] : [highlight(shown)];
  rows.append(...body);
  const numbers = document.createElement("span");
  numbers.className = "numbers";
  numbers.setAttribute("aria-hidden", "true");
  const count = shown.split("\n").length - (shown.endsWith("\n") ? 1 : 0);
  for (let i = 1; i <= Math.max(1, count); i++) {
    const number = document.createElement("span");
    number.textContent = `${i}\n`;
    if (i === line) number.className = "here";
    numbers.append(number);
  }
  pre.replaceChildren(numbers, rows);
  if (line && line <= count) pre.append(mark(shown, line, column));
  if (isCut) rows.append(`\n… ${(text.length - whole.length).toLocaleString("en")} more characters; Copy takes all`);
}

/** A line over the text that holds a caret below the column. */
function mark(text, line, column) {
  const caret = document.createElement("span");
  caret.className = "caret";
  caret.setAttribute("aria-hidden", "true");
  caret.style.setProperty("--line", String(line));
  const before = (text.split("\n")[line - 1] ?? "").slice(0, Math.max(0, (column || 1) - 1)).replaceAll(/[^\t]/g, " ");
  caret.textContent = `${before}^`;
  return caret;
}

/** A block of code. `line`, `column`: where an error is, 1-based. `plain`: no colours. `diff`: a unified diff. `label` is for screen readers. */
export function code({ text, line = 0, column = 0, plain = false, diff = false, label = "Script" }) {
  const wanted = `${line}:${column}:${plain}:${diff}:${text}`;
  const show = (pre) => {
    if (made.get(pre) === wanted) return;
    made.set(pre, wanted);
    fill(pre, { text, plain, diff, line, column });
    if (line) oncePerFrame(() => { pre.scrollTop = Math.max(0, (line - 4) * 20); })();
  };
  return h("div", { class: `code ${isWrapped && !line ? "wrapped" : ""}`, key: wanted },
    h("div", { class: "code-tools" },
      button({ kind: "quiet", title: "Copy", "aria-label": `Copy: ${label}`, onclick: () => copy(text, label) }, icon("copy")),
      line ? null : button({ kind: "quiet", "aria-label": `Wrap: ${label}`, onclick: (event) => { isWrapped = event.currentTarget.closest(".code").classList.toggle("wrapped"); } }, "Wrap")),
    text === "" ? h("pre", { tabindex: "0", "aria-label": label }, "(empty)") : h("pre", { tabindex: "0", role: "region", "aria-label": label, ref: show }));
}
