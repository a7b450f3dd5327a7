// Copies of the database: what is there and until when; making one; and the one that is open (branches/detail.js).
import { h } from "../lib/h.js";
import { go, here, link, route } from "../lib/route.js";
import { ask, resource } from "../lib/api.js";
import { bytes, moment, plural } from "../lib/format.js";
import { badge, button, empty, failure, heading, note, skeleton } from "../parts/basics.js";
import { virtualTable } from "../parts/table.js";
import { may } from "../store.js";
import { createBranch, refreshGolden } from "./branches/actions.js";
import { branchDetail } from "./branches/detail.js";
import { BRANCH_STATES, until } from "./branches/state.js";

function end(one) {
  if (["deleted", "failed", "orphan"].includes(one.status)) return h("span", { class: "muted" }, one.status === "orphan" ? "not known" : "has ended");
  if (one.protected) return badge({ state: "pending", sign: "■" }, "protected");
  return one.expires_at ? h("time", { title: moment(one.expires_at) }, until(one.expires_at)) : h("span", { class: "muted" }, "never");
}

export function start({ draw }) {
  const isAll = () => route().query.get("all") === "1";
  let wasAll = isAll();
  const branches = resource(() => ask(`/api/branches${isAll() ? "?all=true" : ""}`), draw);
  const kept = () => ({ all: route().query.get("all") });
  const key = (one) => one.id ? String(one.id) : one.branch_db;
  const open = (one) => go(link("branches", key(one), kept()));
  let detail = null;
  const table = virtualTable({ label: "Branches", keyOf: (one) => `${one.id} ${one.branch_db}`, rowProps: (one) => ({ class: key(one) === route().rest ? "open" : "", onclick: (event) => { if (!event.target.closest("a")) open(one); } }), columns: [
    { name: "State", class: "col-state", cell: (one) => badge(BRANCH_STATES[one.status] ?? {}, one.status) },
    { name: "Branch", class: "col-label", cell: (one) => [h("a", { href: link("branches", key(one), kept()), title: one.branch_db }, one.label || one.branch_db), one.kind === "full" ? null : h("span", { class: "why muted" }, { schema: "no rows", golden: "golden copy", restore: "from a backup" }[one.kind] ?? one.kind),
      one.last_error ? h("span", { class: "why failed", title: one.last_error }, one.last_error) : null] },
    { name: "Made", class: "col-time wide", cell: (one) => h("time", { class: "muted", title: `A copy of ${one.parent_db}` }, moment(one.created_at)) },
    { name: "Ends", class: "col-end", cell: end },
    { name: "Size", class: "col-size number", cell: (one) => h("span", { class: "muted" }, bytes(one.size_bytes) || "not known") },
    { name: "By", class: "col-who", cell: (one) => h("span", { class: "muted", title: one.created_by }, one.created_by || "nobody asked") },
  ] });

  function opened() {
    const id = route().rest;
    if ((detail?.id ?? "") !== id) detail = id ? branchDetail({ id, draw, changed: branches.refresh, close: link("branches", "", kept()) }) : null;
  }

  /** What is being made or dropped is looked at again soon, everything else now and then. */
  let ticks = 0;
  const timer = setInterval(() => {
    if (document.hidden) return;
    const isBusy = (branches.data?.branches ?? []).some((one) => ["creating", "expiring"].includes(one.status));
    if (++ticks % (isBusy ? 2 : 20) === 0) branches.refresh();
    else draw();
  }, 1000);

  function list(data) {
    const all = data.branches;
    table.show(all);
    const total = all.reduce((sum, one) => sum + (one.size_bytes ?? 0), 0);
    if (all.length === 0) {
      return empty({ title: "There are no branches", actions: may("branch") ? [button({ kind: "primary", onclick: () => createBranch(made) }, "Make a branch …")] : [] },
        h("p", {}, "A branch is a copy of the database beside it, with a connection string of its own and an end. Try a migration on it, or give it to a pipeline."));
    }
    return h("div", { class: "list" }, h("div", { class: "bar-row" }, h("label", { class: "option" }, h("input", { type: "checkbox", checked: isAll(), onchange: (event) => go(here({ all: event.target.checked ? "1" : null })) }), "Show ended ones"),
      h("span", { class: "muted" }, `${plural(all.length, "branch", "branches")}, ${bytes(total)}`)), table.element);
  }

  const made = (branch) => { branches.refresh(); go(link("branches", String(branch.id), kept())); };

  branches.refresh();
  opened();
  return {
    title: () => "Branches",
    keys: { j: () => table.focus(0), ArrowDown: () => table.focus(0), Escape: () => { if (route().rest) go(link("branches", "", kept())); }, ...(may("branch") ? { n: () => createBranch(made) } : {}) },
    close: () => clearInterval(timer),
    routed() {
      opened();
      if (wasAll === isAll()) return;
      wasAll = isAll();
      branches.refresh();
    },
    view() {
      const { data, error } = branches;
      const one = data?.branches.find((branch) => key(branch) === route().rest);
      return h("div", { class: `split ${detail ? "has-detail" : ""}` }, h("div", { class: "main-side" },
        heading({ title: "Branches", actions: may("branch") ? [button({ onclick: () => refreshGolden(branches.refresh) }, "Golden copy …"), button({ id: "make", kind: "primary", onclick: () => createBranch(made) }, "Make a branch …")] : [] }),
        may("branch") ? null : note({ kind: "info" }, "To make or change a branch takes the scope “branch”."), error ? failure({ error, again: branches.refresh }) : null, data ? list(data) : error ? null : skeleton({})),
      detail ? detail.view(one ?? null, data !== null) : null);
    },
  };
}
