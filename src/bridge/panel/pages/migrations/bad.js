// The list's place when there is nothing to list: no database, no worker, no framework, or several of which none was chosen.
import { h } from "../../lib/h.js";
import { STEPS, failedStep } from "../../lib/connecting.js";
import { link } from "../../lib/route.js";
import { button, copyLine, empty, failure, note } from "../../parts/basics.js";
import { idOf, nextAsk, status } from "../../store.js";

/** `error`: why there is no status; `data`: a status that could not choose. */
export function badState(error, data) {
  if (error) return noAnswer(error);
  return (data.sources ?? []).length > 1 ? several(data.sources) : noFramework(data);
}

const TITLES = { network: "The bridge does not answer", login: "Log in to see the migrations", forbidden: "You may not see this", refused: "The worker refuses to say" };

function titleOf(error) {
  if (failedStep(error.message) >= 0) return "The database cannot be reached";
  if (/DATABASE_URL is not set/.test(error.message)) return "No database is set";
  return TITLES[error.kind] ?? "The worker does not answer";
}

/** The way to the database, with the step at which it ended. */
function steps(message) {
  const at = failedStep(message);
  if (at < 0) return null;
  return h("ol", { class: "steps", "aria-label": "Connecting" }, STEPS.map((step, i) => h("li", { key: step.id, class: i < at ? "good" : i === at ? "bad" : "muted", title: step.why },
    h("span", { "aria-hidden": "true" }, i < at ? "✓" : i === at ? "✕" : "–"), h("span", { class: "hidden" }, i < at ? "in order: " : i === at ? "failed: " : "not tried: "), step.label)));
}

function noAnswer(error) {
  const seconds = Math.max(0, Math.ceil((nextAsk() - Date.now()) / 1000));
  return [h("h1", {}, titleOf(error)), error.kind === "login" ? h("p", {}, "The service asks who you are.") : [steps(error.message), failure({ error, again: status.refresh }),
    h("p", { class: "muted" }, status.isAsking ? "Asking again …" : `Asked again in ${seconds} s.`),
    error.kind === "worker" ? [h("p", {}, "What is wrong with a set-up, step by step:"), copyLine({ text: "truss doctor", what: "The command" })] : null]];
}

function several(sources) {
  return [h("h1", {}, "Which framework is meant?"), h("p", { class: "muted" }, "Several were found, and none is clearly the one. Nothing is chosen for you."),
    h("div", { class: "choices" }, sources.map((source) => h("a", { key: idOf(source), class: "card choice", href: link("migrations", "", { framework: idOf(source) }) },
      h("h2", {}, source.display_name), h("div", { class: "muted" }, [source.folder && `folder ${source.folder}`, source.tracking_table ? `tracking table ${source.tracking_table}` : "no tracking table"].filter(Boolean).join(" · ")),
      h("ul", {}, (source.evidence ?? []).map((text, i) => h("li", { key: i }, text))))))];
}

function noFramework(data) {
  return empty({ title: "No framework was found", actions: [button({ onclick: status.refresh }, "Look again")] },
    data.problem ? note({ kind: "warning" }, data.problem) : null,
    h("p", {}, "In ", h("code", {}, data.target?.project ?? "the project"), ": the folders and the configuration of every framework that Truss knows were looked for, and whatever only migrations contain."),
    h("p", {}, "In ", h("code", {}, data.database), ": their tracking tables were looked for, in all schemas."),
    (data.detected_tables ?? []).map((table) => h("p", {}, `${table.schema}.${table.table} could be of ${table.framework}: ${table.evidence}`)),
    h("p", {}, "The worker has to be started where the migrations are (--project), or told their folder (--migrations). This says more:"), copyLine({ text: "truss doctor", what: "The command" }));
}
