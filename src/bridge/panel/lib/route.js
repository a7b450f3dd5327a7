// The URL is the state: which page, what it shows, its filters. /migrations/NAME?tab=plan is { page: "migrations", rest: "NAME", query }.

const listeners = new Set();

/** What the address bar says. `rest` is decoded; it may hold slashes. */
export function route() {
  const [, page = "", ...rest] = location.pathname.split("/");
  return { page: page || "migrations", rest: rest.map(decoded).join("/"), query: new URLSearchParams(location.search) };
}

function decoded(piece) {
  try { return decodeURIComponent(piece); } catch { return piece; }
}

/**
 * The address of a page. The chosen framework stays in every address; `query` adds to it, null takes away. `rest` may be absent.
 */
export function link(page, rest = "", query = {}) {
  const kept = new URLSearchParams();
  const framework = route().query.get("framework");
  if (framework) kept.set("framework", framework);
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one != null && one !== "") name === "framework" || !Array.isArray(value) ? kept.set(name, one) : kept.append(name, one);
    if (value === null) kept.delete(name);
  }
  const path = `/${page}${rest ? `/${rest.split("/").map(encodeURIComponent).join("/")}` : ""}`;
  return kept.size ? `${path}?${kept}` : path;
}

/** This page with other parameters; null takes one away. Everything else stays. */
export function here(query) {
  const kept = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(query)) value == null || value === "" ? kept.delete(name) : kept.set(name, value);
  return kept.size ? `${location.pathname}?${kept}` : location.pathname;
}

/** Goes there. `replace`: without a step for "back", as for every letter of a filter. */
export function go(address, { replace = false } = {}) {
  if (address === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  for (const listener of listeners) listener();
}

export function onRoute(listener) {
  listeners.add(listener);
}

addEventListener("popstate", () => { for (const listener of listeners) listener(); });

// Links of ours change the page without loading it again; with a key held, or a target, they are the browser's.
document.addEventListener("click", (event) => {
  const anchor = event.target.closest?.("a[href^='/']");
  if (!anchor || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (anchor.target || anchor.hasAttribute("download")) return;
  event.preventDefault();
  go(anchor.getAttribute("href"));
});
