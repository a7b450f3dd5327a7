"""A connection that is lost in one of Flyway's callbacks: what is said of the run, of the callback and of each migration is what is."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from fixtures import Fixtures, harness
from places import Places

SQL = "src/main/resources/db/migration"
LOG = "CREATE TABLE IF NOT EXISTS log (what text);\n"
OWN = ("beforeMigrate", "afterVersioned", "beforeRepeatables", "afterMigrateApplied", "afterMigrate")  # in transactions of their own
EACH = ("beforeEachMigrate", "afterEachMigrate")
BEFORE = {"beforeMigrate": 0, "afterVersioned": 2, "beforeRepeatables": 2, "afterMigrateApplied": 3, "afterMigrate": 3}


class FlywayLost(Fixtures):
    def begin(self):
        self.database = self.load(None)
        self.cluster.psql(self.database, harness.with_own_schema("CREATE SCHEMA truss"))
        directory = harness.tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        files = {f"{one}.sql": f"{LOG if one == 'beforeMigrate' else ''}INSERT INTO log VALUES ('{one}');" for one in OWN + EACH}
        files.update({"V1__a.sql": "INSERT INTO log VALUES ('V1');", "V2__b.sql": "INSERT INTO log VALUES ('V2');", "R__r.sql": "INSERT INTO log VALUES ('R');"})
        os.makedirs(os.path.join(directory.name, SQL))
        for name, text in files.items():
            with open(os.path.join(directory.name, SQL, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.places = Places(self.cluster.port, lambda pid: self.cluster.psql(self.database, f"SELECT pg_terminate_backend({pid}, 5000)"))
        self.addCleanup(self.places.close)
        url = self.cluster.url(self.database).replace(f":{self.cluster.port}/", f":{self.places.port}/")
        worker = self.worker(type("Here", (), {"path": directory.name}), url=url)
        return harness.Rpc(worker.address)

    def count(self, what):
        return int(self.cluster.psql(self.database, f"SELECT count(*) FROM log WHERE what = '{what}'")[0][0]) \
            if self.cluster.psql(self.database, "SELECT to_regclass('log') IS NOT NULL") == [("t",)] else 0

    def applied(self):
        table = self.cluster.psql(self.database, "SELECT to_regclass('flyway_schema_history') IS NOT NULL") == [("t",)]
        return [row[0] for row in self.cluster.psql(self.database, "SELECT script FROM flyway_schema_history ORDER BY installed_rank")] if table else []

    def run_it(self, rpc):
        return rpc.call("MigrationService", "Run", {}, 60000)

    def test_one_in_a_transaction_of_its_own(self):
        for name in OWN:
            for action in ("cut-before", "cut-after", "kill"):
                with self.subTest(name=name, action=action), self.begin() as rpc:
                    self.places.arm(f"VALUES ('{name}')".encode(), action)
                    reply = self.run_it(rpc)
                    self.assertIsNotNone(self.places.hit)
                    self.assertEqual((reply.ok, len(reply.applied)), (False, BEFORE[name]), reply)
                    self.assertEqual(len(self.applied()), BEFORE[name])
                    self.assertIn(f"connection was lost in the callback {SQL}/{name}.sql: whether what it did was committed is not known", reply.summary)
                    self.assertEqual(self.count(name), 1 if action == "cut-after" else 0)
                    self.assertEqual(self.applied_by(), BEFORE[name])
                    self.places.arm(None, None)
                    self.assertTrue(self.run_it(rpc).ok)
                    self.assertEqual([self.count(one) for one in ("V1", "V2", "R")], [1, 1, 1])

    def applied_by(self):
        """Who had each migration applied is written down all the same."""
        own = harness.with_own_schema("truss.applied_by")
        is_there = self.cluster.psql(self.database, f"SELECT to_regclass('{own}') IS NOT NULL") == [("t",)]
        return int(self.cluster.psql(self.database, f"SELECT count(*) FROM {own}")[0][0]) if is_there else 0

    def test_one_in_the_transaction_of_each_migration(self):
        for name in EACH:
            for action in ("cut-before", "cut-after"):
                with self.subTest(name=name, action=action), self.begin() as rpc:
                    self.places.arm(f"VALUES ('{name}')".encode(), action)
                    reply = self.run_it(rpc)
                    self.assertIsNotNone(self.places.hit)
                    self.assertEqual((reply.ok, len(reply.applied)), (True, 3), reply)
                    self.assertEqual([self.count(one) for one in ("V1", "V2", "R", name)], [1, 1, 1, 3])


if __name__ == "__main__":
    harness.main()
