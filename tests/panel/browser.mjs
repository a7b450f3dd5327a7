// Chromium for chromium.py: reads lines of JSON, answers each with one. A line opens a page ({open, options}) or runs a piece of
// JavaScript with it ({run, args}); closing ({close}) answers what went wrong meanwhile: errors on the console, broken policies, requests to
// other hosts. argv: the folder with node_modules, the browser's path, and "plain" for a browser as people have it.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import path from "node:path";

const [folder, executablePath, kind] = process.argv.slice(2);
const require = createRequire(path.join(folder, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const AsyncFunction = (async () => {}).constructor;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  // One process less for each, no second compilation of what runs once, and no threads that look for work.
  ...(kind === "plain" ? [] : ["--in-process-gpu", "--renderer-process-limit=1", "--disable-site-isolation-trials", "--js-flags=--no-opt,--no-maglev,--single-threaded"])] });
// One context for all tests with the same options: each new one costs a process. No test sees another's storage, as each has a bridge on a
// port of its own; cookies know no ports and are cleared.
const contexts = new Map();
let page, problems;

async function contextOf(options) {
  const key = JSON.stringify(options);
  if (!contexts.has(key)) {
    contexts.set(key, await browser.newContext({ reducedMotion: "reduce", locale: "en-GB", ...options }));
    await contexts.get(key).newPage(); // an empty one, so that the process stays between two tests
  }
  return contexts.get(key);
}

async function open({ open: url, options }) {
  if (page && !page.isClosed()) await page.close();
  else problems = [];
  page = await (await contextOf(options)).newPage();
  page.setDefaultTimeout(20000);
  const origin = new URL(url).origin;
  page.on("console", (message) => message.type() === "error" && problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("request", (request) => new URL(request.url()).origin !== origin && problems.push(`asked another host: ${request.url()}`));
  page.on("dialog", (dialog) => { problems.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(url, { waitUntil: "load" });
}

async function answer(line) {
  if (line.open) return open(line);
  if (line.close) {
    await page.context().clearCookies();
    await page.close();
    return problems;
  }
  return (await new AsyncFunction("page", "args", "axe", line.run)(page, line.args, axe)) ?? null;
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ value: (await answer(JSON.parse(line))) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.message ?? error) }));
  }
}
await browser.close();
