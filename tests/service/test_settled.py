"""A session that is not reset between scripts that surely leave nothing in it, and is between all others."""
import concurrent.futures
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

RESET = "RESET SESSION AUTHORIZATION"


class Settled(Case):
    def tables(self, first, behind):
        """A project of scripts that only make tables."""
        files = self.project()
        for number in range(first, behind):
            files.add(f"{number:03}", f"CREATE TABLE t{number:03} (id INT PRIMARY KEY);\nCREATE INDEX ON t{number:03} (id);\n")
        return files

    def run_all(self, files):
        return self.rpc(self.worker(files)).call("MigrationService", "Run")

    def scripts(self, files):
        """The messages that carried scripts of tables, as the server has logged them."""
        self.sql(f"ALTER DATABASE {self.database} SET log_statement = 'all'")
        start = self.cluster.log_size()
        reply = self.run_all(files)
        self.assertTrue(reply.ok, reply.failed)
        messages = self.cluster.logged(start).split("LOG:  statement: ")
        return [message for message in messages if re.search(r"CREATE TABLE (public\.)?t\d\d\d", message)]

    def resets(self, files):
        return [RESET in message for message in self.scripts(files)]

    def while_one_waits(self, files, *statements):
        """The reply of a run, one of whose scripts waits for a lock on a table while somebody else does this."""
        files.add("000", "CREATE TABLE parent (id int);\n")
        self.assertTrue(self.rpc(self.worker(files)).call("MigrationService", "Run", {"migrations": ["000"]}).ok)
        holder = self.talk()
        holder("BEGIN; LOCK TABLE parent IN ACCESS EXCLUSIVE MODE")
        rpc = self.rpc(self.worker(files))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(lambda: rpc.call("MigrationService", "Run"))
            wait_for(lambda: self.sql("SELECT 1 FROM pg_locks WHERE relation = 'parent'::regclass AND NOT granted"), 30)
            self.sql("; ".join(statements))
            holder("COMMIT")
            return answer.result()

    def test_scripts_that_leave_nothing_find_the_session_as_it_is(self):
        resets = self.resets(self.tables(0, 12))
        self.assertEqual(resets, [True] * 2 + [False] * 10)
        self.assertEqual(len(self.ledger()), 12)

    def test_a_short_run_is_not_worth_it(self):
        self.assertEqual(self.resets(self.tables(0, 5)), [True] * 5)

    def test_every_script_begins_with_the_session_as_it_was(self):
        """Whatever stands among them: each of these would be in the way of the next one."""
        files = self.tables(0, 6)
        traces = ("SET search_path = elsewhere;", "SELECT set_config('search_path', 'elsewhere', false);",
                  "CREATE TEMP TABLE t013 (other int);", "SET ROLE nobody_special;", "DO $$ BEGIN PERFORM set_config('search_path', 'elsewhere', false); END $$;",
                  "SET lock_timeout = 1;", "PREPARE truss_look AS SELECT 1;", "SET default_transaction_read_only = on;")
        self.sql("CREATE SCHEMA elsewhere; DO $$ BEGIN IF to_regrole('nobody_special') IS NULL THEN CREATE ROLE nobody_special; END IF; END $$; GRANT nobody_special TO CURRENT_USER")
        number = 6
        for trace in traces:
            files.add(f"{number:03}", trace + "\n")
            for more in range(number + 1, number + 4):
                files.add(f"{more:03}", f"CREATE TABLE t{more:03} (id INT PRIMARY KEY);\n")
            number += 4
        resets = self.resets(files)
        self.assertIn(False, resets)
        self.assertEqual(len(self.ledger()), number)
        self.assertEqual(self.sql(r"SELECT DISTINCT schemaname FROM pg_tables WHERE tablename ~ '^t\d\d\d$'"), [("public",)])
        self.assertEqual(self.sql(r"SELECT count(*) FROM pg_tables WHERE tablename ~ '^t\d\d\d$'"), [(str(number - len(traces)),)])

    def test_a_trigger_that_somebody_gives_the_tracking_table_meanwhile_is_found(self):
        files = self.tables(1, 8).add("008", "ALTER TABLE parent ADD COLUMN name text;\n").add("009", "CREATE TABLE t009 (i int);\n")
        reply = self.while_one_waits(
            files, "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER q BEFORE INSERT ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION swallow()")
        self.assertFalse(reply.ok)
        self.assertEqual(reply.failed.name, "008")
        self.assertIn("has got a trigger, a rule, row security or partitions since this run has looked at it", reply.failed.error)
        self.assertEqual(self.sql("SELECT count(*) FROM information_schema.columns WHERE table_name = 'parent'"), [("1",)])

    def test_an_event_trigger_that_comes_meanwhile_changes_nothing_for_later_scripts(self):
        """Its function leaves a setting: the script is rolled back, and runs again in a session that is reset."""
        files = self.tables(1, 8).add("008", "ALTER TABLE parent ADD COLUMN name text;\n").add("009", "CREATE TABLE t009 (i int);\n")
        reply = self.while_one_waits(
            files, "CREATE SCHEMA elsewhere", "CREATE FUNCTION astray() RETURNS event_trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM set_config('search_path', 'elsewhere, public', false), pg_advisory_lock(4711); END $$",
            "CREATE EVENT TRIGGER astray ON ddl_command_end EXECUTE FUNCTION astray()")
        self.assertTrue(reply.ok, reply)
        self.assertEqual(len(self.ledger()), 10)
        self.assertEqual(self.sql("SELECT schemaname FROM pg_tables WHERE tablename = 't009'"), [("public",)])

    def test_what_may_run_at_any_script_keeps_the_session_from_being_left_as_it_is(self):
        event = ("CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; "
                 "CREATE EVENT TRIGGER nothing ON ddl_command_end EXECUTE FUNCTION nothing()")
        default = ("CREATE FUNCTION who() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN current_user; END'; "
                   "ALTER TABLE _prisma_migrations ADD COLUMN who text DEFAULT who()")
        domain = "CREATE DOMAIN note AS text CHECK (length(VALUE) < 9); ALTER TABLE _prisma_migrations ADD COLUMN note note"
        for what in (event, default, domain):
            with self.subTest(what):
                self.setUp()
                self.assertTrue(self.run_all(self.tables(0, 1)).ok)
                self.sql(what)
                self.assertEqual(self.resets(self.tables(0, 9)), [True] * 8)
                self.assertEqual(len(self.ledger()), 9)

    def test_where_types_of_others_may_come_first_the_session_is_reset(self):
        """Prisma sets its own search path; dbmate leaves the database's."""
        for path, settles in (("public", True), ("public, pg_catalog", False)):
            with self.subTest(path):
                self.setUp()
                self.sql(f"ALTER DATABASE {self.database} SET search_path = {path}")
                files = self.project(folder="db")
                for number in range(8):
                    files.write(f"db/migrations/{number:03}_t.sql", f"-- migrate:up\nCREATE TABLE public.t{number:03} (id INT);\n-- migrate:down\n")
                self.assertEqual(False in self.resets(files), settles)


if __name__ == "__main__":
    harness.main()
