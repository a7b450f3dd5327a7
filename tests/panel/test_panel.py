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
# What each test wants of the page, in JavaScript with playwright's `page`.
SHEET = "const sheet = page.locator('#sheet');"


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


class Panel(Case):
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
        return browser.ask(run=SHEET + code, args=list(args))

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

    def counts(self):
        return self.do("return page.locator('#counts b').allInnerTexts()")

    def rows(self):
        return self.do("return page.locator('#list tr').evaluateAll((rows) => rows.map((row) => [row.querySelector('.badge').textContent, row.querySelector('button').textContent]))")

    def project_of(self, *scripts):
        files = self.project()
        for number, script in enumerate(scripts, 1):
            files.add(f"{number}_m", script)
        return files

    # ---- what is there ----

    def test_it_shows_framework_ledger_evidence_counts_and_every_migration(self):
        files = self.project("prisma-blog")
        self.open(files)
        self.see("#framework", "Prisma")
        self.see("#ledger", "no tracking table yet")
        self.click("#evidence summary")
        self.assertRegex(self.text("#evidence ul"), r"schema\.prisma[\s\S]*chosen because")
        self.assertEqual(self.counts(), ["0", str(len(files.names())), "0", "0"])
        self.assertEqual(self.rows(), [["pending", name] for name in files.names()])

    def test_the_four_states_have_badges_and_the_counts_filter(self):
        files = self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();", "CREATE TABLE c ();")
        with harness.Rpc(self.worker(files).address) as rpc:
            rpc.call("MigrationService", "Run", {})
        files.add("1_m", "CREATE TABLE a (changed INT);")
        shutil.rmtree(os.path.dirname(files.script("2_m")))
        files.add("4_m", "CREATE TABLE d ();")
        self.open(files)
        self.see("#framework", "Prisma")
        self.assertEqual(self.counts(), ["1", "1", "1", "1"])
        self.assertEqual(self.rows(), [["modified", "1_m"], ["orphaned", "2_m"], ["applied", "3_m"], ["pending", "4_m"]])
        self.click("#counts button", "orphaned")
        self.assertEqual(self.rows(), [["orphaned", "2_m"]])
        self.assertEqual(self.do("return page.locator('#counts [aria-pressed=true]').count()"), 1)
        self.click("#counts button", "orphaned")
        self.do("await page.fill('#filter', '4_')")
        self.assertEqual((self.rows(), self.text("#shown")), ([["pending", "4_m"]], "1 of 4"))
        self.do("await page.fill('#filter', 'nothing like it')")
        self.see("#empty", "None of them matches")
        self.do("await page.fill('#filter', '')")
        self.click("#list button", "2_m")
        self.see("#sheet", "Its file is gone")

    def test_a_preview_is_the_script_in_colours(self):
        self.open(self.project_of("-- hello\nCREATE TABLE \"A b\" (n INT DEFAULT 5, t TEXT DEFAULT 'x');\n"))
        self.click("#list button")
        self.see("#sheet pre", "CREATE TABLE")
        kinds = self.do("return page.locator('#sheet pre span').evaluateAll((all) => Object.fromEntries(all.map((one) => [one.textContent, one.className])))")
        self.assertEqual({key: kinds.get(key) for key in ("-- hello", "CREATE", "5", "'x'")},
                         {"-- hello": "comment", "CREATE": "keyword", "5": "figure", "'x'": "string"})
        self.assertEqual(self.do("return page.locator('#sheet pre').evaluate((pre) => pre.textContent)"),
                         "-- hello\nCREATE TABLE \"A b\" (n INT DEFAULT 5, t TEXT DEFAULT 'x');\n")
        colours = self.do("return page.locator('#sheet pre span').evaluateAll((all) => new Set(all.map((one) => getComputedStyle(one).color)).size)")
        self.assertGreater(colours, 2)

    def test_what_comes_from_outside_stays_text(self):
        hostile = "<img src=x onerror=alert(1)>"
        self.open(self.project_of(f"-- {hostile}\nSELECT '<script>alert(2)</script>';").add(f"2_{hostile}".replace("/", ""), "SELECT 1/0;"))
        self.see("#list", hostile)
        self.click("#list button", "1_m")
        self.see("#sheet pre", "<script>alert(2)</script>")
        self.assertEqual(self.do("return page.locator('#sheet pre *:not(span), main img, main script').count()"), 0)

    def test_a_token_is_asked_for_kept_from_scripts_and_forgotten(self):
        token = self.token("read,plan", name="reader")
        worker = self.worker(self.project_of("CREATE TABLE a ();"), "--tokens", self.tokens)
        self.open(None, http=self.bridge(worker))
        self.expected = ["401"]  # the browser's own word for it
        self.see("#login h2", "Log in")
        self.do("await page.fill('#login-token', 'truss_wrong'); await page.click('#login button')")
        self.see("#login-why", "This token is not known")
        self.do("await page.fill('#login-token', args[0]); await page.click('#login button')", token)
        self.see("#framework", "Prisma")
        self.see("#logout", "Log out reader")
        self.assertEqual(self.do("return page.evaluate(() => document.cookie + JSON.stringify(localStorage))"), "{}")
        self.do("await page.reload()")
        self.see("#logout", "Log out reader")
        self.click("#logout")
        self.see("#login h2", "Log in")

    def test_an_empty_project_says_so(self):
        self.open(self.project())
        self.see("#empty", "There are no migrations yet")
        self.assertEqual((self.do("return page.locator('#run').isDisabled()"), self.text("#run")), (True, "Nothing to run"))

    def test_no_project_at_all_says_what_to_do(self):
        files = self.project()
        shutil.rmtree(os.path.join(files.path, "prisma"))
        self.open(files)
        self.see("#empty", "No framework was found")
        self.see("#empty", "truss doctor")

    def test_a_thousand_migrations_are_there_at_once_and_can_be_filtered(self):
        files = self.project()
        for number in range(1000):
            files.add(f"{number:04}_m", "SELECT 1;")
        self.open(files)
        self.see("#shown", "1000 migrations")
        took = self.do("const began = performance.now(); await page.fill('#filter', '0999'); await page.waitForFunction(() => document.querySelectorAll('#list tr').length === 1);"
                       "await page.fill('#filter', ''); await page.waitForFunction(() => document.querySelectorAll('#list tr').length === 1000); return performance.now() - began")
        self.assertLess(took, 20000)

    def test_several_frameworks_can_be_chosen_from(self):
        files = self.project()
        files.add("1_prisma", "CREATE TABLE of_prisma ();")
        files.write("services/a/db/migrations/1_dbmate.sql", "-- migrate:up\nCREATE TABLE of_dbmate ();\n-- migrate:down\n")
        self.open(files)
        self.see("#warnings, #framework", "Prisma")
        self.do("await page.selectOption('#sources select', 'services/a/db/migrations')")
        self.see("#framework", "dbmate")
        self.assertEqual(self.rows(), [["pending", "1_dbmate"]])
        self.click("#run")
        self.see("#sheet", "1 migration")
        self.click("#sheet-actions button.primary")
        self.see("#sheet", "Applied 1 migration")
        self.assertEqual(self.sql("SELECT to_regclass('of_prisma'), to_regclass('of_dbmate')"), [(None, "of_dbmate")])

    def test_a_program_is_said_to_be_one(self):
        files = self.project()
        shutil.rmtree(os.path.join(files.path, "prisma"))
        files.write("knexfile.js", "module.exports = {};")
        files.write("migrations/20240101000000_a.js", "exports.up = (knex) => knex.raw('SELECT 1');")
        self.open(files)
        self.see("#list", "a program")
        self.click("#run")
        self.see("#sheet .failure", "--allow-delegate")
        self.assertTrue(self.do("return page.locator('#sheet-actions .primary').isDisabled()"))

    # ---- what it does ----

    def test_a_run_shows_its_plan_asks_and_tells_what_happens(self):
        files = self.project_of("CREATE TABLE a (id INT);", "ALTER TABLE a ADD b INT;")
        with harness.Rpc(self.worker(files).address) as rpc:
            rpc.call("MigrationService", "Run", {"migrations": ["1_m"]})
        self.open(files)
        self.see("#run", "Run 1 migration")
        self.click("#run")
        self.see("#sheet .lock", "ACCESS EXCLUSIVE on a: stops readers and writers")
        self.assertEqual(self.sql("SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'b'"), [("0",)])
        self.click("#sheet-actions button", "Leave it")
        self.click("#run")
        self.see("#sheet .lock", "ACCESS EXCLUSIVE")
        self.click("#sheet-actions button", "Run 1 migration")
        self.see("#sheet", "Applied 1 migration(s) successfully.")
        self.see("#sheet .log", "2_m")
        self.click("#sheet-actions button", "Close")
        self.see("#run", "Nothing to run")
        self.assertEqual(self.counts(), ["2", "0", "0", "0"])
        self.click("#history")
        self.see("#sheet", "succeeded")
        self.click("#sheet table button")
        self.see("#sheet", "Applied 1 migration(s) successfully.")

    def test_a_try_leaves_nothing(self):
        self.open(self.project_of("CREATE TABLE a (id INT);"))
        self.click("#run")
        self.see("#sheet-actions", "Run 1 migration")
        self.click("#sheet-actions button", "Try it first")
        self.see("#sheet [role=status]", "rolled back")
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    def test_all_in_one_transaction_is_a_box_to_tick(self):
        self.open(self.project_of("CREATE TABLE a (id INT);", "SELECT 1/0;"))
        self.click("#run")
        self.see("#sheet-actions", "Run 2 migrations")
        self.do("await page.check('#together')")
        self.see("#sheet", "in 1 transaction")
        self.do("await page.waitForFunction(() => !document.querySelector('#sheet-actions .primary').disabled)")
        self.click("#sheet-actions button.primary")
        self.see("#sheet .failure", "division by zero")
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    def test_a_failure_says_where_and_why_and_its_log_is_kept(self):
        self.open(self.project_of("CREATE TABLE a (id INT);\n\nINSERT INTO nowhere VALUES (1);"))
        self.click("#run")
        self.click("#sheet-actions button.primary:not([disabled])")
        self.see("#sheet .failure", 'relation "nowhere" does not exist (line 3)')
        self.see("#sheet pre", "INSERT INTO nowhere")
        self.click("#sheet-actions button", "Close")
        self.see("#counts", "1")

    def test_a_failed_attempt_is_shown_with_its_log_and_can_be_taken_back(self):
        files = self.project_of("CREATE TABLE a (id INT);\nCREATE INDEX CONCURRENTLY ON a (id);\nSELECT 1/0;")
        with harness.Rpc(self.worker(files).address) as rpc:
            self.assertFalse(rpc.call("MigrationService", "Run", {}).ok)
        self.open(files)
        self.see("#list small", "failed")
        self.click("#list button")
        self.see("#sheet", "division by zero")
        self.click("#sheet-actions button", "Mark as rolled back")
        self.see("#sheet", "undone by hand")
        self.click("#sheet-actions button.primary")
        self.see("#said", "rolled back")
        self.assertEqual(self.ledger("rolled_back_at IS NOT NULL"), [("t",)])
        self.click("#list button")
        self.see("#sheet summary", "rolled back")

    def test_a_lock_that_is_waited_for_names_who_has_it_and_the_run_can_be_cancelled(self):
        self.sql("CREATE TABLE a (id INT)")
        files = self.project_of("ALTER TABLE a ADD b INT;")
        with harness.Rpc(self.worker(files).address) as rpc:
            rpc.call("MigrationService", "MarkApplied", {"migration": "1_m"})
        files.add("2_m", "ALTER TABLE a ADD c INT;")
        self.hold("BEGIN", "SELECT * FROM a")
        self.open(files)
        self.click("#run")
        self.click("#sheet-actions button.primary:not([disabled])")
        self.see("#sheet .note", "pg_sleep(60)")
        self.see("#sheet .log", "No lock within")
        self.click("#sheet-actions button.danger")
        self.see("#sheet", "cancel")
        self.see("#sheet-actions .primary", "Close")
        self.assertEqual(self.sql("SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'c'"), [("0",)])

    def test_a_run_goes_on_when_its_sheet_is_closed(self):
        self.open(self.project_of("SELECT pg_sleep(4); CREATE TABLE a ();"))
        self.click("#run")
        self.click("#sheet-actions button.primary:not([disabled])")
        self.see("#sheet .log", "1_m")
        self.click("#sheet-actions button", "it goes on")
        wait_for(lambda: self.sql("SELECT to_regclass('a')") == [("a",)])
        self.click("#refresh")
        self.see("#run", "Nothing to run")

    def test_mark_as_applied_asks_first_and_executes_nothing(self):
        self.open(self.project_of("CREATE TABLE a ();"))
        self.click("#list button")
        self.click("#sheet-actions button", "Mark as applied")
        self.see("#sheet", "not executed")
        self.click("#sheet-actions button", "Leave it")
        self.assertEqual(self.counts()[0], "0")
        self.click("#list button")
        self.click("#sheet-actions button", "Mark as applied")
        self.click("#sheet-actions button.primary")
        self.see("#list .badge", "applied")
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    def test_the_safety_check_and_the_schema_detection_answer(self):
        self.sql("CREATE TABLE a (id INT)")
        files = self.project_of("CREATE TABLE a (id INT); CREATE TABLE b (id INT);")
        self.open(files)
        self.click("#check")
        self.see("#sheet", "Active transactions")
        self.see("#sheet dd", "1")
        self.click("#sheet .title button")
        self.click("#detect")
        self.do("await sheet.locator('select').selectOption('1_m'); await page.waitForFunction(() => document.querySelector('#sheet textarea').value.includes('CREATE'))")
        self.click("#sheet-actions button.primary")
        self.see("#sheet table", "a")
        self.assertEqual(self.do("return sheet.locator('tbody tr').evaluateAll((all) => all.map((row) => row.innerText.split(/\\s+/).filter(Boolean).join(' ')))"),
                         ["exists table a", "new table b"])

    def test_a_plan_that_has_changed_meanwhile_is_not_run(self):
        files = self.project_of("CREATE TABLE a ();")
        self.open(files)
        self.expected = ["409"]
        self.click("#run")
        self.see("#sheet-actions", "Run 1 migration")
        files.add("1_m", "DROP TABLE important;")
        self.click("#sheet-actions button.primary")
        self.see("#sheet .failure", "changed")

    # ---- when something is gone ----

    def test_a_lost_worker_is_said_and_found_again(self):
        files = self.project_of("CREATE TABLE a ();")
        address = self.socket_url()
        worker = self.worker(files, listen=address)
        self.open(files, http=self.bridge(worker, arguments=("--timeout", "2")))
        self.expected = ["50[0-9]"]
        self.see("#list", "1_m")
        worker.kill()
        self.click("#refresh")
        self.see("#banner", "worker")
        self.assertIn("bad", self.do("return page.locator('#health').getAttribute('class')"))
        self.assertEqual(self.rows(), [["pending", "1_m"]])
        self.worker(files, listen=address)
        self.do("await page.waitForFunction(() => { document.querySelector('#banner:not([hidden]) button')?.click(); return document.querySelector('#banner').hidden }, null, { polling: 300 })")
        self.assertIn("good", self.do("return page.locator('#health').getAttribute('class')"))

    def test_a_worker_that_dies_in_the_middle_of_a_run_is_said(self):
        files = self.project_of("CREATE TABLE a ();", "SELECT pg_sleep(30);")
        address = self.socket_url()
        worker = self.worker(files, listen=address)
        self.open(files, http=self.bridge(worker, arguments=("--timeout", "2")))
        self.expected = ["50[0-9]", "ERR_"]
        self.click("#run")
        self.click("#sheet-actions button.primary:not([disabled])")
        self.see("#sheet .log", "2_m")
        worker.kill()
        self.do("await page.waitForFunction(() => /lost|worker/i.test(document.querySelector('#sheet').innerText))")
        self.worker(files, listen=address)
        self.do("await page.waitForFunction(() => /nobody|lost|worker/i.test(document.querySelector('#sheet').innerText))")
        self.press("Escape")
        self.do("await page.waitForFunction(() => { document.querySelector('#refresh').click(); return /1/.test(document.querySelector('#counts b').textContent) }, null, { polling: 500 })")

    # ---- everybody ----

    def test_everything_can_be_done_from_the_keyboard_and_focus_comes_back(self):
        self.open(self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();"))
        self.see("#list", "1_m")
        focused = "return document.activeElement === document.body ? 'body' : document.activeElement.id || document.activeElement.textContent"
        self.press("Tab")
        self.assertEqual(self.do(f"return page.evaluate(() => {{ {focused} }})"), "Skip to the migrations")
        self.press("j")
        self.press("j")
        self.assertEqual(self.do(f"return page.evaluate(() => {{ {focused} }})"), "2_m")
        self.press("Enter")
        self.see("#sheet[open] pre", "CREATE TABLE b")
        self.press("Escape")
        self.do("await page.waitForFunction(() => !document.querySelector('#sheet').open)")
        self.assertEqual(self.do(f"return page.evaluate(() => {{ {focused} }})"), "2_m")
        self.press("/")
        self.assertEqual(self.do(f"return page.evaluate(() => {{ {focused} }})"), "filter")
        self.do("await page.keyboard.type('1_')")
        self.assertEqual(self.rows(), [["pending", "1_m"]])
        self.press("Escape")
        self.assertEqual(len(self.rows()), 2)
        self.do("await page.focus('#run')")
        self.press("Enter")
        self.see("#sheet-actions", "Run 2 migrations")
        self.do("await page.locator('#sheet-actions .primary:not([disabled])').focus()")
        self.press("Enter")
        self.see("#sheet", "Applied 2 migration(s) successfully.")

    def test_a_screen_reader_finds_names_roles_and_enough_contrast(self):
        for scheme in ("light", "dark"):
            with self.subTest(scheme=scheme):
                files = self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();")
                self.open(files, options={"colorScheme": scheme})
                self.see("#list", "1_m")
                for step in ("", "await page.click('#list button'); await page.waitForSelector('#sheet pre')", "await page.keyboard.press('Escape'); await page.click('#run'); "
                             "await page.waitForSelector('#sheet-actions .primary:not([disabled])')"):
                    found = self.do(f"{step}; await page.evaluate(axe); return (await page.evaluate(() => axe.run())).violations.filter((one) => ['serious', 'critical'].includes(one.impact))"
                                    ".map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)")
                    self.assertEqual(found, [])

    def test_dark_and_light_follow_the_system_and_can_be_chosen(self):
        background = "return page.evaluate(() => getComputedStyle(document.body).backgroundColor)"
        self.open(self.project_of("SELECT 1;"), options={"colorScheme": "dark"})
        dark = self.do(background)
        self.do("await page.emulateMedia({ colorScheme: 'light' })")
        light = self.do(background)
        self.assertNotEqual(dark, light)
        self.do("await page.emulateMedia({ colorScheme: 'dark' }); await page.reload(); await page.waitForSelector('#list tr')")
        self.click("#theme")
        self.assertEqual(self.do(background), light)
        self.do("await page.reload(); await page.waitForSelector('#list tr')")
        self.assertEqual(self.do(background), light)

    def test_at_phone_width_nothing_is_cut_off(self):
        files = self.project("prisma-blog").add("20990101000000_a_very_long_name_that_nobody_would_ever_give_to_a_migration_but_somebody_did", "SELECT 1;")
        self.open(files, options={"viewport": {"width": 375, "height": 700}, "hasTouch": True, "isMobile": True})
        self.see("#list", "a_very_long_name")
        wide = "return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)"
        self.assertLessEqual(self.do(wide), 0)
        self.click("#list button", "a_very_long_name")
        self.see("#sheet pre", "SELECT")
        self.assertLessEqual(self.do(wide), 0)
        self.assertLessEqual(self.do("return sheet.evaluate((one) => one.scrollWidth - one.clientWidth)"), 0)

    def test_it_is_small_and_its_policy_is_strict(self):
        files = glob.glob(os.path.join(harness.ROOT, "src/bridge/panel/*.*"))
        self.assertLess(sum(os.path.getsize(file) for file in files), 150000)
        http = self.bridge(self.worker(self.project()))
        answer = http.request("GET", "/", headers={"Accept": "text/html"})
        policy = answer.headers["Content-Security-Policy"]
        self.assertTrue(policy.startswith("default-src 'none'"))
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(answer.body.decode(), r"(?i)<script>|\son\w+=|style=|https?://")


if __name__ == "__main__":
    harness.main()
