// Ctrl-K: a name of a page, a migration, a run, a framework or an action, and Enter.
import { h, render } from "./lib/h.js";
import { go, link } from "./lib/route.js";
import { pages } from "./pages.js";
import { icon } from "./parts/icons.js";
import { changeTheme } from "./parts/theme.js";
import { idOf, refresh, runs, status } from "./store.js";

const MOST = 12;
const element = () => document.getElementById("palette");
let sought = "";
let at = 0;

function entries() {
  const data = status.data;
  return [
    ...(data?.summary?.pending ? [{ icon: "runs", name: `Review and run ${data.summary.pending} pending`, kind: "action", act: () => go(link("review")) }] : []),
    ...pages.filter((page) => page.rail !== false).map((page) => ({ icon: page.icon, name: page.name, kind: "page", act: () => go(link(page.path)) })),
    { icon: "refresh", name: "Refresh", kind: "action", act: refresh },
    { icon: "moon", name: "Light or dark colours", kind: "action", act: changeTheme },
    ...((data?.sources ?? []).length > 1 ? data.sources.map((source) => ({ icon: "migrations", name: `${source.display_name}${source.folder ? ` in ${source.folder}` : ""}`, kind: "framework", act: () => go(link("migrations", "", { framework: idOf(source) })) })) : []),
    ...(runs.data?.operations ?? []).slice(0, 20).map((run) => ({ icon: "runs", name: `Run ${run.id}`, kind: run.state, act: () => go(link("runs", run.id)) })),
    ...(data?.migrations ?? []).map((one) => ({ icon: "migrations", name: one.name, kind: one.state, act: () => go(link("migrations", one.name)) })),
  ];
}

/** Those whose name has all words of it, in their order; a name that begins so comes first. */
function matching() {
  const wanted = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries().filter((entry) => wanted.every((word) => entry.name.toLowerCase().includes(word)));
  return [...found.filter((entry) => entry.name.toLowerCase().startsWith(wanted[0] ?? "")), ...found.filter((entry) => !entry.name.toLowerCase().startsWith(wanted[0] ?? ""))].slice(0, MOST);
}

function choose(entry) {
  element().close();
  entry?.act();
}

function draw() {
  const found = matching();
  at = Math.max(0, Math.min(found.length - 1, at));
  render(element(), h("input", { id: "palette-input", type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list", "aria-label": "Go to a page, a migration or an action",
    "aria-activedescendant": found.length ? `palette-${at}` : null, placeholder: "Go to a page, a migration, a run …", autocomplete: "off", spellcheck: "false", value: sought,
    oninput: (event) => { sought = event.target.value; at = 0; draw(); },
    onkeydown: (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) { event.preventDefault(); at = (at + by + found.length) % Math.max(1, found.length); draw(); }
      if (event.key === "Enter") { event.preventDefault(); choose(found[at]); }
    } }),
  h("ul", { id: "palette-list", role: "listbox", "aria-label": "Found" }, found.map((entry, i) => h("li", { key: `${i} ${entry.kind} ${entry.name}`, id: `palette-${i}`, role: "option", "aria-selected": String(i === at),
    onclick: () => choose(entry), onmousemove: () => { if (at !== i) { at = i; draw(); } } }, icon(entry.icon), h("span", {}, entry.name), h("small", { class: "muted" }, entry.kind)))),
  found.length === 0 ? h("p", { class: "muted nothing", role: "status" }, "Nothing has this name.") : null);
}

export function openPalette() {
  if (element().open) return;
  sought = "";
  at = 0;
  draw();
  element().showModal();
  document.getElementById("palette-input").focus();
}

export function startPalette() {
  element().addEventListener("click", (event) => { if (event.target === element()) element().close(); });
}
