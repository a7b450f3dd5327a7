// Light or dark: as the system has it, or as was chosen here.
let draw = () => {};

const kept = () => { try { return localStorage.getItem("truss-theme"); } catch { return null; } };

export const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

/** "light", "dark", or null: as the system. */
export const chosenTheme = () => document.documentElement.dataset.theme ?? null;

export function setTheme(theme) {
  if (theme === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try { theme === null ? localStorage.removeItem("truss-theme") : localStorage.setItem("truss-theme", theme); } catch { /* a private window keeps nothing */ }
  draw();
}

export const changeTheme = () => setTheme(isDark() ? "light" : "dark");

/** Takes what was chosen before; redraws whenever it changes. */
export function startTheme(redraw) {
  draw = redraw;
  if (kept()) document.documentElement.dataset.theme = kept();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
