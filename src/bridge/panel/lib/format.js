// How things are written: times with their zone, figures with one width, words instead of codes.

export const plural = (count, word, many = `${word}s`) => `${count.toLocaleString("en")} ${count === 1 ? word : many}`;
export const words = (text) => (text ?? "").replaceAll("_", " ");

const two = (number) => String(number).padStart(2, "0");

/** "12 ms", "1.4 s", "3 min 05 s", "2 h 10 min"; "" where it is not known. */
export function duration(ms) {
  if (ms == null) return "";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3600000) return `${Math.floor(ms / 60000)} min ${two(Math.floor(ms % 60000 / 1000))} s`;
  return `${Math.floor(ms / 3600000)} h ${two(Math.floor(ms % 3600000 / 60000))} min`;
}

/** The zone of this browser as "UTC", "UTC+2", "UTC−3:30". */
export function zone(date = new Date()) {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${two(rest)}` : ""}`;
}

/** "2026-11-29 04:55", in this browser's zone, which a heading or moment() says. */
export function minute(text) {
  if (text == null) return "";
  const at = new Date(text);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** "04:55:12" */
export function clock(text) {
  const at = new Date(text);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** "2026-11-29 04:55:12 UTC+1" */
export const moment = (text) => text == null ? "" : `${minute(text)}:${two(new Date(text).getSeconds())} ${zone(new Date(text))}`;

/** "3 min ago"; "just now" within five seconds. */
export function ago(ms) {
  const since = Date.now() - ms;
  if (since < 5000) return "just now";
  if (since < 60000) return `${Math.floor(since / 1000)} s ago`;
  if (since < 3600000) return `${Math.floor(since / 60000)} min ago`;
  return since < 86400000 ? `${Math.floor(since / 3600000)} h ago` : `${plural(Math.floor(since / 86400000), "day")} ago`;
}

/** "8.0 kB", "1.2 GB"; "" where it is not known. */
export function bytes(size) {
  if (size == null) return "";
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = size < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(size) / Math.log(1024)));
  return `${power === 0 ? size : (size / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** A word for a shell, quoted where it has to be. */
export const shellWord = (text) => /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
