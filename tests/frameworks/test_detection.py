"""Which framework it is, where a database has the ledgers of many and tables that only look like them."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
import harness
from fixtures import Fixtures, Written, per, spread
from harness import RpcError, Rpc

NAMES = fixtures.names()
INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION = 3, 5, 7, 9


@spread
class Confusion(Fixtures):
    """Every ledger in one database, each in a schema of its own."""

    database_of_all = None

    def everything(self):
        if Confusion.database_of_all is None:
            Confusion.database_of_all = self.cluster.create_database()
            for name in NAMES:
                one = self.template(os.path.join(fixtures.FIXTURES, name, "before.sql"))
                dump = self.pg_dump(one)
                schema = f"of_{name.replace('-', '_')}"
                dump = re.sub(r"(?m)^\\.*$|^CREATE SCHEMA .*$|^COMMENT ON SCHEMA .*$", "", dump)
                dump = re.sub(r"\b(public|drizzle|hdb_catalog|graphile_migrate|supabase_migrations|atlas_schema_revisions|sqitch)\.", f"{schema}.", dump)
                self.cluster.psql(Confusion.database_of_all, f"CREATE SCHEMA {schema};\n{dump}")
        return Confusion.database_of_all

    @per(NAMES)
    def test_the_project_says_which_one_is_meant(self, name):
        with self.serve(name, self.everything()) as rpc:
            status = self.status(rpc)
            self.assertEqual(status.framework_id, fixtures.IDS.get(name, name), [(s.framework, s.reason) for s in status.sources])
            self.assertGreater(len(status.detected_tables), 25)

    def test_without_a_project_nothing_is_chosen_and_everything_is_told(self):
        empty = fixtures.harness.tempfile.TemporaryDirectory()
        self.addCleanup(empty.cleanup)
        project = type("Empty", (), {"path": empty.name})
        with Rpc(self.worker(project, url=self.cluster.url(self.everything())).address) as rpc:
            status = self.status(rpc)
            self.assertEqual((status.framework, len(status.migrations)), ("", 0))
            self.assertRegex(status.warnings[0], "No folder of migrations.*fits several: .*--framework")
            self.assertEqual(self.status(rpc, framework="goose").framework_id, "goose")


class Detection(Written):
    def dbmate(self, folder="db/migrations", name="1_a", sql="SELECT 1;"):
        self.write(f"{folder}/{name}.sql", f"-- migrate:up\n{sql}\n-- migrate:down\n")

    def test_tables_that_only_look_alike_are_no_ledgers(self):
        self.sql("CREATE TABLE migrations (id INT, country TEXT); CREATE TABLE schema_migrations (version VARCHAR, note TEXT, other INT);"
                 "CREATE TABLE changes (id INT); CREATE TABLE schema_version (version TEXT); CREATE VIEW pgmigrations AS SELECT 1 AS id;"
                 "CREATE TABLE flyway_schema_history (installed_rank INT)")
        with self.start() as rpc:
            self.assertEqual(list(self.status(rpc).detected_tables), [])

    def test_what_fits_two_is_said_to_fit_two(self):
        self.sql("CREATE TABLE schema_migrations (version VARCHAR PRIMARY KEY)")
        with self.start() as rpc:
            table = self.status(rpc).detected_tables[0]
            self.assertEqual(set(table.framework.split(" or ")), {"dbmate", "Ruby on Rails"})
        self.dbmate()
        with self.start() as rpc:
            self.assertEqual((self.status(rpc).framework_id, self.status(rpc).detected_tables[0].framework), ("dbmate", "dbmate"))
        self.sql("CREATE TABLE ar_internal_metadata (key VARCHAR PRIMARY KEY, value VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP)")
        self.directory.cleanup()
        os.mkdir(self.directory.name)
        with self.start() as rpc:
            self.assertEqual(self.status(rpc).framework_id, "rails")

    def test_two_services_of_one_repository_are_addressed_by_name_and_by_folder(self):
        self.dbmate("services/a/db/migrations", "1_a", "CREATE TABLE of_a ();")
        self.write("services/b/drizzle/meta/_journal.json", '{"entries": [{"idx": 0, "when": 1, "tag": "0000_b"}]}')
        self.write("services/b/drizzle/0000_b.sql", "CREATE TABLE of_b ();")
        with self.start() as rpc:
            self.assertIn("Several frameworks", self.status(rpc).warnings[0])
            for asked in ("dbmate", "DBMATE", "services/a/db/migrations"):
                self.assertEqual([one.name for one in self.status(rpc, framework=asked).migrations], ["1_a"])
            self.assertTrue(rpc.call("MigrationService", "Run", {"framework": "services/b/drizzle"}).ok)
            self.assertEqual(self.sql("SELECT to_regclass('of_a'), to_regclass('of_b')"), [(None, "of_b")])
            # Now one of them has both, files and ledger.
            self.assertEqual(self.status(rpc).framework_id, "drizzle")
            with self.assertRaises(RpcError) as unknown:
                self.status(rpc, framework="prism")
            self.assertEqual(unknown.exception.code, INVALID_ARGUMENT)
            with self.assertRaises(RpcError) as absent:
                self.status(rpc, framework="goose")
            self.assertEqual(absent.exception.code, NOT_FOUND)
            self.assertIn("dbmate (services/a/db/migrations)", absent.exception.status.message)
        with self.start("--framework", "dbmate") as rpc:
            self.assertEqual(self.status(rpc).framework_id, "dbmate")

    def test_examples_and_tests_are_not_taken_for_the_projects_migrations(self):
        self.dbmate("examples/db/migrations", "1_example")
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertIn("The only migrations that were found are those in examples/db/migrations", status.problem)
            self.assertFalse(status.HasField("summary"))
            self.assertEqual(self.status(rpc, framework="examples/db/migrations").problem, "")
        with self.start("--migrations", "examples/db/migrations") as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        with self.start() as rpc:  # the database knows them
            self.assertEqual([one.name for one in self.status(rpc).migrations], ["1_example"])
        self.sql("DROP TABLE schema_migrations")
        self.write("package.json", '{"workspaces": ["packages/*", "examples"]}')
        self.dbmate("packages/store/db/migrations", "1_real")
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertEqual(([one.name for one in status.migrations], status.problem), (["1_real"], ""))
            self.assertIn("examples or tests", status.sources[1].reason)

    def test_packages_are_where_the_workspace_says(self):
        place = "some/deep/one"
        for file, text in (("pnpm-workspace.yaml", 'packages:\n  - "some/*/one"\n  - "!**/test/**"\n'), ("package.json", '{"workspaces": ["some/deep/*"]}'),
                           ("package.json", '{"workspaces": {"packages": ["some/**"]}}'), ("lerna.json", '{"packages": ["some/deep/one"]}'),
                           ("Cargo.toml", '[workspace]\nmembers = [\n  "x",\n  "some/deep/one",\n]\n'), ("go.work", "go 1.22\n\nuse (\n\t./x\n\t./some/deep/one\n)\n"),
                           ("pom.xml", "<project><modules><module>some/deep/one</module></modules></project>"),
                           ("pyproject.toml", '[tool.uv.workspace]\nmembers = ["some/*/*"]\n')):
            self.directory.cleanup()
            self.dbmate(f"{place}/db/migrations", "1_a", "SELECT 1")
            self.write(file, text)
            with self.subTest(file=file, text=text), self.start() as rpc:
                self.assertEqual(self.status(rpc).folder, f"{place}/db/migrations")
                self.assertEqual([one.name for one in self.status(rpc, framework=place).migrations], ["1_a"])

    def test_what_the_project_itself_has_comes_before_its_packages_and_those_are_addressable(self):
        self.write("prisma/migrations/1_root/migration.sql", "CREATE TABLE of_root ();")
        self.dbmate("services/a/db/migrations", "1_a", "CREATE TABLE of_a ();")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run", {"framework": "dbmate"}).ok)
            status = self.status(rpc)
            self.assertEqual((status.framework_id, list(status.warnings)), ("prisma", []))
            self.assertEqual([(one.framework, one.folder, one.chosen) for one in status.sources],
                             [("prisma", "prisma/migrations", True), ("dbmate", "services/a/db/migrations", False)])
            self.assertEqual(self.sql("SELECT to_regclass('of_root'), to_regclass('of_a')"), [(None, "of_a")])

    def test_a_ledger_has_the_name_that_the_configuration_says(self):
        self.dbmate()
        self.write(".env", "DBMATE_MIGRATIONS_TABLE=history.applied\n")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.assertEqual((self.status(rpc).tracking_table, self.sql("SELECT version FROM history.applied")), ("history.applied", [("1",)]))

    def test_what_the_tool_reads_of_the_environment_counts_before_the_files(self):
        self.write("db/migrations/1_a.sql", "-- +goose Up\nSELECT 1;\n")
        self.write("steps/1_b.sql", "-- +goose Up\nSELECT 1;\n")
        self.write(".env", "GOOSE_DRIVER=postgres\n")
        with self.start(environment={"GOOSE_MIGRATION_DIR": "steps", "GOOSE_TABLE": "of_environment"}) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            status = self.status(rpc)
            self.assertEqual((status.folder, status.tracking_table, [one.name for one in status.migrations]), ("steps", "public.of_environment", ["1_b"]))

    def test_a_variable_that_names_a_table_is_taken_and_one_that_names_another_folder_is_a_question(self):
        self.write("diesel.toml", "[print_schema]\n")
        self.write("migrations/2024-01-01-000000_a/up.sql", "CREATE TABLE a ();")
        self.write("migrations/2024-01-01-000000_a/down.sql", "DROP TABLE a;")
        self.write("others/2024-01-01-000000_b/up.sql", "CREATE TABLE b ();")
        with self.start(environment={"MIGRATION_DIRECTORY": "others"}) as rpc:
            self.assertIn("the environment", self.status(rpc).problem)
        with self.start(environment={"MIGRATION_DIRECTORY": "migrations"}) as rpc:
            self.assertEqual(self.status(rpc).problem, "")
        self.write("liquibase.properties", "changeLogFile=changelog.sql\n")
        self.write("changelog.sql", "--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n")
        with self.start(environment={"LIQUIBASE_DATABASE_CHANGELOG_TABLE_NAME": "ours"}) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run", {"framework": "liquibase"}).ok)
            self.assertEqual(self.sql("SELECT count(*) FROM ours"), [("1",)])

    def test_flyways_environment_counts_before_its_file_and_is_a_question_beside_another(self):
        said = {"FLYWAY_LOCATIONS": "filesystem:steps", "FLYWAY_TABLE": "history", "FLYWAY_SQL_MIGRATION_PREFIX": "M", "FLYWAY_PLACEHOLDERS_WHAT": "7"}
        self.write("steps/M1__b.sql", "SELECT ${what};")
        for configuration in (None, "flyway.locations=filesystem:sql\nflyway.table=of_file\n"):
            if configuration:
                self.write("sql/V1__a.sql", "SELECT 1;")
                self.write("flyway.conf", configuration)
                self.database = None
            with self.subTest(configuration=configuration), self.start(environment=said) as rpc:
                self.assertTrue(rpc.call("MigrationService", "Run").ok)
                status = self.status(rpc)
                self.assertEqual((status.folder, status.tracking_table, [one.name for one in status.migrations]), ("steps", "public.history", ["M1__b"]))
        os.remove(os.path.join(self.directory.name, "flyway.conf"))
        self.database = None
        self.write("pom.xml", "<project><artifactId>flyway-maven-plugin</artifactId><locations><location>filesystem:sql</location></locations></project>")
        with self.start(environment=said) as rpc:
            self.assertRegex(self.status(rpc).problem, "pom.xml, line 1, is changed by flyway.[a-zA-Z.]+ of the environment")

    def test_a_ledger_of_a_particular_shape_is_found_under_any_name(self):
        self.write("sql/V1__a.sql", "SELECT 1;")
        self.write("flyway.conf", "flyway.locations=filesystem:sql\n")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.sql("ALTER TABLE flyway_schema_history RENAME TO schema_log")
            self.assertEqual((self.status(rpc).tracking_table, self.states(rpc)), ("public.schema_log", ["applied"]))

    def test_the_only_ledger_in_another_schema_is_taken(self):
        self.dbmate(name="20240101000000_a")
        self.sql("CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.schema_migrations (version VARCHAR PRIMARY KEY); "
                 "INSERT INTO elsewhere.schema_migrations VALUES ('20240101000000')")
        with self.start() as rpc:
            self.assertEqual((self.status(rpc).tracking_table, self.states(rpc)), ("elsewhere.schema_migrations", ["applied"]))

    def test_a_ledger_that_may_not_be_read_says_which_grant_is_missing(self):
        self.dbmate()
        self.sql("CREATE TABLE schema_migrations (version VARCHAR PRIMARY KEY)")
        self.sql("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'reader'")
        self.addCleanup(self.sql, "DROP ROLE IF EXISTS reader")
        url = f"postgresql://reader:reader@127.0.0.1:{self.cluster.port}/{self.database}"
        with self.start(url=url) as rpc, self.assertRaises(RpcError) as refused:
            self.status(rpc)
        self.assertEqual(refused.exception.code, PERMISSION_DENIED)
        self.assertRegex(refused.exception.status.message, 'role "reader" may not read the tracking table public.schema_migrations: GRANT')

    def test_two_files_of_one_version_are_told_and_not_run(self):
        self.dbmate(name="1_a")
        self.dbmate(name="1_b")
        with self.start() as rpc:
            self.assertEqual([self.detail(one) for one in self.status(rpc).migrations], ["unspecified", "duplicate"])
            with self.assertRaises(RpcError) as refused:
                rpc.call("MigrationService", "Run")
            self.assertEqual(refused.exception.code, FAILED_PRECONDITION)
            self.assertIn("give one of them another", refused.exception.status.message)

    def test_a_dirty_version_stops_everything_until_it_is_resolved(self):
        self.write("migrations/1_a.up.sql", "CREATE TABLE a ();")
        self.write("migrations/2_b.up.sql", "CREATE TABLE b ();")
        self.sql("CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, dirty BOOLEAN NOT NULL); INSERT INTO schema_migrations VALUES (1, true)")
        with self.start() as rpc:
            self.assertEqual(self.detail(self.status(rpc).migrations[0]), "failed")
            with self.assertRaises(RpcError):
                rpc.call("MigrationService", "Run")
            rpc.call("MigrationService", "MarkRolledBack", {"migration": "1_a"})
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.assertEqual(self.sql("SELECT * FROM schema_migrations"), [("2", "f")])

    def test_a_marker_that_says_no_transaction_makes_each_statement_commit_by_itself(self):
        self.write("migrations/1_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE a (id INT);\nINSERT INTO a VALUES (1);\nSELECT 1/0;\n-- +goose Down\n")
        with self.start() as rpc:
            failed = rpc.call("MigrationService", "Run").failed
            self.assertEqual((failed.line, failed.partially_applied, self.sql("SELECT id FROM a")), (5, True, [("1",)]))
            self.write("migrations/1_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE a (id INT);\nINSERT INTO a VALUES (1);\nSELECT 1/1;\n-- +goose Down\n")
            again = rpc.call("MigrationService", "Run")
            self.assertEqual((again.ok, again.applied[0].resumed_steps, self.sql("SELECT id FROM a")), (True, 2, [("1",)]))
            self.assertEqual(self.sql("SELECT version_id FROM goose_db_version WHERE version_id > 0"), [("1",)])


if __name__ == "__main__":
    harness.main()
