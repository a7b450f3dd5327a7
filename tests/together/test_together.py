"""Many who run the same project at once: clients of several workers, the real Prisma CLI, and the real node-pg-migrate with
migrations of its own in the same database. Each migration must run once, and everybody must be told the truth.

TRUSS_PEERS_DIR  where the CLIs are installed, once (default: a cache directory of the user)
"""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(TESTS, "support"), os.path.join(TESTS, "crash")]
import harness
from asking import Asking
from harness import Case, wait_for
from projects import concurrently, many, transactional, word

CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
PEERS = os.environ.get("TRUSS_PEERS_DIR", os.path.join(CACHE, "truss-peers"))
PRISMA = os.path.join(PEERS, "prisma")
NODE_PG_MIGRATE = os.path.join(PEERS, "node-pg-migrate")
WORKERS, CLIENTS = 4, 16
# What Prisma says beside a run that takes long. Its pg_advisory_lock() holds a snapshot while it waits, for which an index that
# is built CONCURRENTLY waits in turn: where it began to wait within the last second, it is PostgreSQL's victim. After ten
# seconds it gives up, but its session goes on waiting. Once it has the lock it may see our migration half done.
PRISMA_GIVES_UP = "P1002|deadlock detected|P3009"


def setUpModule():
    for setup, place in ((os.path.join(TESTS, "peers", "prisma", "setup.sh"), PRISMA), (os.path.join(HERE, "setup.sh"), NODE_PG_MIGRATE)):
        subprocess.run(["sh", setup, place], check=True, timeout=600, stderr=subprocess.DEVNULL)


class Together(Case):
    def start(self, files, lock_wait="30"):
        self.files = files
        self.addCleanup(files.remove)
        self.workers = [self.worker(files, "--lock-wait", lock_wait) for _ in range(WORKERS)]
        self.bridges = [self.bridge(worker) for worker in self.workers]

    def begin(self, work, *arguments):
        """Does it in a thread; .result is what it gives."""
        def run():
            thread.result = work(*arguments)
        thread = threading.Thread(target=run)
        thread.result = None
        thread.start()
        self.addCleanup(thread.join)
        return thread

    # ---- our clients ----

    def ask(self, number):
        """A client's run, in a thread: by HTTP, by RPC or in the background."""
        worker, bridge = self.workers[number % WORKERS], self.bridges[number % WORKERS]
        asking = Asking(("http", "rpc", "background")[number % 3], f"http://{bridge.host}:{bridge.port}", worker.address)
        self.addCleanup(asking.join)
        return asking

    def sixteen(self):
        """The answers to sixteen clients who ask at the same time."""
        return [asking.wait(100) for asking in [self.ask(number) for number in range(CLIENTS)]]

    def assert_each_once(self, answers, by_others=0, deadlocks=0):
        """Every migration is in the ledger once and ran once, and is claimed by one at most."""
        for answer in answers:
            if answer.code == "ABORTED":
                self.assertRegex(answer.text, r'lock is held by (pid \d+ \(application ".+", user app|another session)')
            else:
                self.assertTrue(answer.ok, answer)
                self.assertRegex(answer.text, f"Applied {len(answer.applied)} migration" if answer.applied else "No pending migrations")
        claims = collections.Counter(name for answer in answers for name in answer.applied)
        self.assertEqual([name for name, count in claims.items() if count > 1], [])
        self.assertEqual(len(claims) + by_others, len(self.files.names()))
        self.assertEqual(self.sql("SELECT migration_name, finished_at IS NOT NULL, rolled_back_at FROM _prisma_migrations ORDER BY 1"),
                         [(name, "t", None) for name in self.files.names()])
        self.assertEqual(self.sql("SELECT step FROM witness GROUP BY 1 HAVING count(*) > 1"), [])
        self.assertEqual(self.sql("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"), [])
        self.assertLessEqual(int(self.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]), deadlocks)
        # The last of them have answered, but their sessions may still be going.
        wait_for(lambda: not self.sql("SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND datname = current_database() "
                                      "WHERE locktype = 'advisory'"))

    def test_sixteen_clients_of_four_workers_apply_each_migration_once(self):
        for project in (transactional, many, concurrently):
            with self.subTest(project.__name__):
                self.setUp()  # a database of its own
                self.start(project())
                answers = self.sixteen()
                self.assertTrue(all(answer.ok for answer in answers), answers)
                self.assert_each_once(answers)

    def test_who_does_not_wait_is_told_who_runs(self):
        files = harness.Project()
        files.add("1", "CREATE TABLE witness (step TEXT);\n" + word("1") + "SELECT pg_sleep(6);")
        self.start(files, lock_wait="0")
        answers = self.sixteen()
        self.assert_each_once(answers)
        told = [answer.text for answer in answers if answer.code == "ABORTED"]
        self.assertEqual(len(told), CLIENTS - 1)
        self.assertEqual([text for text in told if 'application "truss' not in text], [])

    def test_an_index_is_built_concurrently_while_others_wait_for_the_run(self):
        files = harness.Project()
        files.add("1", "CREATE TABLE witness (step TEXT);\nCREATE TABLE t AS SELECT generate_series(1, 20000) AS id;")
        files.add("2", word("2.1") + "CREATE INDEX CONCURRENTLY ix ON t (id);\n" + word("2.3"))
        self.start(files)
        rpc = self.rpc(self.workers[0])
        rpc.call("MigrationService", "Run", {"migrations": ["1"]})
        # Who reads makes the index wait, for longer than deadlock_timeout: somebody who waits for our lock as well is not its victim.
        reader = self.reader()
        clients = self.begin(self.sixteen)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_progress_create_index JOIN pg_stat_activity USING (pid) WHERE phase LIKE 'waiting%' "
                                  "AND now() - state_change > current_setting('deadlock_timeout')::interval * 1.5"))
        reader.kill()
        clients.join()
        self.assert_each_once(clients.result, by_others=1)

    def reader(self):
        """A transaction with a snapshot and a lock on t; ends when it is killed."""
        reader = subprocess.Popen(["psql", "-Xq", self.url()], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(reader.wait)
        self.addCleanup(reader.stdin.close)
        self.addCleanup(reader.kill)
        reader.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT FROM t LIMIT 1;\n")
        reader.stdin.flush()
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'"))
        return reader

    # ---- beside the real Prisma ----

    def prisma_deploy(self):
        result = subprocess.run(["sh", os.path.join(TESTS, "peers", "prisma", "prisma.sh"), PRISMA, self.files.path, "migrate", "deploy"],
                                text=True, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                                env=dict(os.environ, DATABASE_URL=self.url()))
        return result.returncode, result.stdout

    def prisma_project(self):
        """What both can run: Prisma knows no file with an index built CONCURRENTLY and something else."""
        files = harness.Project()
        files.add("000", "CREATE TABLE witness (step TEXT);\nCREATE TABLE t AS SELECT generate_series(1, 5000) AS id;")
        for number in range(1, 40):
            files.add(f"{number:03}", word(f"{number:03}") + f"CREATE TABLE t{number} (id INT);\nSELECT pg_sleep(0.08);")
        files.add("001_index", "CREATE INDEX CONCURRENTLY ix ON t (id);")
        return files

    def wait_for_prisma(self):
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name NOT LIKE 'truss%' "
                                  "AND application_name <> 'psql' AND backend_type = 'client backend'"), seconds=90, every=0.05)

    def test_beside_prisma_migrate_deploy_each_migration_runs_once(self):
        for first in ("prisma", "truss"):
            with self.subTest(first=first):
                self.setUp()
                self.start(self.prisma_project())
                prisma = self.begin(self.prisma_deploy)
                if first == "prisma":
                    self.wait_for_prisma()
                answers = self.sixteen()
                prisma.join(100)
                status, text = prisma.result
                by_prisma = len(re.findall("└─ .*/", text))
                self.assertRegex(text, PRISMA_GIVES_UP if status else "No pending migrations" if by_prisma == 0 else "successfully applied")
                self.assert_each_once(answers, by_others=by_prisma, deadlocks=1)

    def test_prisma_that_waits_inside_its_lock_does_not_fail_our_index(self):
        files = harness.Project()
        files.add("1", "CREATE TABLE witness (step TEXT);\nCREATE TABLE t AS SELECT generate_series(1, 20000) AS id;")
        # For longer than deadlock_timeout: its own look at who waits for whom is behind it.
        until_it_waits = ("DO $$ BEGIN FOR n IN 1..300 LOOP EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted); "
                          "PERFORM pg_sleep(0.1); END LOOP; PERFORM pg_sleep(1.5); END $$;\n")
        files.add("2", word("2.1") + until_it_waits + "CREATE INDEX CONCURRENTLY ix ON t (id);\n" + word("2.3"))
        self.start(files)
        rpc = self.rpc(self.workers[0])
        rpc.call("MigrationService", "Run", {"migrations": ["1"]})
        run = self.ask(0)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        prisma = self.begin(self.prisma_deploy)
        answer = run.wait(60)
        prisma.join(60)
        self.assertTrue(answer.ok, answer)
        self.assertEqual(self.sql("SELECT step FROM witness ORDER BY 1"), [("2.1",), ("2.3",)])
        self.assertEqual(self.sql("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"), [])
        # It may have been the deadlock's victim, as it is among its own kind; it must not have been told a lie.
        self.assertRegex(prisma.result[1], "No pending migrations|" + PRISMA_GIVES_UP)

    # ---- beside the real node-pg-migrate ----

    def node_pg_migrate(self, folder):
        result = subprocess.run([os.path.join(NODE_PG_MIGRATE, "node_modules", ".bin", "node-pg-migrate"), "up", "-m", os.path.join(folder, "migrations")],
                                text=True, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd=folder,
                                env=dict(os.environ, DATABASE_URL=self.url()))
        return result.returncode, result.stdout

    def node_project(self, count):
        """Beside node_modules, where it finds pg."""
        folder = tempfile.mkdtemp(prefix="run.", dir=NODE_PG_MIGRATE)
        self.addCleanup(shutil.rmtree, folder, True)
        os.mkdir(os.path.join(folder, "migrations"))
        for number in range(count):
            with open(os.path.join(folder, "migrations", f"{1704067200000 + number}_step-{number}.sql"), "w", encoding="ascii") as file:
                file.write(f"-- Up Migration\nCREATE TABLE n{number} (id INT);\n{word(f'n{number}')}SELECT pg_sleep(0.03);\n-- Down Migration\nDROP TABLE n{number};\n")
        return folder

    def test_node_pg_migrate_and_we_do_not_disturb_each_other(self):
        count = 40
        self.start(concurrently())
        # Who finds tables and no ledger of his own is careful, and rightly so.
        self.rpc(self.workers[0]).call("MigrationService", "Run", {"migrations": self.files.names()[:1]})
        folder = self.node_project(count)
        theirs = self.begin(self.node_pg_migrate, folder)
        wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'") or not theirs.is_alive(), every=0.05)
        answers = self.sixteen()
        theirs.join(100)
        status, text = theirs.result
        self.assertEqual(status, 0, text)
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT name) FROM pgmigrations"), [(str(count), str(count))])
        self.assertEqual(self.sql("SELECT count(*) FROM witness WHERE step LIKE 'n%'"), [(str(count),)])
        self.assert_each_once(answers, by_others=1)
        self.assertIn("No migrations to run", self.node_pg_migrate(folder)[1])


if __name__ == "__main__":
    harness.main()
