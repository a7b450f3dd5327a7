"""The console's pages for the database itself: SQL, connection, branches, backups, audit, settings. One browser and one server for all.

TRUSS_PANEL_SHOTS  a folder into which every page is drawn, in each size and theme, to be looked at
"""
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium
from chromium import harness

setUpModule = chromium.start
tearDownModule = chromium.stop

SCENE = """
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 500) i;
CREATE TABLE "Odd <img src=x onerror=alert(1)>" ("a b" text);
CREATE TABLE U&"turned \\202e around" (n int);
"""
PAGES = ("connection", "sql", "branches", "backups", "audit", "settings", "help")
# What the browser itself says of an answer that is refused; the page says it, too, and that is looked at.
REFUSED = r"console: Failed to load resource: the server responded with a status of (400|401|403|404|409|499|501|503)"


class Pages(chromium.Page):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls("setUp")
        cls.keeper.setUp()
        cls.addClassCleanup(cls.keeper.doCleanups)
        folder = tempfile.mkdtemp(prefix="truss-backups-")
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.keeper.sql(SCENE)
        files = cls.keeper.project_of("CREATE TABLE a ();")
        cls.worker_of_all = cls.keeper.worker(files, "--audit", "--backups", folder)
        cls.served = cls.keeper.bridge(cls.worker_of_all)
        cls.addClassCleanup(cls.drop_branches)

    @classmethod
    def drop_branches(cls):
        for name, in cls.keeper.cluster.psql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'truss\\_branch\\_%'"):
            cls.keeper.cluster.psql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def show(self, path):
        self.open(None, path, http=self.served)
        self.expected.append(REFUSED)

    def fill(self, selector, text):
        self.do("await page.fill(args[0], args[1])", selector, text)

    def choose(self, selector, value):
        self.do("await page.selectOption(args[0], args[1])", selector, value)

    def query(self, sql):
        self.fill("#sql", sql)
        self.press("Control+Enter")

    def cells(self):
        """The text of every cell in sight, row by row."""
        return self.do("return page.locator('.grid-row').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('.cell')].map((cell) => cell.textContent)))")

    def axe(self):
        return self.found_by_axe({"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]})


class Sql(Pages):
    def test_a_query_runs_its_values_are_told_apart_and_opened_whole(self):
        self.show("/sql")
        self.query("SELECT 1 AS n; SELECT 2 AS n, NULL AS nothing, '' AS blank, '{\"a\": [1]}'::jsonb AS doc, 2 AS n")
        self.see("#summary", "1 row")
        self.assertEqual(self.cells(), [["2", "NULL", "", '{"a":[1]}', "2"]])
        self.assertEqual(self.do("return page.locator('.cell.null').count()"), 1)
        self.do("await page.locator('[data-cell=\"0 3\"]').dblclick()")
        self.see(".value", "jsonb, row 1")
        self.assertEqual(self.do("return page.locator('.value .code code').textContent()"), '{\n  "a": [\n    1\n  ]\n}')
        # The statement with the caret is what runs.
        self.do("await page.locator('#sql').evaluate((field) => { field.focus(); field.setSelectionRange(3, 3); })")
        self.press("Control+Enter")
        self.wait("() => document.querySelectorAll('.cell.head').length === 1")
        self.assertEqual(self.cells(), [["1"]])

    def test_an_error_is_shown_at_its_place_and_a_refusal_with_its_sentence(self):
        self.show("/sql")
        self.query("SELECT 1;\nSELECT name,\n  '😀', nosuch FROM users")
        self.see("[role=tabpanel]", 'column "nosuch" does not exist')
        self.see("[role=tabpanel]", "Line 3, column 9.")
        self.assertEqual(self.do("return page.locator('.wrong').evaluate((one) => one.previousSibling.textContent)"), "SELECT 1;\nSELECT name,\n  '😀', ")
        self.query("DELETE FROM users")
        self.see("[role=tabpanel]", "Only read-only queries are allowed (SELECT/WITH/EXPLAIN).")
        self.see("[role=tabpanel]", "Refused before it was sent")

    def test_names_are_completed_by_key_and_quoted_where_they_have_to_be(self):
        self.show("/sql")
        self.see(".tables", "users")
        self.fill("#sql", "")
        self.do("await page.type('#sql', 'SELECT * FROM us')")
        self.see("#completions [aria-selected=true]", "users")
        self.press("Enter")
        self.do("await page.type('#sql', ' u WHERE u.')")
        self.see("#completions", "name")
        self.do("await page.type('#sql', 'na')")
        self.press("Tab")
        self.assertEqual(self.do("return page.inputValue('#sql')"), "SELECT * FROM users u WHERE u.name")
        # What was not known when it was written is offered when it is: the columns come a second late here.
        self.do("await page.route('**/api/sql/tables/**', async (route) => { await new Promise((done) => setTimeout(done, 1000)); await route.continue(); }); await page.reload(); await page.waitForSelector('.tables')")
        self.see(".tables", "users")
        self.fill("#sql", "")
        self.do("await page.type('#sql', 'SELECT * FROM users u WHERE u.')")
        self.see("#completions", "name")
        self.do("await page.unroute('**/api/sql/tables/**')")
        self.fill("#sql", "")
        self.do("await page.type('#sql', 'TABLE od')")
        self.press("Tab")
        self.assertEqual(self.do("return page.inputValue('#sql')"), 'TABLE "Odd <img src=x onerror=alert(1)>"')

    def test_a_query_that_goes_on_is_cancelled(self):
        self.show("/sql")
        self.query("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b")
        self.see("#cancel", "Cancel")
        self.click("#cancel")
        self.see("[role=tabpanel]", "cancel")
        self.see("#run", "Run")

    def test_a_plan_is_a_tree_with_its_dearest_step_marked(self):
        self.show("/sql")
        self.fill("#sql", "SELECT * FROM users a JOIN users b ON a.id < b.id WHERE b.name LIKE '%9'")
        self.click("#explain")
        self.see(".plan-tree", "Nothing was run")
        self.click("#analyze")
        self.see(".plan-tree", "Ran for")
        self.assertEqual(self.do("return page.locator('.plan-node.worst').count()"), 1)
        self.see(".plan-node", "public.users")
        self.do("await page.locator('.plan-node summary').first().click()")
        self.see(".plan-node .facts", "Cost")

    def test_an_export_is_a_file_and_what_was_asked_is_found_again(self):
        self.show("/sql?sql=SELECT+id+FROM+users+ORDER+BY+id")
        self.click("#run")
        self.see("#summary", "the first 200 rows; an export has all")
        name, text = self.do("""const [file] = await Promise.all([page.waitForEvent("download"), page.click("#export-csv")]);
            const stream = await file.createReadStream(); let text = ""; for await (const piece of stream) text += piece; return [file.suggestedFilename(), text]""")
        self.assertTrue(name.endswith(".csv"))
        self.assertEqual(text.split(), ["id", *map(str, range(1, 501))])
        self.click(".run-bar button", "Save …")
        self.fill("#field-name", "all ids")
        self.click("dialog button.primary")
        self.click("[role=tab]", "Saved")
        self.see(".queries", "all ids")
        self.do("await page.reload()")
        self.click("[role=tab]", "History")
        self.see(".queries", "SELECT id FROM users ORDER BY id")
        self.see(".queries", "200 rows")

    def test_saved_queries_go_to_a_file_and_come_from_one(self):
        self.show("/sql?tab=saved")
        self.do("await page.evaluate(() => localStorage.removeItem('truss-sql-saved')); await page.reload(); await page.waitForSelector('#load-saved', { state: 'attached' })")
        load = "await page.setInputFiles('#load-saved', { name: 'q.json', mimeType: 'application/json', buffer: Buffer.from(args[0]) })"
        self.do(load, json.dumps({"queries": [{"name": "one <b>", "sql": "SELECT 1"}, {"name": "two", "sql": "SELECT 2"}]}))
        self.see(".queries", "one <b>")
        self.do(load, json.dumps({"queries": [{"name": "two", "sql": "SELECT 22"}]}))
        self.see("#dialog", "another query under the same name")
        self.click("#dialog .primary", "Replace")
        self.see(".queries", "SELECT 22")
        for wrong, why in (("{", "not JSON"), ("[]", "no list"), (json.dumps({"queries": [{"name": "three"}]}), "no name or no sql")):
            self.do(load, wrong)
            self.see("#toasts .bad", why)
        self.assertEqual(self.do("return page.locator('.queries li').count()"), 2)
        text = self.do("""const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as a file" }).click()]);
            const stream = await file.createReadStream(); let text = ""; for await (const piece of stream) text += piece; return text""")
        self.assertEqual([one["name"] for one in json.loads(text)["queries"]], ["two", "one <b>"])

    def test_a_button_does_not_turn_into_its_neighbour_where_a_list_before_it_grows(self):
        self.show("/sql")
        self.see("h1", "SQL")
        told = self.do("""return page.evaluate(async () => {
            const { h, render } = await import("/panel/lib/h.js");
            const root = document.createElement("div");
            const drawn = (first) => { render(root, first, h("button", {}, "one"), h("button", {}, "two")); return [...root.querySelectorAll("button")]; };
            const before = drawn(h("i", {}, "…"));
            return [[h("i", {}, "a"), h("i", {}, "b")], [], null, [[h("b", {}, "c"), null], h("b", {}, "d")]]
                .map((first) => drawn(first).map((one, i) => one === before[i] && one.textContent));
        })""")
        self.assertEqual(told, [["one", "two"]] * 4)

    def test_ten_thousand_rows_of_five_thousand_columns_are_a_few_cells(self):
        self.show("/sql")
        self.see("h1", "SQL")
        told = self.do("""return page.evaluate(async () => {
            const { resultGrid } = await import("/panel/pages/sql/grid.js");
            const row = Array.from({ length: 5000 }, (_, i) => `value ${i}`);
            const grid = resultGrid({ opened() {}, moved() {} });
            document.querySelector(".work").prepend(grid.element);
            grid.show({ columns: row.map((_, i) => ({ name: `c${i}`, type: "text" })), rows: Array.from({ length: 10000 }, () => row) });
            const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            await frame();
            let most = 0;
            for (const [x, y] of [[0, 0], [100000, 40000], [300000, 200000], [9e9, 9e9]]) {
                grid.element.scrollLeft = x; grid.element.scrollTop = y;
                await frame();
                most = Math.max(most, grid.element.querySelectorAll(".cell").length);
            }
            return [most, [...grid.element.querySelectorAll(".grid-row:last-child .cell")].at(-1).textContent, grid.element.getAttribute("aria-rowcount")];
        })""")
        self.assertLess(told[0], 1500)
        self.assertEqual(told[1:], ["value 4999", "10001"])

    def test_hostile_names_and_values_are_text_and_nothing_in_them_is_unseen(self):
        self.show("/sql")
        self.see(".tables", "Odd <img src=x onerror=alert(1)>")
        self.see(".tables", "turned \\u202e around")
        self.query("SELECT '<img src=x onerror=alert(1)>' AS \"<b>bold</b>\", U&'a\\202eb\\200bc' AS odd, repeat('x', 3000000) AS long, E'two\\nlines' AS lines")
        self.see("#summary", "1 row")
        self.assertEqual(self.cells(), [["<img src=x onerror=alert(1)>", "a\\u202eb\\u200bc", "x" * 160, "two⏎lines"]])
        self.do("await page.locator('[data-cell=\"0 2\"]').dblclick()")
        self.see(".value", "This is the beginning of a longer value")
        self.see(".value", "The first 100,000 of 524,288 characters")
        self.query("SELECT 1/0 AS \"<script>alert(1)</script>\" FROM \"<img src=x onerror=alert(1)>\"")
        self.see("[role=tabpanel]", "<img src=x onerror=alert(1)>")
        self.assertEqual(self.do("return page.locator('main img, main script, main b b').count()"), 0)


class Others(Pages):
    def test_every_form_is_masked_until_it_is_asked_for_and_a_branch_has_its_own(self):
        branch = self.served.post("/api/branches", {"label": "forms", "onBusy": "dump"}).json
        self.show("/connection")
        for form in ("URL", "psql", ".env", "JDBC", "Prisma", "SQLAlchemy", "Go"):
            self.see(".forms h3", form)
        self.assertNotIn(harness.PASSWORD_ENCODED, self.text(".forms"))
        self.see("table.settings", "lock_timeout")
        self.click("#reveal", "Show the password")
        self.see(".forms", harness.PASSWORD_ENCODED)
        self.click("#reveal", "Hide the password")
        self.choose("#branch", str(branch["id"]))
        self.wait("(name) => document.querySelectorAll('.forms code').length === 7 && [...document.querySelectorAll('.forms code')].every((one) => one.textContent.includes(name))", branch["branch_db"])
        self.assertEqual(self.path(), f"/connection?branch={branch['id']}")

    def test_a_branch_is_made_protected_compared_and_deleted_by_its_typed_name(self):
        self.show("/branches")
        self.click("#make")
        self.fill("#field-label", "try <b>it</b>")
        self.choose("#field-source", "dump")
        self.click("dialog button.primary", "Make it")
        self.see(".detail-title", "try <b>it</b>")
        self.see(".facts", "a dump")
        self.click("#protect", "Protect it")
        self.see(".detail-head", "protected")
        self.wait("() => document.querySelector('#delete').disabled")
        self.click("#protect", "Protect it no longer")
        self.wait("() => !document.querySelector('#delete').disabled")
        self.click("[role=tab]", "Differences")
        self.see("[role=tabpanel]", "Its schema is that of")
        self.click("#delete")
        self.assertTrue(self.do("return page.locator('dialog button.danger').isDisabled()"))
        self.fill("dialog input", "try <b>it</b>")
        self.click("dialog button.danger")
        self.wait("() => location.pathname === '/branches'")
        self.wait("() => ![...document.querySelectorAll('.virtual a')].some((one) => one.textContent === 'try <b>it</b>')")
        self.do("await page.goto(new URL('/branches/99999', page.url()).href)")
        self.see(".detail-side", "There is no such branch")

    def test_a_branch_is_renamed_reset_and_given_another_end(self):
        made = self.served.post("/api/branches", {"label": "old name", "onBusy": "dump", "source": "dump"}).json
        self.show(f"/branches/{made['id']}")
        self.click(".detail-side button", "Rename …")
        self.fill("#field-label", "new <i>name</i>")
        self.click("dialog button.primary", "Rename it")
        self.see(".detail-title", "new <i>name</i>")
        self.click(".detail-side button", "Change its end …")
        self.choose("#field-ttl", "168")
        self.click("dialog button.primary", "Set it")
        self.see(".facts", "in 7 days")
        self.keeper.cluster.psql(made["branch_db"], "CREATE TABLE only_here ()")
        self.click("[role=tab]", "Differences")
        self.see("[role=tabpanel]", "only_here")
        self.click(".detail-side button", "Reset …")
        self.assertTrue(self.do("return page.locator('dialog button.danger').isDisabled()"))
        self.fill("dialog input", "new <i>name</i>")
        self.click("dialog button.danger")
        self.see("#toasts", "as its parent again")
        self.see("[role=tabpanel]", "Its schema is that of")
        self.assertEqual(self.keeper.cluster.psql(made["branch_db"], "SELECT to_regclass('only_here')"), [(None,)])

    def test_sessions_are_ended_for_a_branch_only_by_a_button_that_says_so(self):
        process = self.worker(self.project_of("CREATE TABLE a ();"))
        self.hold("SELECT 1")
        self.open(None, "/branches", http=self.bridge(process))
        self.expected.append(REFUSED)
        self.click("#make")
        self.fill("#field-label", "by force")
        self.choose("#field-onBusy", "fail")
        self.click("dialog button.primary", "Make it")
        self.see("dialog .note.bad", "session")
        self.choose("#field-onBusy", "terminate")
        self.see("dialog", "what they have not committed is lost")
        self.click("dialog button.danger", "End their sessions and make it")
        self.see(".detail-title", "by force")

    def test_a_backup_is_made_verified_restored_into_a_branch_and_deleted(self):
        self.show("/backups")
        self.click("#make, .empty button")
        self.fill("#field-label", "before")
        self.click("dialog button.primary", "Begin")
        self.see(".detail-head", "completed")
        self.see(".detail-side", "It is not verified yet.")
        name = self.do("const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download')]); await file.path(); return file.suggestedFilename()")
        self.assertTrue(name.endswith(".dump"), name)
        self.click("#verify")
        self.choose("#field-how", "read")
        self.click("dialog button.primary", "Verify")
        self.see(".detail-side", "It was read whole, and has its checksum")
        self.click("#restore")
        self.click("dialog button.primary", "Restore")
        self.see(".detail-side", "The last restore is whole.")
        self.click("#delete")
        self.fill("dialog input", "before")
        self.click("dialog button.danger")
        self.wait("() => location.pathname === '/backups'")
        self.click("[role=tab]", "Schedule")
        self.do("await page.check('#schedule-enabled')")
        self.click(".schedule button.primary")
        self.see(".schedule", "The next one:")
        self.click("[role=tab]", "A point in time")
        self.see("[role=tabpanel]", "pg_basebackup")

    def test_the_audit_is_read_verified_filtered_and_saved(self):
        self.served.post("/api/branches/golden", {"source": "nonsense"})
        self.served.post("/api/branches/99999/protect", {})
        self.show("/audit")
        self.see(".virtual", "Protect branch")
        self.click("#verify")
        self.see(".note", "rows are as they were written")
        kept = re.search("the last has the hash ([0-9a-f]{64})", self.do("return page.locator('.note').first().textContent()"))[1]
        self.fill("#kept-hash", f" {kept} ")
        self.press("Enter")
        self.see(".note", "One of them has the hash that you kept.")
        self.fill("#kept-hash", "0" * 64)
        self.click("#verify")
        self.see(".note", f"No row has the hash {'0' * 64}")
        self.fill("#kept-hash", "none")
        self.click("#verify")
        self.see("[role=alert]", "The hash of a row of the audit is 64 characters")
        self.fill("#filter", "id=99999")
        self.see(".bar-row", "1 action")
        self.click(".virtual a", "Protect branch")
        self.see(".detail-side", "truss.branch.v1.BranchService/ProtectBranch")
        self.see(".detail-side", "BEGUN")
        numbers = self.do("return page.locator('.virtual .col-number span').evaluateAll((all) => all.map((one) => Number(one.textContent)))")
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        text = self.do("""const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "NDJSON" }).click()]);
            const stream = await file.createReadStream(); let text = ""; for await (const piece of stream) text += piece; return text""")
        rows = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([row["number"] for row in rows], list(range(1, len(rows) + 1)))

    def test_settings_say_who_one_is_what_is_set_up_and_keep_the_colours(self):
        self.show("/settings")
        self.see(".facts", "nobody in particular")
        self.assertEqual(self.do("return page.locator('.scopes .muted').evaluateAll((all) => all.filter((one) => one.textContent.trim() === '').length)"), 0)
        self.see(".set-up", "truss branch golden refresh")
        self.see(".set-up", "whoever reaches the port may do everything")
        self.see(".set-up .good", "Backups")
        self.do("await page.getByLabel('Dark', { exact: true }).check()")
        self.do("await page.reload()")
        self.wait("() => document.documentElement.dataset.theme === 'dark'")
        self.do("await page.getByLabel('As the system').check()")
        self.wait("() => document.documentElement.dataset.theme === undefined")

    def test_what_is_not_allowed_or_not_set_up_is_said(self):
        token = self.token("read")
        http = self.bridge(self.worker(self.project(), "--tokens", self.tokens))
        self.open(None, "/backups", http=http)
        self.expected.append(REFUSED)
        self.fill("#login-token", token)
        self.press("Enter")
        self.see(".empty", "Backups are not set up")
        self.see(".copy-line", "--backups")
        for page, words in (("sql", "takes the scope “sql”"), ("branches", "takes the scope “branch”"), ("connection", "Who has the scope “admin” can see it"), ("settings", "asks everybody for a token")):
            with self.subTest(page=page):
                self.visit(f"/{page}")
                self.see("main", words)
        self.assertEqual(self.do("return page.locator('#reveal').count()"), 0)

    def test_an_audit_without_rows_says_why(self):
        for arguments, words in (((), "To write one, start the worker with --audit or --tokens."), (("--audit",), "this worker writes one, and nothing was changed since it began.")):
            with self.subTest(arguments):
                self.open(None, "/audit", http=self.bridge(self.worker(self.project(), *arguments)))
                self.see(".empty", "The audit has no row")
                self.see(".empty", words)
                self.assertEqual(self.do("return page.locator('.empty .copy-line').count()"), 0 if arguments else 1)

    def test_who_may_sees_the_tokens_and_nobody_makes_one_by_a_page(self):
        admin = self.token("admin,read,run", name="anna")
        self.token("read", name="ci", expires="3d")
        http = self.bridge(self.worker(self.project_of("CREATE TABLE a ();"), "--tokens", self.tokens))
        self.open(None, "/settings", http=http)
        self.expected.append(REFUSED)
        self.fill("#login-token", admin)
        self.press("Enter")
        self.see("table.tokens", "ci")
        self.see("table.tokens .badge", "in 3 days")
        self.see(".card", "a stolen session could make itself a token")
        run = http.post("/api/migrations/idempotent/run", {}, headers={"Authorization": f"Bearer {admin}", "Prefer": "respond-async"}).json
        self.visit(f"/runs/{run['id']}")
        self.see("h1", "Applied 1 migration")
        self.see(".heading", "by anna")
        self.visit("/runs")
        self.see(".virtual .col-by", "anna")
        self.visit("/migrations/1_m?tab=history")
        self.see("[role=tabpanel]", "anna")

    def test_a_plan_waits_for_another_person_who_approves_it_here(self):
        anna, bert = self.token("read,plan,run", name="anna"), self.token("read,plan,run,approve", name="bert")
        http = self.bridge(self.worker(self.project_of("CREATE TABLE a ();"), "--tokens", self.tokens, "--require-approval", "always"))
        self.open(None, "/review", http=http)
        self.expected.append(REFUSED)
        self.fill("#login-token", anna)
        self.press("Enter")
        self.see("[aria-label=Approval]", "waits for approval")
        self.see("[aria-label=Approval] .copy-line", "truss approve ")
        self.assertEqual(self.do("return [await page.locator('#begin').isDisabled(), await page.locator('#approve').count()]"), [True, 0])
        self.click("#logout")
        self.see("#login h2", "Log in")
        self.fill("#login-token", bert)
        self.press("Enter")
        self.click("#approve")
        self.fill("#field-comment", "fine <b>so</b>")
        self.click("dialog button.primary", "Approve it")
        self.see("[aria-label=Approval] .badge", "approved")
        self.see("[aria-label=Approval]", "fine <b>so</b>")
        run = http.post("/api/migrations/idempotent/run", {}, headers={"Authorization": f"Bearer {anna}", "Prefer": "respond-async"}).json
        self.visit(f"/runs/{run['id']}")
        self.see("h1", "Applied 1 migration")
        self.see(".heading", "by anna, approved by bert")

    def test_a_refused_run_is_told_from_a_failed_one(self):
        http = self.bridge(self.worker(self.project().add("1_m", "SELECT 1;")))
        run = http.post("/api/migrations/idempotent/run", {"plan_hash": "0" * 64}, headers={"Prefer": "respond-async"}).json
        self.open(None, f"/runs/{run['id']}", http=http)
        self.see(".heading .badge", "refused")
        self.visit("/runs?state=refused")
        self.see(".virtual .badge", "refused")

    def test_what_was_marked_without_a_run_stands_among_the_runs(self):
        http = self.bridge(self.worker(self.project().add("1_m", "SELECT 1;")))
        self.assertEqual(http.post("/api/migrations/idempotent/mark-applied", {"migration": "1_m"}).status, 200)
        self.open(None, "/runs", http=http)
        self.see(".virtual .badge", "marked")
        self.visit("/runs?state=marked")
        self.click(".virtual a")
        self.see(".heading .badge", "marked")
        self.see(".heading", "nothing was run")
        self.assertEqual(self.do("return page.locator('.timeline').count()"), 0)

    def test_a_worker_that_is_gone_is_said_on_every_page(self):
        process = self.worker(self.project())
        http = self.bridge(process)
        self.open(None, "/settings", http=http)
        self.expected.append(REFUSED)
        self.see("h1", "Settings")
        process.stop()
        for page in PAGES:
            if page == "help":
                continue  # it asks no worker
            with self.subTest(page=page):
                self.visit(f"/{page}")
                self.see("main [role=alert], header [role=alert]", "")

    def test_the_pages_of_help_are_read_here_and_lead_to_each_other(self):
        """What is not understood of their Markdown would stand there as it is written."""
        self.show("/help")
        self.see("article", "were made by other means")
        pages = self.do("return page.locator('.help-list a').evaluateAll((all) => all.map((one) => one.getAttribute('href')))")
        self.assertGreater(len(pages), 10)
        for page in pages:
            self.turn(page)
            self.see(f".help-list a[aria-current][href='{page}']", "")
            self.see("article p", "")
            prose = self.do("return page.locator('article').evaluate((all) => { const copy = all.cloneNode(true); copy.querySelectorAll('code').forEach((one) => one.remove()); return copy.innerText; })")
            self.assertNotRegex(prose, r"`|\*\*|\]\(|^#|<!--|\|", page)
            self.assertLessEqual(self.width(), 0)
        self.visit("/help/recover")
        self.click("article a[href='/help/locks']", "locks")
        self.see("h1", "When a lock is held")
        self.visit("/help/configuration")
        self.click("article a[href='/help/frameworks#a-runner-of-your-own']", "frameworks")
        self.do("await page.waitForFunction(() => { const at = document.getElementById('a-runner-of-your-own')?.getBoundingClientRect().top; return at >= 0 && at < 200; })")
        self.visit("/help/nothing")
        self.see("[role=alert]", "There is no page of help of the name “nothing”.")

    def test_each_page_has_no_serious_finding_and_fits_in_each_size_and_theme(self):
        shots = os.environ.get("TRUSS_PANEL_SHOTS")
        self.served.post("/api/branches", {"label": "a long label of a branch that somebody made for a reason", "onBusy": "dump"})
        self.show("/settings")
        for page in PAGES:
            self.turn(f"/{page}")
            self.do("await page.waitForSelector('h1')")
            for width, theme in ((1440, "light"), (1440, "dark"), (1024, "light"), (375, "dark"), (375, "light")):
                with self.subTest(page=page, width=width, theme=theme):
                    self.do("await page.setViewportSize({ width: args[0], height: 800 }); await page.emulateMedia({ colorScheme: args[1], reducedMotion: 'reduce' })", width, theme)
                    self.assertLessEqual(self.width(), 0)
                    # Names and roles are the same at each width, and colours are in both themes.
                    if (width, theme) in ((1440, "light"), (375, "dark")):
                        self.assertEqual(self.axe(), [])
                    if shots:
                        self.do("await page.screenshot({ path: args[0] })", os.path.join(shots, f"{page}-{width}-{theme}.png"))


if __name__ == "__main__":
    harness.main()
