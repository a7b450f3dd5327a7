// Who I am here, how others get in, what serves this page, what is not set up and how, and the colours.
import { h } from "../lib/h.js";
import { ask, resource } from "../lib/api.js";
import { link } from "../lib/route.js";
import { moment, plural } from "../lib/format.js";
import { badge, button, copyLine, facts, failure, heading, note, skeleton } from "../parts/basics.js";
import { chosenTheme, setTheme } from "../shell.js";
import { who } from "../store.js";

const KINDS = { token: "a token", oidc: "an identity provider (OIDC)", user: "a user of the worker's machine", anonymous: "nobody in particular: no login is asked for" };
const SCOPES = { read: "see what is there", plan: "see what a run would do", run: "run migrations", mark: "record without running", branch: "branches and backups", sql: "ask the database", admin: "everything, passwords too" };

const line = (text, what) => copyLine({ text, what });

function me(data) {
  return h("section", { class: "card" }, h("h2", {}, "Who I am"), facts({ rows: [["Name", data.name || "not asked for"], ["Known by", KINDS[data.kind] ?? data.kind], ["From", data.from],
    ["May", h("ul", { class: "scopes" }, data.scopes.map((scope) => h("li", { key: scope }, badge({ state: "" }, scope), h("span", { class: "muted" }, ` ${SCOPES[scope.split(":")[0]] ?? ""}${scope.includes(":") ? `, only in ${scope.split(":")[1]}` : ""}`))))]] }));
}

function tokens(data) {
  return h("section", { class: "card" }, h("h2", {}, "Tokens"),
    h("p", {}, data.login ? "This worker asks everybody for a token. They are in a file on its machine, as hashes; no route lists or makes them." : "This worker asks nobody for a login: whoever reaches the port may do everything. Make a token, and start the worker with that file:"),
    line("truss token create --name ci --scope read,plan,run --expires 90d --file tokens", "The command"),
    data.login ? [line("truss token list --file tokens", "The command"), line("truss token revoke ci --file tokens", "The command"), h("p", { class: "muted" }, "The worker reads the file again when it has changed.")] : line("truss-worker --tokens tokens …", "The command"));
}

function service(health) {
  const { data, error } = health;
  if (!data) return h("section", { class: "card" }, h("h2", {}, "Service"), error ? failure({ error, again: health.refresh }) : skeleton({ lines: 3 }));
  const { connection } = data;
  return h("section", { class: "card" }, h("h2", {}, "Service"), facts({ rows: [["Worker", `Truss ${data.version}, since ${moment(data.started_at)}`], ["PostgreSQL", connection?.pg_version], ["Server since", moment(connection?.started_at)],
    ["Sessions", connection ? plural(connection.active_connections, "active session") : null], ["Project", data.target?.project], ["Environment", data.target?.environment]] }),
  (data.warnings ?? []).map((text) => note({ kind: "warning" }, text)),
  h("p", {}, h("a", { href: "/openapi.json", target: "_blank", rel: "noreferrer" }, "All routes as OpenAPI")));
}

/** What can be set up: whether it is (null: not known, with `why`), and how. */
function parts({ login, backups, schedule, audit, health, branches }) {
  const known = (resource, test) => resource.data ? test(resource.data) : null;
  const hasOwnRole = known(health, (data) => !(data.warnings ?? []).some((text) => text.includes("--sql-role")));
  return [
    { name: "Login", is: login, yes: "everybody is asked for a token", no: "whoever reaches the port may do everything", how: "truss-worker --tokens tokens …" },
    { name: "Audit", is: known(audit, (data) => data.rows > 0), of: audit, yes: "who did what is written down", no: "no row is there: nothing is written down, or nothing has happened", how: "truss-worker --audit …" },
    { name: "Backups", is: known(backups, (data) => data.folder !== null), of: backups, yes: "there is a folder for them", no: "no folder is named", how: "truss-worker --backups DIR …" },
    { name: "Backup schedule", is: known(schedule, (data) => data.enabled), of: schedule, yes: "there is a schedule", no: "no schedule is on", link: ["Set it on the page Backups", link("backups", "", { tab: "schedule" })] },
    { name: "A role that only reads, for SQL", is: hasOwnRole, of: health, yes: "queries have no rights to write", no: "queries run with more rights than they need; what writes is refused all the same", how: "truss-worker --sql-role ROLE …" },
    { name: "Golden copy", is: known(branches, (data) => data.branches.some((one) => one.kind === "golden")), of: branches, yes: "branches can be made while the database is busy", no: "a branch of a busy database has to wait, or is a dump", how: "truss branch golden" },
  ];
}

const part = (one) => h("li", { key: one.name, class: one.is === true ? "good" : "bad" }, badge(one.is === true ? { state: "applied", sign: "✓" } : one.is === false ? { state: "warning", sign: "!" } : { state: "", sign: "?" }, one.is === true ? "set up" : one.is === false ? "not set up" : "not known"),
  h("div", {}, h("b", {}, one.name), h("div", { class: "muted" }, one.is === true ? one.yes : one.is === false ? one.no : one.of?.error?.message ?? "asking …"), one.is !== false ? null : one.link ? h("a", { href: one.link[1] }, one.link[0]) : line(one.how, "The command")));

function theme(draw) {
  const now = chosenTheme();
  const choose = (value) => { setTheme(value); draw(); };
  return h("section", { class: "card" }, h("h2", {}, "Colours"), h("div", { class: "actions", role: "radiogroup", "aria-label": "Colours" },
    [[null, "As the system"], ["light", "Light"], ["dark", "Dark"]].map(([value, label]) => h("label", { key: label, class: "option" }, h("input", { type: "radio", name: "theme", checked: now === value, onchange: () => choose(value) }), label))));
}

export function start({ draw }) {
  const all = { health: resource(() => ask("/api/health"), draw), backups: resource(() => ask("/api/backups"), draw), schedule: resource(() => ask("/api/backups/schedule"), draw),
    audit: resource(() => ask("/api/audit?limit=1").then((data) => ({ rows: data.rows.length })), draw), branches: resource(() => ask("/api/branches?all=true"), draw) };
  const refresh = () => { for (const one of Object.values(all)) one.refresh(); who.refresh(); };
  refresh();
  return {
    view() {
      const { data, error } = who;
      return [heading({ title: "Settings", actions: [button({ onclick: refresh }, "Look again")] }),
        !data && error ? failure({ error, again: who.refresh }) : null,
        h("div", { class: "two-columns" }, h("div", {}, data ? [me(data), tokens(data)] : skeleton({}), theme(draw)),
          h("div", {}, service(all.health), h("section", { class: "card" }, h("h2", {}, "What is set up"), h("ul", { class: "set-up" }, parts({ ...all, login: data ? data.login : null }).map(part)))))];
    },
  };
}
