"""truss dev: a project with nothing but its files gets a database, a worker and a bridge, and leaves nothing behind it."""
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Http, wait_for


class Dev(Case):
    def setUp(self):
        super().setUp()
        self.state = tempfile.mkdtemp(prefix="truss-state-")
        os.chmod(self.state, 0o755)
        self.addCleanup(harness.shutil.rmtree, self.state, True)
        self.files = self.project("prisma-blog")

    def dev(self, *arguments, environment=None, project=None, cwd=None):
        """Starts it and waits for its summary; answers the process, its text so far in .text()."""
        process = subprocess.Popen([os.path.join(harness.BIN, "truss"), "dev", project or self.files.path, "--listen", "127.0.0.1:0",
                                    "--worker-listen", "tcp://127.0.0.1:0", "--pg-bin", harness.PG_BIN, *arguments], text=True,
                                   env=harness.clean_environment({"XDG_STATE_HOME": self.state, **(environment or {})}), cwd=cwd,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True)
        reader.start()
        process.text = lambda: "".join(lines)
        process.reader = reader
        self.addCleanup(process.stdout.close)
        self.addCleanup(reader.join, 60)
        self.addCleanup(self.end, process)
        wait_for(lambda: "Ctrl-C" in process.text() or process.poll() is not None, 60)
        return process

    @staticmethod
    def end(process):
        """Ends it as Ctrl-C does, where it has not ended; answers its exit status."""
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        return Dev.wait(process)

    @staticmethod
    def wait(process):
        status = process.wait(60)
        process.reader.join(60)
        return status

    def http(self, process):
        return Http(re.search(r"http://127\.0\.0\.1:\d+", process.text()).group())

    @staticmethod
    def look(pid, what):
        """A file of /proc about a process; empty where it is gone."""
        try:
            with open(f"/proc/{pid}/{what}", encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def family(self, process):
        """Every process that descends from it."""
        children = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if stat := self.look(pid, "stat").rpartition(")")[2].split():
                children.setdefault(int(stat[1]), []).append(int(pid))
        found = [process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found[1:]

    def assert_gone(self, pids):
        wait_for(lambda: all(self.look(pid, "stat").rpartition(")")[2][:3] in ("", " Z ") for pid in pids))

    def test_a_project_without_a_database_gets_one_and_keeps_its_data(self):
        process = self.dev()
        self.assertIn("private PostgreSQL", process.text())
        self.assertNotRegex(process.text(), r"://\w+:[^*@/]+@")
        self.assertEqual(self.http(process).post("/api/migrations/idempotent/run").json["summary"], "Applied 4 migration(s) successfully.")
        family = self.family(process)
        self.assertGreaterEqual(len(family), 3)
        self.assertEqual(self.end(process), 0, process.text())
        self.assert_gone(family)
        again = self.dev()
        self.assertEqual(self.http(again).get("/api/migrations/idempotent/status").json["summary"]["applied"], 4)
        self.assertEqual(self.end(again), 0)
        anew = self.dev("--reset")
        self.assertEqual(self.http(anew).get("/api/migrations/idempotent/status").json["summary"]["pending"], 4)

    def test_its_database_is_for_this_machine_and_this_user_only(self):
        process = self.dev()
        url_file = re.search(r"URL is in (\S+?)\)", process.text()).group(1)
        self.assertEqual(os.stat(url_file).st_mode & 0o077, 0)
        with open(url_file, encoding="utf-8") as file:
            url = file.read().strip()
        secret = re.match(r"postgres(?:ql)?://\w+:([^@]+)@127\.0\.0\.1:\d+/\w+$", url).group(1)
        self.assertGreaterEqual(len(secret), 16)
        for pid in self.family(process):
            self.assertNotIn(secret, self.look(pid, "cmdline"))
        query = ["psql", "-XAtq", url, "-c", "SELECT current_setting('listen_addresses'), pg_backend_pid()"]
        self.assertTrue(subprocess.run(query, text=True, capture_output=True, check=True).stdout.startswith("127.0.0.1|"))
        wrong = subprocess.run([*query[:2], url.replace(secret, "wrong"), *query[3:]], text=True, capture_output=True, check=False)
        self.assertIn("password authentication failed", wrong.stderr)

    @harness.unittest.skipUnless(os.geteuid() == 0, "only root is refused by PostgreSQL")
    def test_called_as_root_the_server_is_somebody_elses(self):
        process = self.dev()
        owners = {pwd.getpwuid(os.stat(f"/proc/{pid}").st_uid).pw_name for pid in self.family(process)
                  if "postgres" in self.look(pid, "cmdline")}
        self.assertNotIn("root", owners)

    def test_a_database_url_is_used_and_no_server_is_started(self):
        process = self.dev(environment={"DATABASE_URL": self.url()})
        self.assertEqual(self.http(process).get("/api/health").json["connection"]["database_name"], self.database)
        self.assertEqual(len(self.family(process)), 2)
        self.assertNotIn(harness.PASSWORD_ENCODED, process.text())
        self.assertEqual(os.listdir(self.state), [])

    def test_a_database_url_of_dotenv_is_used_as_well(self):
        self.files.write(".env", f'DATABASE_URL="{self.url()}"\n')
        process = self.dev(project=".", cwd=self.files.path)
        self.assertEqual(self.http(process).get("/api/health").json["connection"]["database_name"], self.database)
        self.assertIn("database  that of DATABASE_URL in the project's .env\n", process.text())
        self.assertEqual(self.http(process).get("/api/connection").json["target"]["project"], self.files.path)

    def test_a_second_one_in_the_same_project_is_told_so(self):
        first = self.dev()
        second = self.dev()
        self.assertEqual(self.wait(second), 1)
        self.assertIn("already", second.text())
        self.assertEqual(self.http(first).get("/readyz").status, 200)

    def test_when_it_is_killed_nothing_is_left(self):
        process = self.dev()
        family = self.family(process)
        process.kill()
        self.assert_gone(family)
        self.assertEqual(self.http(self.dev()).get("/readyz").status, 200)

    def test_when_a_part_dies_all_stop_and_it_says_which(self):
        process = self.dev(environment={"DATABASE_URL": self.url()})
        family = self.family(process)
        worker = next(pid for pid in family if "truss-worker" in self.look(pid, "cmdline"))
        os.kill(worker, signal.SIGKILL)
        self.assertEqual(self.wait(process), 1)
        self.assertIn("truss-worker", process.text())
        self.assert_gone(family)

    def test_a_taken_port_is_told_with_the_option(self):
        with harness.socket.create_server(("127.0.0.1", 0)) as taken:
            process = self.dev("--listen", f"127.0.0.1:{taken.getsockname()[1]}", environment={"DATABASE_URL": self.url()})
            self.assertEqual(self.wait(process), 1)
            self.assertIn("If its address is taken, --listen chooses another.", process.text())
            process = self.dev("--worker-listen", f"tcp://127.0.0.1:{taken.getsockname()[1]}", environment={"DATABASE_URL": self.url()})
            self.assertEqual(self.wait(process), 1)
            self.assertIn("If its address is taken, --worker-listen chooses another.", process.text())

    def test_a_signal_ends_it_also_before_its_worker_is_ready(self):
        url = self.url().replace(self.database, "there_is_no_such_database")
        command = [os.path.join(harness.BIN, "truss"), "dev", self.files.path, "--listen", "127.0.0.1:0", "--worker-listen", "tcp://127.0.0.1:0"]
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), subprocess.Popen(command, env=harness.clean_environment({"DATABASE_URL": url}), text=True,
                                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
                wait_for(lambda: len(self.family(process)) == 2)
                family = self.family(process)
                began = time.monotonic()
                process.send_signal(number)
                text, _ = process.communicate(timeout=60)
                self.assertLess(time.monotonic() - began, 30)
                self.assertIn("Stopping.", text)
                self.assert_gone(family)

    def test_a_directory_that_is_not_there_is_told(self):
        process = self.dev(project="/no/such/project")
        self.assertEqual(self.wait(process), 1)
        self.assertIn("/no/such/project", process.text())


if __name__ == "__main__":
    harness.main()
