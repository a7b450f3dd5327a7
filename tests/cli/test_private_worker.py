"""A command without a running worker: whom it works for, what it leaves behind, and how it ends."""
import glob
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit, urlunsplit

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for
from terminal import Terminal

FINE, ERROR = 0, 1
TRUSS = os.path.join(harness.BIN, "truss")


class PrivateWorker(Case):
    def setUp(self):
        super().setUp()
        self.files = self.project("prisma-blog")
        self.sockets = tempfile.mkdtemp(prefix="truss-")
        self.addCleanup(os.rmdir, self.sockets)  # fails where anything was left in it
        self.variables = {"DATABASE_URL": self.url(), "XDG_RUNTIME_DIR": self.sockets}

    def left(self):
        """The socket directories that are there, and the workers that serve in them."""
        workers = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as file:
                    if self.sockets.encode() in file.read():
                        workers.append(path)
            except OSError:
                pass  # it has just ended
        return os.listdir(self.sockets), workers

    def run_truss(self, *arguments, status=FINE, variables=None, cwd=None, **options):
        result = self.truss(*arguments, environment=self.variables if variables is None else variables,
                            cwd=self.files.path if cwd is None else cwd, **options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.assertEqual(self.left(), ([], []))
        return result

    def start(self, *arguments):
        """Under way, in a pipe."""
        process = subprocess.Popen([TRUSS, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                   env=harness.clean_environment(self.variables), cwd=self.files.path)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def head(self, framework=", Prisma", project="."):
        target = urlsplit(self.url())
        return (f"{self.database} at {target.hostname}:{target.port} as {target.username}"
                rf"( \(PostgreSQL [\d.]+\))?, project {project}{framework}")

    # ---- what it works on ----

    def test_each_command_works_without_a_worker_and_says_first_on_what(self):
        name = self.files.names()[0]
        for command in (["status"], ["plan"], ["check"], ["run"], ["mark-applied", name], ["operations"], ["health"], ["create", "more"],
                        ["detect-schema", self.files.script(name)]):
            with self.subTest(command=command):
                first = self.run_truss(*command).stdout.splitlines()[0]
                self.assertRegex(first, f"^{self.head(framework='(, Prisma)?')}$")
        self.assertRegex(self.run_truss("status").stdout.splitlines()[0], rf"^{self.database} at .*\(PostgreSQL [\d.]+\), project \., Prisma$")
        self.assertRegex(self.run_truss("wait", "--timeout", "1", status=2).stdout.splitlines()[0], f"^{self.head()}$")
        self.assertRegex(self.run_truss("preview", name).stderr.splitlines()[0], f"^{self.head(framework='')}$")

    def test_the_project_and_the_database_are_named_in_each_way(self):
        url, none = self.url(), {"XDG_RUNTIME_DIR": self.sockets}
        for arguments in (("--project", self.files.path, "--database-url", url, "status"), ("status", f"--project={self.files.path}", "--database-url", url),
                          ("--json", f"--database-url={url}", "status", "--project", self.files.path)):
            with self.subTest(arguments=arguments):
                self.assertIn(self.files.names()[0], self.run_truss(*arguments, variables=none, cwd="/").stdout)
        self.files.write(".env", f"DATABASE_URL={url}\n")
        self.assertIn("4 pending", self.run_truss("status", variables=none).stdout)
        self.assertIn("4 pending", self.run_truss("status", "--project", self.files.path, variables=none, cwd="/").stdout)
        os.rename(os.path.join(self.files.path, ".env"), os.path.join(self.files.path, "prisma", ".env"))
        self.assertIn("4 pending", self.run_truss("status", variables=none).stdout)

    def test_a_place_whose_name_ends_an_address_is_passed_over(self):
        places = {"XDG_RUNTIME_DIR": os.path.join(self.files.path, "a,b"), "TMPDIR": self.sockets}
        os.mkdir(places["XDG_RUNTIME_DIR"])
        self.assertIn("4 pending", self.run_truss("status", variables={**self.variables, **places}).stdout)
        self.assertEqual(os.listdir(places["XDG_RUNTIME_DIR"]), [])

    def test_the_strongest_word_wins(self):
        self.files.write(".env", "DATABASE_URL=postgresql://nobody@127.0.0.1:1/nothing\n")
        self.assertIn("4 pending", self.run_truss("status").stdout)  # DATABASE_URL of the environment
        wrong = {**self.variables, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
        self.assertIn("4 pending", self.run_truss("status", "--database-url", self.url(), variables=wrong).stdout)
        named = {**wrong, "TRUSS_WORKER": self.worker(self.files).address}
        self.assertIn("4 pending", self.run_truss("status", variables=named).stdout)

    def test_a_worker_that_is_named_is_not_told_another_database(self):
        named = {**self.variables, "TRUSS_WORKER": "tcp://127.0.0.1:1"}
        for option in (("--database-url", self.url()), ("--project", "."), ("--create-database",), ("--state-schema", "ops")):
            text = self.run_truss("run", "--yes", *option, variables=named, status=ERROR).stderr
            self.assertIn(option[0], text)
            self.assertIn("TRUSS_WORKER", text)

    def test_a_project_without_a_database_is_told_what_to_say(self):
        text = self.run_truss("status", "--project", ".", variables={}, status=ERROR).stderr
        self.assertIn("--database-url", text)

    def test_what_the_project_says_in_its_truss_toml_counts(self):
        os.rename(os.path.join(self.files.path, "prisma"), os.path.join(self.files.path, "elsewhere"))
        self.files.write("truss.toml", '[project]\nmigrations = "elsewhere/migrations"\nframework = "prisma"\n')
        self.assertIn("4 pending", self.run_truss("status").stdout)

    def test_a_password_is_in_no_list_of_processes(self):
        self.files.add("2023_slow", "SELECT pg_sleep(2);")
        password = urlsplit(self.url()).password
        running = self.start("run", "--database-url", self.url())
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        for pid in [running.pid] + [int(path.split("/")[2]) for path in self.left()[1]]:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                self.assertNotIn(password.encode(), file.read())
        self.assertEqual(running.wait(30), FINE)

    # ---- --create-database ----

    def test_a_database_that_is_missing_is_made_where_that_is_wanted(self):
        name = self.database + ' "new"'
        parts = urlsplit(self.url())
        url = urlunsplit(parts._replace(path="/" + name.replace(" ", "%20").replace('"', "%22")))
        self.assertIn("With --create-database truss or truss-worker makes it.", self.run_truss("status", "--database-url", url, status=ERROR).stderr)
        result = self.run_truss("run", "--create-database", "--database-url", url)
        self.assertIn("was missing and has been made", result.stderr)
        self.assertIn("Applied 4 migration(s)", result.stdout)
        self.addCleanup(self.sql, 'DROP DATABASE "{}"'.format(name.replace('"', '""')))
        self.assertEqual(self.run_truss("status", "--create-database", "--database-url", url).stderr, "")

    def test_a_database_that_takes_no_connections_is_not_called_missing(self):
        name = self.database + "_shut"
        self.sql(f"CREATE DATABASE {name} ALLOW_CONNECTIONS false")
        self.addCleanup(self.sql, f"DROP DATABASE {name}")
        url = urlunsplit(urlsplit(self.url())._replace(path="/" + name))
        text = self.run_truss("status", "--database-url", url, status=ERROR).stderr
        self.assertIn("not currently accepting connections", text)
        self.assertNotIn("--create-database", text)

    def test_a_url_of_another_server_is_refused_by_either_name(self):
        text = self.run_truss("status", "--database-url", "mysql://a/b", status=ERROR).stderr
        self.assertIn("The database's URL (--database-url, DATABASE_URL) is not one of PostgreSQL", text)

    def test_plain_files_are_run_by_the_command_that_is_told(self):
        with tempfile.TemporaryDirectory() as project:
            os.mkdir(os.path.join(project, "changes"))
            with open(os.path.join(project, "changes", "001_users.sql"), "w", encoding="utf-8") as file:
                file.write("CREATE TABLE newcomers (id INT);")
            told = self.run_truss("status", "--project", project, status=ERROR).stdout
            self.assertIn("--framework postgres-migrations --migrations DIR", told)
            ran = self.run_truss("run", "--yes", "--project", project, "--framework", "postgres-migrations", "--migrations", "changes")
            self.assertIn("Applied 1 migration(s)", ran.stdout)

    def test_a_role_that_may_not_make_one_is_told_so(self):
        self.sql("CREATE ROLE poor LOGIN PASSWORD 'poor'")
        self.addCleanup(self.sql, "DROP ROLE poor")
        parts = urlsplit(self.url())
        url = urlunsplit(parts._replace(netloc=f"poor:poor@{parts.hostname}:{parts.port}", path="/not_there"))
        self.assertIn("permission denied to create database", self.run_truss("status", "--create-database", "--database-url", url, status=ERROR).stderr)

    # ---- its end ----

    def running(self, seconds, *arguments):
        self.files.add("2023_slow", f"CREATE TABLE slow (id INT); SELECT pg_sleep({seconds});")
        process = self.start("run", *arguments)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        return process

    def gone(self):
        return self.left() == ([], []) and not self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

    def test_a_killed_command_leaves_no_worker_no_run_and_no_directory(self):
        process = self.running(60)
        process.kill()
        wait_for(self.gone)
        self.assertEqual(self.sql("SELECT to_regclass('slow')"), [(None,)])

    def test_a_command_that_is_killed_at_any_moment_leaves_nothing(self):
        for milliseconds in range(0, 60, 4):
            process = self.start("status")
            time.sleep(milliseconds / 1000)
            process.kill()
            process.wait()
        wait_for(self.gone)

    def test_the_first_signal_cancels_the_run_and_waits_for_its_end(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                process = self.running(60)
                process.send_signal(number)
                out, err = process.communicate(timeout=30)
                self.assertEqual(process.returncode, ERROR)
                self.assertIn("being cancelled; waiting for its end", err)
                self.assertIn("2023_slow", out)
                self.assertTrue(self.gone())
                self.assertEqual(self.sql("SELECT to_regclass('slow')"), [(None,)])

    def test_a_cancelled_run_answers_its_json(self):
        process = self.running(60, "--json")
        process.send_signal(signal.SIGINT)
        answer = json.loads(process.communicate(timeout=30)[0])
        self.assertEqual((answer["ok"], answer["failed"]["name"]), (False, "2023_slow"))
        self.assertIn("cancelled", answer["failed"]["error"])

    def test_on_a_terminal_the_third_interrupt_ends_what_the_server_does_not(self):
        self.files.add("2023_slow", "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;")
        terminal = Terminal([TRUSS, "run", "--yes"], {**harness.clean_environment(self.variables), "PWD": self.files.path}, cwd=self.files.path)
        self.addCleanup(terminal.close)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.assertRegex(terminal.lines[0], f"^{self.head()}$")
        terminal.interrupt()
        wait_for(lambda: "waiting for its end" in terminal.raw)
        terminal.interrupt()
        wait_for(lambda: "Ctrl-C once more ends both at once" in " ".join(terminal.lines))
        self.assertIsNone(terminal.process.poll())
        terminal.interrupt()
        self.assertEqual(terminal.wait(), 130)
        wait_for(lambda: self.left() == ([], []))
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

    def test_the_list_of_operations_says_that_not_every_run_is_in_it(self):
        kept = "so other runs are missing here"
        self.assertIn(kept, self.run_truss("operations").stdout)
        names = self.files.names()
        self.run_truss("run", names[0])
        worker = self.worker(self.files)
        self.truss("run", names[1], "--progress", worker=worker)
        self.truss("mark-applied", names[2], worker=worker)
        listed = self.run_truss("operations").stdout
        self.assertIn("marked as applied", listed)
        self.assertIn(kept, listed)
        self.assertNotIn(kept, self.truss("operations", worker=worker).stdout)

    def test_a_worker_that_is_late_says_what_it_searched(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        late = self.run_truss("status", "--timeout", "0.3", "--database-url", f"postgresql://a@127.0.0.1:{silent.getsockname()[1]}/a", status=ERROR).stderr
        self.assertNotIn("ipc://", late)
        if "own worker" in late:  # the worker itself may have been in time to say what it waited for
            self.assertIn(f"It searches the project {os.path.realpath(self.files.path)}", late)

    def test_what_killed_commands_have_left_is_removed_by_the_next(self):
        self.files.add("2023_slow", "SELECT pg_sleep(60);")
        for _ in range(2):
            command = self.start("run", "--yes")
            wait_for(lambda: self.sleepers())
            os.kill(command.pid, signal.SIGSTOP)  # so that it does not bury its worker
            for path in self.left()[1]:
                os.kill(int(path.split("/")[2]), signal.SIGKILL)
            os.kill(command.pid, signal.SIGKILL)
            command.wait()
            wait_for(lambda: not self.left()[1])
            self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        self.assertTrue(self.left()[0])
        living = self.start("run", "--yes")
        wait_for(lambda: self.sleepers())
        self.assertEqual(len(self.left()[0]), 1)  # its own
        os.mkdir(os.path.join(self.sockets, "truss-command-0123456789abcdef"))  # of one that has only just begun
        self.truss("status", environment=self.variables, cwd=self.files.path)
        self.assertEqual(len(self.left()[0]), 2)
        living.send_signal(signal.SIGINT)
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        living.communicate()
        os.rmdir(os.path.join(self.sockets, "truss-command-0123456789abcdef"))
        self.assertEqual(self.left(), ([], []))

    def test_a_database_url_in_another_dotenv_is_told_of(self):
        self.files.write(".env.local", f"DATABASE_URL={self.url()}\n")
        said = " ".join(self.run_truss("status", variables={"XDG_RUNTIME_DIR": self.sockets}, status=ERROR).stderr.split())
        self.assertIn("DATABASE_URL is in .env.local, and of these files only .env is read by itself: copy it there, or export it (set -a; . ./.env.local; set +a).", said)

    def test_a_run_without_a_question_says_that_a_file_names_another_database(self):
        self.files.write(".env", f"DATABASE_URL={self.cluster.url('another')}\n")
        result = self.run_truss("run", "--yes")
        self.assertIn("A file of the project names another database", " ".join((result.stdout + result.stderr).split()))

    def test_a_status_says_with_what_a_program_that_failed_can_be_run_again(self):
        files = self.project(folder="sql")
        files.write_knex("#!/bin/sh\nexit 1\n", "20240101000000_a.js")
        self.run_truss("run", "--yes", "--allow-delegate", status=ERROR, cwd=files.path)
        self.assertIn("\nNext: When the cause is gone: truss run --allow-delegate\n", self.run_truss("status", cwd=files.path).stdout)

    def test_a_detached_run_needs_a_worker_that_stays(self):
        text = self.run_truss("run", "--detach", status=ERROR).stderr
        self.assertIn("--worker", text)

    def test_options_of_a_worker_that_make_no_sense_are_told_by_it(self):
        self.assertIn("The project /no/such is not a directory", self.run_truss("status", "--project", "/no/such", status=ERROR).stderr)
        self.assertIn("--ledger is a schema and a table", self.run_truss("status", "--ledger", "x", status=ERROR).stderr)


if __name__ == "__main__":
    harness.main()
