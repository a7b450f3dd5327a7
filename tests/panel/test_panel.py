"""The panel in a real browser: Debian's Chromium, driven by playwright-core.

TRUSS_PEERS_DIR  where playwright-core is installed, once (default: a cache directory of the user)
"""
import glob
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

    def __init__(self):
        self.process = subprocess.Popen(["node", os.path.join(HERE, "browser.mjs"), TOOLS, shutil.which("chromium")], text=True,
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


def setUpModule():
    global browser
    for command in ("chromium", "node", "npm"):
        if shutil.which(command) is None:
            raise unittest.SkipTest(f"{command} is not installed")
    if not os.path.isdir(os.path.join(TOOLS, "node_modules", "axe-core")):
        os.makedirs(TOOLS, exist_ok=True)
        with open(os.path.join(TOOLS, "package.json"), "w", encoding="ascii") as file:
            file.write('{"private": true}')
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", *PACKAGES], cwd=TOOLS, check=True, timeout=300,
                       env=dict(os.environ, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD="1"))
    browser = Browser()


def tearDownModule():
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
        """Waits until an expression is true in the page."""
        self.do("await page.waitForFunction(args[0], args[1])", condition, *args)

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

    def width(self):
        """By how much the page is wider than its window."""
        return self.do("return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)")


class Panel(Page):
    # ---- what is there ----

    def test_it_says_first_what_is_to_be_done_and_lists_what_waits_before_what_is_done(self):
        files = self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();", "CREATE TABLE c ();")
        self.run_all(files)
        files.add("1_m", "CREATE TABLE a (changed INT);")
        shutil.rmtree(os.path.dirname(files.script("2_m")))
        files.add("4_m", "CREATE TABLE d ();").add("5_m", "CREATE TABLE e ();")
        self.open(files)
        self.see("h1", "2 migrations are pending.")
        self.see("#bar", "Prisma")
        self.see(".heading", "_prisma_migrations")
        self.assertEqual(self.chips(), {"pending": "2", "modified": "1", "orphaned": "1", "applied": "1"})
        self.assertEqual(self.rows(), [["pending", "5_m"], ["pending", "4_m"], ["applied", "3_m"], ["orphaned", "2_m"], ["modified", "1_m"]])

    def test_filters_are_in_the_address_and_back_undoes_them(self):
        files = self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();")
        self.run_all(files, migrations=["1_m"])
        self.open(files)
        self.see(".virtual", "1_m")
        self.click(".chip", "applied")
        self.wait("() => document.querySelectorAll('.virtual tbody tr:not(.spacer)').length === 1")
        self.assertEqual((self.rows(), self.path()), ([["applied", "1_m"]], "/migrations?state=applied"))
        self.do("await page.reload()")
        self.see("#shown", "1 of 2")
        self.do("await page.goBack()")
        self.see("#shown", "2 migrations")
        self.do("await page.fill('#filter', 'nothing like it')")
        self.see(".empty", "None of them matches")
        self.assertEqual(self.path(), "/migrations?q=nothing+like+it")

    def test_a_migration_has_an_address_of_its_own_with_its_script_in_colours(self):
        script = "-- hello\nCREATE TABLE \"A b\" (n INT DEFAULT 5, t TEXT DEFAULT 'x');\n"
        self.open(self.project_of(script), "/migrations/1_m")
        self.see(".code pre", "CREATE TABLE")
        kinds = self.do("return page.locator('.code code span').evaluateAll((all) => Object.fromEntries(all.map((one) => [one.textContent, one.className])))")
        self.assertEqual({key: kinds.get(key) for key in ("-- hello", "CREATE", "5", "'x'")},
                         {"-- hello": "comment", "CREATE": "keyword", "5": "figure", "'x'": "string"})
        self.assertEqual(self.do("return page.locator('.code code').evaluate((code) => code.textContent)"), script)
        self.assertEqual(self.do("return page.locator('.code .numbers').innerText()").split(), ["1", "2"])
        self.click("[role=tab]", "Plan")
        self.see("[role=tabpanel]", "1 statement that locks nothing")
        self.assertEqual(self.path(), "/migrations/1_m?tab=plan")
        self.click("[role=tab]", "Tracking-table row")
        self.see("[role=tabpanel]", "no tracking table yet")

    def test_a_failed_one_is_red_says_why_and_where_and_what_to_do(self):
        files = self.project_of("CREATE TABLE a ();", "SELECT 1;\nSELECT 1/0;\n")
        self.run_all(files)
        self.open(files)
        self.see("h1", "1 migration failed.")
        self.assertEqual(self.rows()[0], ["failed", "2_m"])
        self.see(".virtual .why.failed", "division by zero")
        self.click(".heading a", "See why")
        self.see(".todo", "Its attempt failed and left nothing")
        self.see(".code .numbers .here", "2")
        self.click("[role=tab]", "History")
        self.see("[role=tabpanel]", "division by zero")
        self.see("[role=tabpanel]", "22012")

    def test_every_page_is_served_and_asks_nothing_of_others(self):
        self.open(self.project_of("CREATE TABLE a ();"))
        for page, title in (("runs", "Runs"), ("sql", "SQL"), ("connection", "Connection"), ("branches", "Branches"), ("backups", "Backups"), ("audit", "Audit"), ("settings", "Settings"),
                            ("adopt", "Adopt this database"), ("review", "Review and run")):
            with self.subTest(page=page):
                self.do("await page.goto(new URL(args[0], page.url()).href)", f"/{page}")
                self.see("h1", title)
        self.do("await page.goto(new URL('/migrations/none', page.url()).href)")
        self.see(".empty", "There is no such migration")

    def test_what_asks_for_no_html_gets_none(self):
        http = self.bridge(self.worker(self.project()))
        self.assertEqual(http.get("/migrations").status, 404)
        self.assertIn("application/json", http.get("/").headers["Content-Type"])
        page = http.get("/runs/x/y", headers={"Accept": "text/html"})
        self.assertEqual((page.status, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertEqual(http.get("/runsx", headers={"Accept": "text/html"}).status, 404)
        again = http.get("/panel/main.js", headers={"If-None-Match": http.get("/panel/main.js").headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))

    # ---- what it does ----

    def test_a_run_is_reviewed_begun_watched_and_found_again(self):
        files = self.project_of("CREATE TABLE a (id INT);", "ALTER TABLE a ADD b INT;")
        self.run_all(files, migrations=["1_m"])
        self.open(files)
        self.click("#run")
        self.see("h1", "Review and run")
        self.see(".review-grid td", "ACCESS EXCLUSIVE")
        self.see(".review-grid td", "0 B")
        self.see(".review-grid td", "nobody")
        self.click("#begin", f"Run 1 migration in {self.database}")
        self.see("h1", "Applied 1 migration(s) successfully.")
        self.assertRegex(self.path(), "^/runs/.")
        self.see(".log", "2_m")
        self.click(".heading a", "All runs")
        self.see(".virtual", "Applied 1 migration")
        self.do("await page.goto(new URL('/', page.url()).href)")
        self.see("h1", "All 2 migrations are applied.")

    # ---- everybody ----

    def test_it_is_small_and_its_policy_is_strict(self):
        files = glob.glob(os.path.join(harness.ROOT, "src/bridge/panel/**/*.*"), recursive=True)
        self.assertLess(sum(os.path.getsize(file) for file in files), 400000)
        http = self.bridge(self.worker(self.project()))
        answer = http.request("GET", "/", headers={"Accept": "text/html"})
        policy = answer.headers["Content-Security-Policy"]
        self.assertTrue(policy.startswith("default-src 'none'"))
        self.assertIn("require-trusted-types-for 'script'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(answer.body.decode(), r"(?i)<script>|\son\w+=|style=|https?://")


if __name__ == "__main__":
    harness.main()
