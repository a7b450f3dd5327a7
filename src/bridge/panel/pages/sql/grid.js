// A result as a grid of which only the cells in sight are in the document, in both directions: 5,000 columns of 10,000 rows scroll as ten do.
import { h, oncePerFrame, render } from "../../lib/h.js";
import { visible } from "../../lib/plain.js";

const ROW = 28;
const AROUND = 4; // rows and columns around what is in sight
const SHOWN = 160; // characters of a value that a cell shows
const SAMPLE = 20; // rows by which the widths are chosen
const NUMBERS = /^(smallint|integer|bigint|numeric|real|double precision|oid|money)\b(?!.*\[\])/;

const shortened = new WeakMap(); // an object of a cell → its text: a large one is written out once

/** A value as text, whole. */
export const textOf = (value) => value === null ? "NULL" : typeof value === "object" ? JSON.stringify(value) : String(value);

function shortText(value) {
  if (value !== null && typeof value === "object") {
    if (!shortened.has(value)) shortened.set(value, visible(JSON.stringify(value).slice(0, SHOWN)));
    return shortened.get(value);
  }
  return visible(typeof value === "string" ? value.slice(0, SHOWN) : textOf(value));
}

/** The left edge of each column, and of what would be behind the last: by its name and its first values. */
function edges(columns, rows) {
  const found = [0];
  columns.forEach((column, i) => {
    let most = Math.max(column.name.length + 1, Math.min(24, column.type.length));
    for (let r = 0; r < Math.min(SAMPLE, rows.length); r++) most = Math.max(most, Math.min(44, shortText(rows[r][i]).length));
    found.push(found[i] + Math.min(340, Math.max(64, Math.round(most * 7.6 + 22))));
  });
  return found;
}

/** The last whose edge is not behind `x`. */
function columnAt(all, x) {
  let low = 0;
  let high = all.length - 2;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (all[middle] <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Answers { element, show({ columns: [{ name, type }], rows: [[…]] }), at() }. `opened(row, column)`: a cell was opened; `moved()`: another is chosen. */
export function resultGrid({ opened, moved }) {
  let columns = [];
  let rows = [];
  let lefts = [0];
  let at = { row: 0, column: 0 };
  const element = document.createElement("div");
  Object.assign(element, { className: "grid", tabIndex: 0 });
  element.setAttribute("role", "grid");
  element.setAttribute("aria-label", "Result");
  const scrolled = oncePerFrame(draw);
  element.addEventListener("scroll", scrolled, { passive: true });
  element.addEventListener("keydown", pressed);
  element.addEventListener("click", (event) => choose(event.target.closest("[data-cell]")));
  element.addEventListener("dblclick", (event) => { if (event.target.closest("[data-cell]")) opened(at.row, at.column); });
  new ResizeObserver(scrolled).observe(element);

  function range() {
    const first = Math.max(0, Math.floor(element.scrollTop / ROW) - AROUND);
    const last = Math.min(rows.length, first + Math.ceil((element.clientHeight || 400) / ROW) + 2 * AROUND);
    const left = Math.max(0, columnAt(lefts, element.scrollLeft) - 1);
    const right = Math.min(columns.length, columnAt(lefts, element.scrollLeft + (element.clientWidth || 800)) + 2);
    return { first, last, left, right };
  }

  const place = (c) => ({ left: `${lefts[c]}px`, width: `${lefts[c + 1] - lefts[c]}px` });
  const isNumber = (c) => NUMBERS.test(columns[c].type);

  const head = (c) => h("div", { role: "columnheader", class: `cell head ${isNumber(c) ? "number" : ""}`, "aria-colindex": String(c + 1), style: place(c), title: `${visible(columns[c].name)}: ${columns[c].type}` }, h("b", {}, h("bdi", {}, visible(columns[c].name.slice(0, 100)))), h("small", {}, columns[c].type));

  function cell(r, c) {
    const value = rows[r][c];
    const isHere = r === at.row && c === at.column;
    return h("div", { role: "gridcell", id: isHere ? "cell-here" : null, "data-cell": `${r} ${c}`, class: `cell ${isNumber(c) ? "number" : ""} ${value === null ? "null" : ""} ${isHere ? "here" : ""}`, "aria-colindex": String(c + 1), "aria-selected": String(isHere), style: place(c) },
      h("bdi", {}, value === "" ? "" : shortText(value)));
  }

  function draw() {
    const { first, last, left, right } = range();
    const inSight = (each) => Array.from({ length: Math.max(0, right - left) }, (_, i) => each(left + i));
    const width = `${lefts.at(-1)}px`;
    element.setAttribute("aria-rowcount", String(rows.length + 1));
    element.setAttribute("aria-colcount", String(columns.length));
    if (rows.length > 0) element.setAttribute("aria-activedescendant", "cell-here");
    else element.removeAttribute("aria-activedescendant");
    render(element, h("div", { role: "row", class: "grid-head", "aria-rowindex": "1", style: { width } }, inSight(head)),
      h("div", { role: "presentation", class: "grid-body", style: { width, height: `${rows.length * ROW}px` } }, Array.from({ length: last - first }, (_, i) => h("div", { role: "row", class: "grid-row", "aria-rowindex": String(first + i + 2), style: { top: `${(first + i) * ROW}px`, width } }, inSight((c) => cell(first + i, c))))));
  }

  function choose(chosen) {
    if (!chosen) return;
    const [row, column] = chosen.dataset.cell.split(" ").map(Number);
    at = { row, column };
    draw();
    moved();
  }

  function bringIntoSight() {
    const headHeight = element.firstElementChild?.offsetHeight ?? 0;
    const top = at.row * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW + headHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW + headHeight - element.clientHeight;
    if (lefts[at.column] < element.scrollLeft) element.scrollLeft = lefts[at.column];
    else if (lefts[at.column + 1] > element.scrollLeft + element.clientWidth) element.scrollLeft = lefts[at.column + 1] - element.clientWidth;
  }

  function pressed(event) {
    const page = Math.max(1, Math.floor(element.clientHeight / ROW) - 2);
    const by = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0], Home: [0, -columns.length], End: [0, columns.length] }[event.key];
    if (rows.length === 0 || event.altKey) return;
    if (event.key === "Enter" && !event.ctrlKey) opened(at.row, at.column);
    else if (by && !event.metaKey) {
      at = { row: Math.max(0, Math.min(rows.length - 1, event.ctrlKey && by[1] !== 0 ? (by[1] < 0 ? 0 : rows.length - 1) : at.row + by[0])), column: Math.max(0, Math.min(columns.length - 1, at.column + by[1])) };
      bringIntoSight();
      draw();
      moved();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return {
    element, at: () => at,
    show(result) {
      columns = result.columns;
      rows = result.rows;
      lefts = edges(columns, rows);
      at = { row: 0, column: 0 };
      Object.assign(element, { scrollTop: 0, scrollLeft: 0 });
      draw();
    },
  };
}
