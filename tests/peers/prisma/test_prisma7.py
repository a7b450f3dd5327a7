"""The tests of test_prisma.py with the CLI of Prisma 7, which starts its schema engine as a program (schema-engine.mjs stands for that). Its
client is left out. Not in the gate: tests/run-peers.sh runs this."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import test_prisma  # also makes harness known
import harness

CLI = os.path.join(test_prisma.PEERS, "prisma7")


def setUpModule():
    subprocess.run(["sh", os.path.join(HERE, "setup7.sh"), CLI], check=True, timeout=900)


class Prisma7(test_prisma.Prisma):
    tool = ["prisma7.sh", CLI]

    test_prisma_client_reads_and_writes_what_we_made = None
    test_the_connection_string_of_a_branch_is_good_for_prisma_and_psql = None

    def test_our_failed_attempt_is_rolled_back_by_its_resolve(self):
        files = self.project().add("1", "CREATE TABLE a (id INT);\nCREATE INDEX CONCURRENTLY i ON a (id);\nSELECT 1/0;")
        rpc = self.rpc(self.worker(files))
        self.assertFalse(self.ours(rpc, "Run").ok)
        status, text = self.prisma(files, "migrate", "resolve", "--rolled-back", "1")
        self.assertEqual(status, 0, text)
        [one] = self.ours(rpc, "GetStatus").migrations
        self.assertEqual(one.detail_state, harness.messages().migration.DETAIL_STATE_ROLLED_BACK)
        self.sql("DROP TABLE a")
        files.add("1", "CREATE TABLE a (id INT);")
        self.assertTrue(self.ours(rpc, "Run").ok)
        self.assert_prisma_agrees(files)

    def test_its_status_and_ours_say_the_same_of_a_failed_attempt(self):
        files = self.project().add("1_good", "CREATE TABLE a ();").add("2_bad", "SELECT 1/0;")
        rpc = self.rpc(self.worker(files))
        self.assertEqual(self.prisma(files, "migrate", "deploy")[0], 1)
        status, text = self.prisma(files, "migrate", "status")
        self.assertEqual(status, 1)
        self.assertIn("2_bad", text)
        self.assertEqual(self.ours(rpc, "GetStatus").migrations[1].detail_state, harness.messages().migration.DETAIL_STATE_FAILED)


del test_prisma.Prisma  # its own tests are run by its own file

if __name__ == "__main__":
    harness.main()
