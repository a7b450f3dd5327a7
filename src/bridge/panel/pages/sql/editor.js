// A field for SQL in colours: completion of names, the place of an error, Ctrl-Enter. The text itself is a textarea's, so that everything a
// browser can do with text (undo, screen readers, input of any script) works as everywhere.
import { h, render } from "../../lib/h.js";
import { highlight } from "../../parts/sql_colours.js";
import { wordEnd } from "./text.js";

const COLOURED = 50000; // characters; above that the text has no colours

function made() {
  const element = document.createElement("div");
  element.className = "editor";
  const colours = document.createElement("pre");
  colours.setAttribute("aria-hidden", "true");
  const field = document.createElement("textarea");
  Object.assign(field, { id: "sql", spellcheck: false, autocomplete: "off", wrap: "off" });
  for (const [name, value] of Object.entries({ "aria-label": "Query", "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": "completions", "aria-keyshortcuts": "Control+Enter", autocapitalize: "off", placeholder: "SELECT …" })) field.setAttribute(name, value);
  const offered = document.createElement("div");
  offered.className = "offered";
  element.append(colours, field, offered);
  return { element, colours, field, offered };
}

/** Answers { element, text(), set(text), insert(text), mark(from), selection(), focus(), offerAgain() }. `act`: { run, changed(text), complete(text, caret, isAsked) }. */
export function sqlEditor(act) {
  const { element, colours, field, offered } = made();
  let offer = null; // { from, items, at }
  let wrong = -1; // where an error is
  let isAsked = false;
  let emptyAt = -1; // the caret where there was nothing to offer; -1: nobody waits for an offer

  function paint() {
    const text = field.value;
    const isPlain = text.length > COLOURED;
    element.classList.toggle("plain", isPlain);
    colours.replaceChildren(isPlain ? "" : highlight(text), "\n");
    if (wrong >= 0 && !isPlain) colours.append(underline(text));
    scrolled();
  }

  /** A second text over the first, of which only a line below one word is seen. */
  function underline(text) {
    const layer = document.createElement("span");
    layer.className = "wrong-layer";
    const word = document.createElement("span");
    word.className = "wrong";
    const end = wordEnd(text, wrong);
    word.textContent = "\u00a0".repeat(Math.max(1, end - wrong));
    layer.append(text.slice(0, wrong), word);
    return layer;
  }

  function scrolled() {
    colours.scrollTop = field.scrollTop;
    colours.scrollLeft = field.scrollLeft;
    if (offer) place();
  }

  /** Where the caret is, in a font whose letters are all as wide. */
  function place() {
    const before = field.value.slice(0, offer.from).split("\n");
    const style = getComputedStyle(field);
    const list = offered.firstElementChild;
    const left = parseFloat(style.paddingLeft) + letter() * before.at(-1).length - field.scrollLeft;
    const top = parseFloat(style.paddingTop) + parseFloat(style.lineHeight) * before.length - field.scrollTop;
    list?.style.setProperty("left", `${Math.max(0, Math.min(left, element.clientWidth - list.offsetWidth))}px`);
    list?.style.setProperty("top", `${top}px`);
  }

  let width = 0;
  function letter() {
    if (width > 0) return width;
    const rule = document.createElement("span");
    rule.textContent = "x".repeat(100);
    colours.append(rule);
    width = rule.getBoundingClientRect().width / 100;
    rule.remove();
    return width;
  }

  function showOffer() {
    if (offer) field.setAttribute("aria-activedescendant", `completion-${offer.at}`);
    else field.removeAttribute("aria-activedescendant");
    render(offered, offer === null ? null : h("ul", { id: "completions", role: "listbox", "aria-label": "Names that fit" }, offer.items.map((item, i) => h("li", { id: `completion-${i}`, role: "option", "aria-selected": String(i === offer.at),
      onmousedown: (event) => { event.preventDefault(); take(item); } }, h("span", {}, item.text), h("small", { class: "muted" }, item.of ? `${item.of}: ${item.kind}` : item.kind)))));
    if (offer === null) return;
    place();
    document.getElementById(`completion-${offer.at}`)?.scrollIntoView({ block: "nearest" });
  }

  function look(asked) {
    isAsked = asked;
    const found = field.selectionStart === field.selectionEnd ? act.complete(field.value, field.selectionStart, asked) : null;
    offer = found && { ...found, at: 0 };
    emptyAt = offer ? -1 : field.selectionStart;
    showOffer();
  }

  function close() {
    offer = null;
    emptyAt = -1;
    showOffer();
  }

  /** Writes as if by hand, so that it can be undone. */
  function write(text, from, to) {
    field.focus();
    field.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, text)) field.setRangeText(text, from, to, "end");
    written();
  }

  function take(item) {
    const { from } = offer;
    write(item.text, from, field.selectionStart);
    close();
  }

  function written() {
    wrong = -1;
    paint();
    act.changed(field.value);
  }

  function pressed(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      close();
      act.run();
    } else if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      look(true);
    } else if (offer) chosen(event);
  }

  function chosen(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) offer.at = (offer.at + by + offer.items.length) % offer.items.length;
    else if (event.key === "Tab" || event.key === "Enter") take(offer.items[offer.at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (by) showOffer();
  }

  field.addEventListener("input", (event) => { written(); if (!event.isComposing && event.inputType !== "insertFromPaste" && event.inputType !== "historyUndo") look(false); });
  field.addEventListener("keydown", pressed);
  field.addEventListener("scroll", scrolled, { passive: true });
  field.addEventListener("blur", close);
  field.addEventListener("click", close);
  new ResizeObserver(scrolled).observe(field);

  return {
    element, text: () => field.value, focus: () => field.focus(),
    selection: () => [field.selectionStart, field.selectionEnd],
    set(text) { field.value = text; written(); },
    insert(text) { write(text, field.selectionStart, field.selectionEnd); },
    /** Names have come: they are offered where there was an offer, or where there was nothing to offer and the caret still waits. */
    offerAgain() { if (offer || (emptyAt === field.selectionStart && document.activeElement === field)) look(isAsked); },
    /** Underlines the word there; -1: none. */
    mark(from) { wrong = from; paint(); },
  };
}
