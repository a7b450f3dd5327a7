"""The exit codes, each row of the table in src/cli/README.md."""
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

USERS = "20240101000000_create_users"
FINE, ERROR, PENDING, CHANGED, LOCKED = range(5)


class ExitCodes(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project("prisma-blog")
        self.process = self.worker(self.files, "--lock-wait", "0.3")

    def expect(self, code, *arguments, **options):
        options.setdefault("worker", self.process)
        result = self.truss(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def test_the_table_names_each(self):
        with open(os.path.join(harness.ROOT, "src/cli/README.md"), encoding="utf-8") as file:
            text = file.read().split("## Exit codes")[1].split("\n## ")[0]
        self.assertEqual(re.findall(r"(?m)^\| ([\d, ]+) \|", text), ["0", "1", "2", "3", "4", "130, 143"])
        with open(os.path.join(harness.ROOT, "src/cli/cli.h"), encoding="utf-8") as file:
            self.assertIn("EXIT_FINE = 0, EXIT_ERROR = 1, EXIT_PENDING = 2, EXIT_CHANGED = 3, EXIT_LOCKED = 4", file.read())

    # ---- 0 ----

    def test_0_where_it_is_done_and_where_there_is_nothing_to_do(self):
        for words in (("status",), ("plan",), ("check",), ("run", "--dry-run", "--target", USERS), ("run", "--yes"), ("run", "--yes"), ("plan",), ("check",),
                      ("status", "--exit-code"), ("wait", "--timeout", "1"), ("preview", USERS), ("mark-applied", USERS), ("operations",), ("health",),
                      ("doctor",), ("--help",), ("help", "run"), ("--version",), ("run", "--help"), ("completion", "bash"), ("man",)):
            with self.subTest(words=words):
                self.expect(FINE, *words)

    def test_0_of_status_although_migrations_are_pending_where_nobody_asks_for_the_code(self):
        self.expect(FINE, "status")
        self.expect(FINE, "plan")

    # ---- 1 ----

    def test_1_for_what_is_no_command_no_option_no_word_and_no_file(self):
        for words in (("stauts",), ("status", "--exit-kode"), ("status", "extra"), ("preview",), ("preview", "nothing"), ("run", "nothing"), ("run", "--target"),
                      ("run", "--transaction", "some"), ("plan", "--config", "/nowhere.toml"), ("run", "--plan", "/nowhere.json"), ("cancel", "1"),
                      ("mark-applied", "nothing"), ("baseline",), ("completion", "tcsh"), ("detect-schema", "/nowhere.sql"), ("help", "stauts")):
            with self.subTest(words=words):
                self.expect(ERROR, *words)

    def test_1_where_what_is_printed_arrives_nowhere(self):
        """A full disk; a standard output that is closed, whose number the next connection would get."""
        for words in (("status",), ("status", "--json"), ("plan", "--json"), ("call", "GetStatus"), ("operations",), ("health",), ("--version",), ("run", "--help")):
            for output, said in (("> /dev/full", "could not be written: No space left|could not be written[.] What"), (">&-", "could not be written: Bad file|could not be written[.] What"),
                                 ("<&- >&- 2>&-", "^$")):
                with self.subTest(words=words, output=output):
                    shell = ["bash", "-c", f'exec "$@" {output}', "-", os.path.join(harness.BIN, "truss"), *words]
                    done = subprocess.run(shell, env=harness.clean_environment(None, self.process), capture_output=True, text=True, timeout=60, check=False)
                    self.assertEqual((done.returncode, done.stdout), (ERROR, ""))
                    self.assertRegex(done.stderr, said)

    def test_1_where_nobody_answers(self):
        for words in (("status",), ("run", "--yes"), ("doctor",), ("operations",)):
            with self.subTest(words=words):
                self.expect(ERROR, *words, "--worker", "tcp://127.0.0.1:1", worker=None)
                self.expect(ERROR, *words, worker=None, environment={"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "TRUSS_PROJECT": self.files.path})

    def test_1_where_a_run_fails_is_declined_or_its_plan_is_another(self):
        self.expect(ERROR, "run", stdin="n\n")
        self.expect(ERROR, "run", "--plan-hash", "0" * 64)
        self.files.add("0_bad", "SELECT nothing;")
        for words in (("run", "--yes"), ("run", "--yes", "--json"), ("run", "--dry-run"), ("run", "--yes", "--progress"), ("run", "--yes", "--output", "junit")):
            with self.subTest(words=words):
                self.expect(ERROR, *words)

    def test_1_where_a_plan_would_be_refused_and_a_check_is_not_safe(self):
        self.files.add("0_index", "CREATE TABLE t (id int); CREATE INDEX CONCURRENTLY i ON t (id);")
        self.expect(ERROR, "plan", "--transaction", "all")
        self.expect(FINE, "run", "--yes", "--target", USERS)
        self.files.add("20240109000000_x", "ALTER TABLE users ADD COLUMN x int;")
        self.expect(FINE, "check")
        self.hold("BEGIN", "LOCK TABLE users IN ACCESS SHARE MODE")
        self.expect(ERROR, "check")

    def test_1_where_nothing_is_recognised_also_with_exit_code(self):
        empty = self.project()
        os.rmdir(os.path.join(empty.path, "prisma/migrations"))
        os.rmdir(os.path.join(empty.path, "prisma"))
        process = self.worker(empty)
        for words in (("status", "--exit-code"), ("plan",), ("run", "--yes"), ("wait", "--timeout", "1"), ("doctor",)):
            with self.subTest(words=words):
                self.expect(ERROR, *words, worker=process)
        for name, sql in (("prisma/migrations/1_a/migration.sql", "SELECT 1;"), ("prisma/schema.prisma", 'datasource db { provider = "postgresql" }'),
                          ("migrations/1_a.sql", "SELECT 1;"), ("Cargo.toml", '[dependencies]\nsqlx = "0.8"\n')):
            os.makedirs(os.path.dirname(os.path.join(empty.path, name)), exist_ok=True)
            with open(os.path.join(empty.path, name), "w", encoding="utf-8") as file:
                file.write(sql)
        self.assertIn("which framework is meant is not known", self.expect(ERROR, "status", "--exit-code", worker=process).stdout)

    # ---- 2, 3, 4 ----

    def test_2_where_migrations_are_pending_and_somebody_asks(self):
        self.expect(PENDING, "status", "--exit-code")
        self.expect(PENDING, "status", "--exit-code", "--json")
        self.expect(PENDING, "wait", "--timeout", "0.5")

    def test_3_where_applied_ones_are_changed_also_where_others_are_pending(self):
        self.expect(FINE, "run", "--yes", "--target", USERS)
        self.files.add(USERS, "SELECT 'another';")
        self.expect(CHANGED, "status", "--exit-code")
        self.expect(CHANGED, "status", "--exit-code", "--output", "github")

    def test_3_where_an_applied_one_has_no_file(self):
        self.expect(FINE, "run", "--yes")
        os.unlink(self.files.script("20240104000000_seed"))
        os.rmdir(os.path.dirname(self.files.script("20240104000000_seed")))
        self.expect(CHANGED, "status", "--exit-code")

    def test_4_where_another_run_is_going_on(self):
        self.files.add("0_slow", "SELECT pg_sleep(60);")
        self.expect(FINE, "run", "--yes", "--detach")
        wait_for(self.sleepers)
        self.expect(LOCKED, "run", "--yes")
        patient = self.worker(self.files)  # its wait for the lock is longer than the request's time
        self.expect(LOCKED, "run", "--yes", "--timeout", "1", worker=patient)
        self.expect(LOCKED, "mark-applied", USERS)
        self.wake_up()

    # ---- cancelled ----

    def test_130_and_143_for_who_is_told_to_stop_before_there_is_a_result(self):
        self.files.add("0_slow", "SELECT pg_sleep(60);")
        for wish, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(wish=wish):
                waiting = subprocess.Popen([os.path.join(harness.BIN, "truss"), "wait", "--timeout", "60"], env=harness.clean_environment(worker=self.process),
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                waiting.send_signal(wish)
                self.assertIn(waiting.wait(60), (code, -wish))


if __name__ == "__main__":
    harness.main()
