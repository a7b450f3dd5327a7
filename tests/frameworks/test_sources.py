"""What tools of Go and Rust do by their source code, which no real one shows here: runs and marks come to the same."""
import hashlib
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Written
from harness import RpcError


class Sources(Written):
    def run_all(self, rpc):
        answer = rpc.call("MigrationService", "Run")
        self.assertTrue(answer.ok, answer)

    def refinery(self, *names, features=""):
        self.write("Cargo.toml", f'[dependencies]\nrefinery = {{ version = "0.9"{features} }}\n')
        for name in names:
            self.write(f"migrations/{name}", f"CREATE TABLE {name.split('__')[1].split('.')[0]} (id INT);")

    def test_an_unversioned_migration_of_refinery_runs_behind_later_ones(self):
        """verify_migrations of refinery_core/src/traits/mod.rs, 0.9.0"""
        self.refinery("V2__b.sql")
        with self.start() as rpc:
            self.run_all(rpc)
            self.refinery("U1__a.sql")
            self.assertEqual([(self.state(one), self.detail(one)) for one in self.status(rpc).migrations],
                             [("pending", "unspecified"), ("applied", "unspecified")])
            self.run_all(rpc)
            self.assertEqual(self.states(rpc), ["applied", "applied"])
            self.write("migrations/V0__zero.sql", "SELECT 1;")
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "Run")
            self.assertIn("refinery aborts at it", caught.exception.status.message)

    def test_versions_of_refinery_of_64_bits_have_a_wide_column_and_sums_of_eight_bytes(self):
        """refinery_core/src/runner.rs with the feature int8-versions: its Hash has the version's bytes"""
        self.refinery("V20240504090241__a.sql")
        with self.start() as rpc:
            self.run_all(rpc)
            self.assertEqual(self.states(rpc), ["applied"])
        self.assertEqual(self.sql("SELECT data_type FROM information_schema.columns WHERE table_name = 'refinery_schema_history' "
                                  "AND column_name = 'version'"), [("bigint",)])
        # what Rust's own hasher (SipHasher13) makes of ("a", 20240504090241i64, the text)
        self.assertEqual(self.sql("SELECT checksum FROM refinery_schema_history"), [("6624618192653379786",)])

    def test_a_program_of_refinery_is_not_marked(self):
        self.refinery("V1__a.rs")
        with self.start() as rpc:
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "MarkApplied", {"migration": "V1__a"})
            self.assertIn("V1__a.rs makes its SQL when it runs", caught.exception.status.message)

    def test_sqlx_leaves_out_of_its_sums_what_sqlx_toml_says(self):
        """sqlx-core/src/migrate/source.rs of 0.9"""
        self.write("Cargo.toml", '[dependencies]\nsqlx = "0.9"\n')
        self.write("sqlx.toml", '[migrate]\ntable-name = "ops.log"\nignored-chars = ["\\r"]\n')
        self.write("migrations/1_a.sql", "CREATE TABLE a (id INT);\r\n")
        self.sql("CREATE SCHEMA ops")
        with self.start() as rpc:
            self.run_all(rpc)
            self.assertEqual(self.sql("SELECT encode(checksum, 'hex') FROM ops.log"),
                             [(hashlib.sha384(b"CREATE TABLE a (id INT);\n").hexdigest(),)])
            self.write("migrations/1_a.sql", "CREATE TABLE a (id INT);\n")
            self.assertEqual(self.states(rpc), ["applied"])

    def test_the_migrations_of_one_run_of_bun_are_one_group(self):
        """Migrator.Migrate of migrate/migrator.go, 1.2.18: its rollback takes back the last group"""
        self.write("go.mod", "module x\nrequire github.com/uptrace/bun v1.2.18\n")
        self.write("migrations/1_a.tx.up.sql", "CREATE TABLE a (id INT);")
        self.write("migrations/2_b.up.sql", "CREATE TABLE b (id INT);")
        with self.start() as rpc:
            self.run_all(rpc)
            for number in (3, 4, 5):
                self.write(f"migrations/{number}_c.tx.up.sql", f"CREATE TABLE c{number} (id INT);")
            self.run_all(rpc)
        self.assertEqual(self.sql("SELECT string_agg(group_id::text, ' ' ORDER BY id) FROM bun_migrations"), [("1 1 2 2 2",)])


if __name__ == "__main__":
    fixtures.harness.main()
