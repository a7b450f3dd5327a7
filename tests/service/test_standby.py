"""Servers that stream to others: what a standby tells is not what the primary has, and a commit may wait for a standby."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
import libpq
from harness import Case, RpcError, wait_for


class OnStandby(Case):
    def test_a_standby_that_is_behind_says_so(self):
        project = self.project().add("1", "CREATE TABLE one (id int);")
        primary = self.worker(project)
        url = self.cluster.standby(self)(self.database)
        libpq.query(url, ["SELECT pg_wal_replay_pause()"])
        self.assertTrue(self.rpc(primary).call("MigrationService", "Run").ok)
        worker = self.worker(project, url=url)
        rpc = self.rpc(worker)
        status = rpc.call("MigrationService", "GetStatus")
        self.assertEqual(status.summary.pending, 1)
        said = status.warnings[0]
        self.assertRegex(said, "^The server is a standby, and this is not the state of the primary: ")
        self.assertIn(said, rpc.call("MigrationService", "Plan").warnings)
        check = rpc.call("MigrationService", "Check")
        self.assertFalse(check.safe)
        self.assertIn(said, check.notes)
        self.assertIn("The server is a standby (in recovery): nothing can be written to it. Connect to the primary.", check.warnings)
        for command in (["doctor"], ["wait", "--timeout", "1s"]):
            told = self.truss(*command, worker=worker)
            self.assertIn("The server is a standby, and this is", " ".join((told.stdout + told.stderr).split()))
        libpq.query(url, ["SELECT pg_wal_replay_resume()"])
        caught_up = wait_for(lambda: (now := rpc.call("MigrationService", "GetStatus")).summary.pending == 0 and now)
        self.assertRegex(caught_up.warnings[0], r"what was committed there after \d{4}-\d\d-\d\dT[\d:.]+Z, when the last transaction ended that was replayed here, is not seen\.")
        self.assertEqual(list(self.rpc(primary).call("MigrationService", "GetStatus").warnings), [])
        libpq.query(url, ["SELECT pg_promote()"])
        self.assertEqual(list(rpc.call("MigrationService", "GetStatus").warnings), [])

    def fail_over(self, project, request, before):
        """Runs the migrations over both hosts; while one sleeps, the primary goes and the standby takes its place, which has received
        nothing since these were run before. Answers what the run says, and the URL of the standby."""
        self.sql("SELECT 1")  # makes the database
        standby = self.cluster.standby(self)(self.database)
        port, other = (url.split("@127.0.0.1:")[1].split("/")[0] for url in (self.url(), standby))
        url = self.url(target_session_attrs="read-write").replace(f"127.0.0.1:{port}", f"127.0.0.1:{port},127.0.0.1:{other}")
        rpc = self.rpc(self.worker(project, url=url))
        if before:
            self.assertTrue(rpc.call("MigrationService", "Run", {"migrations": before}).ok)
        wait_for(lambda: self.sql("SELECT pg_current_wal_lsn()") == libpq.query(standby, ["SELECT pg_last_wal_replay_lsn()"]))
        libpq.query(standby, ["ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"])
        wait_for(lambda: not self.sql("SELECT 1 FROM pg_stat_replication"))
        with ThreadPoolExecutor(1) as beside:
            running = beside.submit(rpc.call, "MigrationService", "Run", request)
            wait_for(self.sleepers)
            self.cluster.stop("immediate")
            try:
                libpq.query(standby, ["SELECT pg_promote()"])
                reply = running.result()
            finally:
                self.cluster.start()
        return reply, standby

    def test_what_a_promoted_standby_has_not_received_is_not_said_to_be_applied(self):
        """It is run there; nothing is said of the other server's."""
        names = ["1", "2", "3", "4", "5"]
        project = self.project()
        for name in names:
            project.add(name, f"CREATE TABLE t{name} (id int);" + (" SELECT pg_sleep(3);" if name == "4" else ""))
        for request, before in (({"durable": "DURABILITY_EACH"}, []), ({"durable": "DURABILITY_EACH"}, ["1"]), ({}, ["1"])):
            with self.subTest(before=before, **request):
                self._database = None
                reply, standby = self.fail_over(project, request, before)
                self.assertEqual((reply.ok, [one.name for one in reply.applied]), (before != [], names[1:] if before else []), reply)
                if not before:  # not even the tracking table
                    self.assertIn("the server that answers now has no tracking table", reply.failed.error)
                    self.assertEqual(libpq.query(standby, ["SELECT 1 FROM pg_class WHERE relname ~ '^t[0-9]$'"]), [])
                    continue
                self.assertEqual(libpq.query(standby, ["SELECT migration_name, count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL GROUP BY 1 ORDER BY 1"]),
                                 [(name, "1") for name in names])
                self.assertEqual(libpq.query(standby, ["SELECT relname FROM pg_class WHERE relname ~ '^t[0-9]$' ORDER BY 1"]), [(f"t{name}",) for name in names])

    # ---- commits that wait for one ----

    def wants(self, names):
        """The primary's commits wait for these standbys, until the database is dropped."""
        self.addCleanup(self.let_go)
        self.sql(f"SET synchronous_commit = local; ALTER SYSTEM SET synchronous_standby_names = '{names}'; SELECT pg_reload_conf()")
        wait_for(lambda: self.sql("SHOW synchronous_standby_names") == [(names,)])

    def let_go(self):
        self.sql("SET synchronous_commit = local; ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()")

    def test_a_run_whose_commits_would_wait_without_end_is_refused(self):
        rpc = self.rpc(self.worker(self.project().add("1", "CREATE TABLE one (id int);")))
        self.wants("nobody")
        said = "synchronous_standby_names is 'nobody', and no such standby is connected: every commit waits for one, without end."
        self.assertIn(said, rpc.call("MigrationService", "Plan").refusal)
        for method, request in (("Run", {}), ("MarkApplied", {"migration": "1"}), ("Baseline", {"all": True}), ("StartRun", {})):
            with self.assertRaises(RpcError) as refused:
                rpc.call("MigrationService", method, request)
            self.assertIn(said, refused.exception.status.message, method)
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "Run", metadata={"idempotency-key": "once"})
        self.assertIn(said, refused.exception.status.message)
        self.assertTrue(rpc.call("MigrationService", "Baseline", {"all": True, "dry_run": True}).ok)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations'), to_regclass('one')"), [(None, None)])
        self.assertTrue(rpc.call("MigrationService", "Run", {"dry_run": True}).ok)
        self.cluster.standby(self)
        self.wants("FIRST 2 (walreceiver, nobody)")
        wait_for(lambda: "and 1 of 2 standbys that it asks for is connected" in rpc.call("MigrationService", "Plan").refusal)
        self.wants("ANY 1 (nobody, walreceiver)")
        wait_for(lambda: not rpc.call("MigrationService", "Plan").refusal)
        self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_tool_of_the_project_is_not_started_where_its_commits_would_wait(self):
        files = self.project(folder="sql")
        files.write_knex("#!/bin/sh\ntouch \"$(dirname \"$0\")/started\"\n", "20240101000000_a.js")
        rpc = self.rpc(self.worker(files, "--allow-delegate"))
        self.wants("nobody")
        self.assertIn("every commit waits for one, without end", rpc.call("MigrationService", "Plan").refusal)
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "Run")
        self.assertIn("every commit waits for one, without end", refused.exception.status.message)
        self.assertFalse(os.path.exists(os.path.join(files.path, "node_modules/.bin/started")))

    def test_a_commit_that_waits_for_a_standby_is_told_of(self):
        rpc = self.rpc(self.worker(self.project().add("1", "CREATE TABLE one (id int); SELECT pg_sleep(2);")))
        operation = rpc.call("MigrationService", "StartRun").id
        wait_for(self.sleepers)
        self.wants("nobody")
        wait_for(lambda: "The commit is done here and waits for a synchronous standby" in str(rpc.call("MigrationService", "WaitOperation", {"id": operation}).events))
        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.applied, 0)  # it is seen when the wait has ended
        self.let_go()
        wait_for(lambda: rpc.call("MigrationService", "GetOperation", {"id": operation}).done)
        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.applied, 1)


if __name__ == "__main__":
    harness.main()
