"""Scripts that change how the server reads what follows, in a way that their text does not show: the session is asked. What its own tool
would read otherwise is not run, and nothing of ours is written in another encoding."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

OFF = "set_config('standard_' || 'conforming_strings', 'off', false)"
LATIN = "set_config('client_' || 'encoding', 'LATIN1', false)"
TABLE = "CREATE TABLE t (id int, word text);\n"
HIDDEN = {
    "a DO that puts it together": "DO $$ BEGIN EXECUTE 'SET standard_' || 'conforming_strings = off'; END $$;\n",
    "a call": f"SELECT {OFF};\n",
    "a function of the database": "SELECT strange();\n",
}
ROW = "INSERT INTO t VALUES (1, 'a\\nb');\n"


class Reading(Case):
    def setUp(self):
        super().setUp()
        self.sql("CREATE FUNCTION strange() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM " + OFF + "; END $$")

    def run_it(self, script, framework="prisma", **request):
        self.sql("DROP TABLE IF EXISTS t, later, _prisma_migrations, flyway_schema_history; DROP SCHEMA IF EXISTS truss CASCADE")
        if framework == "prisma":
            files = self.project().add("1", script).add("2", "CREATE TABLE later ();")
        else:
            files = self.project(folder="sql")
            files.write("sql/V1__a.sql", script)
            files.write("sql/V2__b.sql", "CREATE TABLE later ();")
        return self.rpc(self.worker(files, "--framework", framework)).call("MigrationService", "Run", request, 60000)

    def words(self):
        return self.sql("SELECT id, word = E'a\\nb', word = E'a\\\\nb' FROM t")

    def test_a_script_that_its_tool_sends_as_a_whole_is_read_as_a_whole(self):
        for name, hidden in HIDDEN.items():
            with self.subTest(name):
                reply = self.run_it(TABLE + hidden + ROW)
                self.assertTrue(reply.ok, reply)
                self.assertEqual(self.words(), [("1", "f", "t")])

    def test_behind_a_cut_it_is_refused_and_nothing_of_it_stays(self):
        for name, hidden in HIDDEN.items():
            with self.subTest(name):
                reply = self.run_it(TABLE + hidden + "VACUUM;\n" + ROW)
                self.assertFalse(reply.ok, reply)
                self.assertEqual(self.sql("SELECT to_regclass('t'), to_regclass('later')"), [(None, None)], reply)

    def test_a_script_whose_tool_sends_each_statement_is_refused(self):
        for name, hidden in HIDDEN.items():
            with self.subTest(name):
                reply = self.run_it(TABLE + hidden + ROW, framework="flyway")
                self.assertEqual((reply.ok, reply.failed.sqlstate, reply.failed.error[:55]), (False, "55000", "The script changes how the server reads what follows (s"))
                self.assertEqual(self.sql("SELECT to_regclass('t'), to_regclass('later')"), [(None, None)], reply)

    def test_what_the_text_shows_is_refused_before_anything_of_it_runs(self):
        """In files without a transaction, too, of which each statement is a step: the first of them stayed, and the second was not sent."""
        shown = ("SET standard_conforming_strings = off;\n", "SELECT set_config('standard_conforming_strings', 'off', false) FROM generate_series(1, 1);\n",
                 "SET client_encoding = 'LATIN1';\n", "DO $$ BEGIN PERFORM set_config('standard_conforming_strings', 'off', false); END $$;\n")
        wholes = {"tern": ("001_a.sql", "%s\n---- tern: disable-tx ----\n"), "goose": ("00001_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\n%s")}
        for framework, (name, whole) in wholes.items():
            for setting in shown:
                with self.subTest(framework, setting=setting):
                    files = self.project(folder="migrations")
                    files.write(f"migrations/{name}", whole % (TABLE + setting + "VACUUM;\n" + ROW))
                    reply = self.rpc(self.worker(files, "--framework", framework)).call("MigrationService", "Run", {}, 60000)
                    self.assertRegex(reply.failed.error, "Line [2-4]: a setting that changes how the rest of the file is read .*: the tool of this migration sends each statement by itself")
                    self.assertEqual((reply.failed.partially_applied, self.sql("SELECT to_regclass('t'), to_regclass('truss.migration_steps')")), (False, [(None, None)]))

    def test_a_dry_run_and_a_run_of_all_in_one_refuse_it_as_well(self):
        for request in ({"dry_run": True}, {"transaction": "TRANSACTION_MODE_ALL"}):
            for framework, script in (("flyway", TABLE + HIDDEN["a call"] + ROW), ("prisma", TABLE + HIDDEN["a call"] + "VACUUM;\n" + ROW)):
                if framework == "flyway" or "dry_run" in request:
                    with self.subTest(framework, **request):
                        reply = self.run_it(script, framework, **request)
                        self.assertEqual((reply.ok, reply.failed.sqlstate), (False, "55000"), reply)

    def test_what_can_be_read_in_one_way_is_run(self):
        for framework in ("prisma", "flyway"):
            with self.subTest(framework):
                reply = self.run_it(TABLE + HIDDEN["a call"] + "INSERT INTO t VALUES (1, 'ab');", framework=framework)
                self.assertTrue(reply.ok, reply)

    def test_a_name_of_ours_is_written_in_its_own_encoding(self):
        files = self.project().add("1_\u00e9", f"CREATE TABLE a ();\nSELECT {LATIN};\nVACUUM;\nCREATE TABLE b ();").add("2", "SELECT 1;")
        reply = self.rpc(self.worker(files)).call("MigrationService", "Run", {}, 60000)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.ledger("migration_name"), [("1_\u00e9",), ("2",)])
        self.assertEqual(self.sql("SELECT * FROM truss.migration_steps"), [])


if __name__ == "__main__":
    harness.main()
