// The list's place when there is nothing to list: no database, no worker, no framework, or several of which none was chosen.
import { h } from "../../lib/h.js";
import { link } from "../../lib/route.js";
import { button, copyLine, empty, failure } from "../../parts/basics.js";
import { idOf } from "../../shell.js";
import { status } from "../../store.js";

/** `error`: why there is no status; `data`: a status that could not choose. */
export function badState(error, data) {
  if (error) return noAnswer(error);
  return (data.sources ?? []).length > 1 ? several(data.sources) : noFramework(data);
}

const TITLES = { network: "The bridge does not answer", worker: "The worker or its database does not answer", login: "Log in to see the migrations", forbidden: "This is not yours to see", refused: "The worker refuses to say" };

function noAnswer(error) {
  return [h("h1", {}, TITLES[error.kind] ?? "Something went wrong"), error.kind === "login" ? null : failure({ error, again: status.refresh })];
}

function several(sources) {
  return [h("h1", {}, "Which framework is meant?"), h("p", { class: "muted" }, "Several were found, and none is clearly the one. Nothing is chosen for you."),
    h("div", { class: "choices" }, sources.map((source) => h("a", { key: idOf(source), class: "card choice", href: link("migrations", "", { framework: idOf(source) }) },
      h("h2", {}, source.display_name), h("div", { class: "muted" }, [source.folder && `folder ${source.folder}`, source.tracking_table ? `tracking table ${source.tracking_table}` : "no tracking table"].filter(Boolean).join(" · ")),
      h("ul", {}, (source.evidence ?? []).map((text) => h("li", {}, text))))))];
}

function noFramework(data) {
  return empty({ title: "No framework was found", actions: [button({ onclick: status.refresh }, "Look again")] },
    data.problem ? h("p", {}, data.problem) : null,
    h("p", {}, `Looked for in ${data.target?.project ?? "the project"}: the folders and configuration of every framework that Truss knows; and in ${data.database}: their tracking tables.`),
    h("p", {}, "The worker has to be started where the migrations are. This says what is wrong with a set-up:"), copyLine({ text: "truss doctor", what: "The command" }));
}
