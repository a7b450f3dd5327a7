"""Large migrations: no file stops a project, what is applied has no limit, and a run needs little more memory than the file.

Sanitizers see nothing more in more rows, and memory is measured without them (tests/run-long.sh): with them the scripts are just
above what each test needs, of fewer and longer statements."""
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError

DEADLINE_EXCEEDED = 4
FAILED_PRECONDITION = 9
ROW = "INSERT INTO big VALUES (%d, '" + "x" * (960 if harness.SANITIZED else 48) + "');\n"
LARGE = 8_500_000  # a script that is sent in pieces


def seed(size):
    """A script of so many bytes: a table, and a row a line."""
    lines, total = ["CREATE TABLE big (i INT, s TEXT);\n"], 0
    while total < size:
        lines.append(ROW % len(lines))
        total += len(lines[-1])
    return lines


class BigFiles(Case):
    def peak(self, worker):
        with open(f"/proc/{worker.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))

    def test_one_that_is_applied_is_compared_whatever_its_size_and_stops_nothing(self):
        script = "".join(seed(2_000_000 if harness.SANITIZED else 9_000_000))
        files = self.project().add("1", script).add("2", "CREATE TABLE small (i INT);")
        worker = self.worker(files, "--migration-limit", "1MiB")
        rpc = self.rpc(worker)
        rpc.call("MigrationService", "MarkApplied", {"migration": "2"})
        self.sql("UPDATE _prisma_migrations SET migration_name = '1', checksum = '%s'" % hashlib.sha256(script.encode()).hexdigest())
        self.assertEqual(self.states(rpc.call("MigrationService", "GetStatus")), {"1": "applied", "2": "pending"})
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        if not harness.SANITIZED:
            self.assertLess(self.peak(worker), 24 * 1024)
        with open(files.script("1"), "a", encoding="utf-8") as file:
            file.write("-- edited\n")
        self.assertEqual(self.states(rpc.call("MigrationService", "GetStatus")), {"1": "modified", "2": "applied"})

    def test_a_pending_one_above_the_limit_fails_alone_and_those_before_it_run(self):
        files = self.project().add("1", "CREATE TABLE a ();").add("2", "-- " + "x" * 3000).add("3", "CREATE TABLE c ();")
        worker = self.worker(files, "--migration-limit", "2KiB")
        rpc = self.rpc(worker)
        self.assertEqual(set(self.states(rpc.call("MigrationService", "GetStatus")).values()), {"pending"})
        sentence = r"2/migration\.sql has 3003 bytes, more than the limit of 2048 bytes; .*--migration-limit"
        plan = rpc.call("MigrationService", "Plan")
        self.assertEqual([one.name for one in plan.migrations], ["1"])
        self.assertRegex(plan.refusal, sentence)
        self.assertRegex("".join(rpc.call("MigrationService", "Check").warnings), sentence)
        reply = rpc.call("MigrationService", "Run")
        self.assertEqual(([one.name for one in reply.applied], reply.ok, reply.failed.name), (["1"], False, "2"))
        self.assertRegex(reply.failed.error, sentence)
        self.assertIn("the 1 migration before it is applied", reply.summary)
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run")
        self.assertEqual((caught.exception.code, caught.exception.status.detail.reason), (FAILED_PRECONDITION, "MIGRATION_TOO_LARGE"))
        self.assertRegex(caught.exception.status.message, sentence)
        answer = self.bridge(worker).post("/api/migrations/idempotent/run", {})
        self.assertEqual(answer.status, 422)
        self.assertTrue(rpc.call("MigrationService", "Run", {"migrations": ["3"]}).ok)
        self.assertEqual(self.states(rpc.call("MigrationService", "GetStatus")), {"1": "applied", "2": "pending", "3": "applied"})

    def test_all_in_one_transaction_runs_nothing_where_one_is_too_large(self):
        files = self.project().add("1", "CREATE TABLE a ();").add("2", "-- " + "x" * 3000)
        rpc = self.rpc(self.worker(files, "--migration-limit", "2KiB"))
        with self.assertRaises(RpcError):
            rpc.call("MigrationService", "Run", {"transaction": "TRANSACTION_MODE_ALL"})
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    def test_a_large_seed_is_one_transaction_in_little_more_memory_than_its_size(self):
        lines = seed(LARGE if harness.SANITIZED else 20_000_000)
        worker = self.worker(self.project().add("1", "".join(lines)))
        self.assertTrue(self.rpc(worker).call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT xmin::text) FROM big"), [(str(len(lines) - 1), "1")])
        if not harness.SANITIZED:
            self.assertLess(self.peak(worker), 2 * 20_000 + 16 * 1024)

    def test_to_look_at_a_large_seed_takes_little_more_memory_than_its_size(self):
        """A plan kept what it had read of each statement, and a check made a list of all of them for each."""
        size = 1_000_000 if harness.SANITIZED else 6_000_000
        for method in ("Plan", "Check"):
            with self.subTest(method):
                worker = self.worker(self.project().add("1", "".join(seed(size))))
                rpc = self.rpc(worker)
                rpc.call("MigrationService", "GetStatus")
                before = self.peak(worker)
                reply = rpc.call("MigrationService", method)
                self.assertEqual(len(reply.migrations) if method == "Plan" else reply.pending_count, 1)
                if not harness.SANITIZED:
                    self.assertLess(self.peak(worker) - before, 3 * size / 1024)

    def worked(self, worker):
        """The seconds that its threads have worked."""
        with open(f"/proc/{worker.process.pid}/stat", encoding="ascii") as file:
            return sum(map(int, file.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def test_a_plan_whose_time_is_over_ends(self):
        worker = self.worker(self.project().add("1", "".join(seed(2_000_000 if harness.SANITIZED else 6_000_000))))
        rpc = self.rpc(worker)
        began = self.worked(worker)
        rpc.call("MigrationService", "Plan")
        whole = self.worked(worker) - began
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Plan", timeout_ms=50)
        self.assertEqual(caught.exception.code, DEADLINE_EXCEEDED)
        self.assertLess(self.worked(worker) - began - whole, whole / 2)

    def test_an_error_far_behind_is_told_with_its_line_and_leaves_nothing(self):
        lines = seed(LARGE if harness.SANITIZED else 12_000_000)
        number = len(lines) * 3 // 4
        lines[number] = "INSERT INTO big VALUES ('no number');\n"
        rpc = self.rpc(self.worker(self.project().add("1", "".join(lines))))
        failed = rpc.call("MigrationService", "Run").failed
        self.assertEqual((failed.sqlstate, failed.line, failed.statement, failed.partially_applied),
                         ("22P02", number + 1, "INSERT INTO big VALUES ('no number')", False))
        self.assertEqual(self.sql("SELECT to_regclass('big')"), [(None,)])

    def test_what_changes_how_the_rest_is_read_does_so_behind_a_large_script_as_behind_a_small_one(self):
        """In one message standard_conforming_strings takes effect where it ends, whatever pieces it is sent in."""
        script = "SET standard_conforming_strings = off;\n" + "".join(seed(LARGE)) + "INSERT INTO big VALUES (0, 'a\\nb');\n"
        rpc = self.rpc(self.worker(self.project().add("1", script)))
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT s FROM big WHERE i = 0"), [("a\\nb",)])

    def test_a_preview_shows_the_beginning_and_says_how_much_is_left(self):
        script = "".join(seed(9_000_000))
        files = self.project().add("1", script).add("2", "é" * 3_000_000)
        rpc = self.rpc(self.worker(files, "--migration-limit", "8MiB"))
        for name, size in (("1", len(script)), ("2", 6_000_000)):
            content = rpc.call("MigrationService", "Preview", {"name": name}).content
            shown, left = re.fullmatch(r"(.*)\n… \((\d+) bytes more\)\n", content, re.DOTALL).groups()
            self.assertEqual(len(shown.encode()) + int(left), size)
            self.assertGreater(len(shown.encode()), 4_000_000)


if __name__ == "__main__":
    harness.main()
