"""Projects in the shape of public bug reports about the frameworks' own tools. What is expected is what the real tool does, in the
version that each test names."""
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from fixtures import Written  # also makes harness known
import harness
from harness import RpcError


class Reports(Written):
    def rows(self, rpc):
        """Each migration as name, state and detail."""
        return [(one.name, self.state(one), self.detail(one)) for one in self.status(rpc).migrations]

    # ---- Drizzle ----

    def journal(self, *entries):
        """Files of drizzle-kit 0.x: (tag, when, script) in the order of the journal."""
        self.write("drizzle/meta/_journal.json", json.dumps({"version": "7", "dialect": "postgresql", "entries": [
            {"idx": number, "version": "7", "when": when, "tag": tag, "breakpoints": True} for number, (tag, when, _) in enumerate(entries)]}))
        for tag, _, script in entries:
            self.write(f"drizzle/{tag}.sql", script)

    def drizzle_rows(self, *rows):
        self.sql("CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)")
        for script, when in rows:
            self.sql(f"INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('{hashlib.sha256(script.encode()).hexdigest()}', {when})")

    # drizzle-team/drizzle-orm 5316, 5769: a migration with a time in the future, and one behind it. drizzle-kit 0.31.11 runs them in
    # the order of the journal in an empty database, and never the second one where the first one is applied.
    FUTURE = (("0000_a", 1000000000000, "CREATE TABLE a (i int);\n"), ("0001_b", 1990000000000, "CREATE TABLE b (i int);\n"),
              ("0002_c", 1700000000000, "ALTER TABLE b ADD COLUMN c int;\n"))

    def test_drizzle_runs_in_the_order_of_its_journal_whatever_the_times_are(self):
        self.journal(*self.FUTURE)
        with self.start() as rpc:
            reply = rpc.call("MigrationService", "Run", {})
            self.assertEqual([one.name for one in reply.applied], ["0000_a", "0001_b", "0002_c"], reply)
            self.assertEqual(self.rows(rpc), [(tag, "applied", "unspecified") for tag, _, _ in self.FUTURE])
        self.assertEqual(self.sql("SELECT created_at FROM drizzle.__drizzle_migrations ORDER BY id"), [(str(when),) for _, when, _ in self.FUTURE])

    def test_what_drizzle_skips_is_told_by_its_times_not_by_its_place(self):
        self.journal(*self.FUTURE)
        self.drizzle_rows(*((script, when) for _, when, script in self.FUTURE[:2]))
        with self.start() as rpc:
            self.assertEqual(self.rows(rpc)[2], ("0002_c", "pending", "skipped"))
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "Run", {})
            self.assertIn("drizzle-kit never runs it", caught.exception.status.message)

    def test_a_row_of_drizzle_with_the_time_of_a_repair_makes_what_is_older_skipped(self):
        self.journal(*self.FUTURE[:1], ("0001_d", 1700000000000, "CREATE TABLE d (i int);\n"))
        self.drizzle_rows((self.FUTURE[0][2], 1777777777777))
        with self.start() as rpc:
            self.assertEqual(self.rows(rpc), [("0000_a", "applied", "unspecified"), ("0001_d", "pending", "skipped")])

    def test_a_mark_in_drizzle_says_what_becomes_late_by_its_time(self):
        self.journal(*self.FUTURE)
        self.drizzle_rows((self.FUTURE[0][2], self.FUTURE[0][1]))
        with self.start() as rpc:
            reply = rpc.call("MigrationService", "MarkApplied", {"migration": "0001_b"})
            self.assertIn('"0002_c" is pending, and out of order', " ".join(reply.warnings) + reply.message)


if __name__ == "__main__":
    harness.main()
