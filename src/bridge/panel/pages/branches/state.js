// What a branch's state looks like, and how long it still is there.
import { plural } from "../../lib/format.js";

export const BRANCH_STATES = { active: { state: "applied", sign: "✓" }, creating: { state: "running", sign: "▸" }, expiring: { state: "warning", sign: "!" }, deleted: { state: "", sign: "–" }, failed: { state: "failed", sign: "✕" }, orphan: { state: "orphaned", sign: "?" } };

/** "in 3 h 20 min", "in 2 days", "is due": until a time. */
export function until(text) {
  const left = new Date(text) - Date.now();
  if (left <= 0) return "is due";
  const minutes = Math.ceil(left / 60000);
  if (minutes < 60) return `in ${minutes} min`;
  return minutes < 2880 ? `in ${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min` : `in ${plural(Math.floor(minutes / 1440), "day")}`;
}
