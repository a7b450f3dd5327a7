"""What truss is for others than its user at the prompt: reports for CI, waiting, watching, the doctor, manual and completion."""
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", "support"), os.path.dirname(__file__)]
import harness
import newer_worker
from harness import Case, wait_for
from terminal import Terminal

FINE, ERROR, PENDING, CHANGED = 0, 1, 2, 3


class ForMachines(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project().add("1_a", "CREATE TABLE a (id INT);").add("2_b", "CREATE TABLE b (id INT);")
        self.process = self.worker(self.files)

    def run_truss(self, *arguments, status=FINE, **options):
        result = self.truss(*arguments, worker=options.pop("worker", self.process), **options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return harness.without_head(result.stdout)

    # ---- reports ----

    def test_the_exit_code_tells_of_changed_ones_before_pending_ones(self):
        self.run_truss("run", "1_a")
        self.run_truss("status", "--exit-code", status=PENDING)
        self.files.add("1_a", "CREATE TABLE a (id BIGINT);")
        self.run_truss("status", "--exit-code", status=CHANGED)

    def test_junit_has_a_test_case_for_each_migration(self):
        self.run_truss("run", "1_a")
        self.files.add("1_a", "CREATE TABLE a (id BIGINT);").add("3_<&>\"", "SELECT 1;")
        suite = xml.etree.ElementTree.fromstring(self.run_truss("status", "--output", "junit")).find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("skipped")), ("3", "1", "2"))
        self.assertEqual([(case.get("name"), [child.tag for child in case]) for case in suite],
                         [("1_a", ["failure"]), ("2_b", ["skipped"]), ("3_<&>\"", ["skipped"])])

    def test_github_gets_an_annotation_for_what_is_wrong(self):
        self.run_truss("run", "1_a")
        self.files.add("1_a", "CREATE TABLE a (id BIGINT);").add("3_50%,x", "SELECT 1;")
        self.assertEqual(self.run_truss("status", "--output", "github").splitlines(),
                         ["::error title=1_a,file=prisma/migrations/1_a/migration.sql::It is applied, and its file was edited since.",
                          "::notice title=2_b,file=prisma/migrations/2_b/migration.sql::It is pending.",
                          "::notice title=3_50%25%2Cx,file=prisma/migrations/3_50%25%2Cx/migration.sql::It is pending."])

    def test_a_plan_s_locks_are_findings_at_their_lines(self):
        self.run_truss("run")
        self.files.add("3_c", "SELECT 1;\nALTER TABLE a\n  ADD COLUMN more INT;\nCREATE INDEX i ON b (id);")
        sarif = json.loads(self.run_truss("plan", "--output", "sarif"))
        results = sarif["runs"][0]["results"]
        places = [result["locations"][0]["physicalLocation"] for result in results]
        self.assertEqual([(result["ruleId"], place["region"]["startLine"]) for result, place in zip(results, places, strict=True)],
                         [("stops-readers", 2), ("stops-writers", 4)])
        self.assertEqual({place["artifactLocation"]["uri"] for place in places}, {"prisma/migrations/3_c/migration.sql"})
        lines = self.run_truss("plan", "--output", "github").splitlines()
        self.assertRegex(lines[0], r"^::warning file=prisma/migrations/3_c/migration\.sql,line=2,col=1,title=Lock::ACCESS EXCLUSIVE on a stops readers and writers\.")
        self.assertRegex(lines[1], r"^::notice file=.*,line=4,col=1,title=Lock::SHARE on b stops writers\. It builds an index meanwhile\.")

    def test_what_loses_data_and_what_takes_its_time_under_a_lock_is_a_finding(self):
        self.run_truss("run")
        self.files.add("3_c", "ALTER TABLE a ALTER COLUMN id TYPE BIGINT;\nDELETE FROM b WHERE id = 1;\nALTER TABLE b DROP COLUMN id;\nALTER TABLE b ADD CHECK (1 > 0);")
        results = json.loads(self.run_truss("plan", "--output", "sarif"))["runs"][0]["results"]
        texts = [(one["ruleId"], one["level"], one["message"]["text"]) for one in results]
        self.assertEqual([text[:2] for text in texts], [("stops-readers", "warning"), ("loses-data", "warning"), ("loses-data", "warning"), ("stops-readers", "warning")])
        for (_, _, text), words in zip(texts, ("ACCESS EXCLUSIVE on a stops readers and writers. It rewrites the whole table meanwhile.", "It loses data. The ACCESS EXCLUSIVE lock on a (line 1) is held until",
                                               "ACCESS EXCLUSIVE on b stops readers and writers. It loses data.", "It reads the whole table meanwhile."), strict=True):
            self.assertIn(words, text)
        self.assertRegex(self.run_truss("plan", "--output", "github"), r"(?m)^::warning file=.*,line=2,col=1,title=Data::It loses data\.")

    def test_a_statement_that_will_fail_is_a_finding_in_every_format(self):
        self.files.add("3_c", "SELECT 1;\nALTER TABLE missing ADD COLUMN more INT;")
        why = '"missing" is not there, and nothing before this statement makes it'
        sarif = json.loads(self.run_truss("plan", "--output", "sarif", status=ERROR))
        self.assertEqual([(one["ruleId"], one["level"], one["locations"][0]["physicalLocation"]["region"]["startLine"]) for one in sarif["runs"][0]["results"]],
                         [("fails", "error", 2)])
        self.assertRegex(self.run_truss("plan", "--output", "github", status=ERROR), rf"(?m)^::error file=prisma/migrations/3_c/migration\.sql,line=2,col=1,title=Fails::It fails: {why}")
        suite = xml.etree.ElementTree.fromstring(self.run_truss("plan", "--output", "junit", status=ERROR)).find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")), ("3", "1", "0"))
        self.assertIn(why, suite[2].findtext("failure"))
        self.assertRegex(self.run_truss("plan", "--output", "markdown", status=ERROR), r"\*\*Fails[^\n]*missing")
        self.assertIn("fails: " + why, self.run_truss("plan", status=ERROR))
        reply = json.loads(self.run_truss("plan", "--json", status=ERROR))
        self.assertEqual(len(reply["failures"]), 1)
        self.assertIn('Line 2 of "3_c"', reply["failures"][0])
        self.files.add("4_d 50%", "ALTER TABLE absent ADD COLUMN more INT;")
        results = json.loads(self.run_truss("plan", "--output", "sarif", status=ERROR))["runs"][0]["results"]
        self.assertEqual(results[-1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "prisma/migrations/4_d%2050%25/migration.sql")

    def test_a_session_that_cannot_write_fails_a_plan_in_every_format(self):
        self.sql(f'ALTER DATABASE "{self.database}" SET default_transaction_read_only = on')
        process = self.worker(self.files)
        sarif = json.loads(self.run_truss("plan", "--output", "sarif", status=ERROR, worker=process))
        self.assertEqual([(one["ruleId"], "locations" in one) for one in sarif["runs"][0]["results"]], [("fails", False)])
        self.assertRegex(self.run_truss("plan", "--output", "github", status=ERROR, worker=process), "(?m)^::error title=plan::Sessions are read-only")
        suite = xml.etree.ElementTree.fromstring(self.run_truss("plan", "--output", "junit", status=ERROR, worker=process)).find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite[0].get("name")), ("3", "1", "a run would succeed"))
        self.assertIn("Sessions are read-only", self.run_truss("plan", "--output", "markdown", status=ERROR, worker=process))

    def test_a_right_that_is_missing_fails_a_plan_and_one_that_may_be_granted_before_does_not(self):
        role = f"plan_{os.getpid()}"
        self.sql(f"CREATE SCHEMA other; CREATE TABLE other.theirs (id int); CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT ALL ON SCHEMA public, other TO {role}")
        self.addCleanup(self.cluster.psql, self.database, f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")
        url = self.url().replace("://", f"://{role}:pw@") if "@" not in self.url() else re.sub("//[^@]*@", f"//{role}:pw@", self.url())
        self.files.add("3_c", "ALTER TABLE other.theirs ADD COLUMN x int;")
        text = self.run_truss("plan", status=ERROR, worker=self.worker(self.files, url=url))
        self.assertRegex(text, r"is not the owner of (other\.)?theirs")
        self.files.add("3_c", f"GRANT ALL ON a TO {role}; ALTER TABLE other.theirs ADD COLUMN x int;")
        self.run_truss("plan", worker=self.worker(self.files, url=url))

    def test_a_format_that_there_is_not_is_refused(self):
        self.run_truss("status", "--output", "sarif", status=ERROR)
        self.run_truss("run", "--output", "sarif", status=ERROR)
        self.run_truss("run", "--output", "junit", "--json", status=ERROR)
        self.run_truss("run", "--output", "junit", "--progress", status=ERROR)
        self.run_truss("status", "--exit-code", status=PENDING)

    def test_a_plan_is_a_test_report_with_its_locks_as_output(self):
        self.run_truss("run")
        self.files.add("3_c<&>", "ALTER TABLE a ADD COLUMN more INT;").add("4_d", "CREATE TABLE d (id INT);")
        suite = xml.etree.ElementTree.fromstring(self.run_truss("plan", "--output", "junit")).find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("errors"), suite.get("failures")), ("2", "0", "0"))
        self.assertEqual([case.get("name") for case in suite], ["3_c<&>", "4_d"])
        self.assertRegex(suite[0].findtext("system-out"), r"^prisma/migrations/3_c<&>/migration\.sql:1:1: ACCESS EXCLUSIVE on a stops readers and writers")
        self.assertEqual(list(suite[1]), [])

    def test_a_run_is_a_test_report_with_its_failure(self):
        self.files.add("3_c<&>", "SELECT 1;\nSELECT 1/0;")
        suite = xml.etree.ElementTree.fromstring(self.run_truss("run", "--output", "junit", status=ERROR)).find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")), ("3", "1", "0", "0"))
        self.assertEqual([(case.get("name"), [child.tag for child in case]) for case in suite], [("1_a", []), ("2_b", []), ("3_c<&>", ["failure"])])
        self.assertEqual(suite[2].find("failure").get("message"), "division by zero")
        self.assertIn("sqlstate: 22012", suite[2].findtext("failure"))

    def test_a_run_is_annotations_at_the_line_that_failed(self):
        self.files.add("3_50%,x", "SELECT 1;\nSELECT 1/0;")
        lines = self.run_truss("run", "--output", "github", status=ERROR).splitlines()
        self.assertRegex(lines[0], r"^::error title=3_50%25%2Cx,file=prisma/migrations/3_50%25%2Cx/migration\.sql,line=2,col=\d+::division by zero$")
        self.assertRegex(lines[-1], "^::error title=run::")

    def test_what_a_dry_run_could_not_try_is_skipped(self):
        self.files.add("3_c", "CREATE INDEX CONCURRENTLY i ON a (id);")
        suite = xml.etree.ElementTree.fromstring(self.run_truss("run", "--dry-run", "--output", "junit")).find("testsuite")
        self.assertEqual((suite.get("name").split()[:2], suite.get("skipped"), suite.get("failures")), (["dry", "run"], "1", "0"))
        self.assertIn("step 1 was not tried", self.run_truss("run", "--dry-run", "--output", "markdown"))
        self.run_truss("status", "--exit-code", status=PENDING)

    def test_a_refusal_is_a_report_too(self):
        suite = xml.etree.ElementTree.fromstring(self.run_truss("run", "no|such", "--output", "junit", status=ERROR)).find("testsuite")
        self.assertEqual((suite.get("errors"), suite[0].find("error") is not None), ("1", True))
        self.assertRegex(self.run_truss("run", "no|such", "--output", "github", status=ERROR), "^::error title=truss run::.*no|such")
        text = self.run_truss("run", "no|such", "--output", "markdown", status=ERROR)
        self.assertTrue(text.startswith("<!-- truss run -->\n### truss run failed\n"), text)
        self.assertIn("no&#124;such", text)

    # ---- Markdown ----

    HOSTILE = "3_<b>|`_@team*"
    HOSTILE_CODE = "<code>3&#95;&#60;b&#62;&#124;&#96;&#95;&#64;team&#42;</code>"

    def test_markdown_is_found_again_by_its_first_line(self):
        for command in ("status", "plan", "run"):
            self.assertEqual(self.run_truss(command, "--output", "markdown").splitlines()[0], f"<!-- truss {command} -->")

    def test_markdown_of_a_status_lists_what_is_not_simply_applied(self):
        self.run_truss("run", "1_a")
        self.files.add("1_a", "CREATE TABLE a (id BIGINT);").add(self.HOSTILE, "SELECT 1;")
        lines = self.run_truss("status", "--output", "markdown").splitlines()
        self.assertEqual(lines[1], "### Migrations: 0 applied, 2 pending, 1 modified, 0 orphaned")
        rows = [line.split(" | ")[:2] for line in lines if line.startswith("| ") and "State" not in line]
        self.assertEqual(rows, [["| modified", "<code>1&#95;a</code>"], ["| pending", "<code>2&#95;b</code>"], ["| pending", self.HOSTILE_CODE]])
        self.assertTrue(all(line.count("|") == 4 for line in lines if line.startswith("|")), lines)

    def test_markdown_of_a_status_says_so_where_all_is_applied_and_not_where_nothing_was_read(self):
        self.run_truss("run")
        self.assertIn("Every migration is applied.", self.run_truss("status", "--output", "markdown"))
        shutil.rmtree(os.path.join(self.files.path, "prisma"))
        text = self.run_truss("status", "--output", "markdown", status=ERROR)
        self.assertNotIn("Every migration is applied.", text)

    def test_markdown_of_a_plan_says_whom_it_stops_and_how_to_run_it(self):
        self.run_truss("run")
        self.files.add(self.HOSTILE, "ALTER TABLE a ADD COLUMN more INT;")
        text = self.run_truss("plan", "--output", "markdown")
        self.assertIn(f"| {self.HOSTILE_CODE} | one transaction |", text)
        self.assertIn("ACCESS EXCLUSIVE on a stops readers and writers", text)
        name = re.search("--plan-hash ([0-9a-f]{64})", text)[1]
        self.run_truss("run", "--plan-hash", name)

    def test_markdown_of_a_plan_calls_harmless_only_what_is_known_to_be(self):
        self.assertIn("no statement stops readers or writers", self.run_truss("plan", "--output", "markdown"))
        self.run_truss("run")
        self.files.add("3_do", "DO $$ BEGIN EXECUTE current_setting('my.sql'); END $$;")
        text = self.run_truss("plan", "--output", "markdown")
        self.assertNotIn("no statement stops", text)
        self.assertRegex(text, "3&#95;do/migration.sql:1</code> [|] What it locks is not known")

    def test_markdown_of_a_run_shows_the_failure_and_what_stays(self):
        self.files.add(self.HOSTILE, "SELECT 1;\nSELECT '@team'::int;")
        text = self.run_truss("run", "--output", "markdown", status=ERROR)
        self.assertIn(f"**Failed:** {self.HOSTILE_CODE}, line 2, column ", text)
        self.assertIn("| <code>1&#95;a</code> | applied (", text)
        self.assertNotIn("@team", text)

    def test_markdown_fits_a_comment_and_counts_the_rest(self):
        for number in range(700):
            self.files.add(f"{number + 10}_{'x' * 100}", "SELECT 1;")
        for command in ("status", "plan"):
            text = self.run_truss(command, "--output", "markdown")
            self.assertLess(len(text), 65536)
            left = int(re.search("(?m)^([0-9]+) more are not listed", text)[1])
            self.assertEqual(len(re.findall("(?m)^[|] .*<code>", text)) + left, 702)

    # ---- JSON ----

    def test_an_error_is_one_object_on_standard_output_as_from_the_route(self):
        http = self.bridge(self.process)
        self.assertEqual(json.loads(self.run_truss("preview", "nothing", "--json", status=ERROR)), http.get("/api/migrations/preview/nothing").json)
        for arguments in (("status", "--json", "--no-such"), ("--json", "preview"), ("status", "--json", "--worker", "tcp://127.0.0.1:1"),
                          ("run", "no-such", "--json"), ("operations", "nothing", "--json"), ("sttus", "--json")):
            with self.subTest(arguments=arguments):
                answer = json.loads(self.run_truss(*arguments, status=ERROR))
                self.assertTrue(answer["error"] and answer["code"])

    def test_a_run_with_progress_is_a_line_of_json_an_event(self):
        lines = [json.loads(line) for line in self.run_truss("run", "--json", "--progress").splitlines()]
        self.assertEqual([line["kind"] for line in lines if line["kind"] not in ("step_started", "step_done", "progress", "note")],
                         ["run_started", "migration_started", "migration_done", "migration_started", "migration_done", "run_done", "run"])
        self.assertEqual([line["id"] for line in lines[:-1]], list(range(1, len(lines))))
        self.assertEqual((lines[-1]["state"], lines[-1]["result"]["ok"]), ("succeeded", True))

    def test_watch_prints_events_as_lines_of_json(self):
        self.files.add("3_slow", "SELECT pg_sleep(4);")
        watching = subprocess.Popen([os.path.join(harness.BIN, "truss"), "watch", "--json"], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                    env=harness.clean_environment(worker=self.process))
        self.addCleanup(watching.kill)
        self.run_truss("run", "--detach")
        out = watching.communicate(timeout=60)[0]
        self.assertEqual([json.loads(line)["kind"] for line in out.splitlines()][-2:], ["run_done", "run"])

    # ---- waiting and watching ----

    def test_wait_ends_when_everything_is_applied(self):
        waiting = self.waiting("--applied", "--timeout", "1m", address=self.process.address)
        self.assertEqual(waiting.stderr.readline(), "waiting: 2 migrations are pending\n")
        self.assertIsNone(waiting.poll())
        self.run_truss("run")
        out, err = waiting.communicate(timeout=60)
        self.assertEqual((harness.without_head(out), err, waiting.returncode), ("Everything is applied.\n", "", FINE))

    def waiting(self, *arguments, address):
        """`truss wait`, under way."""
        process = subprocess.Popen([os.path.join(harness.BIN, "truss"), "wait", "--worker", address, *arguments], text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=harness.clean_environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_wait_gives_up_in_time_and_says_why(self):
        result = self.truss("wait", "--timeout", "1500ms", worker=self.process)
        self.assertEqual(result.returncode, PENDING)
        self.assertIn("gave up: 2 migrations are pending", result.stderr)

    def test_wait_is_patient_with_a_worker_that_is_not_there_yet(self):
        address = self.process.address
        self.run_truss("run")
        self.process.stop()
        waiting = self.waiting("--timeout", "30", address=address)
        self.assertRegex(waiting.stderr.readline(), "^waiting: ")
        self.worker(self.files, listen=address)
        said = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, FINE, said)

    def test_watch_shows_the_next_run(self):
        self.files.add("3_slow", "SELECT pg_sleep(4);")
        terminal = Terminal([os.path.join(harness.BIN, "truss"), "watch"], harness.clean_environment(worker=self.process))
        self.addCleanup(terminal.close)
        wait_for(lambda: "waiting for the next run" in terminal.raw)
        self.run_truss("run", "--detach")
        self.assertEqual(terminal.wait(), FINE)
        self.assertIn("3_slow", terminal.raw)

    # ---- doctor ----

    def doctor(self, status=FINE, **options):
        return self.run_truss("doctor", status=status, **options)

    def test_the_doctor_finds_nothing_where_all_is_well(self):
        text = self.doctor()
        self.assertNotIn("BAD", text)
        self.assertRegex(text, r"(?m)^ok    framework      Prisma in prisma/migrations")
        self.assertRegex(text, r"(?m)^note  tracking table not made yet")

    def test_doctor_and_wait_answer_programs_too(self):
        found = [json.loads(line) for line in self.run_truss("doctor", "--json").splitlines()]
        self.assertEqual({one["state"] for one in found}, {"ok", "note"})
        self.assertEqual([one["advice"] for one in found if one["what"] == "database"], [None])
        self.assertEqual(json.loads(self.run_truss("wait", "--json", "--timeout", "1", status=PENDING)),
                         {"applied": False, "obstacle": "2 migrations are pending"})
        self.run_truss("run")
        self.assertEqual(json.loads(self.run_truss("wait", "--json")), {"applied": True, "obstacle": None})

    def test_what_the_doctor_finds_is_told_before_it_looks_on(self):
        self.run_truss("run")
        say = self.talk()
        say("BEGIN; LOCK TABLE _prisma_migrations")
        command = [os.path.join(harness.BIN, "truss"), "doctor", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=harness.clean_environment(worker=self.process)) as doctor:
            self.assertEqual(json.loads(doctor.stdout.readline())["what"], "worker")
            wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"))
            say("ROLLBACK")

    def test_the_doctor_says_what_is_wrong_and_what_to_do(self):
        self.files.add("3_fails", "CREATE TABLE c (id INT);\nVACUUM;\nSELECT 1/0;")
        self.run_truss("run", status=ERROR)
        text = self.doctor(ERROR)
        self.assertEqual([line for line in text.splitlines() if line.startswith("BAD")], ["BAD   migrations     1 attempt failed and is not resolved"])
        self.assertIn("note  run ", text)
        self.assertIn("truss mark-rolled-back", text)

    def test_the_doctor_says_each_thing_once_and_what_is_ok_only_where_it_is(self):
        self.run_truss("run")
        first = self.files.names()[0]
        with open(self.files.script(first), "a", encoding="utf-8") as file:
            file.write("-- more\n")
        lines = self.doctor(ERROR).splitlines()
        self.assertEqual([line for line in lines if line.startswith("BAD")], ["BAD   migrations     1 applied one was edited since"])
        self.assertIn("ok    run            No pending migrations to run.", lines)
        self.files.add("3_fails", "INSERT INTO nowhere VALUES (1);")
        lines = self.doctor(ERROR).splitlines()
        self.assertEqual([line[:10] for line in lines if line[6:].startswith(("check ", "run "))], ["BAD   chec", "note  run "])
        self.files.write("sql/1_a.sql", "SELECT 1;")
        worker = self.worker(self.files, "--framework", "postgres-migrations", "--migrations", "sql")
        self.assertEqual(self.doctor(worker=worker).count("it was asked for"), 1)
        self.files.write(".env", "DATABASE_URL=postgresql://app@db.example/shop")
        self.assertEqual(self.doctor(worker=worker).count("names another database"), 1)

    def test_the_doctor_without_a_worker_or_a_database_or_a_folder(self):
        self.assertIn("TRUSS_WORKER", self.run_truss("doctor", "--worker", "tcp://127.0.0.1:1", status=ERROR, worker=None))
        told = self.doctor(ERROR, worker=self.worker(self.files, url=None))
        self.assertRegex(told, r"(?s)^BAD   database  .*DATABASE_URL")
        empty = harness.Project()
        self.addCleanup(empty.remove)
        shutil.rmtree(empty.path)
        os.mkdir(empty.path)
        none = self.doctor(ERROR, worker=self.worker(empty))
        self.assertIn("--project", none)
        self.assertEqual([line[:20] for line in none.splitlines() if line.startswith("BAD")], ["BAD   framework     "])
        self.assertIn("not safe: not known what is pending, ", self.run_truss("check", status=ERROR, worker=self.worker(empty)))
        missing = self.doctor(ERROR, worker=self.worker(empty, "--framework", "prisma", "--migrations", "nowhere"))
        self.assertRegex(missing, r"BAD   problem +The folder of migrations nowhere does not exist")
        self.assertRegex(missing, r"note  folder +nowhere\n")

    # ---- manual and completion ----

    def test_every_command_has_a_manual_page_that_man_accepts(self):
        commands = re.findall(r"(?m)^  ([a-z-]+) ", self.run_truss("--help", worker=None).split("Exit status")[0])
        self.assertIn("doctor", commands)
        for command in (None, *commands):
            page = self.run_truss("man", *([command] if command else []), worker=None)
            self.assertTrue(page.startswith(".TH TRUSS"), page[:40])
            if shutil.which("groff"):
                found = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", "-K", "utf8"], input=page, capture_output=True, text=True, check=True)
                self.assertEqual(found.stderr, "")
        self.assertIn("It connects to the database itself.", self.run_truss("man", worker=None))
        self.assertIn("man -k truss", self.truss("man", "adopt", worker=None).stderr)

    def test_a_wide_table_of_help_names_its_cells_in_the_manual_page(self):
        def page(name, file):
            return subprocess.run(["awk", "-v", f"name={name}", "-f", os.path.join(harness.ROOT, "docker/packages/page.awk"), os.path.join(harness.ROOT, file)],
                                  capture_output=True, text=True, check=True).stdout
        said = page("frameworks", "src/framework/frameworks.md")
        self.assertRegex(said, r"\n\.TP\nPrisma\ndetect: ●;\nstatus: ●;\n")
        self.assertNotIn("\n.TP\nFramework\n", said)
        self.assertNotRegex(said, r"\*[a-z]+\*")
        self.assertIn("In the code\n.br\nWhat it is\n", page("words", "src/GLOSSARY.md"))

    def test_a_verb_has_help_of_its_own_and_takes_only_its_options(self):
        def own(*words):
            return set(re.findall(r"(?m)^  --([a-z-]+)", self.run_truss(*words, "--help", worker=None).split("Common options")[0]))

        def refused(*words):
            result = self.truss(*words, worker=None)
            self.assertEqual(result.returncode, ERROR)
            return result.stderr

        for command in ("branch", "backup", "token"):
            verbs = re.findall(r"(?m)^  ([a-z]+) ", self.run_truss(command, "--help", worker=None).split("Verbs:")[1])
            self.assertGreater(len(verbs), 2)
            for verb in verbs:
                self.assertTrue(self.run_truss(command, verb, "--help", worker=None).startswith(f"Usage: truss {command} {verb} "))
        self.assertEqual(own("branch", "list"), {"all"})
        self.assertEqual(own("branch", "url"), {"reveal"})
        self.assertIn("truss: truss branch list takes no --ttl.\n  hint: Usage: truss branch list\n  --ttl is an option of truss branch create.", refused("branch", "list", "--ttl", "3"))
        self.assertIn("hint: Usage: truss branch create [LABEL]\n", refused("branch", "create", "--label", "x"))
        self.assertIn("truss backup restore takes no --force", refused("backup", "restore", "1", "--force"))
        self.assertIn('Did you mean "list"?', refused("branch", "lst"))
        self.assertIn("truss token does create, list and revoke", refused("token", "make"))

    def test_bash_completes_commands_options_and_names(self):
        script = self.run_truss("completion", "bash", worker=None)

        def complete(*words):
            line = f'{script}\nCOMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; _truss; printf "%s\\n" "${{COMPREPLY[@]}}"'
            environment = {**harness.clean_environment(worker=self.process), "PATH": f"{harness.BIN}:{os.environ['PATH']}"}
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True, env=environment, cwd=self.files.path)
            self.assertEqual(done.stderr, "")
            return [word for word in done.stdout.splitlines() if word]
        self.assertEqual(complete("truss", "do"), ["doctor"])
        self.assertIn("--dry-run", complete("truss", "run", "--d"))
        self.assertEqual(complete("truss", "preview", "2"), ["2_b"])
        self.assertEqual(complete("truss", "preview", ""), self.files.names())
        self.assertEqual(complete("truss", "run", "--target", ""), self.files.names())
        self.assertEqual(complete("truss", "run", "--transaction", ""), ["each", "all"])
        self.assertEqual(complete("truss", "completion", "z"), ["zsh"])
        for command, option in (("status", "--environment"), ("sql", "--database"), ("doctor", "--role"), ("token", "--name")):
            self.assertEqual(complete("truss", command, option, ""), [], option)  # no name of a migration
        self.assertEqual(complete("truss", "man", "do"), ["doctor"])
        self.assertEqual(complete("truss", "create", ""), [])
        name = "3_$(touch ran) `touch ran` it's; touch ran"
        self.files.add(name, "SELECT 1;")
        quoted = r"3_\$\(touch\ ran\)\ \`touch\ ran\`\ it\'s\;\ touch\ ran"
        for word in ("3", "3_$", r"3_\$\(touch\ r"):
            self.assertEqual(complete("truss", "preview", word), [quoted])
        self.files.write(f"in/{name}/x", "")
        self.assertEqual(complete("truss", "status", "--project", "in/"), [f"in/{name}"])  # Readline quotes the names of files
        self.assertFalse(os.path.exists(os.path.join(self.files.path, "ran")))

    def test_what_shells_are_told_has_the_state_of_each(self):
        self.run_truss("run", "--yes", "--progress", self.files.names()[0])
        self.assertEqual(self.run_truss("__complete", "names").splitlines(),
                         [f"{name}\t{'pending' if number else 'applied'}" for number, name in enumerate(self.files.names())])
        self.assertRegex(self.run_truss("__complete", "ids"), r"^[0-9a-f-]{36}\tApplied 1 migration\(s\) successfully\.\n$")
        self.assertNotIn("__complete", self.run_truss("--help", worker=None) + self.run_truss("man", worker=None))

    # ---- the protocol by names ----

    def test_every_method_of_the_protocol_is_listed_and_has_its_fields(self):
        listed = [line.split("  ")[0] for line in self.run_truss("services", worker=None).splitlines()]
        promised = []
        for path in sorted(glob.glob(os.path.join(harness.ROOT, "proto/truss/*/v1/*.proto"))):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for service, body in re.findall(r"(?ms)^service (\w+) \{(.*?)^\}", text):
                promised += [f"{re.search('package ([^;]+);', text).group(1)}.{service}/{name}" for name in re.findall(r"rpc (\w+)\(", body)]
        self.assertEqual(sorted(listed), sorted(promised))
        lines = self.run_truss("services", "Preview", worker=None).splitlines()
        self.assertEqual(lines[:2], ["truss.migration.v1.MigrationService/Preview", "request  truss.migration.v1.PreviewRequest"])
        self.assertIn("name", json.loads(lines[2]))
        self.assertIn('did you mean "Preview"?', self.truss("services", "Previw").stderr)
        self.assertNotIn("did you mean", self.truss("services", "Nope").stderr)
        self.assertIn("hint: truss services Preview shows its fields.", self.truss("call", "Preview", '{"x": 1}').stderr)

    def test_a_method_is_called_with_json_and_answers_json(self):
        name = self.files.names()[0]
        said = self.run_truss("call", "Preview", json.dumps({"name": name}))
        self.assertEqual(json.loads(said), json.loads(self.run_truss("preview", name, "--json")))
        for method in ("MigrationService/Preview", "/truss.migration.v1.MigrationService/Preview"):
            self.assertEqual(self.run_truss("call", method, "-", stdin=json.dumps({"name": name})), said)
        self.assertIn("several services", self.truss("call", "Check", worker=self.process).stderr)
        self.assertEqual(json.loads(self.run_truss("call", "Health/Check"))["status"], "serving")
        for request, word in (({"name": "nothing"}, "nothing"), ({"nmae": "x"}, "nmae")):
            result = self.truss("call", "Preview", json.dumps(request), worker=self.process)
            self.assertEqual((result.returncode, result.stdout), (ERROR, ""))
            self.assertIn(word, result.stderr)
        self.assertEqual(json.loads(self.truss("call", "Preview", "--json", worker=self.process).stdout)["code"], "INVALID_ARGUMENT")

    def test_what_a_newer_worker_has_more_is_called_by_name(self):
        newer = newer_worker.NewerWorker(self.process.address)
        self.addCleanup(newer.close)
        listed = self.run_truss("services", worker=newer)
        self.assertIn("truss.migration.v1.MigrationService/Count  CountRequest -> CountResponse", listed)
        self.assertEqual(set(self.run_truss("services", worker=None).splitlines()) - set(listed.splitlines()), set())
        self.assertIn('{"number":0}', self.run_truss("services", "Count", worker=newer))
        self.assertEqual(json.loads(self.run_truss("call", "Count", '{"number": 21}', worker=newer)), {"double": 42})
        name = self.files.names()[0]
        usual = json.loads(self.run_truss("call", "Preview", json.dumps({"name": name})))
        more = json.loads(self.run_truss("call", "Preview", json.dumps({"name": name, "tone": "loud"}), worker=newer))
        self.assertEqual(more, {**usual, "echo": "loud"})
        self.assertIn("tone", self.run_truss("services", "Preview", worker=newer))
        self.assertIn('did you mean "Count"?', self.truss("call", "Coutn", worker=newer).stderr)
        self.assertIn("no method", self.truss("call", "Count", worker=self.process).stderr)

    def test_every_method_looks_the_same_by_the_workers_own_description(self):
        for line in self.run_truss("services", worker=None).splitlines():
            method = line.split("  ")[0]
            self.assertEqual(self.run_truss("services", method), self.run_truss("services", method, worker=None))

    def test_the_other_shells_have_their_own(self):
        self.assertIn("#compdef truss", self.run_truss("completion", "zsh", worker=None))
        self.assertIn("complete -c truss", self.run_truss("completion", "fish", worker=None))
        self.run_truss("completion", "csh", status=ERROR, worker=None)


if __name__ == "__main__":
    harness.main()
