// A run and its events as they come: Server-Sent Events, from the first one on. Those that are known are not taken twice.
import { ask, Failed } from "../../lib/api.js";

const KINDS = ["run_started", "run_lock_wait", "migration_started", "step_started", "lock_wait", "progress", "step_done", "migration_done", "failed", "note", "output", "notice", "run_done"];

/** Answers { run, events, error, isLost, close() }, which changes; `changed()` is called whenever it has. */
export function follow(id, changed) {
  const path = `/api/operations/${encodeURIComponent(id)}`;
  const self = { run: null, events: [], error: null, isLost: false, close };
  let last = 0;
  let source = null;

  async function load() {
    try {
      self.run = await ask(path);
      if (source === null) listen();
    } catch (error) {
      self.error = error;
    }
    changed();
  }

  function take(event) {
    const told = JSON.parse(event.data);
    if (told.id <= last) return;
    last = told.id;
    self.isLost = false;
    // Of progress only the newest reports are worth keeping.
    if (told.kind === "progress" && self.events.length > 40 && self.events.at(-40).kind === "progress") self.events.splice(-40, 1);
    self.events.push(told);
    if (told.migration && self.run) Object.assign(self.run, { migration: told.migration });
    changed();
  }

  function listen() {
    source = new EventSource(`${path}/events`);
    for (const kind of KINDS) source.addEventListener(kind, take);
    source.addEventListener("done", (event) => {
      source.close();
      self.isLost = false;
      self.run = JSON.parse(event.data);
      changed();
    });
    source.addEventListener("error", (event) => {
      if (event.data) {
        self.error = new Failed(JSON.parse(event.data), 0);
        source.close();
      }
      self.isLost = true;
      changed();
      if (source.readyState === EventSource.CLOSED) setTimeout(again, 2000);
    });
  }

  function again() {
    if (source === null || self.run?.done) return;
    source = null;
    load();
  }

  function close() {
    source?.close();
    source = null;
    changed = () => {};
  }

  load();
  return self;
}
