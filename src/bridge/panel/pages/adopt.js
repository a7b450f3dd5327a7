// Adopt a database that was made without the framework's own tool: how far its objects are there already, and recording that.
import { h } from "../lib/h.js";
import { link } from "../lib/route.js";
import { ask, bodyWithFramework } from "../lib/api.js";
import { plural } from "../lib/format.js";
import { button, empty, failure, heading, note, skeleton } from "../parts/basics.js";
import { status, target } from "../store.js";
import { baseline } from "./migrations/actions.js";

export function start({ draw }) {
  let told = null;
  let error = null;
  let isAsking = false;

  async function look() {
    isAsking = true;
    draw();
    try {
      told = await ask("/api/migrations/idempotent/baseline", bodyWithFramework({ all: true, verify: true, dry_run: true }));
      error = null;
    } catch (problem) {
      error = problem;
    }
    isAsking = false;
    draw();
  }

  function found() {
    const missing = told.missing ?? [];
    const through = missing.length === 0 ? told.migrations.at(-1) : told.proposed;
    return [h("h2", {}, "2. What is there"),
      missing.length === 0 ? note({ kind: "good" }, `Everything that ${plural(told.migrations.length, "pending migration")} would make is there.`)
        : note({ kind: "warning", title: through ? `Everything up to ${through} is there; what comes behind it is not.` : "Not even what the first migration makes is there." }, h("ul", {}, missing.slice(0, 30).map((one) => h("li", {}, `${one.migration}: ${one.type} ${one.name} ${one.difference ?? "is not there"}`)))),
      (told.unverified ?? []).length > 0 ? note({ kind: "warning", title: "Of these nothing can be looked for; they change rows, drop things or are programs:" }, h("div", {}, told.unverified.join(", "))) : null,
      through ? [h("h2", {}, "3. Record it"), h("p", {}, `Everything up to and with ${through} is recorded as applied in ${target()?.database ?? "the database"}; nothing is executed. What comes behind it stays pending.`),
        button({ kind: "primary", onclick: () => baseline({ through }, null) }, `Record up to ${through} …`)] : h("p", {}, "There is nothing to record: run the migrations instead, or look whether this is the right database.")];
  }

  return {
    view() {
      const pending = status.data?.summary?.pending ?? 0;
      return [heading({ title: "Adopt this database", more: h("p", { class: "muted" }, "For a database whose tables are there already, made by hand, from a dump, or by a tool whose tracking table is gone."), actions: [h("a", { class: "button", href: link("migrations") }, "Back")] }),
        status.data && pending === 0 ? empty({ title: "Nothing is pending: there is nothing to adopt" })
          : h("div", { class: "card wizard" }, h("h2", {}, "1. Look"), h("p", {}, `Compares what ${plural(pending, "pending migration")} would make with what is in the database. Reads only.`), button({ kind: told ? "" : "primary", disabled: isAsking, onclick: look }, told ? "Look again" : "Look"),
            isAsking ? skeleton({ lines: 3 }) : error ? failure({ error }) : told ? found() : null)];
    },
  };
}
