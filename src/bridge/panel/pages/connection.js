// How to connect to the database and to its branches, in the words of several tools, and what of the server matters for migrations.
import { h } from "../lib/h.js";
import { go, here, route } from "../lib/route.js";
import { ask, resource } from "../lib/api.js";
import { badge, button, copyLine, facts, failure, heading, note, skeleton } from "../parts/basics.js";
import { icon } from "../parts/icons.js";
import { may } from "../store.js";

/** Values of settings that stop or endanger a migration. */
const ALARMING = { default_transaction_read_only: "on", session_replication_role: "replica", standard_conforming_strings: "off", row_security: "off", synchronous_commit: "off" };

/** The forms for another database of the same server. One in which the database cannot be told from the rest is left out. */
function formsOf(data, branch) {
  if (!branch) return data.forms;
  const place = `:${data.port}/${data.database}`;
  return data.forms.map((form) => {
    const whole = form.text.split(data.connectionString);
    if (whole.length === 2) return { ...form, text: whole.join(branch.connectionString) };
    const pieces = form.text.split(place);
    return pieces.length === 2 ? { ...form, text: pieces.join(`:${data.port}/${branch.branchDb}`) } : null;
  }).filter(Boolean);
}

function server(data) {
  const { tls, pooler } = data;
  const encrypted = tls.used === true ? `yes, ${[tls.protocol, tls.cipher].filter(Boolean).join(", ")}` : tls.used === false ? "no" : "not known";
  return h("section", { class: "card" }, h("h2", {}, "Server"), facts({ rows: [["Host", data.host], ["Port", data.port], ["Database", data.database], ["User", data.user], ["PostgreSQL", data.version ?? "not known: it is not reached"],
    ["Encrypted", encrypted], ["TLS asked for", tls.mode], ["Pooler", pooler.found ? `yes: ${pooler.evidence}` : data.problem ? "not known" : "none found"]] }),
  tls.used === false && !/^(127\.|localhost$|::1$|\/)/.test(data.host) ? note({ kind: "warning" }, "This connection is not encrypted. Ask for it with sslmode=require, better verify-full.") : null,
  pooler.found ? note({ kind: "warning" }, "A pooler may give each transaction another session: migrations need the server itself, or a pooler in session mode.") : null);
}

const setting = (one) => h("tr", { key: one.name }, h("th", { scope: "row" }, h("code", {}, one.name)),
  h("td", {}, h("code", {}, one.value === "" ? "(empty)" : one.value), ALARMING[one.name] === one.value ? [" ", badge({ state: "warning", sign: "!" }, "look")] : null), h("td", { class: "muted" }, one.note));

const settings = (data) => h("section", { class: "card" }, h("h2", {}, "Settings that matter for migrations"), data.settings.length === 0 ? h("p", { class: "muted" }, "They are not known while the server is not reached.")
  : h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Settings of the server" }, h("table", { class: "settings" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Setting"), h("th", { scope: "col" }, "Value"), h("th", { scope: "col" }, "What it means"))), h("tbody", {}, data.settings.map(setting)))));

export function start({ draw }) {
  let isRevealed = false;
  let asked = "";
  const reveal = () => isRevealed ? "?reveal=true" : "";
  const connection = resource(() => ask(`/api/connection${reveal()}`), draw);
  const branches = resource(() => ask("/api/branches"), draw);
  const branch = resource(() => ask(`/api/branches/${encodeURIComponent(chosen())}/connection-string${reveal()}`), draw);
  const chosen = () => route().query.get("branch") ?? "";

  function askBranch() {
    const wanted = `${chosen()} ${isRevealed}`;
    if (wanted === asked) return;
    asked = wanted;
    branch.forget();
    if (chosen() !== "") branch.refresh();
  }

  async function show(revealed) {
    isRevealed = revealed;
    askBranch();
    await connection.refresh();
    if (connection.error && revealed) isRevealed = false;
    draw();
  }

  function chooser() {
    const active = (branches.data?.branches ?? []).filter((one) => one.status === "active");
    return h("label", { class: "option" }, "Database", h("select", { id: "branch", value: chosen(), onchange: (event) => go(here({ branch: event.target.value })) },
      h("option", { value: "" }, connection.data.database), active.map((one) => h("option", { key: one.id, value: String(one.id) }, `branch ${one.label}`)),
      chosen() !== "" && !active.some((one) => String(one.id) === chosen()) ? h("option", { value: chosen() }, `branch ${chosen()}`) : null));
  }

  function forms(data) {
    if (chosen() !== "" && !branch.data) return branch.error ? failure({ error: branch.error, again: branch.refresh }) : skeleton({});
    return h("div", { class: "forms" }, formsOf(data, chosen() === "" ? null : branch.data).map((form) => [h("h3", { key: `title ${form.name}` }, form.title), h("div", { key: form.name }, copyLine({ text: form.text, what: `The form for ${form.title}` }))]));
  }

  function how(data) {
    const isShown = data.revealed;
    return h("section", { class: "card" }, h("div", { class: "heading" }, h("h2", {}, "How to connect"), h("div", { class: "actions" }, chooser(),
      may("admin") ? button({ id: "reveal", "aria-pressed": String(isShown), onclick: () => show(!isShown) }, [icon("lock"), isShown ? "Hide the password" : "Show the password"]) : null)),
    isShown ? note({ kind: "warning" }, "The password is shown, and is in what you copy.") : h("p", { class: "muted" }, may("admin") ? "**** stands for the password." : "**** stands for the password. Who has the scope “admin” can see it."), forms(data));
  }

  connection.refresh();
  branches.refresh();
  askBranch();
  return {
    routed: askBranch,
    view() {
      const { data, error } = connection;
      const head = heading({ title: "Connection", more: data ? h("p", { class: "muted" }, `${data.user} @ ${data.host}:${data.port}/${data.database}`) : null, actions: [button({ onclick: connection.refresh }, [icon("refresh"), "Look again"])] });
      if (!data) return [head, error ? failure({ error, again: connection.refresh }) : skeleton({})];
      return [head, error ? failure({ error, again: connection.refresh }) : null, data.problem ? note({ kind: "bad", role: "alert", title: "The server is not reached." }, data.problem) : null,
        h("div", { class: "two-columns" }, h("div", {}, how(data)), h("div", {}, server(data))), h("div", { class: "below" }, settings(data))];
    },
  };
}
