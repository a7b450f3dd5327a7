// When backups are made by themselves and how long they are kept; and what the server does with its write-ahead log.
import { h } from "../../lib/h.js";
import { ask, resource } from "../../lib/api.js";
import { moment } from "../../lib/format.js";
import { button, facts, failure, note, skeleton } from "../../parts/basics.js";
import { toast } from "../../parts/toast.js";
import { may } from "../../store.js";

const HOURS = Array.from({ length: 24 }, (_, hour) => [String(hour), `${String(hour).padStart(2, "0")}:00 UTC`]);
const FIELDS = [
  { name: "enabled", label: "Make backups by themselves", kind: "check" },
  { name: "frequency", label: "How often", options: [["hourly", "every hour"], ["daily", "every day"], ["weekly", "every Monday"]] },
  { name: "hour", label: "At", options: HOURS, shown: (values) => values.frequency !== "hourly" },
  { name: "verify", label: "Then", options: [["none", "do not verify"], ["read", "read it whole"], ["restored", "restore it on trial"]] },
  { name: "retention_days", label: "Delete after days", hint: "0: none for its age", max: 3650 },
  { name: "keep_last", label: "Keep of the newest", max: 1000 }, { name: "keep_daily", label: "Keep daily ones of days", max: 1000 }, { name: "keep_weekly", label: "Keep weekly ones of weeks", max: 1000 },
];

/** Answers { view, pointInTime }: two tabs. */
export function schedulePart(draw) {
  let values = null; // what is written, null while it is as the service has it
  let error = null;
  let isBusy = false;
  let isAsked = false;
  const schedule = resource(() => ask("/api/backups/schedule"), draw);
  const wal = resource(() => ask("/api/backups/wal-config"), draw);
  const askOnce = () => { if (!isAsked) { isAsked = true; schedule.refresh(); wal.refresh(); } };

  async function keep() {
    isBusy = true;
    error = null;
    draw();
    try {
      await ask("/api/backups/schedule", values, { method: "PUT" });
      values = null;
      toast("The schedule is kept.");
      await schedule.refresh();
    } catch (problem) { error = problem; }
    isBusy = false;
    draw();
  }

  function input(field, now) {
    const set = (value) => { values = { ...values, [field.name]: value }; draw(); };
    const common = { id: `schedule-${field.name}`, disabled: !may("branch") };
    if (field.kind === "check") return h("input", { ...common, type: "checkbox", checked: now.enabled, onchange: (event) => set(event.target.checked) });
    if (field.options) return h("select", { ...common, value: String(now[field.name]), onchange: (event) => set(field.name === "hour" ? Number(event.target.value) : event.target.value) }, field.options.map(([value, label]) => h("option", { key: value, value }, label)));
    return h("input", { ...common, type: "number", min: "0", max: String(field.max), value: String(now[field.name]), oninput: (event) => set(Math.max(0, Math.floor(Number(event.target.value) || 0))) });
  }

  function view() {
    askOnce();
    const { data } = schedule;
    if (!data) return schedule.error ? failure({ error: schedule.error, again: schedule.refresh }) : skeleton({});
    const now = { ...data, ...values };
    return h("form", { class: "card schedule", onsubmit: (event) => { event.preventDefault(); keep(); } }, h("p", {}, data.enabled ? ["The next one: ", h("b", {}, moment(data.next_at) || "not known")] : "No backup is made by itself."),
      h("div", { class: "fields" }, FIELDS.filter((field) => field.shown?.(now) ?? true).map((field) => h("div", { key: field.name, class: `field ${field.kind ?? ""}` }, h("label", { for: `schedule-${field.name}` }, field.label), input(field, now), field.hint ? h("p", { class: "muted" }, field.hint) : null))),
      h("p", { class: "muted" }, "Of younger ones than “Delete after days” those are kept that one of the three rules names. Protected ones always stay."), error ? failure({ error }) : null,
      may("branch") ? h("div", { class: "actions" }, h("button", { type: "submit", class: "primary", disabled: values === null || isBusy }, "Keep this schedule"), values === null ? null : button({ onclick: () => { values = null; draw(); } }, "Leave it as it was")) : note({}, "To change it takes the scope “branch”."));
  }

  function pointInTime() {
    askOnce();
    const { data } = wal;
    if (!data) return wal.error ? failure({ error: wal.error, again: wal.refresh }) : skeleton({});
    return h("section", { class: "card" }, note({}, data.message), facts({ rows: [["wal_level", data.wal_level], ["archive_mode", data.archive_mode], ["Files archived", data.archived_count ?? "not known"], ["Failed to archive", data.failed_count ?? "not known"]] }),
      data.failed_count > 0 ? note({ kind: "warning" }, "The server's own archiving has failed at times: look at its log.") : null);
  }

  return { view, pointInTime };
}
