// Small line drawings, 16 by 16; always beside words, or with a label on what they stand in.
import { h } from "../lib/h.js";

const PATHS = {
  connection: "M6 2v4M10 2v4M4 6h8v2a4 4 0 0 1-8 0zM8 12v2",
  migrations: "M2.5 4h11M2.5 8h11M2.5 12h7M12 10.5v4M10 12.5h4",
  runs: "M4 3l9 5-9 5z",
  sql: "M2.5 3.5h11v9h-11zM5 6.5l2 1.5-2 1.5M8.5 10h2.5",
  branches: "M5 3v10M5 6c5 0 6 1 6 4v1M5 3.2a1 1 0 1 0 0-.4M5 13.2a1 1 0 1 0 0-.4M11 11.2a1 1 0 1 0 0-.4",
  backups: "M3 4.5C3 3 13 3 13 4.5v7c0 1.5-10 1.5-10 0zM3 4.5C3 6 13 6 13 4.5M3 8c0 1.5 10 1.5 10 0",
  audit: "M4 2.5h6l2.5 2.5v8.5H4zM6 7h4M6 9.5h4",
  settings: "M3 5h6M12 5h1M10.5 3.5v3M3 11h1M7 11h6M5.5 9.5v3",
  help: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M6 6.4c0-2.6 4-2.6 4-.2 0 1.5-2 1.6-2 3M8 11.4v.3",
  lint: "M3 8l3.5 3.5L13 4.5",
  search: "M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8M10 10l3.5 3.5",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
  back: "M9.5 3.5L5 8l4.5 4.5",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
  warning: "M8 2.5l6 11H2zM8 6.5v3.5M8 11.6v.4",
  bad: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 4.8v4M8 10.8v.4",
  good: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M5.2 8.2l2 2 3.6-4",
  dot: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13h10",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
};

/** icon("runs"): a drawing that a screen reader passes over. */
export const icon = (name) => h("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, h("path", { d: PATHS[name] ?? PATHS.dot }));
