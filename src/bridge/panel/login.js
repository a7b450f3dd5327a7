// Logging in: a token that is typed once. The bridge keeps it, and gives the browser the number of a session in a cookie that no script
// can read, this one neither.

const $ = (id) => document.getElementById(id);

/** Asks for a token, where the bridge wants one. */
export function askLogin() {
  $("logout").hidden = true;
  if (!$("login").open) $("login").showModal();
}

function showWho(who) {
  $("logout").hidden = who.kind !== "token" && who.kind !== "oidc";
  $("logout").textContent = `Log out ${who.name}`;
}

async function login(event, refresh) {
  event.preventDefault();
  const field = $("login-token");
  const answer = await fetch("/api/login", { method: "POST", headers: { Authorization: `Bearer ${field.value.trim()}` } }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  field.value = "";
  $("login-why").textContent = answer?.ok ? "This service asks who you are." : told?.error ?? "The bridge cannot be reached.";
  if (!answer?.ok) {
    field.focus();
    return;
  }
  $("login").close();
  showWho(told);
  refresh();
}

/** ask(path, body) asks the bridge; refresh() shows the page anew. */
export function startLogin(ask, refresh) {
  $("login").querySelector("form").addEventListener("submit", (event) => login(event, refresh));
  $("logout").addEventListener("click", () => ask("/api/logout", {}).then(() => location.reload(), () => {}));
  ask("/api/whoami").then(showWho, () => {});
}
