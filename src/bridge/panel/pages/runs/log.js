// What a run said, line by line: its own words, notices of the server, and what the project's tool printed.
import { h } from "../../lib/h.js";
import { clock, plural, zone } from "../../lib/format.js";
import { go, here, route } from "../../lib/route.js";
import { chips, empty } from "../../parts/basics.js";
import { virtualTable } from "../../parts/table.js";

const GROUPS = { failed: "errors", notice: "notices", output: "tool output", lock_wait: "locks", run_lock_wait: "locks" };
const groupOf = (event) => GROUPS[event.kind] ?? "steps";

const textOf = (event) => event.kind === "notice" && event.notice ? `${event.notice.severity}: ${event.notice.message}${event.notice.detail ? ` ${event.notice.detail}` : ""}${event.notice.hint ? ` ${event.notice.hint}` : ""}` : event.message;

/** Tries for the same lock are one line, the last of them. */
function lines(events) {
  const found = [];
  for (const event of events) {
    if (event.kind === "progress") continue;
    const before = found.at(-1);
    if (event.kind === "lock_wait" && before?.event.kind === "lock_wait" && before.event.migration === event.migration) found.splice(-1, 1, { event, times: before.times + 1 });
    else found.push({ event, times: 1 });
  }
  return found;
}

export function logPart() {
  let count = 0;
  const table = virtualTable({ label: "Log", rowHeight: 26, keyOf: (line) => line.event.id, rowProps: (line) => ({ class: `log-line log-${groupOf(line.event).replace(" ", "-")}` }), columns: [
    { name: `At (${zone()})`, class: "col-clock", cell: (line) => h("time", { class: "muted" }, clock(line.event.at)) },
    { name: "What", class: "col-name", cell: (line) => h("span", { title: textOf(line.event) }, textOf(line.event), line.times > 1 ? h("span", { class: "muted" }, ` (${line.times} tries)`) : null) },
    { name: "Migration", class: "col-of", cell: (line) => h("span", { class: "muted", title: line.event.migration ?? "" }, line.event.migration ?? "") },
  ] });
  return {
    view(events) {
      const all = lines(events);
      const only = route().query.get("log") ?? "";
      const sought = (route().query.get("q") ?? "").toLowerCase();
      const shown = all.filter((line) => (only === "" || groupOf(line.event) === only) && textOf(line.event).toLowerCase().includes(sought));
      const isAtEnd = table.element.scrollTop + table.element.clientHeight >= table.element.scrollHeight - 30;
      table.show(shown);
      if (isAtEnd && shown.length !== count) requestAnimationFrame(() => { table.element.scrollTop = table.element.scrollHeight; });
      count = shown.length;
      const groups = [...new Set(all.map((line) => groupOf(line.event)))];
      return h("section", { class: "log", "aria-label": "Log" }, h("h3", {}, "Log"), h("div", { class: "bar-row" },
        chips({ name: "log", label: "Only lines of one kind", rows: groups.map((group) => ({ value: group, label: group, count: all.filter((line) => groupOf(line.event) === group).length })) }),
        h("input", { type: "search", placeholder: "Filter the log", "aria-label": "Filter the log", value: route().query.get("q") ?? "", oninput: (event) => go(here({ q: event.target.value }), { replace: true }) }),
        h("span", { class: "muted" }, plural(shown.length, "line"))), shown.length === 0 ? empty({ title: "Nothing was said yet" }) : table.element);
    },
  };
}
