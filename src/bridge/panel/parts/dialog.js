// One dialog at a time, for what has to be answered before anything else. Escape leaves it, and the focus comes back by the browser's rule.
import { h, render } from "../lib/h.js";
import { button, failure } from "./basics.js";

const element = () => document.getElementById("dialog");
let closed = null;
let cameFrom = null;

/** Shows `view()` under a title; `draw()` shows it again. `wide`: for tables and code. */
export function openDialog({ title, view, wide = false, onclose }) {
  cameFrom = document.activeElement;
  closed = onclose;
  const draw = () => render(element(), h("div", { class: "dialog-title" }, h("h2", { id: "dialog-title" }, title), button({ kind: "quiet", "aria-label": "Close", onclick: closeDialog }, "✕")), view(draw));
  element().className = wide ? "wide" : "";
  draw();
  if (!element().open) element().showModal();
  return draw;
}

export function closeDialog() {
  if (element().open) element().close();
}

/** To be called once, when the page is there. */
export function startDialogs() {
  element().addEventListener("close", () => {
    render(element());
    closed?.();
    closed = null;
    if (cameFrom?.isConnected) cameFrom.focus();
  });
}

/**
 * What a dialog does when it is told to: `run(draw)` acts, closes the dialog and calls `done(answer)`. `below(draw)`: the field for what has to
 * be typed first, and the error of the last time. `mayRun()`: that is typed, and nothing is under way.
 */
export function attempt({ act, done, typed }) {
  let error = null;
  let isBusy = false;
  let written = "";
  return {
    mayRun: () => !isBusy && (typed === undefined || written === typed),
    below: (draw) => [
      typed === undefined ? null : h("label", { class: "typed" }, "Type ", h("b", {}, typed), " to go on", h("input", { value: written, autocomplete: "off", spellcheck: "false", oninput: (event) => { written = event.target.value; draw(); } })),
      error ? failure({ error }) : null,
    ],
    async run(draw) {
      isBusy = true;
      error = null;
      draw();
      try {
        const answer = await act();
        closeDialog();
        done?.(answer);
      } catch (problem) {
        error = problem;
        isBusy = false;
        draw();
      }
    },
  };
}

/**
 * Asks before something is done. `text`: paragraphs; `act()` does it and its errors are shown; `done(answer)` is called behind it. `typed`:
 * what has to be typed first, where a wrong click would cost too much.
 */
export function confirmDialog({ title, text, label, kind = "primary", act, done, typed }) {
  const doing = attempt({ act, done, typed });
  openDialog({ title, view: (draw) => [h("div", { class: "dialog-body" }, text.map((line) => h("p", {}, line)),
    doing.below(draw)),
  h("div", { class: "dialog-actions" }, button({ onclick: closeDialog }, "Leave it"), button({ kind, disabled: !doing.mayRun(), onclick: () => doing.run(draw) }, label))] });
}
