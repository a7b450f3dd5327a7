"""truss plan, and truss run with its options: what a pipe reads, what a terminal shows, and Ctrl-C."""
import json
import os
import re
import subprocess
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", "support"), os.path.dirname(__file__)]
import harness
from harness import Case, wait_for
from terminal import Terminal

FINE, ERROR, LOCKED = 0, 1, 4
SLEEPING = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


class Runs(Case):
    def start(self, *scripts, arguments=()):
        """A project of migrations "1", "2", ..., the first of which is applied, and a table t that is there before."""
        self.sql("CREATE TABLE t (id INT PRIMARY KEY, note TEXT)")
        self.files = self.project().add("1", "SELECT 1;")
        for number, script in enumerate(scripts, 2):
            self.files.add(str(number), script)
        self.process = self.worker(self.files, *arguments)
        self.run_truss("mark-applied", "1")

    def run_truss(self, *arguments, status=FINE, **options):
        """Answers what it printed, errors too."""
        result = self.truss(*arguments, worker=options.pop("worker", self.process), **options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.assertNotRegex(result.stdout + result.stderr, r"[\x00-\x09\x0b-\x1f\x7f]")
        return harness.without_head(result.stdout) + result.stderr

    def terminal(self, *arguments, environment=None, columns=100, asks=False):
        """In a terminal; a run does not ask first, unless that is what it is about."""
        arguments += ("--yes",) if arguments[0] == "run" and not asks else ()
        terminal = Terminal([os.path.join(harness.BIN, "truss"), *arguments], harness.clean_environment(environment, self.process), columns)
        self.addCleanup(terminal.close)
        return terminal

    def reader(self, seconds=30):
        """Somebody who has read t and stays in his transaction; answers his pid."""
        process = subprocess.Popen(["psql", "-Xq", self.url(application_name="dashboard"), "-c", "BEGIN", "-c", "SELECT 1 FROM t LIMIT 1",
                                    "-c", f"SELECT pg_sleep({seconds})", "-c", "COMMIT"], stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return wait_for(lambda: self.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))[0][0]

    def let_go_after(self, seconds):
        """Ends who sleeps, once somebody has waited for a lock for so long."""
        def let_go():
            wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
            time.sleep(seconds)
            self.end_sleepers()
        thread = threading.Thread(target=let_go)
        thread.start()
        self.addCleanup(thread.join)

    def end_sleepers(self):
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

    def applied(self):
        return [name for name, finished, _, _ in self.ledger() if finished == "t"]


class Asking(Runs):
    def test_an_error_is_broken_at_spaces_where_a_terminal_is_narrow_and_is_one_line_elsewhere(self):
        self.serve("CREATE TABLE t (id int);")
        terminal = self.terminal("run", "there_is_no_migration_of_such_a_name", columns=60)
        self.assertEqual(terminal.wait(), ERROR)
        said = next(index for index, line in enumerate(terminal.lines) if line.startswith("truss: "))
        error = terminal.lines[said:]
        self.assertGreater(len(error), 1, error)
        self.assertLessEqual(max(map(len, error)), 60, error)
        self.assertTrue(all(line.startswith("  ") for line in error[1:]), error)
        alone = self.run_truss("run", "--yes", "there_is_no_migration_of_such_a_name", status=ERROR)
        self.assertEqual(" ".join(" ".join(error).split()), " ".join(alone.split()))

    def asked(self, script, command, question):
        """A run in a shell on a terminal, with something behind its pipe, up to its question."""
        self.start(script)
        environment = {**harness.clean_environment(None, self.process), "PATH": f"{harness.BIN}:{os.environ['PATH']}"}
        terminal = Terminal(["bash", "-c", f"set -o pipefail; {command}"], environment)
        self.addCleanup(terminal.close)
        wait_for(lambda: question in " ".join(terminal.lines))
        return terminal

    def test_a_person_is_asked_also_with_a_pipe_behind(self):
        for answer, status, there in ((b"n\n", ERROR, None), (b"y\n", FINE, "u")):
            with self.subTest(answer=answer):
                self.setUp()
                terminal = self.asked("CREATE TABLE u (id INT);", "truss run | cat", "? [y/N]")
                os.write(terminal.master, answer)
                self.assertEqual(terminal.wait(), status, terminal.raw)
                self.assertEqual(self.sql("SELECT to_regclass('u')"), [(there,)])

    def test_a_person_is_asked_also_where_the_answer_is_json(self):
        terminal = self.asked("CREATE TABLE u (id INT);", "truss run --json > /dev/null", "? [y/N]")
        self.assertIn("1 migration in 1 transaction;", terminal.raw)
        os.write(terminal.master, b"\n")
        self.assertEqual(terminal.wait(), ERROR, terminal.raw)

    def test_what_loses_data_wants_the_name_of_the_database(self):
        for script in ("DROP TABLE t;", "ALTER TABLE t DROP id;", "TRUNCATE t;", "WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone;"):
            for answer, status in ((b"y", ERROR), (None, FINE)):
                with self.subTest(script=script, answer=answer):
                    self.setUp()
                    terminal = self.asked(script, "truss run", "Type the name of the database")
                    os.write(terminal.master, (answer or self.database.encode()) + b"\n")
                    self.assertEqual(terminal.wait(), status, terminal.raw)
                    self.assertEqual(self.applied(), ["1"] if status else ["1", "2"])

    def test_a_plan_that_is_known_to_fail_is_asked_about_as_one(self):
        terminal = self.asked("ALTER TABLE missing ADD a INT;\nALTER TABLE t ADD note INT;", "truss run", "? [y/N]")
        self.assertRegex(" ".join(terminal.raw.split()), r'This run would fail now: Line 1 of "2" fails: "missing" is not there.* \(And 1 more, above\.\) Run this on ')

    def test_what_loses_nothing_is_asked_with_a_key(self):
        for script in ("DROP TABLE IF EXISTS nothing;", "ALTER TABLE t ALTER id DROP NOT NULL;", "CREATE TABLE v (id INT); DROP TABLE v;",
                       "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t';", "COMMENT ON TABLE t IS 'DELETE FROM t'"):
            with self.subTest(script=script):
                self.setUp()
                terminal = self.asked(script, "truss run", "? [y/N]")
                self.assertNotIn("loses data", terminal.raw)

    def ask(self, answer):
        self.start("CREATE TABLE u (id INT);")
        terminal = self.terminal("run", asks=True)
        wait_for(lambda: "Run this on " in terminal.raw and "? [y/N]" in terminal.raw)
        self.assertIn("1 migration in 1 transaction;", terminal.raw)
        self.assertNotIn("--plan-hash", terminal.raw)
        return terminal, lambda: os.write(terminal.master, answer)

    def test_a_person_sees_the_plan_and_says_yes(self):
        terminal, answer = self.ask(b"y\n")
        answer()
        self.assertEqual((terminal.wait(), self.applied()), (FINE, ["1", "2"]))

    def test_anything_else_runs_nothing(self):
        for word in (b"\n", b"n\n", b"\x04"):
            with self.subTest(word):
                self.setUp()
                terminal, answer = self.ask(word)
                answer()
                self.assertEqual((terminal.wait(), self.applied()), (ERROR, ["1"]))
                self.assertIn("Nothing was run.", terminal.raw)

    def test_what_has_changed_since_the_plan_was_shown_is_not_run(self):
        terminal, answer = self.ask(b"y\n")
        self.files.add("3", "SELECT 3;")
        answer()
        self.assertEqual((terminal.wait(), self.applied()), (ERROR, ["1"]))
        self.assertIn("PLAN_CHANGED", terminal.raw)


class Plans(Runs):
    def test_a_plan_says_which_statement_stops_whom(self):
        self.start("CREATE TABLE u (id INT);\nALTER TABLE t\n    ADD COLUMN more INT;\nINSERT INTO u VALUES (1);")
        text = self.run_truss("plan")
        self.assertIn("    line 2: ALTER TABLE t ADD COLUMN more INT\n      ACCESS EXCLUSIVE on t: blocks reads and writes\n", text)
        self.assertIn("2 other statements that lock nothing that exists", text)
        self.assertNotIn("CREATE TABLE u", text)
        self.assertIn("line 1: CREATE TABLE u (id INT)\n", self.run_truss("plan", "--verbose"))

    def test_steps_that_cannot_share_a_transaction_are_told_with_the_reason(self):
        self.start("SELECT 1;\nCREATE INDEX CONCURRENTLY ix ON t (note);")
        text = self.run_truss("plan")
        self.assertRegex(text, r"step 2 of 2: outside of any transaction \(CREATE INDEX CONCURRENTLY\)\n +line 2: CREATE INDEX")
        self.assertIn("SHARE UPDATE EXCLUSIVE on t: blocks neither reads nor writes", text)

    def test_what_touches_nothing_that_exists_is_a_line(self):
        self.start("CREATE TABLE u (id INT);\nCREATE TABLE v (id INT);", "", "CREATE TABLE w (id INT);")
        self.assertIn("\n2: one transaction, 2 statements that lock nothing that exists\n3: nothing in it, only recorded\n4: one ", self.run_truss("plan"))

    def test_names_and_target_choose(self):
        self.start("SELECT 2;", "SELECT 3;", "SELECT 4;")
        for arguments, names in ((("2", "4"), ["2", "4"]), (("--target", "3"), ["2", "3"])):
            plan = json.loads(self.run_truss("plan", *arguments, "--json"))
            self.assertEqual([one["name"] for one in plan["migrations"]], names)

    def test_a_statement_that_takes_every_row_is_told(self):
        for script, line, loses in (("DELETE FROM t", "loses data: deletes every row", True), ("DELETE FROM t WHERE true", "loses data: deletes every row", True),
                                    ("DELETE FROM t WHERE true OR note = 'x'", "loses data: deletes every row", True),
                                    ("MERGE INTO t USING (SELECT 1) AS one ON 1 = 1 WHEN MATCHED THEN DELETE", "loses data: deletes every row", True),
                                    ("UPDATE t SET note = ''", "changes every row", False)):
            with self.subTest(script=script):
                self.setUp()
                self.start(script)
                text = self.run_truss("plan")
                self.assertIn(f"ROW EXCLUSIVE on t: blocks neither reads nor writes\n      {line}\n      advice: It takes every row in one transaction.", text)
                self.assertEqual("This plan loses data." in text, loses)
                plan = json.loads(self.run_truss("plan", "--json"))
                statement = plan["migrations"][0]["steps"][0]["statements"][0]
                self.assertEqual((statement["every_row"], statement["loses_data"]), (True, loses))
                result = json.loads(self.run_truss("plan", "--output", "sarif"))["runs"][0]["results"][0]
                self.assertEqual((result["ruleId"], result["level"]), ("every-row", "warning"))
                self.assertTrue(result["message"]["text"].startswith(f"It {'deletes' if loses else 'changes'} every row. "), result)

    def test_what_drops_says_that_it_loses_data(self):
        self.start("DROP TABLE t")
        text = self.run_truss("plan")
        self.assertIn("ACCESS EXCLUSIVE on t: blocks reads and writes\n      loses data\n", text)
        self.assertIn("This plan loses data.\n", text)
        self.files.add("2", "DELETE FROM t WHERE id = 1")
        self.assertIn("      loses data\n      changes rows\n", self.run_truss("plan"))
        self.files.add("2", "ALTER TABLE t ALTER note TYPE int USING 0")
        self.assertIn("      loses data\n      rewrites the whole table\n", self.run_truss("plan"))

    def test_a_plan_gives_the_whole_command_that_runs_it(self):
        self.start("SELECT 2;", "SELECT 3;", "SELECT 4;")
        for arguments, names in ((("--target", "3"), ["1", "2", "3"]), (("4",), ["1", "2", "3", "4"])):
            self.files.add("5", "SELECT 5;")
            text = self.run_truss("plan", *arguments, "--verbose")
            plan_hash = re.search("--plan-hash ([0-9a-f]{64})", text).group(1)
            said = self.run_truss("run", "--plan-hash", plan_hash, status=ERROR)
            self.assertIn("It was made with other options", said)
            command = re.search(r"To run this plan and no other:\n  truss (run .*)\n", text).group(1)
            self.assertNotIn("--verbose", command)
            self.run_truss(*command.split())
            self.assertEqual(self.applied(), names)

    def test_a_plan_of_statements_outside_of_any_transaction_counts_no_transactions(self):
        self.start("CREATE INDEX CONCURRENTLY ix ON t (note);\nVACUUM;", "SELECT 1;")
        self.assertIn("2 migrations in 1 transaction and 2 statements outside of any transaction; ", self.run_truss("plan"))
        self.assertIn("\n      advice: It waits for every older transaction. If it fails, the run drops the INVALID index that it leaves", self.run_truss("plan"))

    def test_the_hash_runs_this_plan_and_refuses_another(self):
        self.start("CREATE TABLE u (id INT);")
        plan_hash = re.search(r"truss run --plan-hash ([0-9a-f]{64})\n", self.run_truss("plan")).group(1)
        self.files.add("2", "CREATE TABLE v (id INT);")
        self.assertIn("reason: PLAN_CHANGED", self.run_truss("run", "--plan-hash", plan_hash, status=ERROR))
        self.assertEqual(self.applied(), ["1"])
        self.files.add("2", "CREATE TABLE u (id INT);")
        self.run_truss("run", "--plan-hash", plan_hash)
        self.assertEqual(self.applied(), ["1", "2"])

    def test_a_plan_that_would_be_refused_says_why_and_is_an_error(self):
        self.start("CREATE INDEX CONCURRENTLY ix ON t (note);")
        self.assertRegex(self.run_truss("plan", "--transaction", "all", status=ERROR), "refused: .*CREATE INDEX CONCURRENTLY")

    def test_steps_that_an_interrupted_run_has_finished_are_marked(self):
        self.start("CREATE TABLE u (id INT);\nVACUUM;\nSELECT 1 / (SELECT count(*) FROM t);")
        text = self.run_truss("run", status=ERROR)
        self.assertIn("failed   2, line 3, column 1, step 3 of 3\n", text)
        self.assertEqual(text.count("earlier steps stay"), 1)
        self.assertIn("continue after its earlier steps: truss run", text)
        self.assertIn("step 2 of 3: finished by an earlier run", self.run_truss("plan"))
        self.sql("INSERT INTO t VALUES (1)")
        self.assertRegex(self.run_truss("run"), r"applied  2 \([\d.]+ m?s, after 2 steps? of an earlier run\)")

    def test_a_plan_of_nothing_says_so(self):
        self.start()
        self.assertEqual(self.run_truss("plan"), "No pending migrations to run.\n")


class Options(Runs):
    def test_target_runs_up_to_it(self):
        self.start("SELECT 2;", "SELECT 3;", "SELECT 4;")
        self.run_truss("run", "--target", "3")
        self.assertEqual(self.applied(), ["1", "2", "3"])

    def test_a_dry_run_leaves_nothing_and_says_what_was_not_tried(self):
        self.start("CREATE TABLE u (id INT);\nVACUUM;", "SELECT 3;")
        text = self.run_truss("run", "--dry-run")
        self.assertRegex(text, r"(?s)^tried    2 \([\d.]+ m?s\)\n.*untried  2, step 2: VACUUM\nTried 2 .*rolled everything back")
        self.assertNotIn("applied", text.splitlines()[0])
        self.assertEqual(self.applied(), ["1"])
        self.assertEqual(self.sql("SELECT to_regclass('u'), to_regnamespace('truss')"), [(None, None)])

    def test_a_dry_run_may_be_watched_and_leaves_nothing_either(self):
        self.start("CREATE TABLE u (id INT);")
        self.assertRegex(self.run_truss("run", "--dry-run", "--progress"), r"^tried    2 \([\d.]+ m?s\)\n")
        self.assertEqual(self.sql("SELECT to_regclass('u'), to_regnamespace('truss')"), [(None, None)])

    def test_all_in_one_transaction_is_all_or_nothing(self):
        for arguments in ((), ("--progress",)):
            self.setUp()
            self.start("CREATE TABLE u (id INT);", "SELECT 1/0;")
            text = self.run_truss("run", "--transaction", "all", *arguments, status=ERROR)
            self.assertRegex(text, r"^failed   3, line 1")
            self.assertEqual(self.applied(), ["1"])
            self.files.add("3", "SELECT 1;")
            text = self.run_truss("run", "--transaction", "all", *arguments)
            self.assertRegex(text, r"^applied  2 \([\d.]+ m?s\)\napplied  3 \([\d.]+ m?s\)\nApplied 2")
            self.run_truss("run", "--transaction", "each")

    def test_out_of_order_may_be_refused_or_allowed(self):
        self.start("SELECT 2;", "SELECT 3;")
        self.run_truss("run", "3", "--allow-out-of-order")
        self.run_truss("run", "--no-out-of-order", status=ERROR)
        self.assertEqual(self.applied(), ["1", "3"])
        self.run_truss("run", "--allow-out-of-order")
        self.assertEqual(sorted(self.applied()), ["1", "2", "3"])

    def test_names_that_would_leave_earlier_ones_behind_are_refused_with_these(self):
        self.start("SELECT 2;", "SELECT 3;", "SELECT 4;", "SELECT 5;")
        said = self.run_truss("run", "2", "5", status=ERROR)
        self.assertIn('2 earlier migrations would stay pending: "3", "4".', said)
        self.assertIn("--allow-out-of-order", said)
        self.assertEqual(self.applied(), ["1"])
        self.run_truss("run", "3", "2")
        self.assertEqual(self.applied(), ["1", "2", "3"])
        self.run_truss("run", "5", "--allow-out-of-order")
        self.files.add("6", "SELECT 6;")
        self.run_truss("run", "6")
        self.assertEqual(self.applied(), ["1", "2", "3", "5", "6"], "4 is late already: 6 does not leave it behind")

    def test_a_lock_that_cannot_be_had_in_time_fails_and_names_who_has_it(self):
        self.start("ALTER TABLE t ADD COLUMN more INT;")
        pid = self.reader()
        text = self.run_truss("run", "--lock-timeout", "20", "--lock-retry", "0.5", status=ERROR)
        self.assertIn(f'pid {pid} (application "dashboard"', text)
        self.assertIn("sqlstate: 55P03", text)
        self.assertIn("or try for longer: truss run --lock-timeout 20\n      (as long as the worker allows: truss-worker --lock-retry 300s)", text)
        alone = self.truss("run", "--yes", "--project", self.files.path, "--lock-timeout", "20", "--lock-retry", "0.5", environment={"DATABASE_URL": self.url()})
        self.assertIn(f"or try for longer: truss run --project {self.files.path} --lock-timeout 20 --lock-retry 300s\n", alone.stdout)

    def test_a_statement_that_takes_too_long_is_ended(self):
        self.start("SELECT pg_sleep(30);")
        self.assertIn("57014", self.run_truss("run", "--statement-timeout", "0.3", status=ERROR))

    def test_the_same_key_again_runs_nothing_and_answers_the_same(self):
        self.start("CREATE TABLE u (id INT);", "SELECT 1;")
        for arguments in ((), ("--progress",)):
            text = self.run_truss("run", "--key", f"deploy-{len(arguments)}", "2", *arguments)
            self.assertEqual(self.run_truss("run", "--key", f"deploy-{len(arguments)}", "2", *arguments), text)
            self.assertIn("IDEMPOTENCY_KEY_REUSED", self.run_truss("run", "--key", f"deploy-{len(arguments)}", "3", *arguments, status=ERROR))

    def test_while_another_run_goes_on_the_exit_status_is_4(self):
        self.start("SELECT pg_sleep(60);", arguments=("--lock-wait", "0"))
        other = self.worker(self.files, "--lock-wait", "0")
        first = threading.Thread(target=self.truss, args=("run",), kwargs={"worker": self.process})
        first.start()
        self.addCleanup(first.join)
        self.addCleanup(self.end_sleepers)
        wait_for(lambda: self.sql(SLEEPING))
        for arguments in ((), ("--json",), ("--progress",)):
            text = self.run_truss("run", *arguments, status=LOCKED, worker=other)
            self.assertIn("reason: LOCKED", text)
            self.assertRegex(text, r"held by pid \d+")

    def test_wrong_values_are_told_with_the_option(self):
        self.start()
        for arguments in (("--transaction", "some"), ("--lock-timeout", "soon"), ("--lock-timeout", "-1"), ("--lock-timeout", "0"),
                          ("--lock-timeout", "99999999999999999999"), ("--lock-retry", "x"), ("--statement-timeout", "0"),
                          ("--allow-out-of-order", "--no-out-of-order"), ("--timeout", "x", "--progress")):
            with self.subTest(arguments=arguments):
                self.assertIn(arguments[0], self.run_truss("run", *arguments, status=ERROR))
        self.assertIn("--lock-timeout takes 1 to 10000 milliseconds", self.run_truss("run", "--lock-timeout", "10001", status=ERROR))
        self.assertIn("There is no option --detach", self.run_truss("plan", "--detach", status=ERROR))
        self.assertIn("There is no option --force here; see --help.", self.run_truss("run", "--force", status=ERROR))

    def test_a_run_in_a_pipe_leaves_nothing_of_ours_in_the_database(self):
        self.start("CREATE TABLE u (id INT);")
        self.assertRegex(self.run_truss("run"), r"^applied  2 \([\d.]+ m?s\)\nApplied 1 migration\(s\) successfully\.\n$")
        self.assertEqual(self.sql("SELECT to_regnamespace('truss')"), [(None,)])


class Progress(Runs):
    def test_in_a_pipe_a_wait_for_a_lock_is_a_line_with_who_has_it(self):
        self.start("ALTER TABLE t ADD COLUMN more INT;")
        pid = self.reader()
        self.let_go_after(2.5)
        text = self.run_truss("run", "--progress")
        self.assertRegex(text, rf"^waiting  2: pid {pid} \(dashboard, user app\), active, in its transaction for [\d.]+ s: SELECT pg_sleep\(30\)\n"
                               r"applied  2 \([\d.]+ s\)\nApplied 1 migration\(s\) successfully\.\n$")

    def test_a_batch_that_waits_says_so_once_and_is_applied_at_its_end(self):
        self.start("CREATE TABLE u (id INT);", "ALTER TABLE t ADD COLUMN more INT;")
        pid = self.reader()
        self.let_go_after(6)
        self.assertRegex(self.run_truss("run", "--progress", "--transaction", "all"),
                         rf"^waiting  \d: pid {pid} .*\napplied  2 .*\napplied  3 .*\nApplied 2 migration")

    def test_in_a_pipe_steps_and_phases_are_lines_and_what_is_slow_says_so(self):
        self.start("SELECT 1;\nVACUUM;", "SELECT pg_sleep(3);")
        self.assertRegex(self.run_truss("run", "--progress"), r"^done     2, step 1 of 2 \([\d.]+ m?s\)\n(progress 2, step 2 of 2: .*\n)*done     2, step 2 of 2 .*\n"
                                                              r"applied  2 .*\nrunning  3 \(2 of 2\)\napplied  3 \([\d.]+ s\)\nApplied 2")

    def test_a_failure_reads_as_without_progress(self):
        self.start("CREATE TABLE u (id INT);\nSELECT 1/0;")
        self.assertEqual(self.run_truss("run", "--progress", status=ERROR), self.run_truss("run", status=ERROR))

    def test_on_a_terminal_one_line_is_rewritten_and_what_matters_stays(self):
        self.start("ALTER TABLE t ADD COLUMN more INT;", "SELECT pg_sleep(1.2);")
        pid = self.reader()
        self.let_go_after(2.5)
        terminal = self.terminal("run")
        self.assertEqual(terminal.wait(), FINE, terminal.raw)
        self.assertRegex(harness.without_head("\n".join(terminal.lines)), rf"(?m)^waiting  2: pid {pid} .*\napplied  2 \([\d.]+ s\)\napplied  3 \([\d.]+ s\)\nApplied 2 migration.*$")
        self.assertRegex(terminal.raw, rf"2 \(1 of 2\), \d+ s: for a lock of pid {pid} \(dashboard\), try \d+")
        self.assertRegex(terminal.raw, r"running  3 \(2 of 2\), \d+ s")
        self.assertTrue(terminal.raw.rindex("\x1b[?7l") < terminal.raw.rindex("\x1b[?7h"))

    def test_a_long_index_build_has_a_bar(self):
        """Long by a function that takes its time for each row, not by many rows."""
        self.start("CREATE INDEX CONCURRENTLY ix ON big (public.slowly(id));")
        self.sql("CREATE TABLE big AS SELECT g AS id, repeat('x', 1000) AS note FROM generate_series(1, 700) g; "
                 "CREATE FUNCTION slowly(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN $1; END $$")
        terminal = self.terminal("run")
        self.assertEqual(terminal.wait(60), FINE, terminal.raw)
        self.assertRegex(terminal.raw, r"running  2, \d+ s: \[#+ *\] +\d+ % \w+")

    def test_the_line_fits_a_narrow_terminal(self):
        self.start("SELECT pg_sleep(1.5);")
        self.files.add("3_" + "größe" * 20, "SELECT pg_sleep(1.5);")
        terminal = self.terminal("run", columns=40)
        self.assertEqual(terminal.wait(), FINE)
        drawn = re.findall(r"\r\x1b\[\?7l(.*?)\x1b\[K", terminal.raw)
        self.assertTrue(any("…" in line for line in drawn))
        self.assertLessEqual(max(len(re.sub(r"\x1b\[\d*m", "", line)) for line in drawn), 40)

    def test_a_terminal_that_cannot_rewrite_gets_lines(self):
        self.start("SELECT 1;")
        terminal = self.terminal("run", environment={"TERM": "dumb", "NO_COLOR": "1"})
        self.assertEqual(terminal.wait(), FINE)
        self.assertNotIn("\x1b", terminal.raw)

    def test_a_role_that_may_not_keep_operations_still_runs_on_a_terminal(self):
        self.start("SELECT 2;")
        role = f"plain_{self.database}"
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT ALL ON _prisma_migrations TO {role}; GRANT CREATE ON SCHEMA public TO {role}")
        self.addCleanup(self.sql, f"DROP OWNED BY {role}; DROP ROLE {role}")
        self.process = self.worker(self.files, url=self.url().replace(f"app:{harness.PASSWORD_ENCODED}", f"{role}:x"))
        self.assertIn("truss", self.run_truss("run", "--progress", status=ERROR))
        terminal = self.terminal("run")
        self.assertEqual(terminal.wait(), FINE, terminal.raw)
        self.assertIn("running without progress", terminal.lines[0])
        self.assertRegex(harness.without_head("\n".join(terminal.lines[1:])), r"^applied  2 \(")

    def test_a_run_that_may_not_be_is_not_run_a_second_time(self):
        self.start("SELECT 2;")
        role = f"reader_{self.database}"
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE \"{self.database}\" TO {role}; GRANT SELECT ON _prisma_migrations TO {role}")
        self.addCleanup(self.sql, f"DROP OWNED BY {role}; DROP ROLE {role}")
        self.process = self.worker(self.files, url=self.url().replace(f"app:{harness.PASSWORD_ENCODED}", f"{role}:x"))
        terminal = self.terminal("run")
        self.assertEqual(terminal.wait(), ERROR, terminal.raw)
        self.assertIn("permission denied", terminal.raw)
        self.assertNotIn("without progress", terminal.raw)

    def test_a_time_that_is_over_ends_a_watched_run(self):
        self.start("CREATE TABLE u (id INT); SELECT pg_sleep(60);")
        text = self.run_truss("run", "--progress", "--timeout", "3", status=ERROR)
        self.assertIn("time for this request", text)
        self.assertEqual(self.sql(SLEEPING), [])


class Interrupts(Runs):
    def test_ctrl_c_asks_the_worker_to_cancel(self):
        self.start("CREATE TABLE u (id INT);", "CREATE TABLE v (id INT); SELECT pg_sleep(60);")
        terminal = self.terminal("run")
        wait_for(lambda: self.sql(SLEEPING) and any(line.startswith("applied  2") for line in terminal.lines))
        terminal.interrupt()
        self.assertEqual(terminal.wait(60), ERROR)
        text = "\n".join(terminal.lines)
        self.assertRegex(text, r"(?s)applied  2.*cancel   Asking the worker.*failed   3.*stays applied")
        self.assertEqual(self.sql("SELECT to_regclass('u') IS NULL, to_regclass('v') IS NULL"), [("f", "t")])
        self.assertEqual(self.applied(), ["1", "2"])

    def test_ctrl_c_while_a_lock_is_waited_for(self):
        self.start("ALTER TABLE t ADD COLUMN more INT;")
        self.reader()
        terminal = self.terminal("run")
        wait_for(lambda: "for a lock" in terminal.raw)
        terminal.interrupt()
        self.assertEqual(terminal.wait(60), ERROR)
        self.assertRegex(terminal.raw, r"The run was cancelled( while it waited for a lock|; the running statement was cancelled)\.")  # between two tries, or in one
        for text in (terminal.raw, self.run_truss("status")):
            self.assertRegex(text, "Wait until the session that holds the lock has ended|When the cause is gone")
            self.assertNotIn("Correct the script", text)

    def test_a_second_ctrl_c_leaves_it_and_says_how_to_follow_it(self):
        self.start("SELECT pg_sleep(60);")
        terminal = self.terminal("run")
        wait_for(lambda: self.sql(SLEEPING))
        self.addCleanup(self.end_sleepers)
        self.process.process.send_signal(harness.signal.SIGSTOP)
        self.addCleanup(self.process.process.send_signal, harness.signal.SIGCONT)
        terminal.interrupt()
        wait_for(lambda: "Asking the worker" in terminal.raw)
        terminal.interrupt()
        self.assertEqual(terminal.wait(60), ERROR)
        self.assertRegex("\n".join(terminal.lines), r"(?m)^truss: The run goes on; follow it with:\s+truss operations [0-9a-f-]{36} --follow$")

    def left(self, signal, **options):
        """A run in a pipe that gets a signal while it sleeps; answers its exit code, its errors and whether it has ended."""
        running = subprocess.Popen([os.path.join(harness.BIN, "truss"), "run", "--yes"], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=harness.clean_environment(worker=self.process), **options)
        self.addCleanup(running.communicate)
        self.addCleanup(running.kill)
        wait_for(lambda: self.sql(SLEEPING))
        running.send_signal(signal)
        return running

    def test_ctrl_c_in_a_pipe_says_that_the_run_goes_on_and_how_to_follow_it(self):
        self.start("SELECT pg_sleep(60);")
        for signal, code in ((harness.signal.SIGINT, 130), (harness.signal.SIGTERM, 143)):
            with self.subTest(signal=signal):
                running = self.left(signal)
                err = running.communicate(timeout=60)[1]
                self.assertEqual(running.returncode, code)
                self.assertIn(f"A run that the worker at {self.process.address} has begun goes on.", err)
                self.assertEqual(self.sql(SLEEPING), [("1",)])
                watch = re.search(r"follow it: truss (watch --worker \S+)", err)[1].split()
                threading.Timer(1, self.end_sleepers).start()
                self.assertIn("failed   2", self.run_truss(*watch, status=ERROR, worker=None))

    def test_a_signal_that_the_shell_has_ignored_stays_ignored(self):
        self.start("SELECT pg_sleep(60);")
        running = self.left(harness.signal.SIGHUP, preexec_fn=lambda: harness.signal.signal(harness.signal.SIGHUP, harness.signal.SIG_IGN))
        time.sleep(0.5)
        self.assertIsNone(running.poll())
        self.end_sleepers()
        self.assertIn("failed   2", running.communicate(timeout=60)[0])

    def test_a_wish_to_cancel_that_was_not_heard_is_said_again(self):
        self.start("SELECT pg_sleep(60);")
        terminal = self.terminal("run")
        wait_for(lambda: self.sql(SLEEPING))
        self.process.process.send_signal(harness.signal.SIGSTOP)
        continuing = threading.Timer(4, self.process.process.send_signal, [harness.signal.SIGCONT])
        continuing.start()
        self.addCleanup(continuing.join)
        terminal.interrupt()
        self.assertEqual(terminal.wait(60), ERROR)
        self.assertIn("failed   2", "\n".join(terminal.lines))
        self.assertEqual(self.sql(SLEEPING), [])

    def test_a_worker_that_is_gone_is_told_with_how_to_look(self):
        self.start("SELECT pg_sleep(60);")
        terminal = self.terminal("run")
        wait_for(lambda: self.sql(SLEEPING))
        self.process.kill()
        self.addCleanup(self.end_sleepers)
        self.assertEqual(terminal.wait(60), ERROR)
        self.assertRegex(terminal.raw, r"The run may go on\. When the worker is back:\s+truss operations [0-9a-f-]{36}")


if __name__ == "__main__":
    harness.main()
