"""A run has its commits on the server's disk once, before it answers: what a crash of the server takes meanwhile is a tail of
whole migrations, and nothing that an answer has called applied."""
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

COUNT = 30
EACH = 2
SLEEP = "SELECT pg_sleep(CASE WHEN to_regclass('awake') IS NULL THEN 600 ELSE 0 END);\nCREATE TABLE last ();\n"


class Durable(Case):
    def setUp(self):
        super().setUp()
        # What is not asked for stays in memory for this long.
        self.sql("ALTER SYSTEM SET wal_writer_delay = '10s'")
        self.sql("SELECT pg_reload_conf()")
        self.files = self.project()
        for number in range(COUNT):
            self.files.add(f"{number:02}", f"CREATE TABLE t{number:02} AS SELECT pg_postmaster_start_time() AS server;")

    def crash(self):
        """An immediate stop: what the server has not written down is lost."""
        with open(os.path.join(self.cluster.data, "postmaster.pid"), encoding="ascii") as file:
            postmaster = int(file.readline())
        os.kill(postmaster, signal.SIGQUIT)
        wait_for(lambda: not os.path.exists(f"/proc/{postmaster}"))

    def tables(self):
        return [row[0] for row in self.sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]{2}$' ORDER BY 1")]

    def recorded(self):
        return ["t" + row[0] for row in self.ledger() if row[1] == "t" and row[0].isdigit()]

    def run_over_a_crash(self, request):
        """Crashes the server in the last migration, and answers what the run said and how many migrations were lost with it."""
        self.files.add("99_sleep", SLEEP)
        rpc = self.rpc(self.worker(self.files))
        replies = []
        thread = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run", request, 60000)))
        thread.start()
        wait_for(self.sleepers)
        self.crash()
        self.cluster.start()
        wait_for(lambda: self.sleepers() or not thread.is_alive())
        self.assertEqual(self.tables(), self.recorded())
        self.sql("CREATE TABLE awake ()")
        self.wake_up()
        thread.join()
        again = " UNION ALL ".join(f"SELECT server FROM {table}" for table in self.tables())
        lost = int(self.sql(f"SELECT count(*) FROM ({again}) t WHERE server = pg_postmaster_start_time()")[0][0])
        return replies[0], lost

    def test_what_a_crash_takes_is_run_again_by_the_same_run(self):
        reply, lost = self.run_over_a_crash({})
        self.assertGreater(lost, 0, "nothing was late")
        self.assertEqual([one.name for one in reply.applied], self.files.names()[:COUNT], reply)
        self.assertEqual(self.tables(), self.recorded())
        self.assertEqual(len(self.tables()), COUNT)

    def test_each_is_on_disk_where_that_is_asked_for(self):
        _, lost = self.run_over_a_crash({"durable": EACH})
        self.assertEqual(lost, 0)

    def test_a_run_that_fails_has_on_disk_what_it_says(self):
        # A role that may not write the failure down: else that would bring all to disk.
        self.sql("CREATE ROLE durable_low LOGIN PASSWORD 'low'; GRANT USAGE, CREATE ON SCHEMA public TO durable_low")
        self.files.add("99_fails", "SELECT 1 / 0;")
        url = f"postgresql://durable_low:low@127.0.0.1:{self.cluster.port}/{self.database}"
        reply = self.rpc(self.worker(self.files, url=url)).call("MigrationService", "Run")
        self.crash()
        self.assertEqual((reply.ok, len(reply.applied), list(reply.warnings)), (False, COUNT, []))
        self.cluster.start()
        self.assertEqual(len(self.tables()), COUNT)
        self.assertEqual(self.tables(), self.recorded())

    def test_a_server_that_is_gone_leaves_nothing_that_is_called_applied(self):
        self.files.add("99_sleep", SLEEP)
        rpc = self.rpc(self.worker(self.files))
        replies = []
        thread = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run", {}, 60000)))
        thread.start()
        wait_for(self.sleepers)
        self.crash()
        thread.join()
        self.cluster.start()
        self.assertIn(f"or the {COUNT} migrations before it", replies[0].failed.error)
        self.assertEqual(list(replies[0].applied), [])

    def test_a_script_that_says_so_itself_is_not_overruled(self):
        self.files.add("30_own", "SET LOCAL synchronous_commit = on;\nCREATE TABLE own ();")
        reply, _ = self.run_over_a_crash({})
        self.assertEqual(len(self.tables()), COUNT)
        self.assertIn("30_own", [one.name for one in reply.applied])


if __name__ == "__main__":
    harness.main()
