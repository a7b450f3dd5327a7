"""After a failure the status shows the attempt, whatever the framework's ledger has, until the next success."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for


class Attempts(Case):
    def start(self, *scripts, url="own"):
        """A dbmate project: its ledger has a row for what is applied and nothing else."""
        self.files = self.project(folder="db/migrations")
        for number, script in enumerate(scripts, 1):
            self.write(number, script)
        self.process = self.worker(self.files, url=url)
        return self.rpc(self.process)

    def write(self, number, script):
        self.files.write(f"db/migrations/2025010{number}000000_m.sql", f"-- migrate:up\n{script}\n-- migrate:down\n")

    @staticmethod
    def run_it(rpc, **request):
        return rpc.call("MigrationService", "Run", request)

    @staticmethod
    def failures(rpc):
        return {one.name: one.last_failure for one in rpc.call("MigrationService", "GetStatus").migrations if one.HasField("last_failure")}

    def test_who_when_why_and_where_until_the_next_success(self):
        rpc = self.start("CREATE TABLE a ();", "CREATE TABLE b ();\nDO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'd', HINT = 'h', ERRCODE = 'XX123'; END $$;")
        self.assertFalse(self.run_it(rpc).ok)
        other = self.rpc(self.worker(self.files))
        (name, failure), = self.failures(other).items()
        self.assertEqual((name, failure.message, failure.sqlstate, failure.detail, failure.hint, failure.line, failure.column),
                         ("20250102000000_m", "no", "XX123", "d", "h", 3, 1))
        self.assertRegex(failure.statement, "^DO ")
        self.assertRegex(failure.by, r"^app@.")
        self.assertFalse(failure.partially_applied)
        self.assertEqual(self.sql(f"SELECT abs(extract(epoch FROM now()) - {failure.at.seconds}) < 60"), [("t",)])
        self.write(2, "CREATE TABLE b ();\nSELECT 1/0;")
        self.run_it(rpc)
        self.assertEqual([one.message for one in self.failures(rpc).values()], ["division by zero"])
        self.write(2, "CREATE TABLE b ();")
        self.assertTrue(self.run_it(rpc).ok)
        self.assertEqual(self.failures(rpc), {})
        self.assertEqual(self.sql("SELECT count(*) FROM truss.failed_attempts"), [("0",)])

    def test_whether_the_file_was_changed_since_is_said(self):
        rpc = self.start("SELECT 1/0;")
        self.run_it(rpc)

        def changed():
            failure, = self.failures(rpc).values()
            return failure.file_changed if failure.HasField("file_changed") else None
        self.assertIs(changed(), False)
        self.write(1, "SELECT 1/1;")
        self.assertIs(changed(), True)
        self.assertIn(", and its file was changed since: division by zero", "".join(rpc.call("MigrationService", "Check").notes))
        self.write(1, "SELECT 1/0;")
        self.assertIs(changed(), False)
        self.sql("ALTER TABLE truss.failed_attempts DROP COLUMN content_hash")  # of an older version
        self.assertIsNone(changed())
        self.run_it(rpc)
        self.assertIs(changed(), False)

    def test_what_is_recorded_as_a_baseline_has_no_failure_any_more(self):
        rpc = self.start("SELECT 1;", "SELECT 1/0;")
        self.run_it(rpc)
        self.assertEqual(len(self.failures(rpc)), 1)
        self.assertTrue(rpc.call("MigrationService", "Baseline", {"all": True}).ok)
        self.assertEqual(self.sql("SELECT count(*) FROM truss.failed_attempts"), [("0",)])

    def test_a_refusal_and_a_try_change_nothing_of_it(self):
        rpc = self.start("SELECT 1/0;")
        self.run_it(rpc)
        before = self.failures(rpc)
        self.assertEqual(len(before), 1)
        self.write(1, "SELECT 'open;")
        self.assertIn("never closed", self.run_it(rpc).failed.error)
        before["20250101000000_m"].file_changed = True
        self.assertEqual(self.failures(rpc), before)
        self.write(1, "SELECT nobody();")
        self.assertFalse(self.run_it(rpc, dry_run=True).ok)
        self.assertEqual(self.failures(rpc), before)

    def test_what_was_applied_by_other_means_has_no_failed_attempt(self):
        rpc = self.start("SELECT 1/0;")
        self.run_it(rpc)
        self.sql("INSERT INTO schema_migrations VALUES ('20250101000000')")
        self.assertEqual(self.failures(rpc), {})

    def test_a_script_that_leaves_a_role_and_settings_behind_is_written_down_as_by_who_we_are(self):
        self.sql("DO $$ BEGIN CREATE ROLE attempts_other; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE attempts_other")
        rpc = self.start("SET search_path = pg_catalog; SET ROLE attempts_other; SELECT 1/0;")
        self.run_it(rpc)
        self.assertEqual([one.by.split("@")[0] for one in self.failures(rpc).values()], ["app"])
        self.assertEqual(self.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'failed_attempts'"), [("app",)])

    def test_a_role_that_may_make_no_tables_gets_the_same_answer(self):
        self.sql("DO $$ BEGIN CREATE ROLE attempts_low LOGIN PASSWORD 'low'; EXCEPTION WHEN duplicate_object THEN NULL; END $$; CREATE TABLE "
                 "schema_migrations (version VARCHAR(128) PRIMARY KEY); ALTER TABLE schema_migrations OWNER TO attempts_low")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE attempts_low")
        self.addCleanup(self.sql, "DROP OWNED BY attempts_low")
        rpc = self.start("SELECT 1/0;", url=f"postgresql://attempts_low:low@127.0.0.1:{self.cluster.port}/{self.database}")
        reply = self.run_it(rpc)
        self.assertEqual((reply.ok, reply.failed.sqlstate), (False, "22012"))
        self.assertEqual(self.failures(rpc), {})
        wait_for(lambda: "what a run did cannot be written down" in self.process.text())

    def test_a_table_of_somebody_else_is_not_read(self):
        self.sql("DO $$ BEGIN CREATE ROLE attempts_evil; EXCEPTION WHEN duplicate_object THEN NULL; END $$; CREATE SCHEMA truss; "
                 "CREATE TABLE truss.failed_attempts (x INT); ALTER SCHEMA truss OWNER TO attempts_evil; ALTER TABLE truss.failed_attempts OWNER TO attempts_evil")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE attempts_evil")
        self.addCleanup(self.sql, "DROP OWNED BY attempts_evil CASCADE")
        rpc = self.start("SELECT 1/0;")
        self.assertEqual(self.failures(rpc), {})
        with self.assertRaises(RpcError) as caught:
            self.run_it(rpc)
        self.assertIn('belongs to "attempts_evil"', caught.exception.status.message)

    def test_prisma_shows_it_too_and_the_command_line_and_json_do(self):
        rpc = self.serve("CREATE TABLE a ();\nSELECT 1/0;")
        rpc.call("MigrationService", "Run")
        self.assertEqual([one.line for one in self.failures(rpc).values()], [2])
        self.assertRegex(self.truss("status", worker=self.process).stdout,
                         r"\nlast attempt failed: 1, \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ by app@\S+\n  line 2, column 1\n  division by zero\n  sqlstate: 22012\n"
                         r"  statement: SELECT 1/0\nNext: Correct the script, and then: truss run\n")
        answer = self.bridge(self.process).get("/api/migrations/idempotent/status").json
        self.assertEqual((answer["migrations"][0]["last_failure"]["sqlstate"], answer["migrations"][0]["last_failure"]["line"]), ("22012", 2))
        self.assertIs(answer["migrations"][0]["last_failure"]["file_changed"], False)
        self.files.add("1", "CREATE TABLE a ();")
        said = self.truss("status", worker=self.process).stdout
        self.assertRegex(said, r"\nlast attempt failed: 1, .* by app@\S+; the file was changed since\n")
        self.assertIn("\nNext: truss run\n", said)
        for output, before in (("junit", '<skipped message="'), ("github", "::")):
            self.assertRegex(self.truss("status", "--output", output, worker=self.process).stdout,
                             before + r"It is pending; the last attempt failed \([^)]*\), and the file was changed since: division by zero")

    def test_a_message_of_several_lines_is_shown_in_its_lines(self):
        self.serve("DO $$ BEGIN RAISE EXCEPTION E'Error: no\n    at up (1.js:2:3)' USING DETAIL = E'said:\\n  much'; END $$")
        self.truss("run", "--yes", worker=self.process)
        self.assertIn("\n  Error: no\n      at up (1.js:2:3)\n  detail:\n  said:\n    much\n  sqlstate: P0001\n", self.truss("status", worker=self.process).stdout)


class AppliedBy(Case):
    """Who had a migration applied, as far as that can be known."""

    def setUp(self):
        super().setUp()
        self.files = self.project()
        for number in (1, 2, 3):
            self.files.add(f"{number}_m", f"CREATE TABLE of_{number} ();")
        self.metadata = {"authorization": f"Bearer {self.token('read,plan,run,mark', name='ci')}"}

    def begin(self, *arguments):
        self.process = self.worker(self.files, *arguments)
        return self.rpc(self.process)

    def status(self, rpc):
        """{name: (by whom, in a run that is known)}"""
        return {one.name: (one.applied_by, one.applied_in) for one in rpc.call("MigrationService", "GetStatus", metadata=self.metadata).migrations}

    def test_each_has_the_name_of_the_token_and_its_run(self):
        rpc = self.begin("--tokens", self.tokens)
        rpc.call("MigrationService", "Run", {"migrations": ["1_m"]}, metadata=self.metadata)
        run = rpc.call("MigrationService", "StartRun", {"migrations": ["2_m"]}, metadata=self.metadata)
        self.assertEqual(run.started_by, "ci")
        wait_for(lambda: rpc.call("MigrationService", "GetOperation", {"id": run.id}, metadata=self.metadata).done)
        self.assertEqual(self.status(rpc), {"1_m": ("ci", ""), "2_m": ("ci", run.id), "3_m": ("", "")})
        rpc.call("MigrationService", "MarkApplied", {"migration": "3_m"}, metadata=self.metadata)
        self.assertEqual(self.status(rpc)["3_m"], ("ci", ""))
        self.process.stop()
        other = self.rpc(self.worker(self.files))
        mark, listed = other.call("MigrationService", "ListOperations").operations
        for one in (other.call("MigrationService", "GetOperation", {"id": run.id}), listed):
            self.assertEqual((one.id, one.started_by), (run.id, "ci"))
        self.assertEqual((mark.kind, mark.migration, mark.started_by), ("mark_applied", "3_m", "ci"))

    def test_a_run_that_fails_in_the_middle_says_of_what_it_applied_too(self):
        self.files.add("3_m", "SELECT 1/0;")
        rpc = self.begin("--tokens", self.tokens)
        rpc.call("MigrationService", "Run", metadata=self.metadata)
        self.assertEqual(self.status(rpc), {"1_m": ("ci", ""), "2_m": ("ci", ""), "3_m": ("", "")})

    def test_a_status_has_the_durations_that_the_run_has_told(self):
        self.files.add("1_m", "SELECT pg_sleep(0.2);")
        self.sql("CREATE SCHEMA s; CREATE FUNCTION s.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$; "
                 "CREATE TABLE s.waits (i int); "
                 "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON s.waits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION s.slow()")
        self.files.add("2_m", "INSERT INTO s.waits VALUES (1);")  # its commit takes longer than it
        rpc = self.begin("--tokens", self.tokens)
        reply = rpc.call("MigrationService", "Run", metadata=self.metadata)
        told = {one.name: one.duration_ms for one in reply.applied}
        self.assertEqual({one.name: one.duration_ms for one in rpc.call("MigrationService", "GetStatus", metadata=self.metadata).migrations}, told)
        self.assertGreaterEqual(told["2_m"], 300)
        self.assertGreaterEqual(told["3_m"], 1)

    def test_a_baseline_has_the_name_of_who_recorded_it(self):
        rpc = self.begin("--tokens", self.tokens)
        rpc.call("MigrationService", "Baseline", {"through": "2_m"}, metadata=self.metadata)
        self.assertEqual(self.status(rpc), {"1_m": ("ci", ""), "2_m": ("ci", ""), "3_m": ("", "")})

    def test_what_was_marked_is_told_from_what_ran(self):
        """sqlx records a time of 0 for it: as if it had run in no time."""
        self.files = self.project("frameworks/sqlx/project")
        rpc = self.begin("--tokens", self.tokens)

        def told():
            return [(one.detail_state == harness.messages().migration.DETAIL_STATE_BASELINE, one.HasField("duration_ms"), one.applied_by)
                    for one in rpc.call("MigrationService", "GetStatus", metadata=self.metadata).migrations]
        first, second = (one.name for one in rpc.call("MigrationService", "GetStatus", metadata=self.metadata).migrations[:2])
        rpc.call("MigrationService", "MarkApplied", {"migration": first}, metadata=self.metadata)
        rpc.call("MigrationService", "Baseline", {"through": second}, metadata=self.metadata)
        self.assertEqual(told()[:2], [(True, False, "ci"), (True, False, "ci")])
        self.sql("ALTER TABLE truss.applied_by DROP COLUMN marked, DROP COLUMN duration_ms")  # of an older version
        self.assertEqual(told()[:2], [(False, True, "ci"), (False, True, "ci")])
        self.sql("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        rpc.call("MigrationService", "MarkApplied", {"migration": second}, metadata=self.metadata)
        self.assertEqual(told()[:2], [(False, True, "ci"), (True, False, "ci")])

    def test_a_mark_without_a_login_leaves_no_schema_of_ours(self):
        self.begin().call("MigrationService", "MarkApplied", {"migration": "1_m"})
        self.assertEqual(self.sql("SELECT to_regnamespace('truss')"), [(None,)])

    def test_what_another_tool_applied_again_is_not_told_as_ours(self):
        rpc = self.begin("--tokens", self.tokens)
        rpc.call("MigrationService", "Run", metadata=self.metadata)
        self.assertEqual({by for by, _ in self.status(rpc).values()}, {"ci"})
        self.sql("UPDATE _prisma_migrations SET finished_at = now() + interval '1 minute' WHERE migration_name = '1_m'")
        self.sql("DELETE FROM _prisma_migrations WHERE migration_name = '2_m'")
        self.assertEqual([by for by, _ in self.status(rpc).values()], ["", "", "ci"])

    def test_an_ordinary_run_in_a_database_without_our_schema_leaves_none(self):
        rpc = self.begin()
        rpc.call("MigrationService", "Run")
        self.assertEqual(self.sql("SELECT to_regnamespace('truss')"), [(None,)])
        self.assertEqual(set(self.status(rpc).values()), {("", "")})

    def test_a_table_of_somebody_else_is_not_believed(self):
        rpc = self.begin()
        rpc.call("MigrationService", "Run")
        self.sql("DO $$ BEGIN CREATE ROLE applied_evil; EXCEPTION WHEN duplicate_object THEN NULL; END $$; CREATE SCHEMA truss; "
                 "CREATE TABLE truss.applied_by (ledger text, migration text, run_began timestamptz, run_ended timestamptz, actor text, operation text); "
                 "INSERT INTO truss.applied_by SELECT 'public._prisma_migrations', '1_m', now() - interval '1 h', now(), 'evil', NULL; "
                 "ALTER SCHEMA truss OWNER TO applied_evil; ALTER TABLE truss.applied_by OWNER TO applied_evil")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE applied_evil")
        self.addCleanup(self.sql, "DROP OWNED BY applied_evil CASCADE")
        self.assertEqual(set(self.status(rpc).values()), {("", "")})


if __name__ == "__main__":
    harness.main()
