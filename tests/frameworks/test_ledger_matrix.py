"""Every framework's ledger as other versions of its tool and teams have it: its rows say the same, or it is said why not."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Fixtures, per, spread
from harness import RpcError

fixtures.harness.Cluster.keeps = True

NAMES = fixtures.names()
KEPT = "kept_by_the_test"


def retyped(columns, types):
    return [f'ALTER COLUMN "{name}" TYPE {types[kind][0]} USING {types[kind][1].format(name)}' for name, kind in columns if kind in types]


WIDER = {"integer": ("bigint", '"{}"'), "smallint": ("bigint", '"{}"'), "character varying": ("varchar(2000)", '"{}"')}
TEXT = {"character varying": ("text", '"{}"')}
ZONES = {"timestamp without time zone": ("timestamptz", "\"{}\" AT TIME ZONE 'UTC'"), "timestamp with time zone": ("timestamp", "\"{}\" AT TIME ZONE 'UTC'")}
STRINGS = {kind: ("text", '"{}"::text') for kind in ("integer", "bigint", "numeric", "boolean", "smallint")}


@spread
class Matrix(Fixtures):
    def columns(self, database, schema, table):
        return self.cluster.psql(database, f"SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = '{schema}' "
                                           f"AND table_name = '{table}' ORDER BY ordinal_position")

    def said(self, rpc):
        """Name and state of each migration, or why that cannot be said."""
        try:
            status = self.status(rpc)
        except RpcError as error:
            return error.status.message
        return status.problem if status.HasField("problem") else [(one.name, self.state(one)) for one in status.migrations]

    def change(self, rpc, database, place, statements):
        """What is said while the ledger is another table, which is made of a copy and goes again."""
        schema, table = place
        old, new = f'"{schema}"."{table}"', f'"{schema}"."{KEPT}"'
        self.cluster.psql(database, f'ALTER TABLE {old} RENAME TO "{KEPT}"; ' + "; ".join(one.format(old=old, new=new) for one in statements))
        try:
            return self.said(rpc)
        finally:
            kind = "VIEW" if "CREATE VIEW" in statements[0] else "TABLE"
            self.cluster.psql(database, f'DROP {kind} {old}; ALTER TABLE {new} RENAME TO "{table}"')

    def check_nothing(self, said, usual):
        """No migration is applied by a row that does not say so, and none that is there is lost."""
        if isinstance(said, list):
            applied = [{name for name, state in of if state in ("applied", "modified")} for of in (said, usual)]
            self.assertLessEqual(applied[0], applied[1])
            self.assertLessEqual({name for name, _ in usual if name}, {name for name, _ in said})

    @per(NAMES)
    def test_a_changed_ledger_says_the_same_or_says_why_not(self, name):
        database = self.fixture(name, "before.sql")
        with self.serve(name, database) as rpc:
            place = self.status(rpc).tracking_table.split(".", 1)
            usual = self.said(rpc)
            self.assertIsInstance(usual, list, usual)
            columns = self.columns(database, *place)
            copy = "CREATE TABLE {old} (LIKE {new} INCLUDING ALL); INSERT INTO {old} SELECT * FROM {new}"
            changes = {
                "a column more": [copy, "ALTER TABLE {old} ADD COLUMN team text DEFAULT 'ours'"],
                "a view": ["CREATE VIEW {old} AS SELECT * FROM {new}"],
                "no key": ["CREATE TABLE {old} AS SELECT * FROM {new}"],
                "a column less": [copy, f'ALTER TABLE {{old}} DROP COLUMN "{columns[-1][0]}" CASCADE'],
            }
            bare = "CREATE TABLE {old} AS SELECT * FROM {new}"
            for change, types in (("wider types", WIDER), ("text", TEXT), ("other zones", ZONES), ("numbers as text", STRINGS)):
                words = retyped(columns, types)
                if words:
                    changes[change] = [bare, "ALTER TABLE {old} " + ", ".join(words).replace("{", "{{").replace("}", "}}")]
            changes["a row of nothing"] = [bare, "INSERT INTO {old} DEFAULT VALUES"]
            changes["rows twice"] = [bare, "INSERT INTO {old} SELECT * FROM {new}"]
            for column, _ in columns:
                changes[f"{column} is nothing"] = [bare, f'UPDATE {{old}} SET "{column}" = NULL']
            for change, statements in changes.items():
                with self.subTest(change=change):
                    said = self.change(rpc, database, place, statements)
                    if change.endswith(" is nothing"):
                        self.check_nothing(said, usual)
                    elif change in ("a column less", "numbers as text", "rows twice") and isinstance(said, str):
                        self.assertRegex(said, "column|ledger|several rows")  # a reason that a person can act on
                    else:
                        self.assertEqual(said, usual)
            self.assertEqual(self.said(rpc), usual)


if __name__ == "__main__":
    fixtures.harness.main()
