"""What tools do by their source code, which no real one shows here: runs and marks come to the same."""
import hashlib
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Written
from harness import RpcError


class Sources(Written):
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

    def test_a_dependency_on_a_reworked_change_of_sqitch_is_recorded_as_its_first_one(self):
        """find of ChangeList.pm; sqitch 1.3.1 left these rows for this plan"""
        names = ("a", "@v1", "a [a@v1]", "c [a]", "@v2")
        self.write("sqitch.conf", "[core]\n\tengine = pg\n")
        self.write("sqitch.plan", "%syntax-version=1.0.0\n%project=p\n\n" + "".join(
            f"{name} 2026-01-01T00:00:0{i}Z T <t@e.x> # n\n" for i, name in enumerate(names)))
        self.write("deploy/a@v1.sql", "CREATE TABLE a (id INT);")
        self.write("deploy/a.sql", "ALTER TABLE a ADD COLUMN x INT;")
        self.write("deploy/c.sql", "CREATE TABLE c (id INT);")
        with self.start() as rpc:
            self.run_all(rpc)
        self.assertEqual(self.sql("SELECT d.dependency, count(*) FILTER (WHERE e.committed_at <= d0.first) FROM sqitch.dependencies d JOIN sqitch.changes e ON "
                                  "e.change_id = d.dependency_id, (SELECT min(committed_at) AS first FROM sqitch.changes) d0 GROUP BY 1 ORDER BY 1"),
                         [("a", "1"), ("a@v1", "1")])

    def refused(self, rpc, *words):
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run")
        for word in words:
            self.assertIn(word, caught.exception.status.message)

    def test_a_row_of_flyway_above_the_newest_file_does_not_stop_a_run(self):
        """MigrationInfoImpl.validate, and the default of ignoreMigrationPatterns"""
        self.write("flyway.conf", "flyway.locations=filesystem:sql\n")
        for number in (1, 2, 3):
            self.write(f"sql/V{number}__a.sql", f"CREATE TABLE a{number} (id INT);")
        with self.start() as rpc:
            self.run_all(rpc)
            os.remove(os.path.join(self.directory.name, "sql/V3__a.sql"))
            self.write("sql/R__b.sql", "CREATE VIEW b AS SELECT 1;")
            one = [one for one in self.status(rpc).migrations if one.name == "V3__a.sql"][0]
            self.assertEqual((self.state(one), one.note), ("orphaned", "flyway goes on: its file may be of a newer version of the project."))
            self.run_all(rpc)
            os.remove(os.path.join(self.directory.name, "sql/V1__a.sql"))
            self.write("sql/R__c.sql", "CREATE VIEW c AS SELECT 1;")
            self.refused(rpc, "V1__a", "its file is missing")
            self.write("flyway.conf", "flyway.locations=filesystem:sql\nflyway.ignoreMigrationPatterns=*:missing\n")
            self.refused(rpc, "V3__a", "its file is missing")
            self.write("flyway.conf", "flyway.locations=filesystem:sql\nflyway.ignoreMigrationPatterns=*:missing,*:future\n")
            self.run_all(rpc)

    def test_what_flyway_does_not_validate_stops_nothing(self):
        """validateOnMigrate; and what is older than the last one applied is then never run"""
        self.write("flyway.conf", "flyway.locations=filesystem:sql\nflyway.validateOnMigrate=false\n")
        self.write("sql/V2__b.sql", "CREATE TABLE b (id INT);")
        with self.start() as rpc:
            self.run_all(rpc)
            self.write("sql/V2__b.sql", "CREATE TABLE b (id BIGINT);")
            self.write("sql/V3__c.sql", "CREATE TABLE c (id INT);")
            self.run_all(rpc)
            self.write("sql/V1__a.sql", "CREATE TABLE a (id INT);")
            self.refused(rpc, "flyway passes over it")
            self.assertEqual([(self.state(one), self.detail(one)) for one in self.status(rpc).migrations],
                             [("pending", "skipped"), ("modified", "unspecified"), ("applied", "unspecified")])

    def test_each_statement_of_flyway_commits_where_its_configuration_says_so(self):
        self.write("flyway.conf", "flyway.locations=filesystem:sql\nflyway.executeInTransaction=false\n")
        self.write("sql/V1__a.sql", "CREATE TABLE a (id INT);\nSELECT 1/0;")
        with self.start() as rpc:
            self.assertFalse(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT to_regclass('a')::text"), [("a",)])

    def test_notes_and_reworked_changes_of_sqitch_have_its_ids(self):
        """Plan/Line.pm, Plan/Change.pm, Target.pm of 1.6"""
        planned = " 2026-01-01T00:00:00Z Ann <a@b.c>"
        self.write("sqitch.conf", "[core]\n\tengine = pg\n\textension = pgsql\n\tdeploy_dir = up\n")
        self.write("sqitch.plan", f"%syntax-version=1.0.0\n%project=p\n%uri=https://Example.test\n\na{planned} # One.\\n\\nTwo.\n@v1{planned} # v1\n"
                                  f"a [a@v1]{planned} # again\n")
        self.write("up/a.pgsql", "CREATE TABLE a2 (id INT);")
        self.write("deploy/a@v1.pgsql", "CREATE TABLE a1 (id INT);")
        with self.start() as rpc:
            self.run_all(rpc)
        self.assertEqual(self.sql("SELECT change_id, note FROM sqitch.changes ORDER BY committed_at"),
                         [("f5484646904c94f48be812267a80a851a6faa856", "One.\n\nTwo."), ("79be8bd4cc571ac1475d1ba02d5cc0de455dd9ab", "again")])
        self.assertEqual(self.sql("SELECT string_agg(relname, ' ' ORDER BY oid) FROM pg_class WHERE relname IN ('a1', 'a2')"), [("a1 a2",)])

    def test_a_tag_is_a_dependency_of_sqitch_and_verify_scripts_are_told_of(self):
        """The row is the one that sqitch 1.3.1 wrote for this plan."""
        planned = " 2024-01-01T00:00:00Z x <x@y>"
        self.write("sqitch.conf", "[core]\n\tengine = pg\n[deploy]\n\tverify = true\n")
        self.write("sqitch.plan", f"%syntax-version=1.0.0\n%project=p\n\na{planned} # a\n@v1{planned} # t\nb [@v1]{planned} # b\n")
        for name in "ab":
            self.write(f"deploy/{name}.sql", f"CREATE TABLE {name} (i int);")
        with self.start() as rpc:
            self.assertIn("sqitch.conf has deploy.verify", self.status(rpc).warnings[0])
            self.run_all(rpc)
        self.assertEqual(self.sql("SELECT type, dependency, change FROM sqitch.dependencies JOIN sqitch.changes ON dependency_id = changes.change_id"),
                         [("require", "@v1", "a")])

    def test_what_a_change_of_sqitch_demands_is_looked_for(self):
        """Engine.pm, check_deploy_dependencies: of other projects, and what conflicts"""
        planned = " 2026-01-01T00:00:00Z Ann <a@b.c>"
        plan = f"%syntax-version=1.0.0\n%project=p\n\nz{planned}\n"
        self.write("sqitch.conf", "[core]\n\tengine = pg\n")
        self.write("sqitch.plan", plan)
        for name in "zab":
            self.write(f"deploy/{name}.sql", f"CREATE TABLE {name} (id INT);")
        with self.start() as rpc:
            self.run_all(rpc)
            self.write("sqitch.plan", f"{plan}a [other:b]{planned}\n")
            self.assertIn('The change "a" requires "other:b", which is not deployed.', rpc.call("MigrationService", "Run").failed.error)
            self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])
            self.sql("INSERT INTO sqitch.projects (project, creator_name, creator_email) VALUES ('other', '', '')")
            self.sql("INSERT INTO sqitch.changes SELECT 'of other', 'x', 'b', 'other', note, committed_at, committer_name, committer_email, planned_at, "
                     "planner_name, planner_email FROM sqitch.changes")
            self.run_all(rpc)
            self.assertEqual(self.sql("SELECT dependency, dependency_id FROM sqitch.dependencies"), [("other:b", "of other")])
            self.sql("UPDATE sqitch.changes SET change = 'gone' WHERE project = 'other'")
            self.write("sqitch.plan", f"{plan}a [other:b]{planned}\nb [!other:gone]{planned}\n")
            self.assertIn('The change "b" conflicts with "other:gone", which is deployed.', rpc.call("MigrationService", "Run").failed.error)
            self.assertEqual(self.sql("SELECT to_regclass('b')"), [(None,)])

    def test_conflicts_of_sqitch_are_found_before_anything_runs(self):
        """Engine.pm, check_deploy_dependencies: of the whole plan, also with a name that it does not have"""
        planned = " 2026-01-01T00:00:00Z Ann <a@b.c>"
        self.write("sqitch.conf", "[core]\n\tengine = pg\n")
        for name in "abc":
            self.write(f"deploy/{name}.sql", f"CREATE TABLE {name} (id INT);")
        for demand, said in (("!a", "which comes before it in the plan"), ("!q", "which is not in the plan")):
            self.write("sqitch.plan", f"%syntax-version=1.0.0\n%project=p\n\na{planned}\nb [{demand}]{planned}\n")
            with self.start() as rpc:
                with self.assertRaises(fixtures.harness.RpcError) as caught:
                    rpc.call("MigrationService", "Run")
                self.assertIn(said, caught.exception.status.message)
            self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])
        self.write("sqitch.plan", f"%syntax-version=1.0.0\n%project=p\n\na{planned}\nb [!c]{planned}\nc{planned}\n")
        with self.start() as rpc:
            self.run_all(rpc)
        self.assertEqual(self.sql("SELECT dependency FROM sqitch.dependencies"), [("c",)])


if __name__ == "__main__":
    fixtures.harness.main()
