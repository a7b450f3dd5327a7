// What stands around every page: the rail, the project and its framework, the target, the run under way, the theme.
import { h, render } from "./lib/h.js";
import { go, here, link, route } from "./lib/route.js";
import { ago, minute, zone } from "./lib/format.js";
import { pageOf, pages } from "./pages.js";
import { openPalette, startPalette } from "./palette.js";
import { icon } from "./parts/icons.js";
import { changeTheme, isDark, startTheme } from "./parts/theme.js";
import { idOf, isProduction, running, runs, status, target } from "./store.js";

let draw = () => {};
let isRailOpen = false;

// ---- the rail ----

function railLink(page, before) {
  const current = route().page === page.path || pageOf(route().page)?.under === page.path;
  const count = page.path === "migrations" ? status.data?.summary?.pending : 0;
  return [before && before.group !== page.group ? h("hr", { key: `line ${page.path}` }) : null,
    h("a", { key: page.path, href: link(page.path), "aria-current": current ? "page" : null, onclick: () => { isRailOpen = false; draw(); } },
      icon(page.icon), h("span", { class: "rail-name" }, page.name), count ? h("span", { class: "count", title: `${count} pending` }, h("span", { class: "hidden" }, " pending: "), count.toLocaleString("en")) : null,
      page.path === "runs" && running().length > 0 ? h("span", { class: "count live", title: "A run is under way" }, running().length) : null)];
}

function rail() {
  const shown = pages.filter((page) => page.rail !== false);
  return shown.map((page, i) => railLink(page, shown[i - 1]));
}

// ---- the bar ----

/** The folder's last name: the whole of it is beside. */
const lastName = (path) => (path ?? "").split("/").filter(Boolean).at(-1) ?? "";

function chooser() {
  const { data } = status;
  if (!data) return h("span", { class: "muted" }, status.error ? "" : "…");
  const sources = data.sources ?? [];
  const project = lastName(data.target?.project);
  const name = project ? h("span", { class: "project", title: data.target.project }, project) : null;
  if (sources.length < 2) return [name, data.framework ? h("span", { class: "muted", title: data.folder ? `folder ${data.folder}` : "" }, data.framework) : null];
  const wanted = route().query.get("framework") ?? "";
  const known = sources.some((source) => idOf(source) === wanted);
  const chosen = sources.find((source) => source.chosen);
  return [name, h("label", { class: "chooser" }, h("span", { class: "hidden" }, "Framework"),
    h("select", { value: wanted === "" ? (chosen ? idOf(chosen) : "") : known ? wanted : chosen ? idOf(chosen) : "", onchange: (event) => go(link("migrations", "", { framework: event.target.value })) },
      chosen ? null : h("option", { value: "" }, "Choose a framework …"),
      sources.map((source) => h("option", { key: idOf(source), value: idOf(source) }, source.display_name, source.folder ? ` in ${source.folder}` : " (tracking table only)"))))];
}

function targetChip() {
  const to = target();
  if (!to) return status.error ? h("span", { class: "target gone" }, "no target") : null;
  const isGone = status.error !== null;
  return h("a", { class: `target ${isProduction() ? "production" : ""} ${isGone ? "gone" : ""}`, href: link("connection"), title: `${to.user}@${to.host}:${to.port}/${to.database}, PostgreSQL ${to.server_version || "unknown"}${isGone ? ", not reached now" : ""}` },
    h("span", { class: `dot ${isGone ? "bad" : "good"}`, role: "img", "aria-label": isGone ? "not reached now" : "reached" }),
    to.environment ? h("b", { class: "environment" }, to.environment) : null,
    h("span", { class: "target-name" }, h("span", { class: "target-user" }, `${to.user} @ ${to.host}:${to.port}/`), h("b", {}, to.database)),
    to.server_version ? h("span", { class: "muted target-version" }, to.server_version) : null);
}

function runPill() {
  const one = running()[0];
  if (!one) return null;
  return h("a", { class: "pill", href: link("runs", one.id), title: one.summary }, h("span", { class: "spin", "aria-hidden": "true" }),
    h("span", { class: "pill-text" }, one.migration ? `Running ${one.migration}` : "A run is under way"));
}

function bar() {
  return [h("button", { type: "button", class: "quiet only-narrow", "aria-label": "Pages", "aria-expanded": String(isRailOpen), "aria-controls": "rail", onclick: () => { isRailOpen = !isRailOpen; draw(); } }, icon("menu")),
    chooser(), h("span", { class: "grow" }), runPill(), targetChip(),
    h("button", { type: "button", class: "search", "aria-label": "Go to … (Ctrl-K)", onclick: openPalette }, icon("search"), h("kbd", { "aria-hidden": "true" }, navigator.platform?.startsWith("Mac") ? "⌘K" : "Ctrl K")),
    h("button", { type: "button", class: "quiet", id: "theme", "aria-label": isDark() ? "Light colours" : "Dark colours", title: isDark() ? "Light colours" : "Dark colours", onclick: changeTheme }, icon(isDark() ? "sun" : "moon"))];
}

// ---- what is gone ----

/** Across the page while the worker does not answer and older data is shown. */
export function awayBand() {
  if (!status.error || !status.data || status.error.kind === "login") return null;
  return h("div", { key: "away", class: "away", role: "alert" }, icon("warning"), h("span", {}, h("b", {}, status.error.message), " ", status.error.body.detail ?? "", ` What is shown is of ${minute(new Date(status.at).toISOString())} ${zone()} (${ago(status.at)}).`),
    h("button", { type: "button", onclick: () => { status.refresh(); runs.refresh(); } }, "Try again"));
}

export function drawShell() {
  render(document.getElementById("rail"), rail());
  render(document.getElementById("bar"), bar());
  document.body.classList.toggle("rail-open", isRailOpen);
  document.body.classList.toggle("production", isProduction());
  document.getElementById("main").classList.toggle("stale", status.error !== null && status.data !== null);
}

export function startShell(redraw) {
  draw = redraw;
  startTheme(draw);
  startPalette();
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      openPalette();
    } else if (event.key === "Escape" && isRailOpen) {
      isRailOpen = false;
      draw();
    }
  });
  document.getElementById("main").addEventListener("click", () => { if (isRailOpen) { isRailOpen = false; draw(); } });
}
