// Who I am here, how others get in, what serves this page, what is not set up and how, and the colours.
import { h } from "../lib/h.js";
import { ask, resource } from "../lib/api.js";
import { link } from "../lib/route.js";
import { minute, moment, plural, zone } from "../lib/format.js";
import { badge, button, copyLine, facts, failure, heading, note, skeleton } from "../parts/basics.js";
import { chosenTheme, setTheme } from "../parts/theme.js";
import { may, who } from "../store.js";

const KINDS = { token: "a token", oidc: "an identity provider (OIDC)", user: "a user of the worker's machine", anonymous: "nobody in particular: no login is asked for" };
const SCOPES = { read: "see what is there", plan: "see what a run would do", run: "run migrations", mark: "record without running", branch: "branches and backups", sql: "ask the database", approve: "approve what others want to run", admin: "the audit, tokens, passwords, files of backups" };

const line = (text, what) => copyLine({ text, what });

function me(data) {
  return h("section", { class: "card" }, h("h2", {}, "Who I am"), facts({ rows: [["Name", data.name || "not asked for"], ["Known by", KINDS[data.kind] ?? data.kind], ["From", data.from],
    ["May", h("ul", { class: "scopes" }, data.scopes.map((scope) => h("li", { key: scope }, badge({ state: "" }, scope), h("span", { class: "muted" }, ` ${SCOPES[scope.split(":")[0]] ?? ""}${scope.includes(":") ? `, only in ${scope.split(":")[1]}` : ""}`))))]] }));
}

/** "in 12 days" is what somebody looks for; an end that has passed is a token that lets nobody in. */
function tokenEnd(one) {
  if (!one.expiresAt) return h("span", { class: "muted" }, "never");
  const days = Math.ceil((new Date(one.expiresAt) - Date.now()) / 86400000);
  return h("span", { title: moment(one.expiresAt) }, one.expired ? badge({ state: "failed", sign: "✕" }, "expired") : days <= 14 ? badge({ state: "warning", sign: "!" }, `in ${plural(days, "day")}`) : minute(one.expiresAt));
}

const tokenRow = (one) => h("tr", { key: one.name }, h("th", { scope: "row" }, one.name), h("td", {}, one.scopes.map((scope) => [badge({ state: "" }, scope), " "])), h("td", { class: "nowrap muted" }, one.createdAt ? minute(one.createdAt).slice(0, 10) : ""), h("td", { class: "nowrap" }, tokenEnd(one)));

function tokenList({ data, error, refresh }) {
  if (!data) return error ? failure({ error, again: refresh }) : skeleton({ lines: 2 });
  return h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Tokens of this worker" }, h("table", { class: "tokens" }, h("thead", {}, h("tr", {}, ["Name", "May", "Made", `Ends (${zone()})`].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, data.tokens.map(tokenRow))));
}

/** No page makes or revokes one: whoever got hold of a browser's session could keep a way in by that. The file is on the worker's machine. */
function tokens(data, listed) {
  return h("section", { class: "card" }, h("h2", {}, "Tokens"),
    data.login ? [may("admin") ? tokenList(listed) : h("p", {}, "This worker asks everybody for a token. Who has the scope “admin” sees the list of them here."),
      h("p", { class: "muted" }, "They are made and revoked on the worker's machine, never by a page: a stolen session could make itself a token that outlives it. The file has their hashes only; the worker reads it again when it has changed."),
      line("truss token create --name ci --scope read,plan,run --expires 90d --file tokens", "The command"), line("truss token revoke ci --file tokens", "The command")]
      : [h("p", {}, "This worker asks nobody for a login: whoever reaches the port may do everything. Make a token, and start the worker with that file:"),
        line("truss token create --name ci --scope read,plan,run --expires 90d --file tokens", "The command"), line("truss-worker --tokens tokens …", "The command")]);
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
    { name: "A role that only reads, for SQL", is: hasOwnRole, of: health, yes: "queries have no rights to write", no: "queries run with more rights than they need; statements that write are refused anyway", how: "truss-worker --sql-role ROLE …" },
    { name: "Golden copy", is: known(branches, (data) => data.branches.some((one) => one.kind === "golden")), of: branches, yes: "branches can be made while the database is busy", no: "a branch of a busy database has to wait, or is a dump", how: "truss branch golden refresh" },
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
  const listed = resource(() => ask("/api/tokens"), draw);
  const refresh = () => { for (const one of [...Object.values(all), ...(may("admin") ? [listed] : [])]) one.refresh(); who.refresh(); };
  refresh();
  return {
    view() {
      const { data, error } = who;
      return [heading({ title: "Settings", actions: [button({ onclick: refresh }, "Look again")] }),
        !data && error ? failure({ error, again: who.refresh }) : null,
        h("div", { class: "two-columns" }, h("div", {}, data ? [me(data), tokens(data, listed)] : skeleton({}), theme(draw)),
          h("div", {}, service(all.health), h("section", { class: "card" }, h("h2", {}, "What is set up"), h("ul", { class: "set-up" }, parts({ ...all, login: data ? data.login : null }).map(part)))))];
    },
  };
}
