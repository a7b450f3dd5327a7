"""What plan, run and status say of applied migrations whose files are not as they were, and of edits that nobody can see."""
import os
import sys
import tempfile
import threading
import types

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for

FLYWAY = "src/main/resources/db/migration"


class ChangedFiles(Case):
    def call(self, method, **request):
        return self.connection.call("MigrationService", method, request)

    def edit(self, *names):
        for name in names:
            with open(self.files.script(name), "a", encoding="utf-8") as file:
                file.write("\n-- edited\n")

    def applied(self, count):
        """Prisma's migrations 1 to `count`, all but the second applied."""
        self.connection = self.serve(*[f"SELECT {number};" for number in range(1, count + 1)])
        self.assertTrue(self.call("Run", migrations=[str(number) for number in range(1, count + 1) if number != 2]).ok)

    def run_all(self):
        reply = self.call("Run")
        self.assertTrue(reply.ok, reply)

    def folder(self, framework, files):
        """A worker on a project of these files."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = directory.name
        self.write(files)
        self.process = self.worker(types.SimpleNamespace(path=self.root), *(["--framework", framework] if framework else []))
        self.connection = self.rpc(self.process)

    def write(self, files):
        for path, text in files.items():
            whole = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8") as file:
                file.write(text)

    # ---- plan and run ----

    EDITED = '1 applied file is not as applied, and a run does not execute the change: "1".'
    LATE = '1 migration is late (the later "3" was applied first): "2". prisma migrate deploy runs it, after those that are applied.'

    def test_plan_and_run_warn_of_what_was_edited_and_of_what_is_late(self):
        self.applied(3)
        self.assertEqual(list(self.call("Plan").warnings), [self.LATE])
        self.edit("1")
        self.assertEqual(list(self.call("Plan").warnings), [self.EDITED, self.LATE])
        bridge = self.bridge(self.process)
        self.assertEqual(bridge.get("/api/migrations/plan").json["warnings"], [self.EDITED, self.LATE])
        self.assertIn(f"warning: {self.LATE}\n", self.truss("plan", worker=self.process).stdout)
        said = self.truss("run", worker=self.process)
        self.assertEqual((said.returncode, f"warning: {self.EDITED}\nwarning: {self.LATE}\n" in said.stdout), (0, True), said.stdout + said.stderr)
        self.assertEqual(list(self.call("Run").warnings), [self.EDITED])
        self.assertEqual(list(self.call("Plan").warnings), [self.EDITED])

    def test_a_file_that_is_edited_during_the_migration_before_it_is_not_run(self):
        """The next file is read while the server works on one, but not so long before its turn."""
        self.connection = self.serve("SELECT pg_sleep(1);", "CREATE TABLE two ();", "CREATE TABLE three ();")
        replies = []
        thread = threading.Thread(target=lambda: replies.append(self.call("Run")))
        thread.start()
        wait_for(lambda: self.sql("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        self.edit("2")
        thread.join()
        self.assertEqual((replies[0].ok, replies[0].failed.name), (False, "2"), replies)
        self.assertIn("was changed while the run was going on", replies[0].failed.error)
        self.assertEqual(self.sql("SELECT to_regclass('two') IS NULL, count(*) FROM _prisma_migrations"), [("t", "1")])

    def test_a_file_that_is_gone_is_told_and_a_long_list_is_cut(self):
        self.applied(8)
        self.edit("1", "3", "4", "5", "6", "7")
        os.rename(os.path.dirname(self.files.script("8")), os.path.join(self.files.path, "away"))
        self.assertEqual(list(self.call("Plan").warnings)[:2], [
            '6 applied files are not as applied, and a run does not execute the change: "1", "3", "4", "5", "6" and 1 more.',
            '1 applied migration has no file any more: "8".'])

    def test_nothing_is_said_where_nothing_was_changed(self):
        self.connection = self.serve("SELECT 1;", "SELECT 2;")
        self.assertEqual((list(self.call("Plan").warnings), list(self.call("Run").warnings), list(self.call("Plan").warnings)), ([], [], []))

    def test_a_repeatable_is_not_what_makes_a_migration_late(self):
        self.folder(None, {f"{FLYWAY}/V10__s.sql": "SELECT 1;", f"{FLYWAY}/V12__u.sql": "SELECT 1;", f"{FLYWAY}/R__v_acct.sql": "SELECT 1;"})
        self.run_all()
        self.write({f"{FLYWAY}/V11__t.sql": "SELECT 1;"})
        with self.assertRaises(RpcError) as caught:
            self.call("Run")
        self.assertIn('"V11__t" is pending although the later "V12__u" is applied.', caught.exception.status.message)

    # ---- edits that cannot be seen ----

    def test_a_tracking_table_without_checksums_is_told_in_the_status(self):
        unseen = "Edits of applied files cannot be seen: the tracking table of dbmate has no checksums."
        self.folder("dbmate", {"db/migrations/1_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"})
        self.assertFalse(self.call("GetStatus").HasField("edits_unseen"))
        self.run_all()
        self.write({"db/migrations/1_a.sql": "-- migrate:up\nSELECT 2;\n-- migrate:down\n"})
        self.assertEqual(self.call("GetStatus").edits_unseen, unseen)
        self.assertEqual(self.bridge(self.process).get("/api/migrations/idempotent/status").json["edits_unseen"], unseen)
        said = self.truss("status", worker=self.process).stdout
        self.assertIn(f"1 applied, 0 pending, 0 modified, 0 orphaned\nnote: {unseen}\n", said)
        self.assertEqual(said.count("cannot be seen"), 1)
        markdown = self.truss("status", "--output", "markdown", worker=self.process).stdout
        self.assertIn("Edits of applied files cannot be seen", markdown)

    def test_a_row_of_flyway_without_a_checksum_is_modified(self):
        self.folder(None, {f"{FLYWAY}/V{number}__s.sql": "SELECT 1;" for number in (1, 2, 3)})
        self.run_all()
        self.assertFalse(self.call("GetStatus").HasField("edits_unseen"))
        self.sql("UPDATE flyway_schema_history SET checksum = NULL WHERE version = '2'")
        status = self.call("GetStatus")
        self.assertEqual((status.summary.applied, status.summary.modified, status.HasField("edits_unseen")), (2, 1, False))

    def test_a_baseline_of_flyway_does_not_say_that_flyway_has_no_checksums(self):
        self.folder(None, {f"{FLYWAY}/V{number}__s.sql": "SELECT 1;" for number in (1, 2)})
        self.run_all()
        self.sql("UPDATE flyway_schema_history SET type = 'BASELINE', checksum = NULL")
        self.assertEqual(self.call("GetStatus").edits_unseen,
                         "Edits of 2 of 2 applied files cannot be seen, because the tracking table has nothing to compare with: \"V1__s\", \"V2__s\".")

    # ---- notes ----

    def test_a_note_stands_under_the_names_that_it_is_about(self):
        self.applied(4)
        self.edit("1", "3")
        said = self.truss("status", worker=self.process).stdout
        self.assertRegex(said, r"\n\n1\n3\n  note: .+\n\n2\n  note: prisma migrate deploy runs it, after those that are applied\.\n")


if __name__ == "__main__":
    harness.main()
