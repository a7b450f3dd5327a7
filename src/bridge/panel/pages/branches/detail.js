// One branch: its facts, how to connect, how its schema differs, and what can be done with it.
import { h } from "../../lib/h.js";
import { go, link, route } from "../../lib/route.js";
import { ask, resource } from "../../lib/api.js";
import { bytes, duration, moment, plural } from "../../lib/format.js";
import { badge, button, copyLine, empty, facts, failure, note, skeleton, tabs } from "../../parts/basics.js";
import { icon } from "../../parts/icons.js";
import { may } from "../../store.js";
import { changeEnd, deleteBranch, protect, renameBranch, resetBranch } from "./actions.js";
import { BRANCH_STATES, until } from "./state.js";

const SOURCES = { parent: "the database itself", golden: "the golden copy", dump: "a dump", schema: "the schema, without rows", backup: "a backup" };
const CHANGES = { added: { state: "applied", sign: "+", word: "in the branch" }, removed: { state: "failed", sign: "−", word: "not in it" }, changed: { state: "modified", sign: "≠", word: "changed" } };

const about = (one) => facts({ rows: [["Database", h("code", {}, one.branch_db)], ["A copy of", `${one.parent_db}, from ${SOURCES[one.source] ?? one.source}`], ["Size", bytes(one.size_bytes) || "not known"], ["Made", moment(one.created_at)],
  ["By", one.created_by || "nobody was asked"], ["It took", one.duration_ms ? duration(one.duration_ms) : null], ["Written meanwhile", one.wal_bytes ? `${bytes(one.wal_bytes)} of write-ahead log` : null],
  ["Its data is", one.age_of_data_s == null ? null : `${duration(one.age_of_data_s * 1000)} old`], ["It ends", one.protected ? "never, while it is protected" : one.expires_at ? `${until(one.expires_at)}, ${moment(one.expires_at)}` : "never"]] });

const difference = (one) => h("div", { class: "change", key: `${one.kind} ${one.name}` }, badge(CHANGES[one.change] ?? {}, one.change), h("div", {}, h("b", {}, one.name), h("span", { class: "muted" }, ` ${one.kind}, ${CHANGES[one.change]?.word ?? one.change}`),
  one.change === "changed" || one.parent ? h("div", {}, h("span", { class: "muted" }, "parent: "), h("code", {}, one.parent ?? "not there")) : null, one.change === "changed" || one.branch ? h("div", {}, h("span", { class: "muted" }, "branch: "), h("code", {}, one.branch ?? "not there")) : null));

function differences({ data, error, refresh }, one) {
  if (!data) return error ? failure({ error, again: refresh }) : skeleton({ label: "Comparing …" });
  return [h("p", { class: data.same ? "good-text" : "" }, data.same ? `Its schema is that of ${one.parent_db}.` : `${plural(data.differences.length, "difference")}${data.truncated ? "; there are more than are listed" : ""}.`),
    data.differences.map(difference), button({ onclick: refresh }, "Compare again")];
}

/** `id`: what the address names; `changed()` after something was done; `close`: the address without it. */
export function branchDetail({ id, draw, changed, close }) {
  let isRevealed = false;
  const path = `/api/branches/${encodeURIComponent(id)}`;
  const connection = resource(() => ask(`${path}/connection-string${isRevealed ? "?reveal=true" : ""}`), draw);
  const diff = resource(() => ask(`${path}/diff`), draw);
  let isCompared = false;

  function connect() {
    const { data, error } = connection;
    if (!data) return error ? failure({ error, again: connection.refresh }) : skeleton({ lines: 2 });
    return [copyLine({ text: data.connectionString, what: "The connection string" }), error ? failure({ error }) : null,
      data.password === "part of the string" ? null : h("p", { class: "muted" }, "The password is not part of it: it comes from where the worker has its own."),
      h("div", { class: "actions" }, may("admin") && data.password === "part of the string" ? button({ "aria-pressed": String(data.revealed), onclick: () => { isRevealed = !isRevealed; connection.refresh(); } }, [icon("lock"), data.revealed ? "Hide the password" : "Show the password"]) : null,
        h("a", { class: "button", href: link("connection", "", { branch: id }) }, "All forms"))];
  }

  const actions = (one) => h("div", { class: "actions" }, button({ id: "protect", onclick: () => protect(one, !one.protected, changed) }, one.protected ? "Protect it no longer" : "Protect it"), button({ onclick: () => changeEnd(one, changed) }, "Change its end …"),
    button({ onclick: () => renameBranch(one, changed) }, "Rename …"), button({ disabled: one.protected, onclick: () => resetBranch(one, () => { isCompared = false; changed(); }) }, "Reset …"),
    button({ id: "delete", kind: "danger", disabled: one.protected, title: one.protected ? "It is protected" : null, onclick: () => deleteBranch(one, () => { changed(); go(close); }) }, "Delete …"));

  function compare(one) {
    if (!isCompared) { isCompared = true; diff.forget(); diff.refresh(); }
    return differences(diff, one);
  }

  function shown(one) {
    if (one.status !== "active" || !one.id) return [about(one), one.status === "orphan" ? note({ kind: "warning" }, "A database and its row have lost each other. Nothing is dropped that only one of them knows: look, and drop it by hand.") : null];
    return [may("branch") ? actions(one) : null, tabs({ label: "About this branch", rows: [{ id: "facts", label: "Facts", view: () => [h("h3", {}, "Connection string"), connect(), about(one)] },
      { id: "diff", label: "Differences", view: () => compare(one) }] })];
  }

  const aside = (...children) => h("aside", { key: `branch ${id}`, class: "detail-side", "aria-label": `Branch ${id}` }, children);
  if (/^\d+$/.test(id)) connection.refresh();
  return {
    id,
    /** `one`: the branch, null where the list does not have it; `isKnown`: there is a list. */
    view(one, isKnown) {
      if (!one) return aside(isKnown ? empty({ title: "There is no such branch", actions: [h("a", { class: "button", href: link("branches", "", { all: route().query.get("all") ? null : "1" }) }, "Look among what has ended")] }, h("p", {}, id)) : skeleton({}));
      return aside(h("div", { class: "detail-head" }, h("div", {}, h("h1", { class: "detail-title" }, one.label || one.branch_db), badge(BRANCH_STATES[one.status] ?? {}, one.status), one.protected ? [" ", badge({ state: "pending", sign: "■" }, "protected")] : null),
        h("a", { class: "button quiet", href: close }, "Close")), one.last_error ? note({ kind: "bad" }, one.last_error) : null, shown(one));
    },
  };
}
