"""The truss command: what a person reads, what a script reads, and exit statuses."""
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case
from terminal import Terminal

FINE, ERROR, PENDING = 0, 1, 2
TRUSS = os.path.join(harness.BIN, "truss")
USERS, POSTS = "20240101000000_create_users", "20240102000000_create_posts"


class Commands(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project("prisma-blog")
        self.process = self.worker(self.files, "--lock-wait", "0.3")

    def run_truss(self, *arguments, status=FINE, **options):
        """Runs it; answers what it printed where it is fine, else what it complained of."""
        result = self.truss(*arguments, worker=self.process, **options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.assertNotIn("\x1b", result.stdout + result.stderr)
        if status == ERROR:
            self.assertIn("truss: ", result.stderr + "truss: " * bool(result.stdout))
        return result.stdout if status != ERROR else result.stdout + result.stderr

    # ---- what a newcomer gets wrong ----

    def test_a_word_too_many_is_named(self):
        self.assertIn('truss: The word "extra" is one too many. Usage: truss status\n', self.run_truss("status", "extra", status=ERROR))
        self.assertIn('The word "b" is one too many. Usage: truss create NAME\n', self.run_truss("create", "a", "b", status=ERROR))
        self.assertIn("truss: Usage: truss create NAME\n", self.run_truss("create", status=ERROR))

    def test_a_preview_of_a_wrong_name_says_which_one_is_near(self):
        said = self.run_truss("preview", USERS[:-1], status=ERROR)
        self.assertIn(f"Migration file not found: {USERS[:-1]}\n  did you mean: {USERS}\n", said)
        self.assertEqual(self.run_truss("mark-applied", USERS[:-1], status=ERROR).count(USERS + '"'), 1)

    def test_a_baseline_takes_one_of_all_and_through(self):
        self.assertIn("exclude each other", self.run_truss("baseline", "--all", "--through", USERS, status=ERROR))
        self.assertIn("Say how far the database is", self.run_truss("baseline", status=ERROR))

    def test_the_words_about_every_command_begin_in_one_column(self):
        lines = self.run_truss("--help").split("\n\n")[1].split("\n")
        for line in lines:
            self.assertRegex(line, r"^(  \S.{25}|  \S.*$| {28})")
            self.assertNotRegex(line[28:], r" {3}")
        self.assertTrue(any(line.startswith("  mark-rolled-back NAME") for line in lines))
        lines = self.run_truss("branch", "--help").split("Verbs:\n")[1].split("\n\n")[0].split("\n")
        self.assertTrue(all(re.match(r"  \S.{23}  \S", line) for line in lines), lines)

    # ---- status ----

    def test_status_tells_the_framework_and_every_migration(self):
        text = self.run_truss("status")
        for word in ("Prisma", "prisma/migrations", self.database, USERS, POSTS, "pending"):
            self.assertIn(word, text)
        self.run_truss("run")
        text = self.run_truss("status")
        self.assertIn("public._prisma_migrations", text)
        self.assertNotRegex(text, r"(?m)[ \t]+$")

    def test_the_exit_code_tells_of_pending_ones_when_it_is_asked_to(self):
        self.run_truss("status")
        self.run_truss("status", "--exit-code", status=PENDING)
        self.run_truss("run")
        self.run_truss("status", "--exit-code")

    def test_json_is_what_the_rest_route_answers(self):
        self.run_truss("run", USERS)
        http = self.bridge(self.process)
        self.assertEqual(json.loads(self.run_truss("status", "--json")), http.get("/api/migrations/idempotent/status").json)
        self.assertEqual(json.loads(self.run_truss("preview", POSTS, "--json")), http.get(f"/api/migrations/preview/{POSTS}").json)

    def test_columns_stand_one_below_the_other_also_with_wide_letters(self):
        self.files.add("2 größe", "SELECT 1;").add("3 x", "SELECT 1;")
        lines = [line for line in self.run_truss("status").splitlines() if "pending" in line and ("2 größe" in line or "3 x" in line)]
        self.assertEqual(len({line.index(name) for line, name in zip(lines, ("2 größe", "3 x"), strict=True)}), 1)

    def test_control_characters_do_not_reach_the_terminal(self):
        self.files.add("2023_x", "CREATE TABLE t (id INT); CREATE INDEX CONCURRENTLY i ON t (id); DO $$ BEGIN RAISE 'red \x1b[31m\u202e'; END $$;")
        text = self.run_truss("run", status=ERROR)
        self.assertIn("\\x1b", text)
        self.assertIn("\\u202e", text)  # what follows would be shown from right to left
        self.assertNotIn("\u202e", text + self.run_truss("status") + self.run_truss("status", "--json"))
        self.assertIn("\\x1b", self.run_truss("status"))

    def test_a_failed_attempt_is_shown_with_its_log(self):
        self.files.add("2023_x", "CREATE TABLE t (id INT); CREATE INDEX CONCURRENTLY i ON t (id); SELECT 1/0;")
        self.run_truss("run", status=ERROR)
        text = self.run_truss("status")
        self.assertIn("failed", text)
        self.assertEqual(text.count("division by zero"), 1)  # the log in the tracking table says the same
        self.assertNotRegex(text, r"(?m)[ \t]+$")
        self.sql("DELETE FROM truss.failed_attempts")
        self.assertRegex(self.run_truss("status"), r"\n2023_x:\n  Database error code: 22012\n\n(?s:.*)division by zero")

    def test_a_note_that_many_have_names_the_first_of_them(self):
        for i in range(12):
            self.files.add(f"2023_{i:02}", "SELECT 1;")
        self.run_truss("run")
        for i in range(12):
            shutil.rmtree(os.path.join(self.files.path, "prisma/migrations", f"2023_{i:02}"))
        self.assertIn("\n2023_08\n2023_09\nand 2 more\n  note: prisma migrate deploy does not report this", self.run_truss("status"))

    # ---- run ----

    def test_run_applies_and_says_so(self):
        text = self.run_truss("run")
        self.assertIn("Applied 4 migration(s) successfully.", text)
        self.assertIn(USERS, text)
        self.assertIn("No pending migrations to run.", self.run_truss("run"))

    def test_run_with_names_runs_those(self):
        self.run_truss("run", POSTS, USERS)
        self.assertEqual([row[0] for row in self.ledger("migration_name")], [USERS, POSTS])

    def test_a_failed_run_says_where_and_why_and_what_stays(self):
        self.files.add("20240101500000_broken", "SELECT 1;\nINSERT INTO users (email) VALUES ('a');\nINSERT INTO users (email) VALUES ('a');\n")
        text = self.run_truss("run", status=ERROR)
        for word in ("20240101500000_broken", "line 3, column 1", "INSERT INTO users", "duplicate key value", "Key (email)=(a) already exists."):
            self.assertIn(word, text)
        self.assertIn("stay", text)
        answer = json.loads(self.truss("run", "--json", worker=self.process).stdout)
        self.assertEqual((answer["ok"], answer["failed"]["sqlstate"], answer["failed"]["line"]), (False, "23505", 3))

    def test_an_unknown_name_is_told_with_the_nearest(self):
        text = self.run_truss("run", "20240101000000_create_user", status=ERROR)
        self.assertIn(USERS, text)
        self.assertEqual(self.sql("SELECT to_regclass('users')"), [(None,)])

    # ---- the others ----

    def test_preview_prints_the_script_and_nothing_else(self):
        with open(self.files.script(USERS), encoding="utf-8") as file:
            self.assertEqual(self.run_truss("preview", USERS), file.read())
        self.assertIn("Migration file not found: nothing\n  hint: truss status ", self.run_truss("preview", "nothing", status=ERROR))

    def test_marks(self):
        self.assertIn("marked as applied without executing", self.run_truss("mark-applied", USERS))
        self.assertIn("already recorded", self.run_truss("mark-applied", USERS))
        self.assertIn(f'"{POSTS}" is pending already, so there is nothing', self.run_truss("mark-rolled-back", POSTS, status=ERROR))
        self.run_truss("mark-applied", status=ERROR)

    def test_check_is_fine_or_warns(self):
        text = self.run_truss("check")
        self.assertIn(self.database, text)
        self.assertIs(json.loads(self.run_truss("check", "--json"))["safe"], True)

    def test_detect_schema_reads_a_file_or_standard_input(self):
        self.sql("CREATE TABLE users (id INT)")
        text = self.run_truss("detect-schema", self.files.script(USERS))
        self.assertIn("Some objects already exist.", text)
        with open(self.files.script(USERS), encoding="utf-8") as file:
            self.assertEqual(text, self.run_truss("detect-schema", "-", stdin=file.read()))
        self.assertIn("/no/such", self.run_truss("detect-schema", "/no/such", status=ERROR))

    def test_detect_schema_is_no_success_where_nothing_could_be_compared(self):
        self.sql("CREATE TABLE users (id INT)")
        said = self.run_truss("detect-schema", "-", stdin="DELETE FROM users;", status=ERROR)
        self.assertIn("Nothing in it could be compared", said)
        self.assertNotIn("Safe", said)
        self.assertIn("Safe to run", self.run_truss("detect-schema", "-", stdin="CREATE TABLE fresh (id int);"))

    def test_create_makes_a_file(self):
        self.assertIn("_add_tags", self.run_truss("create", "add tags"))
        self.assertTrue(any(name.endswith("_add_tags") for name in self.files.names()))

    def init(self, *arguments, status=FINE):
        """In the project, without a worker that runs."""
        result = self.truss("init", "--project", self.files.path, "--database-url", self.url(), *arguments, worker=None)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def said_of_project(self):
        with open(os.path.join(self.files.path, "truss.toml"), encoding="utf-8") as file:
            return file.read()

    def test_init_writes_what_is_meant_and_only_once(self):
        self.assertIn("Prisma in prisma/migrations", self.init())
        self.assertIn('[project]\nframework = "prisma"\n', self.said_of_project())
        self.assertIn("has a [project] table already", self.init(status=ERROR))
        self.assertIn("has its own project", self.run_truss("init", status=ERROR))

    def test_init_keeps_what_else_the_file_has(self):
        self.files.write("truss.toml", "# ours\n")
        self.init("--migrations", "prisma/migrations")
        self.assertRegex(self.said_of_project(), r'(?s)^# ours\n.*framework = "prisma"\nmigrations = "prisma/migrations"\n$')

    def test_init_asks_where_there_are_several_and_writes_the_one_that_is_named(self):
        shutil.rmtree(os.path.join(self.files.path, "prisma"))
        for name in ("a", "b"):
            self.files.write(f"svc/{name}/changes/1_{name}.sql", "-- +goose Up\nSELECT 1;\n")
        said = self.init(status=ERROR)
        self.assertIn("truss init --framework svc/a/changes", said)
        self.assertIn("Nothing is written", said)
        self.assertFalse(os.path.exists(os.path.join(self.files.path, "truss.toml")))
        self.init("--framework", "svc/b/changes")
        self.assertIn('framework = "svc/b/changes"', self.said_of_project())
        status = json.loads(self.truss("status", "--json", "--project", self.files.path, "--database-url", self.url(), worker=None).stdout)
        self.assertEqual((status["framework_id"], status["folder"]), ("goose", "svc/b/changes"))

    def test_health(self):
        self.assertIn(self.database, self.run_truss("health"))

    # ---- usage ----

    def test_options_may_stand_before_or_behind_words(self):
        for arguments in (("preview", "--json", USERS), ("preview", USERS, "--json"), ("preview", f"--worker={self.process.address}", USERS),
                          ("preview", "--timeout", "5", "--", USERS)):
            self.run_truss(*arguments)

    def test_wrong_usage_is_an_error_with_words(self):
        for arguments in (("no-such",), ("status", "--no-such"), ("status", "word"), ("preview",), ("preview", "a", "b"), ("run", "--timeout", "soon"),
                          ("status", "--worker", "http://x"), ("status", "--worker")):
            with self.subTest(arguments=arguments):
                self.assertGreater(len(self.run_truss(*arguments, status=ERROR)), 20)

    def test_help_and_version(self):
        for command in ("status", "run", "preview", "mark-applied", "mark-rolled-back", "check", "detect-schema", "create", "dev"):
            self.assertIn(command, self.run_truss("help"))
            self.assertEqual(self.run_truss("help", command), self.run_truss(command, "--help"))
        for command in ("run", "branch", "token", "dev"):
            lines = self.run_truss(command, "--help").split("\n")
            self.assertLessEqual(max(len(line) for line in lines if not line.startswith(("Usage", "  truss"))), 100)
        self.assertRegex(self.run_truss("run", "--help"), r"(?s)\nExamples:\n  truss run.*\nOptions:\n.* --dry-run .*\nCommon options:\n.* --worker URL ")
        self.assertRegex(self.run_truss("--version"), r"^truss \d+\.\d+\.\d+\n$")

    def test_a_command_that_is_misspelt_is_told_the_nearest(self):
        for wrong, right in (("stauts", "status"), ("runn", "run"), ("mark-aplied", "mark-applied"), ("migrate", "run"), ("up", "run"), ("list", "status"), ("new", "create"), ("lint", "plan"),
                             ("history", "status"), ("validate", "status"), ("latest", "run"), ("stamp", "mark-applied"), ("unlock", "check"), ("logs", "operations")):
            result = self.truss(wrong)
            self.assertEqual(result.returncode, ERROR)
            self.assertIn(f'did you mean "{right}"?', result.stderr)
            self.assertLess(len(result.stderr.splitlines()), 5)
        for far in ("zzzzzzzzzz", "frob"):
            self.assertNotIn("did you mean", self.truss(far).stderr)
        self.assertNotIn("Did you mean", self.truss("branch", "frob").stderr)

    def test_who_looks_for_a_down_migration_is_told_that_none_is_run(self):
        for word in ("down", "rollback", "undo", "revert"):
            said = " ".join(self.truss(word).stderr.split())
            self.assertIn(f'There is no command "{word}". hint: Truss runs no down migrations.', said)
            self.assertNotIn("did you mean", said)
        for word, hint in (("reset", "Truss empties no database"), ("repair", "truss mark-rolled-back NAME"), ("downgrade", "no down migrations")):
            self.assertIn(hint, self.truss(word).stderr)
        self.assertIn("runs no down migrations", json.loads(self.truss("down", "--json").stdout)["hint"])

    def test_a_migration_is_called_by_the_path_of_its_file_too(self):
        name = self.files.names()[0]
        for path in (f"prisma/migrations/{name}/migration.sql", f"./prisma/migrations/{name}/migration.sql",
                     os.path.join(os.path.realpath(self.files.path), "prisma/migrations", name, "migration.sql")):
            self.assertIn(name, self.run_truss("run", path, "--dry-run"))
        said = self.truss("run", f"elsewhere/{name}.sql", worker=self.process)
        self.assertEqual(said.returncode, ERROR)
        self.assertIn(f'There is no migration "elsewhere/{name}.sql"; did you mean "{name}"?', said.stderr)

    def test_where_a_failed_attempt_is_not_the_only_thing_in_the_way_a_plan_is_advised(self):
        names = self.files.names()
        self.run_truss("run")
        self.files.add("2030_x", "SELECT missing;")
        self.run_truss("run", status=ERROR)
        self.assertIn("Next: Correct the script, and then: truss run", self.run_truss("status"))
        self.files.add(names[0], "SELECT 1;")
        text = self.run_truss("status")
        self.assertIn("Next: Correct the script, and then: truss plan\n      (it says whether applied files that were edited or deleted since stop a run)", text)

    def test_each_command_has_an_example_that_names_it_in_help_and_manual(self):
        commands = re.findall(r"(?m)^  ([a-z-]+) ", self.run_truss("--help").split("Exit status")[0])
        for command in commands:
            examples = self.run_truss(command, "--help").split("Examples:\n")[1].split("\n\n")[0]
            self.assertIn(f"truss {command}", examples)
            self.assertIn("truss " + command.replace("-", "\\-"), self.run_truss("man", command).split(".SH EXAMPLES")[1])

    def test_each_reason_why_a_worker_is_not_reached_has_its_sentence(self):
        def said(address):
            result = self.truss("status", "--worker", address, timeout=60)
            self.assertEqual(result.returncode, ERROR)
            return result.stderr
        self.assertRegex(said(f"tcp://127.0.0.1:{harness.free_port()}"), r"Nothing listens at tcp://127\.0\.0\.1:\d+: no truss-worker runs there\.\n  hint: Start it: .*truss-worker --listen")
        self.assertIn('There is no host "no.such.invalid"', said("tcp://no.such.invalid:8788"))
        http = said(f"tcp://127.0.0.1:{self.bridge(self.process).port}")
        self.assertIn("A server of HTTP listens", http)
        self.assertIn("truss-bridge", http)
        self.assertIn("Another program than a truss-worker listens", said(f"tcp://127.0.0.1:{self.cluster.port}"))
        self.assertIn("Nothing listens at ipc:///no/such", said("ipc:///no/such"))

    def test_a_failure_shows_the_lines_around_it_and_what_to_do(self):
        self.files.add("2023_x", "CREATE TABLE v (id INT);\n\nSELECT 'ä',\tmissing\nFROM v;\n\nSELECT 1;\n")
        text = self.run_truss("run", status=ERROR)
        self.assertIn("     1 | CREATE TABLE v (id INT);\n     2 | \n     3 | SELECT 'ä',\tmissing\n       |            \t^\n     4 | FROM v;\n", text)
        self.assertIn("sqlstate: 42703", text)
        self.assertTrue(text.rstrip().endswith("Next: Correct the script, and then: truss run"), text)

    def test_rows_in_the_way_may_be_corrected_instead_of_the_script(self):
        self.files.add("2023_x", "CREATE TABLE v (id INT);\nINSERT INTO v VALUES (1), (1);\nCREATE UNIQUE INDEX ON v (id);\n")
        text = self.run_truss("run", status=ERROR)
        self.assertTrue(text.rstrip().endswith("Next: Correct the rows that are in the way, or the script, and then: truss run"), text)

    def test_what_is_no_fault_of_the_script_is_no_reason_to_correct_it(self):
        self.files.add("2023_x", "SELECT pg_terminate_backend(pg_backend_pid());")
        self.assertTrue(self.run_truss("run", status=ERROR).rstrip().endswith("Next: When the cause is gone: truss run"))
        self.files.add("2023_x", "SELECT pg_sleep(60);")
        text = self.run_truss("run", "--statement-timeout", "0.2s", status=ERROR)
        self.assertTrue(text.rstrip().endswith("Next: Give its statements more time: truss run --statement-timeout 10s"), text)

    def test_what_is_there_already_is_told_how_to_be_marked(self):
        self.run_truss("run")
        self.sql("CREATE TABLE v (id INT)")
        self.files.add("2023_x", "CREATE TABLE v (id INT);")
        self.assertIn("truss mark-applied 2023_x", self.run_truss("run", status=ERROR).split("Next: ")[1])

    def test_no_worker_is_told_with_what_to_do_and_soon(self):
        result = self.truss("status", "--worker", f"tcp://127.0.0.1:{harness.free_port()}", timeout=60)
        self.assertEqual(result.returncode, ERROR)
        self.assertIn("truss-worker", result.stderr)

    def test_without_a_database_url_it_says_so(self):
        result = self.truss("status", worker=self.worker(self.files, url=None))
        self.assertEqual((result.returncode, result.stderr), (ERROR, "truss: DATABASE_URL is not set.\n  reason: NO_DATABASE\n"))

    def test_a_time_out_ends_the_wait_and_the_run(self):
        self.files.add("2023_slow", "SELECT pg_sleep(90);")
        result = self.truss("run", "--timeout", "1", worker=self.process, timeout=60)
        self.assertEqual(result.returncode, ERROR)
        harness.wait_for(lambda: not self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.assertEqual(self.sql("SELECT count(*) FROM _prisma_migrations"), [("0",)])

    def test_a_database_that_no_row_knows_is_no_branch(self):
        one = json.loads(self.run_truss("branch", "create", "lost", "--source", "schema", "--json"))
        self.sql("DELETE FROM truss.branches")
        self.addCleanup(self.cluster.drop_database, one["branch_db"])
        for verb in ("show", "url", "delete", "reset"):
            result = self.truss("branch", verb, one["branch_db"], worker=self.process)
            self.assertEqual((result.returncode, f'"{one["branch_db"]}" was made as a branch, and no row of this database knows it.' in result.stderr),
                             (ERROR, True), result.stderr)
        self.assertIn('There is no branch "lost"', self.run_truss("branch", "show", "lost", status=ERROR))

    def test_a_branch_is_called_by_its_label(self):
        created = ("branch", "create", "--source", "schema", "--json")
        one = json.loads(self.run_truss(*created, "dev1", "--ttl", "2d"))
        self.assertEqual(one["ttl_hours"], 48)
        self.assertEqual(json.loads(self.run_truss("branch", "show", "dev1", "--json"))["id"], one["id"])
        self.assertEqual(json.loads(self.run_truss("branch", "change", one["branch_db"], "--ttl", "3h", "--json"))["ttl_hours"], 3)
        self.assertIn("are the same", self.run_truss("branch", "diff", "dev1"))
        self.assertIn(one["branch_db"], self.run_truss("branch", "url", "dev1"))
        self.assertIn('There is no branch "dev2"', self.run_truss("branch", "url", "dev2", status=ERROR))
        self.assertIn("--ttl takes whole hours (48), or 48h, 2d, 2w", self.run_truss(*created, "--ttl", "90m", status=ERROR))
        two = json.loads(self.run_truss(*created, "dev1"))
        self.assertRegex(self.run_truss("branch", "delete", "dev1", status=ERROR), rf"say the number of one \({two['id']}, {one['id']}\)|\({one['id']}, {two['id']}\)")
        self.run_truss("branch", "delete", str(two["id"]))
        asked = Terminal([TRUSS, "branch", "delete", "dev1"], harness.clean_environment(None, self.process))
        self.addCleanup(asked.close)
        harness.wait_for(lambda: "Type the name of the branch (dev1)" in asked.raw)
        os.write(asked.master, b"dev\n")
        self.assertEqual(asked.wait(), ERROR)
        self.assertIn("Nothing was dropped", " ".join(asked.lines))
        self.assertEqual(self.sql(f"SELECT count(*) FROM pg_database WHERE datname = '{one['branch_db']}'"), [("1",)])
        sure = Terminal([TRUSS, "branch", "delete", "dev1", "--yes"], harness.clean_environment(None, self.process))
        self.addCleanup(sure.close)
        self.assertEqual(sure.wait(), FINE)
        self.assertEqual(self.sql(f"SELECT count(*) FROM pg_database WHERE datname = '{one['branch_db']}'"), [("0",)])

    def test_a_preview_on_a_terminal_is_in_colours(self):
        script = ("-- a note\nCREATE TABLE a (id int, \"Select\" text DEFAULT 'it''s' || $q$SELECT 7$q$); /* and\nmore */ INSERT INTO a VALUES (42, $1);\n"
                  "COMMENT ON TABLE a IS '" + "long " * 60 + "'; SELECT 'open")
        self.files.add("20240103000000_coloured", script)
        shown = Terminal([TRUSS, "preview", "20240103000000_coloured"], harness.clean_environment(None, self.process), columns=1000)
        self.addCleanup(shown.close)
        self.assertEqual(shown.wait(), FINE)
        raw = shown.raw.replace("\r\n", "\n")
        for code, text in (("2", "-- a note\n"), ("1", "CREATE"), ("1", "TABLE"), ("32", "'it'"), ("32", "$q$"), ("1", "SELECT"), ("2", "/* and\nmore */"), ("35", "42"), ("32", "'open")):
            self.assertIn(f"\x1b[{code}m{text}\x1b[0m", raw)
        self.assertIn('"Select"', raw)  # a name, whatever it is called
        self.assertEqual(re.sub(r"\x1b\[[\d;]*m", "", raw).count(script), 1)

    def test_backups_from_the_command_line(self):
        self.assertIn("--backups DIR", self.run_truss("backup", "create", status=ERROR))
        folder = tempfile.mkdtemp(prefix="truss-backups-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.process = self.worker(self.files, "--backups", folder)
        self.sql("CREATE TABLE users (id int); INSERT INTO users SELECT generate_series(1, 9)")
        words = ("backup", "create", "--label", "first", "--protect", "--key", "k1", "--json")
        made = json.loads(self.run_truss(*words))
        number = str(made["id"])
        self.assertEqual((made["status"], made["label"], made["protected"]), ("completed", "first", True))
        self.assertEqual(json.loads(self.run_truss(*words))["id"], made["id"])
        self.assertRegex(self.run_truss("backup", "list"), rf"(?m)^{number} +completed .* first$")
        self.assertEqual([one["id"] for one in json.loads(self.run_truss("backup", "list", "--json"))["backups"]], [made["id"]])
        self.assertRegex(self.run_truss("backup", "show", number), rf"(?s)protected +yes.*SHA-256 +{made['sha256']}")
        self.assertRegex(self.run_truss("backup", "verify", number), r"verified +read")
        own = tempfile.mkdtemp(prefix="truss-backups-")
        self.addCleanup(shutil.rmtree, own, True)
        alone = self.truss("backup", "create", "--json", "--backups", own, "--backup-jobs", "2", "--project", self.files.path, "--database-url", self.url(), worker=None)
        self.assertEqual((alone.returncode, json.loads(alone.stdout or "{}").get("status")), (0, "completed"), alone.stderr)
        self.assertRegex(self.run_truss("backup", "restore", number, "--label", "back"), r"(?s)restore +completed.*branch +truss_branch_back_")
        for verb in ("show", "verify", "restore", "delete", "cancel"):
            for wrong in ("99", "x"):
                self.assertIn("Backup not found.", self.run_truss("backup", verb, wrong, status=ERROR))
            self.assertIn("needs the ID", self.run_truss("backup", verb, status=ERROR))
        for wrong, said in ((("list", "1"), 'takes no "1"'), (("create", "first"), "--label"), (("make",), "does create, list"),
                            (("schedule", "yearly"), "hourly, daily or weekly")):
            self.assertIn(said, self.run_truss("backup", *wrong, status=ERROR))
        self.assertIn("daily, next at", self.run_truss("backup", "schedule", "daily"))
        self.assertEqual(json.loads(self.run_truss("backup", "schedule", "off", "--json"))["enabled"], False)
        self.assertIn("No backups are scheduled. To have the worker make one each day: truss backup schedule daily", self.run_truss("backup", "schedule"))
        with open(os.path.join(folder, made["filename"]), "ab") as file:
            file.write(b"x")
        self.assertRegex(self.run_truss("backup", "verify", number, status=ERROR), r"state +failed")
        self.assertIn("protected", self.run_truss("backup", "delete", number, status=ERROR))
        self.assertIn("is deleted", self.run_truss("backup", "delete", number, "--force"))
        self.assertEqual(os.listdir(folder), [])

    def test_a_wait_that_is_over_is_no_success(self):
        """Of a worker that was there before, and of the command's own, which ends with it."""
        folder = tempfile.mkdtemp(prefix="truss-backups-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.needs_dump()
        self.sql("CREATE TABLE users (id int)")
        named = ("--worker", self.worker(self.files, "--backups", folder).address)
        own = ("--backups", folder, "--project", self.files.path, "--database-url", self.url())
        say = self.talk()
        say("BEGIN; LOCK TABLE users")
        for words, how, ends in (("backup", named, "hint: The worker goes on with it; see: truss backup show "), ("backup", own, "hint: It ends with this command, whose own worker"),
                                 ("branch", own[2:], "It was not ready, and ends with this command, whose own worker")):
            more = ("--source", "schema") if words == "branch" else ()
            late = self.truss(words, "create", "--timeout", "2s", *more, *how, worker=None)
            self.assertEqual((late.returncode, late.stdout), (ERROR, ""), late.stderr)
            self.assertIn(ends, late.stderr)
            self.assertEqual("The time is over, and backup " in late.stderr, words == "backup")
        say("ROLLBACK")

    def test_a_reader_that_goes_away_is_no_crash(self):
        command = f"'{os.path.join(harness.BIN, 'truss')}' status | head -c 1"
        result = harness.subprocess.run(["bash", "-c", command + "; exit ${PIPESTATUS[0]}"], capture_output=True, text=True, timeout=30,
                                        env=harness.clean_environment(worker=self.process), check=False)
        self.assertIn(result.returncode, (FINE, ERROR), result.stderr)


if __name__ == "__main__":
    harness.main()
