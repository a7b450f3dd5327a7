// The one place that asks the bridge: errors, login, what is tried again, and the framework that is meant.
import { askLogin } from "../login.js";
import { route } from "./route.js";

/** `kind`: "network" (the bridge does not answer), "worker" (it does, and no worker or no database), "login", "forbidden", "refused". */
export class Failed extends Error {
  constructor(body, http) {
    super(body?.error ?? `The bridge answered ${http}.`);
    Object.assign(this, { body: body ?? {}, http, kind: kindOf(http) });
  }
}

function kindOf(http) {
  if (http === 0) return "network";
  if (http === 401) return "login";
  if (http === 403) return "forbidden";
  return http >= 500 ? "worker" : "refused";
}

const KEPT = 8;
const kept = new Map(); // path → { tag, told }: what has not changed is not read a second time, and is the same value as before

/** What is known already under this tag of the answer; else what `read()` answers. */
async function unchanged(path, tag, read) {
  const before = kept.get(path);
  if (tag && before?.tag === tag) return before.told;
  const told = await read();
  kept.delete(path);
  if (tag) kept.set(path, { tag, told });
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return told;
}

async function once(path, { method, body, headers, signal }) {
  let answer;
  try {
    answer = await fetch(path, { method, headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failed({ error: "The bridge cannot be reached." }, 0);
  }
  const tag = method === "GET" && answer.ok ? answer.headers.get("ETag") : null;
  const told = await unchanged(path, tag, () => answer.json().catch(() => ({ error: `The bridge answered ${answer.status} with something else than JSON.` })));
  if (answer.status === 401) askLogin();
  // What a run or a baseline found is an answer, also where it answers 400: { ok: false, … }.
  if (!answer.ok && told.ok !== false) throw new Failed(told, answer.status);
  return told;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Asks a route and answers its JSON; throws Failed. With a `body` it is a POST unless `method` says otherwise. What only reads is asked a
 * second time where the bridge says when (retry_ms); what changes something never is.
 */
export async function ask(path, body, { method = body === undefined ? "GET" : "POST", headers = {}, signal } = {}) {
  const options = { method, body, headers, signal };
  try {
    return await once(path, options);
  } catch (error) {
    const wait = error.body?.retry_ms;
    if (method !== "GET" || !wait || wait > 2000) throw error;
    await pause(wait);
    return once(path, options);
  }
}

/**
 * Asks for a file, as it comes: { blob, name } with the name that the bridge gives it. `told(size)` is called with each piece. What breaks off
 * in the middle is an error: half a file is none.
 */
export async function askFile(path, body, { signal, told = () => {} } = {}) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal }).catch((error) => { throw error.name === "AbortError" ? error : new Failed({ error: "The bridge cannot be reached." }, 0); });
  if (answer.status === 401) askLogin();
  if (!answer.ok) throw new Failed(await answer.json().catch(() => null), answer.status);
  const pieces = [];
  let size = 0;
  try {
    for (const reader = answer.body.getReader(); ;) {
      const { value, done } = await reader.read();
      if (done) break;
      pieces.push(value);
      told(size += value.length);
    }
  } catch (error) {
    throw error.name === "AbortError" ? error : new Failed({ error: `It broke off after ${size.toLocaleString("en")} bytes; nothing is kept.` }, 0);
  }
  return { blob: new Blob(pieces, { type: answer.headers.get("Content-Type") ?? "" }), name: /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] };
}

/** The framework that the address names, "" where it names none. */
export const chosenFramework = () => route().query.get("framework") ?? "";

/** A path with the chosen framework, and other parameters (lists as several). */
export function withFramework(path, query = {}) {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) for (const one of [value].flat()) if (one != null && one !== "") all.append(name, one);
  if (chosenFramework() !== "") all.set("framework", chosenFramework());
  return all.size ? `${path}?${all}` : path;
}

/** A body with the chosen framework. */
export const bodyWithFramework = (body) => chosenFramework() === "" ? body : { ...body, framework: chosenFramework() };

/**
 * Something that is asked again and again: { data, at (when it came, ms), error, isAsking }. `load()` answers the data; `changed()` is
 * called after every answer. What came last stays there while asking fails.
 */
export function resource(load, changed) {
  const self = { data: null, at: 0, error: null, isAsking: false, refresh, forget };
  let number = 0;
  async function refresh() {
    const mine = ++number;
    self.isAsking = true;
    if (self.error) changed();
    try {
      const data = await load();
      if (mine !== number) return;
      Object.assign(self, { data, at: Date.now(), error: null });
    } catch (error) {
      if (mine !== number) return;
      self.error = error;
    } finally {
      if (mine === number) self.isAsking = false;
    }
    if (mine === number) changed();
  }
  function forget() {
    number++;
    Object.assign(self, { data: null, at: 0, error: null, isAsking: false });
  }
  return self;
}
