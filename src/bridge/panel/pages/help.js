// The pages about Truss itself: how to adopt a database, what to do after a failure, what blocks whom, how it is operated. They are the
// files of the repository (help.cmake names them), so what is read here is what this version does.
import { h } from "../lib/h.js";
import { link, route } from "../lib/route.js";
import { Failed, resource } from "../lib/api.js";
import { failure, heading, skeleton } from "../parts/basics.js";
import { markdown } from "../parts/markdown.js";

async function read(path) {
  let answer;
  try {
    answer = await fetch(path);
  } catch {
    throw new Failed({ error: "The bridge cannot be reached." }, 0);
  }
  if (!answer.ok) throw new Failed({ error: "There is no such page of help." }, answer.status);
  return answer.text();
}

/** The list is a file, too: a line each of name, title and path in the repository. */
const contents = async () => (await read("/panel/help/contents")).trim().split("\n").map((line) => line.split("\t")).map(([name, title, file]) => ({ name, title, file }));

/** "../migration/locks.md#who" in src/cli/README.md → "src/migration/locks.md" and "#who" */
function resolved(from, target) {
  const [path, hash = ""] = target.split("#");
  return [path === "" ? from : new URL(path, `file:///${from}`).pathname.slice(1), hash && `#${hash}`];
}

export function start({ draw }) {
  let shown = null; // the page of `text`
  const pages = resource(contents, () => { routed(); draw(); });
  const text = resource(() => read(`/panel/help/${shown.name}.md`), () => { draw(); goToHash(); });
  const wanted = () => pages.data?.find((page) => page.name === (route().rest || pages.data[0].name)) ?? null;

  function linkTo(target) {
    if (/^https?:/.test(target)) return target;
    const [file, hash] = resolved(shown.file, target);
    const page = pages.data.find((one) => one.file === file);
    return page ? link("help", page.name) + hash : null;
  }

  function goToHash() {
    if (location.hash) requestAnimationFrame(() => document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView());
  }

  function routed() {
    const page = wanted();
    if (page === shown) return goToHash();
    shown = page;
    text.data = null;
    if (shown) text.refresh();
  }

  function body() {
    const error = pages.error ?? text.error;
    if (pages.data && !shown) return failure({ error: { message: `There is no page of help of the name “${route().rest}”.` } });
    if (!text.data) return error ? failure({ error, again: () => (pages.data ? text.refresh() : pages.refresh()) }) : skeleton({ lines: 12 });
    return h("article", { key: shown.name, class: "prose" }, markdown(text.data, linkTo));
  }

  pages.refresh();
  return {
    title: () => shown?.title ?? "Help",
    view: () => [heading({ title: shown?.title ?? "Help" }),
      h("div", { class: "help-body" }, h("nav", { "aria-label": "Pages of help", class: "help-list" }, (pages.data ?? []).map((page) =>
        h("a", { key: page.name, href: link("help", page.name), "aria-current": page === shown ? "page" : null }, page.title))), body())],
    routed,
  };
}
