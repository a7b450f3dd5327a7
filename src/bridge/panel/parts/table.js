// A table of which only the rows in sight are in the document: ten thousand are as quick as ten. All rows have one height.
import { h, oncePerFrame, render } from "../lib/h.js";

const AROUND = 8; // rows above and below what is in sight

/**
 * Answers { element, show(rows), focus(index) }. `columns`: { name, class, cell(row, index) }, in their order; `name` may be a description.
 * `keyOf(row)` tells rows apart. `rowProps(row)` are attributes of a row. In a row that can be opened the first link or button is where the
 * arrow keys (and j, k) move the focus.
 */
export function virtualTable({ label, columns, keyOf, rowProps = () => ({}), rowHeight = 30 }) {
  let rows = [];
  let made = new Map(); // of rows that were drawn since the last show(): scrolling does not describe them again
  const element = document.createElement("div");
  element.className = "table-scroll";
  element.tabIndex = 0; // to be scrolled by the keyboard, also where no row can be opened
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", `${label}: rows`);
  const scrolled = oncePerFrame(draw);
  element.addEventListener("scroll", scrolled, { passive: true });
  element.addEventListener("keydown", moved);
  new ResizeObserver(scrolled).observe(element);

  function range() {
    const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - AROUND);
    const count = Math.ceil((element.clientHeight || 600) / rowHeight) + 2 * AROUND;
    return [Math.min(first, Math.max(0, rows.length - count)), Math.min(rows.length, first + count)];
  }

  const spacer = (key, height) => h("tr", { key, "aria-hidden": "true", class: "spacer", style: { height: `${height}px` } });

  function rowAt(row, index) {
    let one = made.get(index);
    if (!one) {
      one = h("tr", { key: `row ${keyOf(row)}`, "aria-rowindex": String(index + 2), ...rowProps(row) }, columns.map((column) => h("td", { class: column.class ?? "" }, column.cell(row, index))));
      made.set(index, one);
    }
    return one;
  }

  /** Rows far away are forgotten, so that scrolling through everything keeps a few. */
  function forget(first, end) {
    if (made.size > 4 * (end - first)) for (const index of made.keys()) if (index < first || index >= end) made.delete(index);
  }

  function draw() {
    const [first, end] = range();
    render(element, h("table", { class: "virtual", "aria-label": label, "aria-rowcount": String(rows.length + 1) },
      h("colgroup", {}, columns.map((column) => h("col", { class: column.class ?? "" }))),
      h("thead", {}, h("tr", { "aria-rowindex": "1" }, columns.map((column) => h("th", { scope: "col", class: column.class ?? "" }, column.name)))),
      h("tbody", {}, spacer("above", first * rowHeight),
        rows.slice(first, end).map((row, i) => rowAt(row, first + i)),
        spacer("below", (rows.length - end) * rowHeight))));
    forget(first, end);
  }

  /** Brings a row into sight and puts the focus on its first link or button. */
  function focus(index) {
    const at = Math.max(0, Math.min(rows.length - 1, index));
    const head = element.querySelector("thead")?.offsetHeight ?? 0;
    const top = at * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight + head > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight + head - element.clientHeight;
    draw();
    element.querySelector(`tr[aria-rowindex="${at + 2}"] :is(a, button)`)?.focus({ preventScroll: true });
  }

  function moved(event) {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, j: 1, k: -1 }[event.key];
    const row = event.target.closest("tr[aria-rowindex]");
    if (!by || !row || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
    event.preventDefault();
    event.stopPropagation();
    focus(Number(row.getAttribute("aria-rowindex")) - 2 + by);
  }

  return { element, focus, show(next) { rows = next; made = new Map(); draw(); } };
}
