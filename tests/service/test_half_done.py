"""A migration that is half done, of a framework whose tracking table has no row for it: only our own rows know, and a person resolves it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError

SCRIPT = "-- migrate:up transaction:false\nCREATE TABLE IF NOT EXISTS one (i int);\nINSERT INTO one VALUES (1);\nVACUUM one;\nSELECT 1/{};\n-- migrate:down\n"


class HalfDone(Case):
    def begin(self):
        self.files = self.project(folder="db/migrations")
        self.write("a", 0)
        rpc = self.rpc(self.worker(self.files, "--framework", "dbmate"))
        self.assertTrue(rpc.call("MigrationService", "Run").failed.partially_applied)
        self.assertEqual(self.count(), "1")
        return rpc

    def path(self, name):
        return f"db/migrations/20250101000000_{name}.sql"

    def write(self, name, divisor):
        self.files.write(self.path(name), SCRIPT.format(divisor))

    def count(self):
        return self.sql("SELECT count(*) FROM one")[0][0]

    def test_it_is_marked_as_rolled_back_as_is_advised_and_begins_anew(self):
        rpc = self.begin()
        self.sql("DROP TABLE one")
        self.write("a", 1)
        message = rpc.call("MigrationService", "MarkRolledBack", {"migration": "20250101000000_a"}).message
        self.assertIn("marked as rolled back; it may run again", message)
        self.assertEqual(self.sql("SELECT * FROM truss.migration_steps"), [])
        reply = rpc.call("MigrationService", "Run")
        self.assertEqual((reply.ok, reply.applied[0].resumed_steps, self.count()), (True, 0, "1"))
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "MarkRolledBack", {"migration": "20250101000000_a"})
        self.assertIn("is applied, so there is nothing to mark as rolled back", refused.exception.status.message)

    def test_under_another_name_it_does_not_begin_anew_unasked(self):
        rpc = self.begin()
        os.remove(os.path.join(self.files.path, self.path("a")))
        self.write("b", 1)
        for method in ("Run", "Plan"):
            with self.assertRaises(RpcError) as refused:
                rpc.call("MigrationService", method)
            self.assertIn('"20250101000000_a" is half done by an earlier run, and its file is not there any more', refused.exception.status.message)
            self.assertIn("or undo it, then truss mark-rolled-back 20250101000000_a.", refused.exception.status.message)
        self.assertEqual(self.count(), "1")
        rpc.call("MigrationService", "MarkRolledBack", {"migration": "20250101000000_a"})
        self.assertTrue(rpc.call("MigrationService", "Run").ok)
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "MarkRolledBack", {"migration": "20250101000000_x"})
        self.assertEqual(refused.exception.code, 5)

    def status(self, rpc):
        return rpc.call("MigrationService", "GetStatus")

    def test_a_status_says_how_far_it_is_and_forgets_that_when_it_is_settled(self):
        rpc = self.begin()
        one = self.status(rpc).migrations[0]
        self.assertEqual(one.note, "Half done by an earlier run: 2 of 3 steps are finished and stay. The next run continues after them if the file still begins with them; or undo them and say so: "
                                   "truss mark-rolled-back 20250101000000_a.")
        self.assertEqual((one.last_failure.sqlstate, self.status(rpc).HasField("problem")), ("22012", False))
        rpc.call("MigrationService", "MarkRolledBack", {"migration": "20250101000000_a"})
        one = self.status(rpc).migrations[0]
        self.assertEqual((one.note, one.HasField("last_failure")), ("", False))
        self.sql("DROP TABLE one")
        self.assertFalse(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.status(rpc).migrations[0].last_failure.sqlstate, "22012")
        rpc.call("MigrationService", "MarkApplied", {"migration": "20250101000000_a"})
        self.sql("DELETE FROM schema_migrations")
        self.assertFalse(self.status(rpc).migrations[0].HasField("last_failure"))

    def test_a_status_says_so_where_the_file_is_gone_also_if_nothing_is_pending(self):
        rpc = self.begin()
        os.remove(os.path.join(self.files.path, self.path("a")))
        self.write("b", 1)
        rpc.call("MigrationService", "MarkApplied", {"migration": "20250101000000_b"})
        reply = self.status(rpc)
        said = ('"20250101000000_a" is half done by an earlier run (2 of 3 steps), and its file is not there any more: nothing runs until that is settled. Restore the '
                "file and run it to its end; or undo what it did and say so: truss mark-rolled-back 20250101000000_a.")
        self.assertEqual((reply.problem, list(reply.warnings).count(said)), (said, 1))
        for method in ("Run", "Plan"):
            with self.assertRaises(RpcError) as refused:
                rpc.call("MigrationService", method)
            self.assertIn("is half done by an earlier run", refused.exception.status.message)
        rpc.call("MigrationService", "MarkRolledBack", {"migration": "20250101000000_a"})
        reply = self.status(rpc)
        self.assertEqual((reply.problem, [one for one in reply.warnings if "half done" in one]), ("", []))
        self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def is_settled_by(self, name, texts):
        """Half done, and its file is gone: our rows have the file's name, the tracking table has another."""
        files = self.project(folder="migrations")
        for path, text in texts.items():
            files.write(path, text)
        rpc = self.rpc(self.worker(files))
        self.assertTrue(rpc.call("MigrationService", "Run").failed.partially_applied)
        os.rename(os.path.join(files.path, path), os.path.join(files.path, "kept"))
        files.write(path.replace("1", "2"), "CREATE TABLE two ();\n")
        with self.assertRaises(RpcError):
            rpc.call("MigrationService", "Run")
        rpc.call("MigrationService", "MarkRolledBack", {"migration": name})
        self.assertEqual(self.sql("SELECT * FROM truss.migration_steps"), [])
        self.assertEqual((self.status(rpc).problem, rpc.call("MigrationService", "Run").ok), ("", True))

    SQLX = {"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n', "migrations/1_a.sql": "-- no-transaction\nCREATE TABLE one ();\nVACUUM one;\nSELECT 1/0;\n"}

    def test_a_mark_by_our_name_of_what_has_no_file_settles_the_tracking_tables_row_too(self):
        self.is_settled_by("1_a", self.SQLX)

    def test_and_one_by_the_tracking_tables_name_settles_our_rows(self):
        self.is_settled_by("1 a", self.SQLX)

    def test_a_failed_row_of_flyway_is_settled_without_its_file(self):
        self.is_settled_by("V1__a", {"flyway.conf": "flyway.locations=filesystem:sql\nflyway.mixed=true\n",
                                     "sql/V1__a.sql": "CREATE TABLE one ();\nVACUUM one;\nSELECT 1/0;\n"})

    def test_a_status_says_for_what_a_tool_was_started(self):
        rpc = self.begin()
        self.sql("DELETE FROM truss.migration_steps; INSERT INTO truss.migration_steps (ledger, migration, step, steps, attempt, checksum) "
                 "VALUES ('public.schema_migrations', '20250101000000_a', 0, 0, '', ''), ('public.schema_migrations', 'gone', 0, 0, '', '')")
        reply = self.status(rpc)
        self.assertIn('own tool was started for "20250101000000_a", and its end was not seen', reply.migrations[0].note)
        self.assertIn('own tool was started for "gone", and its end was not seen', reply.problem)

    def test_with_its_file_back_it_goes_on(self):
        rpc = self.begin()
        os.rename(os.path.join(self.files.path, self.path("a")), os.path.join(self.files.path, "kept"))
        self.files.write(self.path("b"), "-- migrate:up\nCREATE TABLE two ();\n-- migrate:down\n")
        with self.assertRaises(RpcError):
            rpc.call("MigrationService", "Run")
        os.remove(os.path.join(self.files.path, self.path("b")))
        self.write("a", 1)
        reply = rpc.call("MigrationService", "Run")
        self.assertEqual((reply.ok, reply.applied[0].resumed_steps, self.count()), (True, 2, "1"))


if __name__ == "__main__":
    harness.main()
