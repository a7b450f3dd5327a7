"""The console in a real browser: what is there, what it does, bad states, and everybody who uses it."""
import glob
import os
import shutil
import subprocess
import sys
from urllib.parse import quote

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium
from chromium import Page, harness

setUpModule = chromium.start
tearDownModule = chromium.stop


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

    def test_the_applied_version_of_an_edited_file_is_shown_with_what_brings_it_back(self):
        files = self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();")
        for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=Ann & Bob", "-c", "user.email=a@b.c", "commit", "-qm", "add \u202e them")):
            subprocess.run(["git", "-C", files.path, *words], check=True)
        self.run_all(files)
        files.add("1_m", "CREATE TABLE a ();\n-- more")
        shutil.rmtree(os.path.dirname(files.script("2_m")))
        self.open(files, "/migrations/1_m")
        self.click(".todo a", "See what was changed")
        self.see("[role=tabpanel]", "Found by its checksum")
        self.see(".facts", "Ann & Bob: add \\u202e them")
        self.see(".facts", "not committed yet")
        self.see(".code .added", "+-- more")
        self.see(".copy-line", "git checkout")
        self.do("await page.goto(args[0])", self.do("return page.url()").replace("1_m", "2_m"))
        self.see("[role=tabpanel]", "that is not committed")
        self.see(".code .removed", "-CREATE TABLE b ();")

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

    def test_an_empty_project_and_none_at_all_say_so(self):
        files = self.project()
        self.open(files)
        self.see("h1", "No migrations were found")
        self.see(".note.bad", "check that it is mounted")
        self.assertEqual(self.do("return page.locator('#run').count()"), 0)
        shutil.rmtree(os.path.join(files.path, "prisma"))
        self.press("r")
        self.see(".empty", "No framework was found")
        self.see(".empty", files.path)
        self.see(".empty", "truss doctor")
        self.assertNotIn("null", self.text("#main"))

    def test_of_several_frameworks_none_is_preselected_and_each_can_be_chosen(self):
        files = self.project()
        shutil.rmtree(os.path.join(files.path, "prisma"))
        for service in ("a", "b"):
            files.write(f"services/{service}/db/migrations/1_{service}.sql", f"-- migrate:up\nCREATE TABLE of_{service} ();\n-- migrate:down\n")
        self.open(files)
        self.see("h1", "Which framework is meant?")
        self.assertEqual(self.do("return page.locator('.choice').count()"), 2)
        self.assertEqual(self.do("return page.locator('.chooser select').inputValue()"), "")
        self.click(".choice", "services/a/")
        self.see(".virtual", "1_a")
        self.assertEqual(self.path(), "/migrations?framework=services%2Fa%2Fdb%2Fmigrations")
        self.do("await page.selectOption('.chooser select', 'services/b/db/migrations')")
        self.see(".virtual", "1_b")
        self.click("#run")
        self.click("#begin", "Run 1 migration")
        self.see("h1", "Applied 1 migration")
        self.assertEqual(self.sql("SELECT to_regclass('of_a'), to_regclass('of_b')"), [(None, "of_b")])
        self.visit("/migrations?framework=services%2Fb%2Fdb%2Fmigrations")
        self.see(".note", "Edits of applied files cannot be seen: the tracking table of dbmate has no checksums.")

    def test_a_token_is_asked_for_kept_from_scripts_and_forgotten(self):
        token = self.token("read,plan", name="reader")
        worker = self.worker(self.project_of("CREATE TABLE a ();"), "--tokens", self.tokens)
        self.open(None, http=self.bridge(worker))
        self.expected = ["401"]  # the browser's own word for it
        self.see("#login h2", "Log in")
        self.do("await page.fill('#login-token', 'truss_wrong'); await page.click('#login button')")
        self.see("#login-why", "This token is not known")
        self.do("await page.fill('#login-token', args[0]); await page.click('#login button')", token)
        self.see("h1", "1 migration is pending.")
        self.see("#logout", "Log out reader")
        self.assertEqual(self.do("return page.locator('#run').count()"), 0)  # a reader may run nothing
        self.assertEqual(self.do("return page.evaluate(() => document.cookie + JSON.stringify(localStorage))"), "{}")
        self.do("await page.reload()")
        self.see("#logout", "Log out reader")
        self.click("#logout")
        self.see("#login h2", "Log in")

    def test_what_comes_from_outside_stays_text_everywhere(self):
        hostile = "<img src=x onerror=alert(1)>"
        name = f"1_{hostile}"
        files = self.project().add(name, f"-- {hostile}\nDO $$ BEGIN RAISE NOTICE 'n{hostile}'; RAISE EXCEPTION 'e{hostile}' USING detail = 'd{hostile}', hint = 'h{hostile}'; END $$;")
        self.run_all(files)
        self.open(files)
        address = f"/migrations/1_{quote(hostile)}"
        for path, selector, words in (("/migrations", ".virtual", hostile), (address, ".code", hostile), (f"{address}?tab=plan", ".tab-panel", "RAISE"), (f"{address}?tab=history", ".tab-panel", f"d{hostile}"),
                                      (f"/review?migrations={quote(name)}", ".planned", hostile), (f"/migrations?q={quote(hostile)}", ".virtual", hostile)):
            with self.subTest(path=path):
                self.visit(path)
                self.see(selector, words)
                self.unmarked()
        self.visit(f"/review?migrations={quote(name)}")
        self.click("#begin:not([disabled])")
        self.see("h1", "failed")
        for words in (f"e{hostile}", f"d{hostile}", f"h{hostile}", f"n{hostile}"):
            self.see("#main", words)
        self.unmarked()
        self.press("Control+k")
        self.do("await page.keyboard.type('img')")
        self.see("#palette", hostile)
        self.unmarked()

    def unmarked(self):
        self.assertEqual(self.do("return page.locator('#main img, #main script, #palette img, #bar img, [onerror]').count()"), 0)

    def test_ten_thousand_are_there_at_once_and_few_of_them_in_the_document(self):
        files = self.project()
        for number in range(10000):
            os.mkdir(os.path.join(files.path, files.folder, f"{number:05}_m"))
            with open(os.path.join(files.path, files.folder, f"{number:05}_m", "migration.sql"), "w", encoding="ascii") as file:
                file.write("SELECT 1;")
        self.open(files)
        self.see("#shown", "10,000 migrations")
        self.assertLess(self.do("return page.locator('.virtual tr').count()"), 80)
        self.do("await page.locator('.table-scroll').evaluate((one) => { one.scrollTop = one.scrollHeight })")
        self.see(".virtual", "00000_m")
        self.assertLess(self.do("return page.locator('.virtual tr').count()"), 80)
        self.do("await page.fill('#filter', '04711')")
        self.see("#shown", "1 of 10,000")
        self.assertEqual(self.rows(), [["pending", "04711_m"]])

    # ---- what it does ----

    def test_a_run_is_reviewed_begun_watched_and_found_again(self):
        files = self.project_of("CREATE TABLE a (id INT);", "ALTER TABLE a ADD b INT; DO $$ BEGIN RAISE NOTICE 'hear me'; END $$;")
        self.run_all(files, migrations=["1_m"])
        self.open(files)
        self.click("#run")
        self.see("h1", "Review and run")
        self.see(".review-grid td", "ACCESS EXCLUSIVE")
        self.see(".review-grid td", "0 B")
        self.see(".review-grid td", "nobody")
        self.see(".checks .good", "Nobody waits for a lock")
        self.click("#dry-run")
        self.see(".go .note.good", "rolled back")
        self.click("#begin", f"Run 1 migration in {self.database}")
        self.see("h1", "Applied 1 migration(s) successfully.")
        self.assertRegex(self.path(), "^/runs/.")
        self.see(".log", "NOTICE: hear me")
        self.click(".log .chip", "notices")
        self.wait("() => document.querySelectorAll('.log tbody tr:not(.spacer)').length === 1")
        self.click(".timeline a", "2_m")
        self.see(".detail-title", "2_m")
        self.visit("/runs")
        self.click(".virtual a", "Applied 1 migration")
        self.see(".log", "hear me")
        self.do("const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]); await file.delete()")
        self.visit("/")
        self.see("h1", "All 2 migrations are applied.")

    def test_data_loss_comes_first_and_wants_the_name_of_the_database(self):
        files = self.project_of("CREATE TABLE a (id INT, old TEXT);", "ALTER TABLE a DROP COLUMN old;")
        self.run_all(files, migrations=["1_m"])
        self.open(files, "/migrations")
        self.see(".virtual .badge", "data loss")
        self.visit("/review")
        self.see(".danger-card", "DROP COLUMN old")
        self.assertTrue(self.do("return page.locator('#begin').isDisabled()"))
        self.do("await page.fill('#typed', 'something')")
        self.assertTrue(self.do("return page.locator('#begin').isDisabled()"))
        self.do("await page.fill('#typed', args[0])", self.database)
        self.click("#begin:not([disabled])")
        self.see("h1", "Applied 1 migration")

    def test_a_lock_names_who_has_it_before_and_during_a_run_and_a_cancelled_run_has_not_failed(self):
        self.sql("CREATE TABLE a (id INT)")
        files = self.project_of("ALTER TABLE a ADD c INT;")
        with harness.Rpc(self.worker(files).address) as rpc:
            rpc.call("MigrationService", "MarkApplied", {"migration": "1_m"})
        files.add("2_m", "ALTER TABLE a ADD b INT;")
        self.hold("BEGIN", "SELECT * FROM a")
        self.open(files, "/review")
        self.see(".review-grid .badge", "pid")
        self.see(".blocker", "pg_terminate_backend(")
        self.click("#begin:not([disabled])")
        self.see("h1", "2_m waits for a lock")
        self.see(".lock-card .blocker", "pg_sleep(60)")
        self.see(".lock-card", "within ")
        self.see(".lock-card .countdown", "in ")
        self.assertRegex(self.text(".lock-card .copy-line code"), r"^SELECT pg_terminate_backend\(\d+\);$")
        self.wait("() => /tries\\)/.test(document.querySelector('.log').innerText)")  # one line, however often it was tried
        self.assertEqual(self.do("return page.locator('.log-locks').count()"), 1)
        self.do("await page.click('#rail a[href=\"/settings\"]')")
        self.see(".pill", "Running 2_m")
        self.click(".pill")
        self.click("#cancel")
        self.see("#dialog", "rolled back")
        self.click("#dialog .dialog-actions button", "Cancel the run")
        self.see(".heading .badge", "cancelled")
        self.assertEqual(self.do("return page.locator('.note.bad, .heading .badge.failed').count()"), 0)
        self.assertEqual(self.sql("SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'b'"), [("0",)])

    def test_a_run_that_fails_says_where_and_what_stays(self):
        self.open(self.project_of("CREATE TABLE a (id INT);", "SELECT 1;\nSELECT nothing FROM a;\n"), "/review")
        self.click("#begin:not([disabled])")
        self.see(".note.bad", 'column "nothing" does not exist')
        self.see(".note.bad", "line 2")
        self.see(".code", "SELECT nothing FROM a")
        self.see(".timeline li", "done")
        self.click(".actions a", "Open 2_m")
        self.see(".todo", "run it again")

    def test_a_program_is_said_to_be_one_and_not_run(self):
        files = self.project()
        shutil.rmtree(os.path.join(files.path, "prisma"))
        files.write("knexfile.js", "module.exports = {};")
        files.write("migrations/20240101000000_a.js", "exports.up = (knex) => knex.raw('SELECT 1');")
        self.open(files)
        self.see(".virtual", "a program")
        self.click("#run")
        self.see(".note.bad", "--allow-delegate")
        self.assertTrue(self.do("return page.locator('#begin').isDisabled()"))

    def test_marks_ask_first_execute_nothing_and_say_what_they_did(self):
        files = self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();", "SELECT 1; CREATE INDEX CONCURRENTLY i ON none (id);")
        self.open(files, "/migrations/1_m")
        self.click(".todo button", "Mark as applied")
        self.see("#dialog", "not executed")
        self.click("#dialog button", "Leave it")
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])
        self.click(".todo button", "Mark as applied")
        self.click("#dialog .primary")
        self.see("#toasts", "marked as applied without executing")
        self.see(".detail-head .badge", "applied")
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])
        self.run_all(files)
        self.visit("/migrations/3_m")
        self.click(".todo button", "Mark as rolled back")
        self.click("#dialog .primary")
        self.see("#toasts", "rolled back")
        self.assertEqual(self.ledger("rolled_back_at IS NOT NULL")[-1], ("t",))

    def test_those_that_are_ticked_are_run_or_everything_up_to_them(self):
        self.open(self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();", "CREATE TABLE c ();"))
        self.do("await page.getByLabel('Select 2_m').check()")
        self.see(".selection", "1 migration selected")
        self.click(".selection a", "Run to here")
        self.see("#main", "2 migrations in 2 transactions")
        self.assertEqual(self.path(), "/review?target=2_m")
        self.do("await page.goBack()")
        self.click(".selection a", "Run this one")
        self.see("#main", "1 migration in 1 transaction")
        self.assertEqual(self.path(), "/review?migrations=2_m")

    def test_a_database_is_adopted_as_far_as_its_objects_are_there(self):
        self.sql("CREATE TABLE a (id INT); CREATE TABLE b (id INT)")
        files = self.project_of("CREATE TABLE a (id INT);", "CREATE TABLE b (id INT);", "CREATE TABLE c (id INT);")
        self.open(files)
        self.expected = ["400"]  # something is missing
        self.click(".heading a", "Adopt this database")
        self.click(".wizard button", "Look")
        self.see(".wizard", "Everything up to 2_m is there")
        self.see(".wizard", "table c is not there")
        self.click(".wizard button", "Record up to 2_m")
        self.click("#dialog .primary")
        self.see("h1", "1 migration is pending.")
        self.assertEqual(self.rows(), [["pending", "3_m"], ["applied", "2_m"], ["applied", "1_m"]])

    def test_a_plan_that_has_changed_meanwhile_is_not_run(self):
        files = self.project_of("CREATE TABLE a ();")
        self.open(files, "/review")
        self.see("#begin", "Run 1 migration")
        files.add("1_m", "DROP TABLE important;")
        self.click("#begin")
        self.see(".note.bad", "changed")
        self.click(".actions a", "Review it again")
        self.see(".planned", "DROP TABLE important")

    # ---- when something is gone ----

    def test_a_lost_worker_is_said_over_dimmed_data_and_found_again(self):
        files = self.project_of("CREATE TABLE a ();")
        address = self.socket_url()
        worker = self.worker(files, listen=address)
        self.open(files, http=self.bridge(worker, arguments=("--timeout", "2")))
        self.expected = ["50[0-9]"]
        self.see(".virtual", "1_m")
        worker.kill()
        self.press("r")
        self.see(".away", "What is shown is of")
        self.assertEqual(self.do("return page.locator('main.stale').count()"), 1)
        self.assertEqual(self.rows(), [["pending", "1_m"]])
        self.worker(files, listen=address)
        self.wait("() => !document.querySelector('.away, main.stale')")  # by itself

    def test_a_database_that_cannot_be_reached_is_told_by_its_step(self):
        files = self.project_of("CREATE TABLE a ();")
        for url, step in ((self.url().replace(self.database, "not_there"), "Database"), (f"postgresql://app:x@127.0.0.1:{harness.free_port()}/a", "Server")):
            with self.subTest(step=step):
                self.open(files, url=url)
                self.expected = ["50[0-9]", "40[0-9]"]
                self.see(".steps .bad", step)
                self.see("#main", "Asked again in")
                self.see("h1", "The database cannot be reached")

    # ---- everybody ----

    def focused(self):
        return self.do("return page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim())")

    def test_everything_can_be_done_from_the_keyboard(self):
        self.open(self.project_of("CREATE TABLE a ();", "CREATE TABLE b ();"))
        self.see(".virtual", "1_m")
        self.press("Tab")
        self.assertEqual(self.focused(), "Skip to the page")
        self.press("j")
        self.assertEqual(self.focused(), "2_m")
        self.press("j")
        self.assertEqual(self.focused(), "1_m")
        self.press("Enter")
        self.see(".detail-title", "1_m")
        self.do("await page.focus('#tab-sql')")
        self.press("ArrowRight")
        self.assertEqual((self.focused(), self.path()), ("tab-plan", "/migrations/1_m?tab=plan"))
        self.press("Escape")
        self.wait("() => !document.querySelector('.detail-title')")
        self.press("/")
        self.assertEqual(self.focused(), "filter")
        self.do("await page.keyboard.type('1_')")
        self.wait("() => document.querySelectorAll('.virtual tbody tr:not(.spacer)').length === 1")
        self.press("Control+k")
        self.do("await page.keyboard.type('review')")
        self.see("#palette [aria-selected=true]", "Review and run 2 pending")
        self.press("Enter")
        self.see("#begin", "Run 2 migrations")
        self.wait("() => !document.querySelector('#begin').disabled")
        for _ in range(60):
            if self.focused() == "begin":
                break
            self.press("Tab")
        self.press("Enter")
        self.see("h1", "Applied 2 migration(s) successfully.")

    def test_names_roles_contrast_and_room_in_the_light(self):
        """axe-core finds nothing serious, and nothing is wider than its window."""
        self.look_at_every_page("light", (375,), (1440,))

    def test_names_roles_contrast_and_room_in_the_dark(self):
        self.look_at_every_page("dark", (1024, 1440))

    def look_at_every_page(self, scheme, *windows):
        """windows: the widths that each of them gets, one after the other."""
        long = "20990101000000_a_very_long_name_that_nobody_would_ever_give_to_a_migration_but_somebody_did"
        files = self.project_of("CREATE TABLE a (id INT);", "SELECT 1/0;").add(long, "ALTER TABLE a DROP COLUMN id;")
        self.run_all(files)
        worker = self.worker(files)
        http = self.bridge(worker)
        with harness.Rpc(worker.address) as rpc:
            run = rpc.call("MigrationService", "Run", {"migrations": ["2_m"]}).operation
        pages = (("/migrations", ".virtual"), ("/migrations/2_m", ".code"), (f"/migrations/{long}?tab=plan", ".tab-panel"), ("/migrations/2_m?tab=history", ".card"), ("/review", ".review-grid"),
                 ("/runs", ".virtual"), (f"/runs/{run}", ".log"), ("/adopt", ".wizard"), ("/sql", "h1"), ("/branches", "h1"), ("/backups", "h1"), ("/audit", "h1"), ("/settings", "h1"), ("/connection", "h1"))
        for widths in windows:
            self.open(None, http=http, options={"colorScheme": scheme, "viewport": {"width": widths[0], "height": 800}, "hasTouch": widths == (375,), "isMobile": widths == (375,)})
            for path, selector in pages:
                self.turn(path)
                for width in widths:
                    with self.subTest(width=width, scheme=scheme, path=path):
                        if len(widths) > 1:
                            self.do("await page.setViewportSize({ width: args[0], height: 800 })", width)
                        self.see(selector, "")
                        self.assertLessEqual(self.width(), 0)
                        self.assertNotRegex(self.text("body"), r"\b(null|undefined|NaN|\[object)\b")
                # The same elements as at 1024, and names and roles are the same in the dark.
                with self.subTest(scheme=scheme, path=path):
                    self.assertEqual(self.found_by_axe({"runOnly": {"type": "rule", "values": ["color-contrast"]}} if scheme == "dark" else {}), [])

    def test_dark_and_light_follow_the_system_and_can_be_chosen(self):
        background = "return page.evaluate(() => getComputedStyle(document.body).backgroundColor)"
        self.open(self.project_of("SELECT 1;"), options={"colorScheme": "dark"})
        dark = self.do(background)
        self.do("await page.emulateMedia({ colorScheme: 'light' })")
        light = self.do(background)
        self.assertNotEqual(dark, light)
        self.do("await page.emulateMedia({ colorScheme: 'dark' })")
        self.wait("() => matchMedia('(prefers-color-scheme: dark)').matches")
        has_background = "(colour) => getComputedStyle(document.body).backgroundColor === colour"
        self.click("#theme")
        self.wait(has_background, light)
        self.do("await page.reload(); await page.waitForSelector('.virtual tr')")
        self.wait(has_background, light)

    def test_it_is_small_and_its_policy_is_strict(self):
        # What embed.cmake embeds: the picture beside it is the documentation's.
        files = [file for file in glob.glob(os.path.join(harness.ROOT, "src/bridge/panel/**/*.*"), recursive=True) if file.endswith((".html", ".css", ".js", ".svg"))]
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
