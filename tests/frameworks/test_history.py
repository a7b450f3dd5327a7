"""Histories that are not straight: states, notes, and refusals where the real CLI refuses (behaviour.jsonl)."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
import harness
from fixtures import MIXED, PROGRAMS, Fixtures, per, spread
from harness import RpcError

NATIVE = [name for name in fixtures.names() if name not in PROGRAMS | MIXED]


def facts(variant):
    return [(fact["framework"], fact) for fact in fixtures.behaviour() if fact["variant"] == variant and not fact.get("na")]


class Refusing(Fixtures):
    def refusal(self, rpc, **request):
        """The reason; None where it would run."""
        try:
            rpc.call("MigrationService", "Run", {"dry_run": True, **request})
            return None
        except RpcError as error:
            return error.status.detail.reason or error.status.message


@spread
class History(Refusing):
    """Histories that are not straight: states, notes, and refusals where the real CLI refuses (behaviour.jsonl)."""

    @per(facts("edited"))
    def test_an_edited_file_is_modified_where_a_checksum_tells(self, name, fact):
        tells = {"drizzle", "drizzle1", "graphile-migrate", "postgrator", "supabase", "postgres-migrations"}
        with self.serve(name, self.fixture(name, "before.sql"), "edited") as rpc:
            second = self.status(rpc).migrations[1]
            self.assertEqual((self.state(second), second.verified), ("modified", True) if name in tells else ("applied", False))
            # graphile-migrate itself does not look at applied files; that its chain of hashes is broken is refused here
            if name in NATIVE and name != "graphile-migrate":
                self.assertEqual(self.refusal(rpc), "HISTORY_CHANGED" if fact["migrate_rc"] else None)
                self.assertIsNone(self.refusal(rpc, ignore_history=True))

    @per(facts("missing"))
    def test_a_missing_file_leaves_an_orphan(self, name, fact):
        with self.serve(name, self.fixture(name, "before.sql"), "missing") as rpc:
            self.assertEqual(self.states(rpc).count("orphaned"), 1)
            if name in NATIVE:
                self.assertEqual(self.refusal(rpc) is not None, fact["migrate_rc"] != 0)

    @per(fact for fact in facts("late") if fact[0] != "db-migrate")  # there the late file sorts behind all others
    def test_a_late_file_is_what_its_own_tool_makes_of_it(self, name, fact):
        with self.serve(name, self.fixture(name, "before.sql"), "late") as rpc:
            late = next(one for one in self.status(rpc).migrations if "late" in one.name.lower())
            skipped = fact["migrate_rc"] == 0 and not fact["late_applied"]
            self.assertEqual((self.state(late), self.detail(late)), ("pending", "skipped" if skipped else "out_of_order"))
            self.assertTrue(late.note)
            if name in NATIVE:
                self.assertEqual(self.refusal(rpc), None if fact["late_applied"] else "OUT_OF_ORDER")
                self.assertIsNone(self.refusal(rpc, allow_out_of_order=True))


# What the real tools do with a changed history (other-frameworks.md), for those that behaviour.jsonl does not have: the second applied
# file, what is edited in it, whether its tool refuses after an edit, refuses where it is gone, and a late file with what becomes of it.
OTHERS = {
    "flyway": ("sql/V1.1__posts.sql", ("modified", "HISTORY_CHANGED"), "HISTORY_CHANGED", ("sql/V1.5__late.sql", "out_of_order", "OUT_OF_ORDER")),
    "sqlx": ("migrations/20260106100000_create_posts_table.up.sql", ("modified", "HISTORY_CHANGED"), "HISTORY_CHANGED",
             ("migrations/20260105200000_late.up.sql", "out_of_order", None)),
    "refinery": ("migrations/V2__create_posts_table.sql", ("modified", "HISTORY_CHANGED"), "HISTORY_CHANGED", None),
    "goose": ("migrations/20260106100000_posts.sql", ("applied", None), None, ("migrations/20260105200000_late.sql", "out_of_order", "OUT_OF_ORDER")),
    "sql-migrate": ("migrations/20260106100000-posts.sql", ("applied", None), "HISTORY_CHANGED",
                    ("migrations/20260105200000-late.sql", "out_of_order", None)),
    "diesel": ("migrations/2026-01-06-100000_posts/up.sql", ("applied", None), None, ("migrations/2026-01-05-200000_late/up.sql", "out_of_order", None)),
    "dbmate": ("db/migrations/20240102000000_create_posts.sql", ("applied", None), None, None),
    "golang-migrate": ("migrations/000002_posts.up.sql", ("applied", None), "HISTORY_CHANGED", None),
    "rambler": ("migrations/02_posts.sql", ("applied", None), "HISTORY_CHANGED", ("migrations/011_late.sql", "out_of_order", "OUT_OF_ORDER")),
    "tern": ("migrations/002_posts.sql", ("applied", None), "without gaps", None),
    # sqitch itself goes on where only the script is gone; that the change is in its plan is not enough for us.
    "sqitch": ("deploy/posts.sql", ("modified", None), "HISTORY_CHANGED", None),
    "atlas": ("migrations/20260106100000_posts.sql", ("modified", "atlas.sum"), "atlas.sum", None),
}
LATE = {"goose": "-- +goose Up\n", "sql-migrate": "-- +migrate Up\n", "rambler": "-- rambler up\n"}

# A newer version of the project has applied one more, whose file is not here: its row, and what becomes of those before it.
NEWER = {
    "flyway": ("INSERT INTO flyway_schema_history SELECT 9, '9', 'more', type, 'V9__more.sql', 1, installed_by, now(), 1, true "
               "FROM flyway_schema_history WHERE version = '1'", "out_of_order"),
    "goose": ("INSERT INTO goose_db_version (version_id, is_applied) VALUES (20990101000000, true)", "out_of_order"),
    "evolve": ("INSERT INTO changelog SELECT 9, type, '1.11', 'more', 'V1_11__more.sql', checksum, installed_by, now(), true "
               "FROM changelog WHERE version = '1.0'", "out_of_order"),
    "atlas": ("INSERT INTO atlas_schema_revisions.atlas_schema_revisions SELECT '20990101000000', 'more', type, applied, total, now(), 1, '', '', hash, "
              "partial_hashes, operator_version FROM atlas_schema_revisions.atlas_schema_revisions LIMIT 1", "out_of_order"),
    "postgrator": ("INSERT INTO schemaversion (version, name) VALUES (999, 'more')", "skipped"),
    "dbmate": ("INSERT INTO schema_migrations (version) VALUES ('20990101000000')", None),
}


@spread
class OtherHistory(Refusing):
    """The same for those whose behaviour was measured elsewhere."""

    def check_refusal(self, rpc, expected):
        actual = self.refusal(rpc)
        self.assertTrue(actual is None if expected is None else actual is not None and expected in actual, (expected, actual))

    def altered(self, name, change):
        files = self.copy(name)
        change(files.path)
        return harness.Rpc(self.worker(files, "--allow-other-database", url=self.cluster.url(self.fixture(name, "before.sql"))).address)

    @per((name, *of) for name, of in OTHERS.items())
    def test_an_edited_file_of_these(self, name, file, edited, *_):
        def edit(root):
            with open(os.path.join(root, file), "r+", encoding="utf-8") as out:
                text = out.read()
                out.seek(0)
                out.write(text.replace(";", "; -- edited\n", 1))
        with self.altered(name, edit) as rpc:
            one = next(one for one in self.status(rpc).migrations if os.path.basename(file) in one.filename or one.filename in file)
            self.assertEqual((self.state(one), one.verified), (edited[0], edited[0] == "modified"))
            self.check_refusal(rpc, edited[1])

    @per((name, of[0], of[2]) for name, of in OTHERS.items())
    def test_a_missing_file_of_these(self, name, file, refused):
        def remove(root):
            os.remove(os.path.join(root, file))
            if os.path.exists(down := os.path.join(root, file.replace(".up.", ".down."))):
                os.remove(down)  # alone it is a version of golang-migrate: versionExists of migrate.go
        with self.altered(name, remove) as rpc:
            self.assertEqual(self.states(rpc).count("orphaned"), 1)
            self.check_refusal(rpc, refused)

    @per((name, *of[3]) for name, of in OTHERS.items() if of[3])
    def test_a_late_file_of_these(self, name, file, detail, refused):
        def add(root):
            os.makedirs(os.path.dirname(os.path.join(root, file)), exist_ok=True)
            with open(os.path.join(root, file), "w", encoding="ascii") as out:
                out.write(LATE.get(name, "") + "CREATE TABLE late_t (i INT);\n")
        with self.altered(name, add) as rpc:
            late = next(one for one in self.status(rpc).migrations if "late" in one.filename)
            self.assertEqual((self.state(late), self.detail(late), self.refusal(rpc)), ("pending", detail, refused))
            self.assertTrue(late.note)
            self.assertIsNone(self.refusal(rpc, allow_out_of_order=True))

    @per((name, *of) for name, of in NEWER.items())
    def test_what_is_before_an_applied_one_without_a_file(self, name, row, detail):
        database = self.fixture(name, "before.sql")
        self.cluster.psql(database, row)
        with self.serve(name, database) as rpc:
            first = next(one for one in self.status(rpc).migrations if self.state(one) == "pending")
            self.assertEqual(self.detail(first), detail or "unspecified")
            self.assertEqual(self.refusal(rpc), detail and "OUT_OF_ORDER")
            self.assertIsNone(self.refusal(rpc, allow_out_of_order=True))


if __name__ == "__main__":
    harness.main()
