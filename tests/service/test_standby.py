"""Servers that stream to others: what a standby tells is not what the primary has, and a commit may wait for a standby."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
import libpq
from harness import Case, wait_for


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


if __name__ == "__main__":
    harness.main()
