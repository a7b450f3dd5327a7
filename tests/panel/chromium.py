"""A real browser for the tests of the console: Debian's Chromium without a window, driven by playwright-core.

TRUSS_PEERS_DIR  where playwright-core is installed, once (default: a cache directory of the user)
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import harness
from harness import Case, wait_for

CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
TOOLS = os.path.join(os.environ.get("TRUSS_PEERS_DIR", os.path.join(CACHE, "truss-peers")), "panel")
PACKAGES = ["playwright-core@1.64.1", "axe-core@4.10.3"]


class Browser:
    """One Chromium for all tests."""

    def __init__(self, program, kind=""):
        self.process = subprocess.Popen(["node", os.path.join(HERE, "browser.mjs"), TOOLS, program, kind], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError("the browser has ended")
        answer = json.loads(answer)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


browser = None


def start_plain():
    """The same, and the browser is as people have it: what makes tests cheaper would slow its scripts."""
    start("plain", ("chromium",))


# The first is the same engine without what belongs to windows, which is a third of the processor's time.
def start(kind="", programs=("chromium-headless-shell", "chromium")):
    """For setUpModule: skips where there is none."""
    global browser
    found = [program for program in map(shutil.which, programs) if program]
    for command, is_there in ((programs[-1], found), ("node", shutil.which("node")), ("npm", shutil.which("npm"))):
        if not is_there:
            raise unittest.SkipTest(f"{command} is not installed")
    if not os.path.isdir(os.path.join(TOOLS, "node_modules", "axe-core")):
        os.makedirs(TOOLS, exist_ok=True)
        with open(os.path.join(TOOLS, "package.json"), "w", encoding="ascii") as file:
            file.write('{"private": true}')
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", *PACKAGES], cwd=TOOLS, check=True, timeout=300,
                       env=dict(os.environ, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD="1"))
    browser = Browser(found[0], kind)


def stop():
    browser.stop()


class Page(Case):
    """A test with a page of its own."""

    def open(self, files, path="/", options=None, http=None, arguments=(), **others):
        """A worker, a bridge, and a page on it. What goes wrong on the page is told at the test's end."""
        self.files = files
        if http is None:
            self.process = self.worker(files, *arguments, **others)
            http = self.bridge(self.process)
        self.http = http
        browser.ask(open=f"http://{http.host}:{http.port}{path}", options=options or {})
        self.expected = []
        if not hasattr(self, "is_open"):
            self.is_open = True
            self.addCleanup(self.close)

    def close(self):
        problems = [one for one in browser.ask(close=True) if not any(re.search(allowed, one) for allowed in self.expected)]
        self.assertEqual(problems, [])

    def do(self, code, *args):
        return browser.ask(run=code, args=list(args))

    def text(self, selector):
        return self.do("await page.waitForSelector(args[0]); return page.locator(args[0]).first().innerText()", selector)

    def see(self, selector, words):
        """Waits until these words are there."""
        self.do("await page.locator(args[0]).filter({ hasText: args[1] }).first().waitFor()", selector, words)

    def click(self, selector, words=None):
        self.do("await (args[1] ? page.locator(args[0]).filter({ hasText: args[1] }) : page.locator(args[0])).first().click()", selector, words)

    def press(self, *keys):
        for key in keys:
            self.do("await page.keyboard.press(args[0])", key)

    def wait(self, condition, *args):
        """Waits until an expression is true in the page. Not by waitForFunction(), which our policy makes answer at once: it takes text for code."""
        self.do("""for (const end = Date.now() + 20000; !await page.evaluate(`(${args[0]})(${JSON.stringify(args[1])})`); await page.waitForTimeout(20)) {
            if (Date.now() > end) throw new Error(`never true: ${args[0]}`); }""", condition, *args)

    def chips(self):
        """{label: count} of the filters by state."""
        return dict(self.do("return page.locator('.chip').evaluateAll((all) => all.map((one) => [one.firstChild.textContent, one.querySelector('b').textContent]))"))

    def rows(self):
        """[state, name] of every migration that is listed."""
        return self.do("return page.locator('.virtual tbody tr:not(.spacer)').evaluateAll((rows) => rows.map((row) => [row.querySelector('.badge').textContent.split(' ').pop(), row.querySelector('a').textContent]))")

    def project_of(self, *scripts):
        files = self.project()
        for number, script in enumerate(scripts, 1):
            files.add(f"{number}_m", script)
        return files

    def run_all(self, files, **request):
        """What is pending runs, by a worker of its own."""
        with harness.Rpc(self.worker(files).address) as rpc:
            return rpc.call("MigrationService", "Run", request)

    def path(self):
        return self.do("return page.evaluate(() => location.pathname + location.search)")

    def found_by_axe(self, options):
        """What axe-core finds serious. It is left out in the page what is not: all that it looked at is a megabyte."""
        return self.do("""if (!await page.evaluate(() => "axe" in window)) await page.evaluate(axe);
            return page.evaluate(async (options) => (await window.axe.run(document, { resultTypes: ["violations"], ...options })).violations
                .filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`), args[0])""", options)

    def width(self):
        """By how much the page, or what scrolls in it, is wider than there is room."""
        return self.do("return page.evaluate(() => Math.max(document.documentElement.scrollWidth - window.innerWidth, ...['main', '.detail-side'].flatMap((one) => [...document.querySelectorAll(one)])"
                       ".map((one) => one.scrollWidth - one.clientWidth)))")

    def visit(self, path):
        self.do("await page.goto(new URL(args[0], page.url()).href)", path)

    def turn(self, path):
        """The page of an address as a link leads there, which costs less than to visit it: only what that page alone has is loaded."""
        self.do("""await page.evaluate((path) => {
                history.pushState(null, "", path);
                dispatchEvent(new PopStateEvent("popstate"));
                return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
            }, args[0]);
            await page.waitForSelector(`main > .page.${/\\w+/.exec(args[0])[0]}`, { state: "attached" });
            await page.waitForSelector("main .skeleton", { state: "detached" });""", path)
