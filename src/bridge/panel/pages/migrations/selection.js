// What can be done with the migrations that are ticked.
import { h } from "../../lib/h.js";
import { link } from "../../lib/route.js";
import { plural } from "../../lib/format.js";
import { button } from "../../parts/basics.js";
import { may } from "../../store.js";
import { baseline, markApplied } from "./actions.js";

export function selectionBar({ selected, migrations, clear }) {
  const names = migrations.filter((one) => selected.has(one.name)).map((one) => one.name);
  const last = names.at(-1);
  return h("div", { class: "selection", role: "region", "aria-label": "Selected" }, h("b", {}, `${plural(names.length, "migration")} selected`),
    may("run") ? [h("a", { class: "button primary", href: link("review", "", { migrations: names }) }, `Run ${names.length === 1 ? "this one" : `these ${names.length}`} …`),
      h("a", { class: "button", href: link("review", "", { target: last }), title: `Everything pending up to and with ${last}` }, "Run to here …")] : null,
    may("mark") ? [button({ onclick: () => names.length === 1 ? markApplied(names[0]) : baseline({ migrations: names }, names.length) }, "Mark as applied …"),
      button({ onclick: () => baseline({ through: last }, null), title: `Records everything up to and with ${last} as applied, runs nothing` }, "Baseline to here …")] : null,
    h("span", { class: "grow" }), button({ kind: "quiet", onclick: clear }, "Clear"));
}
