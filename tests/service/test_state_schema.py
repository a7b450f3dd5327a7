"""Our own tables in a schema that the operator has named (--state-schema)."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError

NAME = "Ops \"of\" o'Truß\\{truss}"
QUOTED = '"' + NAME.replace('"', '""') + '"'
LITERAL = "E'" + NAME.replace("\\", "\\\\").replace("'", "''") + "'"
STEPS = "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1);\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n"
FAILED_PRECONDITION = 9


class StateSchema(Case):
    def served(self, *arguments, name=NAME, files=None, **options):
        self.files = files or self.project(folder="migrations")
        return self.rpc(self.worker(self.files, "--state-schema", name, *arguments, **options))

    def schemas(self):
        return [row[0] for row in self.sql("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1")]

    def tables(self, schema=LITERAL):
        return {row[0] for row in self.sql(f"SELECT tablename FROM pg_tables WHERE schemaname = {schema}")}

    def goose(self, *scripts, **options):
        rpc = self.served(**options)
        for number, script in enumerate(scripts, 1):
            self.files.write(f"migrations/0000{number}_m.sql", "-- +goose NO TRANSACTION\n-- +goose Up\n" + script)
        return rpc

    def refused(self, rpc, method, **request):
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", method, request)
        return caught.exception

    def test_a_run_of_several_transactions_keeps_its_steps_and_its_story_there(self):
        rpc = self.goose(STEPS, "SELECT 1/0;")
        result = rpc.call("MigrationService", "Run", {})
        self.assertEqual((result.ok, len(result.applied)), (False, 1))
        self.assertEqual(self.schemas(), sorted([NAME, "public"]))
        self.assertLessEqual({"migration_steps", "operations", "failed_attempts", "applied_by"}, self.tables())
        self.assertEqual(len(rpc.call("MigrationService", "ListOperations", {}).operations), 1)
        failed = rpc.call("MigrationService", "GetStatus", {}).migrations[1]
        self.assertIn("division by zero", failed.last_failure.message)

    def test_a_step_that_failed_is_gone_on_from(self):
        rpc = self.goose(STEPS + "SELECT * FROM missing;\n")
        self.assertFalse(rpc.call("MigrationService", "Run", {}).ok)
        self.assertNotEqual(self.sql(f"SELECT count(*) FROM {QUOTED}.migration_steps"), [("0",)])
        self.sql("CREATE TABLE missing ()")
        self.assertTrue(rpc.call("MigrationService", "Run", {}).ok)
        self.assertEqual(self.sql(f"SELECT count(*) FROM {QUOTED}.migration_steps"), [("0",)])

    def test_the_audit_is_there_and_its_chain_is_whole(self):
        rpc = self.served("--audit")
        self.files.write("migrations/00001_m.sql", "-- +goose Up\nCREATE TABLE a ();\n")
        self.assertTrue(rpc.call("MigrationService", "Run", {}).ok)
        self.assertIn("audit", self.tables())
        verdict = rpc.call("Trust", "VerifyAudit", {})
        self.assertEqual((verdict.ok, verdict.rows > 0), (True, True))

    def test_a_schema_with_somebodys_tables_is_refused_and_stays_as_it_is(self):
        self.sql(f"CREATE SCHEMA {QUOTED}; CREATE TABLE {QUOTED}.orders ()")
        said = self.refused(self.goose(STEPS), "Run")
        self.assertEqual(said.code, FAILED_PRECONDITION)
        self.assertIn('has "orders of app", which is not Truss\'s', said.status.message)
        self.assertIn("Give --state-schema a name that nothing else uses", said.status.message)
        self.assertEqual((self.tables(), self.sql("SELECT to_regclass('a')")), ({"orders"}, [(None,)]))

    def test_an_empty_schema_that_somebody_made_for_it_is_used(self):
        self.sql(f"CREATE SCHEMA {QUOTED}")
        self.assertTrue(self.goose(STEPS).call("MigrationService", "Run", {}).ok)
        self.assertIn("migration_steps", self.tables())

    def test_names_that_cannot_be_ours_stop_the_start(self):
        for name, said in (("public", "is for the tables of applications"), ("pg_ours", "is PostgreSQL's own"), ("x" * 64, "1 to 63 bytes")):
            with self.subTest(name=name):
                ended = subprocess.run([os.path.join(harness.BIN, "truss-worker"), "--state-schema", name], capture_output=True, text=True, timeout=60,
                                       env=harness.clean_environment({"DATABASE_URL": self.url()}), check=False)
                self.assertEqual(ended.returncode, 1)
                self.assertIn(said, ended.stderr)

    def test_two_names_have_two_stories_and_one_order(self):
        """The locks and the tracking table are the database's: what one applies the other finds applied."""
        one = self.goose(STEPS)
        other = self.rpc(self.worker(self.files, "--state-schema", "other"))
        self.assertTrue(one.call("MigrationService", "Run", {}).ok)
        self.assertEqual(other.call("MigrationService", "GetStatus", {}).summary.pending, 0)
        self.assertEqual(list(other.call("MigrationService", "ListOperations", {}).operations), [])

    def test_lists_and_the_connection_know_the_name(self):
        rpc = self.goose(STEPS)
        self.assertTrue(rpc.call("MigrationService", "Run", {}).ok)
        tables = rpc.call("SqlService", "ListTables", {}).tables
        self.assertEqual((list(tables), self.tables() != set()), (["public.a", "public.goose_db_version"], True))
        self.assertEqual(rpc.call("ConnectionService", "GetConnection", {}).state_schema, NAME)


if __name__ == "__main__":
    harness.main()
