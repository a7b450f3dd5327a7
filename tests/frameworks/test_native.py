"""Every framework against what its real tool made: the states before, the rows and the schema after, marks, and histories that are not
straight. No real tool is needed here; tests/run-peers.sh has them judge.

TRUSS_TEST_ALL  triggers on the tracking table for every framework; without it for a fourth of them, another fourth each day"""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
import harness
from fixtures import MIXED, PROGRAMS, Fixtures, per, spread
from harness import RpcError, todays

harness.Cluster.keeps = True

FAILED_PRECONDITION = 9
# The fixture's own files do not make its dumps: they were written by hand.
INCONSISTENT = {"rambler"}
# Programs that no command starts: their own program runs them.
WITHOUT_COMMAND = {"gormigrate": "Migrate()", "fluent-migrator": "MigrateUp()", "sequel": "sequel -m", "sequel-integers": "sequel -m", "yii": "php yii migrate"}


NAMES = fixtures.names()
NATIVE = [name for name in NAMES if name not in PROGRAMS | MIXED]


# What a trigger of the tracking table does to a row while there is a table "swallows": how it is made, its function, what is said.
TRAPS = {
    "discarded": ("TRIGGER at_times BEFORE INSERT OR UPDATE ON {0} FOR EACH ROW", "RETURN NULL; END IF; RETURN NEW", "did not take the row"),
    "deleted": ("TRIGGER at_times AFTER INSERT OR UPDATE ON {0} FOR EACH ROW", "DELETE FROM {0} t WHERE to_jsonb(t) = to_jsonb(NEW); END IF; RETURN NULL",
                "did not keep the row"),
    "deleted at the end": ("CONSTRAINT TRIGGER at_times AFTER INSERT OR UPDATE ON {0} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
                           "DELETE FROM {0} t WHERE to_jsonb(t) = to_jsonb(NEW); END IF; RETURN NULL", "did not keep the row"),
}


@spread
class Native(Fixtures):
    @per(NAMES)
    def test_the_states_before_are_those_of_the_real_tool(self, name):
        with self.serve(name, self.fixture(name, "before.sql")) as rpc:
            status = self.status(rpc)
            self.assertEqual(status.framework_id, fixtures.IDS.get(name, name))
            self.assertTrue(status.sources[0].chosen and status.sources[0].evidence, status.sources)
            for wanted in fixtures.expected(name)["migrations"]:
                ours = self.find(status, wanted)
                self.assertEqual([self.state(one) for one in ours], [wanted["state"]], f"{wanted} {[one.name for one in status.migrations]}")
                if isinstance(wanted.get("hash"), (str, int)) and not ours[0].is_code and ours[0].file_hash:
                    self.assertEqual(ours[0].file_hash, str(wanted["hash"]), wanted)

    def check_run(self, name, start):
        database = self.fixture(name, start)
        with self.serve(name, database) as rpc:
            reply = rpc.call("MigrationService", "Run", {})
            self.assertTrue(reply.ok, reply)
            self.assertEqual(set(self.states(rpc)), {"applied"})
            self.assertEqual(rpc.call("MigrationService", "Run", {}).summary, "No pending migrations to run.")
        if name not in INCONSISTENT:
            theirs, ours = self.dump_of(name, "after.sql"), self.dump(name, database)
            self.assertEqual(sorted(set(ours) - set(theirs)), [])
            self.assertEqual(sorted(set(theirs) - set(ours)), [])

    @per(NATIVE)
    def test_a_run_leaves_what_the_real_tool_leaves(self, name):
        self.check_run(name, "before.sql")

    # hasura: its server makes the table; flyway: its ranks tell of two runs; sqitch: comments; liquibase: the first of its changes are its own XML.
    @per(name for name in NATIVE if name not in INCONSISTENT | {"flyway", "hasura", "sqitch", "liquibase"})
    def test_a_run_from_nothing_leaves_what_the_real_tool_leaves(self, name):
        self.check_run(name, None)

    def trap(self, database, table, how):
        name = '"{}"."{}"'.format(*table.split(".", 1))
        trigger, body, _ = TRAPS[how]
        self.cluster.psql(database, "CREATE FUNCTION public.at_times() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF to_regclass('public.swallows') IS NOT NULL THEN "
                                    f"{body.format(name)}; END $$; CREATE TABLE public.swallows (); CREATE {trigger.format(name)} EXECUTE FUNCTION public.at_times()")

    def kept(self, name, database):
        """What a transaction that is undone leaves as it was: sequences go on."""
        return [line for line in self.dump(name, database) if "pg_catalog.setval(" not in line]

    def check_undone(self, name, how):
        """A run is undone because of its row, and does its work when nothing is in the way. Answers the notes of a check in front of it, and what the
        run said."""
        database = self.fixture(name, "before.sql")
        with self.serve(name, database) as rpc:
            self.trap(database, self.status(rpc).tracking_table, how)
            before = self.kept(name, database)
            notes = "\n".join(rpc.call("MigrationService", "Check").notes)
            undone = rpc.call("MigrationService", "Run", {})
            self.assertEqual((undone.ok, undone.failed.sqlstate, list(undone.applied)), (False, "55000", []), undone)
            self.assertIn(TRAPS[how][2], undone.failed.error)
            if not undone.failed.partially_applied:
                self.assertEqual(self.kept(name, database), before)
            self.assertIn("pending", self.states(rpc))
            self.cluster.psql(database, "DROP TABLE public.swallows")
            reply = rpc.call("MigrationService", "Run", {})
            self.assertTrue(reply.ok, reply)
            self.assertEqual(set(self.states(rpc)), {"applied"})
        return notes, undone

    def check_not_marked(self, name, how):
        """A mark is refused because of its row, and made when nothing is in the way."""
        database = self.fixture(name, "before.sql")
        with self.serve(name, database) as rpc:
            pending = lambda: [one.name for one in self.status(rpc).migrations if self.state(one) == "pending"]
            before = pending()
            self.trap(database, self.status(rpc).tracking_table, how)
            with self.assertRaises(RpcError) as refused:
                rpc.call("MigrationService", "MarkApplied", {"migration": before[0]})
            self.assertIn(TRAPS[how][2], refused.exception.status.message)
            self.assertEqual(pending(), before)
            self.cluster.psql(database, "DROP TABLE public.swallows")
            rpc.call("MigrationService", "MarkApplied", {"migration": before[0]})
            self.assertEqual(pending(), before[1:])

    @per(todays(NATIVE, 4))
    def test_a_row_that_a_trigger_discards_at_times_undoes_its_migration(self, name):
        notes, undone = self.check_undone(name, "discarded")
        self.assertIn('has the trigger "at_times", which may discard a row', notes)
        # an index that was made beside the table's use stays, and is gone on from
        self.assertEqual(undone.failed.partially_applied, name in ("evolve", "morph"), undone)

    @per(todays(NATIVE, 4))
    def test_a_row_that_a_trigger_deletes_again_undoes_its_migration(self, name):
        for how in ("deleted", "deleted at the end"):
            with self.subTest(how):
                self.check_undone(name, how)

    @per(todays(NAMES, 4))
    def test_a_mark_whose_row_a_trigger_deletes_again_is_not_made(self, name):
        self.check_not_marked(name, "deleted")

    @per(todays(NAMES, 4))
    def test_a_mark_whose_row_a_trigger_discards_at_times_is_not_made(self, name):
        self.check_not_marked(name, "discarded")

    def test_a_table_that_only_its_server_makes_is_asked_for(self):
        database = self.fixture("hasura", None)
        with self.serve("hasura", database) as rpc, self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "Run", {})
        self.assertIn('"hdb_catalog"."hdb_version" is made by Hasura\'s server: start that', refused.exception.status.message)
        self.assertEqual([line for line in self.dump("hasura", database) if line.startswith("CREATE")], [])

    @per(sorted(PROGRAMS))
    def test_programs_are_refused_with_the_command_that_runs_them(self, name):
        database = self.fixture(name, "before.sql")
        with self.serve(name, database) as rpc, self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "Run", {})
        self.assertEqual((refused.exception.code, refused.exception.status.detail.reason), (FAILED_PRECONDITION, "NEEDS_DELEGATE"))
        self.assertIn(WITHOUT_COMMAND.get(name, "--allow-delegate"), refused.exception.status.message)
        self.assertEqual(self.dump(name, database), self.dump_of(name, "before.sql"))

    @per(name for name in NAMES if name not in INCONSISTENT)
    def test_marks_write_the_rows_and_execute_nothing(self, name):
        database = self.fixture(name, "before.sql")
        with self.serve(name, database) as rpc:
            for one in self.status(rpc).migrations:
                if self.state(one) == "pending":
                    rpc.call("MigrationService", "MarkApplied", {"migration": one.name})
                    again = rpc.call("MigrationService", "MarkApplied", {"migration": one.name})
                    self.assertIn("already", again.message)
            self.assertEqual(set(self.states(rpc)), {"applied"})
        ours = self.dump(name, database)
        self.assertEqual(self.tables(ours), self.tables(self.dump_of(name, "before.sql")))
        if name != "atlas":  # it marks with a type of its own
            self.assertEqual(self.ledger_rows(ours), self.ledger_rows(self.dump_of(name, "after.sql")))

    @staticmethod
    def tables(dump):
        return {line.split(" (")[0] for line in dump if line.startswith("CREATE TABLE")}

    @staticmethod
    def ledger_rows(dump):
        """The rows of tables that are not the application's."""
        own = ("public.users", "public.posts", "public.django_content_type", "public.blog_")
        return [line for line in dump if line.startswith("INSERT") and not line.startswith(tuple(f"INSERT INTO {table}" for table in own))]


if __name__ == "__main__":
    harness.main()
