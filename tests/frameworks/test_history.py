"""Histories that are not straight: states, notes, and refusals where the real CLI refuses (behaviour.jsonl)."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import MIXED, PROGRAMS, Fixtures, per, spread
from harness import RpcError

NATIVE = [name for name in fixtures.names() if name not in PROGRAMS | MIXED]


def facts(variant):
    return [(fact["framework"], fact) for fact in fixtures.behaviour() if fact["variant"] == variant and not fact.get("na")]


@spread
class History(Fixtures):
    """Histories that are not straight: states, notes, and refusals where the real CLI refuses (behaviour.jsonl)."""

    def refusal(self, rpc, **request):
        """The reason; None where it would run."""
        try:
            rpc.call("MigrationService", "Run", {"dry_run": True, **request})
            return None
        except RpcError as error:
            return error.status.detail.reason or error.status.message

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
