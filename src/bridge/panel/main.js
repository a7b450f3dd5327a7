// Starts the console: shows the page that the address names, and again whenever something has news.
import { h, oncePerFrame, render } from "./lib/h.js";
import { go, link, onRoute, route } from "./lib/route.js";
import { startLogin } from "./login.js";
import { ask } from "./lib/api.js";
import { pageOf } from "./pages.js";
import { awayBand, drawShell, startShell } from "./shell.js";
import { empty, failure, skeleton } from "./parts/basics.js";
import { startDialogs } from "./parts/dialog.js";
import { refresh, startAsking, status, runs, watch, who } from "./store.js";

const main = document.getElementById("main");
let open = null; // { path, page }: the page that is shown; page is null until its file is there
let framework = null;

const draw = oncePerFrame(() => {
  drawShell();
  const shown = open?.page;
  const title = shown?.title?.() ?? pageOf(route().page)?.name ?? "Not found";
  document.title = `${title} · Truss`;
  render(main, awayBand(), shown ? h("div", { key: open.path, class: `page ${open.path}` }, shown.view()) : open?.error ? failure({ error: open.error, again: () => location.reload() }) : skeleton({}));
});

/** A page's file gives start({ draw }), which answers { view(), title?(), routed?(), close?(), keys? }. */
async function openPage(row) {
  open?.page?.close?.();
  const mine = open = { path: row.path, page: null };
  try {
    const module = await row.load();
    if (open === mine) mine.page = module.start({ draw });
  } catch (error) {
    mine.error = error;
  }
  if (open === mine) draw();
}

const nowhere = { view: () => empty({ title: "There is no such page", actions: [h("a", { class: "button", href: link("migrations") }, "Migrations")] }, h("p", {}, location.pathname)) };

function routed() {
  if (location.pathname === "/") {
    go(link("migrations") , { replace: true });
    return;
  }
  const { page, query } = route();
  const row = pageOf(page);
  if (framework !== null && framework !== (query.get("framework") ?? "")) {
    status.forget();
    status.refresh();
  }
  framework = query.get("framework") ?? "";
  if (!row) open = { path: page, page: nowhere };
  else if (open?.path !== row.path) {
    openPage(row);
    main.scrollTop = 0;
  } else open.page?.routed?.();
  draw();
}

/** Letters that do something where nobody writes: the page's own first, "?" and the shell's behind them. */
function pressed(event) {
  const writes = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.ctrlKey || event.metaKey || event.altKey || writes || document.querySelector("dialog[open]")) return;
  const act = open?.page?.keys?.[event.key] ?? { r: refresh }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

onRoute(routed);
document.addEventListener("keydown", pressed);
watch(draw);
startShell(draw);
startDialogs();
startLogin(ask, () => {
  who.refresh();
  refresh();
  if (open?.page && pageOf(open.path)) openPage(pageOf(open.path)); // what it has asked for was refused
});
routed();
startAsking();
setInterval(() => { if (!document.hidden && (running(runs) || status.error)) draw(); }, 1000);

function running(list) {
  return (list.data?.operations ?? []).some((one) => !one.done);
}
