// The pages: a row each. A page is a file of pages/ and a row here; README.md beside this says what such a file holds.

/** `group` draws a line in the rail where it changes; `rail: false` keeps a page out of it. */
export const pages = [
  { path: "connection", name: "Connection", icon: "connection", group: 1, load: () => import("./pages/connection.js") },
  { path: "migrations", name: "Migrations", icon: "migrations", group: 1, load: () => import("./pages/migrations.js") },
  { path: "review", name: "Review and run", icon: "runs", rail: false, under: "migrations", load: () => import("./pages/review.js") },
  { path: "adopt", name: "Adopt this database", icon: "migrations", rail: false, under: "migrations", load: () => import("./pages/adopt.js") },
  { path: "runs", name: "Runs", icon: "runs", group: 1, load: () => import("./pages/runs.js") },
  { path: "sql", name: "SQL", icon: "sql", group: 2, load: () => import("./pages/sql.js") },
  { path: "branches", name: "Branches", icon: "branches", group: 2, load: () => import("./pages/branches.js") },
  { path: "backups", name: "Backups", icon: "backups", group: 2, load: () => import("./pages/backups.js") },
  { path: "audit", name: "Audit", icon: "audit", group: 3, load: () => import("./pages/audit.js") },
  { path: "settings", name: "Settings", icon: "settings", group: 3, load: () => import("./pages/settings.js") },
  { path: "help", name: "Help", icon: "help", group: 3, load: () => import("./pages/help.js") },
];

export const pageOf = (path) => pages.find((page) => page.path === path);
