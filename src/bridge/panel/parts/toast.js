// A word that goes by itself. It is said to screen readers, too; what must not be missed belongs on the page.
import { h, render } from "../lib/h.js";

let shown = [];
let number = 0;

const draw = () => render(document.getElementById("toasts"), shown.map((one) => h("div", { key: one.id, class: `toast ${one.kind}` }, h("span", {}, one.text),
  one.href ? h("a", { href: one.href, onclick: () => drop(one.id) }, one.label ?? "View") : null,
  h("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: () => drop(one.id) }, "✕"))));

function drop(id) {
  shown = shown.filter((one) => one.id !== id);
  draw();
}

/** toast("Recorded.", { href: "/migrations/1_a", label: "View" }); stays 6 seconds, an error 15. `kind`: "good" or "bad". */
export function toast(text, { href, label, kind = "good" } = {}) {
  const id = ++number;
  shown = [...shown.slice(-2), { id, text, href, label, kind }];
  draw();
  setTimeout(() => drop(id), kind === "bad" ? 15000 : 6000);
}
