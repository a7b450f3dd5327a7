// A dialog that asks for a few things before something is done, and shows the error where that fails.
import { h } from "../lib/h.js";
import { button } from "./basics.js";
import { attempt, closeDialog, openDialog } from "./dialog.js";

function input(field, values, changed) {
  const common = { id: `field-${field.name}`, "aria-describedby": field.hint ? `hint-${field.name}` : null };
  const set = (value) => { values[field.name] = value; changed(); };
  if (field.kind === "choice") {
    return h("select", { ...common, value: values[field.name], onchange: (event) => set(event.target.value) }, field.options.map(([value, label]) => h("option", { key: value, value }, label)));
  }
  if (field.kind === "check") return h("input", { ...common, type: "checkbox", checked: values[field.name], onchange: (event) => set(event.target.checked) });
  return h("input", { ...common, type: field.kind === "number" ? "number" : "text", min: field.min, max: field.max, maxlength: field.most, placeholder: field.placeholder, autocomplete: "off", spellcheck: "false", value: values[field.name],
    oninput: (event) => set(event.target.value) });
}

/** A field with its label; what it means stands below. `hint` may be a function of the values. */
function row(field, values, changed) {
  const hint = typeof field.hint === "function" ? field.hint(values) : field.hint;
  return h("div", { key: field.name, class: `field ${field.kind ?? "text"}` }, h("label", { for: `field-${field.name}` }, field.label), input(field, values, changed),
    hint ? h("p", { class: "muted", id: `hint-${field.name}` }, hint) : null);
}

/**
 * `fields`: rows of { name, label, kind ("text", "number", "choice", "check"), value, options, hint, shown(values) }. `act(values)` does it,
 * `done(answer)` is called behind it. `label` and `kind` may be functions of the values; `typed`: what has to be typed first.
 */
export function formDialog({ title, text = [], fields = [], label, kind = "primary", act, done, typed }) {
  const values = Object.fromEntries(fields.map((field) => [field.name, field.value ?? (field.kind === "check" ? false : "")]));
  const said = (what) => typeof what === "function" ? what(values) : what;
  const doing = attempt({ act: () => act(values), done, typed });
  openDialog({ title, view: (draw) => h("form", { class: "dialog-form", onsubmit: (event) => { event.preventDefault(); if (doing.mayRun()) doing.run(draw); } },
    h("div", { class: "dialog-body" }, text.map((line) => h("p", {}, line)), fields.filter((field) => field.shown?.(values) ?? true).map((field) => row(field, values, draw)),
      doing.below(draw)),
    h("div", { class: "dialog-actions" }, button({ onclick: closeDialog }, "Leave it"),
      h("button", { type: "submit", class: said(kind), disabled: !doing.mayRun() }, said(label)))) });
}

/** The field for the hours until an end; hoursOf(values) answers them. 0: never. */
export const endField = (value = "24") => [
  { name: "ttl", label: "It ends", kind: "choice", value, options: [["8", "in 8 hours"], ["24", "in a day"], ["168", "in 7 days"], ["720", "in 30 days"], ["own", "in so many hours …"], ["0", "never"]] },
  { name: "hours", label: "Hours", kind: "number", min: "1", value: "48", shown: (values) => values.ttl === "own" },
];

export const hoursOf = (values) => Number(values.ttl === "own" ? values.hours : values.ttl);
