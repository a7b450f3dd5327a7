"""What was not found or not read is never called fine, and the database is the one that was meant."""
import os
import shlex
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Written
from harness import PASSWORD, PASSWORD_ENCODED, RpcError

FAILED_PRECONDITION, PERMISSION_DENIED = 9, 7
GOOSE = "CREATE TABLE {} (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());"
VERSIONS = "CREATE TABLE {} (version varchar(128) PRIMARY KEY);"


class Truth(Written):
    def goose(self):
        self.write("migrations/00001_orders.sql", "-- +goose Up\nCREATE TABLE orders (id INT);\n")

    def dbmate(self):
        self.write("db/migrations/20250101000000_a.sql", "-- migrate:up\nCREATE TABLE a (id INT);\n-- migrate:down\n")

    def refused(self, rpc, method="Run", **request):
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", method, request)
        return caught.exception

    def check_unknown(self, rpc, *words):
        """The status says what is not known, and nothing runs."""
        status = self.status(rpc)
        self.assertTrue(status.HasField("problem"))
        # Zeros would be counts: they are said only of what there is nothing of at all.
        self.assertEqual(status.HasField("summary"), bool(status.migrations) or "No migrations of a framework" in status.problem)
        for method in ("Run", "Plan"):
            error = self.refused(rpc, method)
            self.assertEqual((error.code, error.status.message), (FAILED_PRECONDITION, status.problem))
        for word in words:
            self.assertIn(word, status.problem)

    def tables(self):
        return {f"{schema}.{table}" for schema, table in
                self.sql("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^pg_|^information'")}

    # ---- folders ----

    def test_a_folder_that_is_not_there_is_a_problem(self):
        with self.start("--migrations", "prisma/migratons", "--framework", "prisma") as rpc:
            self.check_unknown(rpc, "prisma/migratons", "does not exist")

    def test_a_folder_without_migrations_is_a_problem(self):
        self.write("alembic.ini", "[alembic]\nscript_location = alembic\n")
        self.write("alembic/env.py")
        self.write("alembic/versions/README")
        with self.start() as rpc:
            self.check_unknown(rpc, "alembic/versions", "no migrations")

    def test_nothing_at_all_is_a_problem(self):
        with self.start() as rpc:
            self.check_unknown(rpc, "No migrations of a framework that Truss knows were found", "Check --project")

    def test_a_ledger_without_a_folder_shows_its_rows_and_is_a_problem(self):
        self.sql(GOOSE.format("goose_db_version") + "INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (7, true)")
        with self.start() as rpc:
            self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["orphaned"])
            self.check_unknown(rpc, "No folder of migrations")

    def test_files_that_only_look_like_a_framework_s_are_a_question_where_another_tool_may_have_run_them(self):
        """go-pg/migrations and many a runner of a team have golang-migrate's names, and a table of their own."""
        self.write("migrations/1_a.up.sql", "CREATE TABLE a (id INT);")
        with self.start() as rpc:
            self.assertEqual((self.status(rpc).problem, self.status(rpc).framework_id), ("", "golang-migrate"))
        self.write("go.mod", "module x\nrequire github.com/go-pg/migrations/v8 v8.1.0\n")
        with self.start() as rpc:
            self.check_unknown(rpc, "look like those of golang-migrate (migrations/1_a.up.sql", "--framework golang-migrate")
        self.sql("CREATE TABLE gopg_migrations (id serial, version bigint, created_at timestamptz); INSERT INTO gopg_migrations (version) VALUES (1); CREATE TABLE a (id INT)")
        for requirement in ("github.com/go-pg/migrations/v8 v8.1.0", "github.com/lib/pq v1.10.0"):
            self.write("go.mod", f"module x\nrequire {requirement}\n")
            with self.subTest(requirement=requirement), self.start() as rpc:
                self.check_unknown(rpc, "look like those of golang-migrate", "and public.gopg_migrations, which may be another's")
        with self.start("--framework", "golang-migrate") as rpc:
            self.assertFalse(self.status(rpc).HasField("problem"))
        self.sql("ALTER TABLE gopg_migrations RENAME TO ordinary; CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch int, migration_time timestamptz);"
                 "CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked int);"  # a known tool's, of another project
                 "CREATE TABLE immigration_cases (version int); CREATE TABLE migratory_birds (version int); CREATE TABLE product_changelog_entries (version int);"
                 "CREATE TABLE bird_migrations (species text)")
        with self.start() as rpc:
            self.assertFalse(self.status(rpc).HasField("problem"))
        self.sql("ALTER TABLE ordinary RENAME TO gopg_migrations")
        self.write("go.mod", "module x\nrequire github.com/golang-migrate/migrate/v4 v4.17.0\n")
        with self.start() as rpc:
            self.assertFalse(self.status(rpc).HasField("problem"))

    def test_what_was_read_has_no_problem(self):
        self.dbmate()
        with self.start() as rpc:
            self.assertFalse(self.status(rpc).HasField("problem"))
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.assertFalse(self.status(rpc).HasField("problem"))

    def test_the_framework_and_the_folder_that_are_said_count_whatever_the_files_look_like(self):
        self.write("package.json", '{"devDependencies": {"db-migrate": "1"}}')
        self.write("src/steps/20141110144153-add-description.js", "exports.up = function (db, done) { done(); };\n")
        with self.start("--framework", "db-migrate", "--migrations", "src/steps") as rpc:
            status = self.status(rpc)
            self.assertEqual((status.framework_id, status.folder), ("db-migrate", "src/steps"))

    # A project whose configuration computes where its migrations are, and what is said of it.
    COMPUTED = {
        "knex": ({"knexfile.js": "const dirs = require('./dirs');\nmodule.exports = { migrations: {\n  directory: dirs.mine } };\n",
                  "migrations/20240101000000_old.js": "exports.up = knex => knex.raw('SELECT 1');\n"}, "knexfile.js, line 3, computes migrations.directory"),
        "knex of several": ({"knexfile.js": "module.exports = { migrations: { directory: ['./a', './b'], sortDirsSeparately: true } };\n", "a/1_a.js": "exports.up = 1", "b/2_b.js": "exports.up = 1"},
                            "knexfile.js, line 1, names several folders and sortDirsSeparately"),
        "knex of a parent": ({"knexfile.js": "const migrations = require('./m');\nmodule.exports = { client: 'pg', migrations };\n"}, "knexfile.js, line 2, computes migrations.directory"),
        "drizzle": ({"drizzle.config.ts": "import { OUT } from './consts';\nexport default { dialect: 'postgresql', out: OUT };\n"}, "drizzle.config.ts, line 2, computes out"),
        "drizzle in short": ({"drizzle.config.ts": "import { out } from './consts';\nexport default defineConfig({\n  out,\n  schema });\n"}, "drizzle.config.ts, line 3, computes out"),
        "prisma": ({"prisma.config.ts": "import { dir } from './consts'\nexport default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: dir } })\n",
                    "prisma/schema.prisma": ""}, "prisma.config.ts, line 2, computes migrations.path"),
        "typeorm": ({"data-source.ts": "export default new DataSource({\n  migrations: [First1700000000000, Second1700000000001],\n});\n"}, "data-source.ts, line 2, computes migrations"),
        "mikro-orm": ({"mikro-orm.config.ts": "export default { migrations: {\n path: process.env.DIR ?? './m' } };\n"}, "mikro-orm.config.ts, line 2, computes migrations.path"),
        "kysely": ({"kysely.config.ts": "export default defineConfig({ migrations: { migrationFolder: folder() } })\n"}, "kysely.config.ts, line 1, computes migrationFolder"),
        "sequelize": ({".sequelizerc": "module.exports = {\n  'migrations-path': process.env.DIR,\n};\n"}, ".sequelizerc, line 2, computes migrations-path"),
        "graphile-migrate": ({".gmrc.js": "module.exports = { migrationsFolder: require('./dir') };\n"}, ".gmrc.js, line 1, computes migrationsFolder"),
        "atlas": ({"atlas.hcl": 'env "a" {\n  migration {\n    dir = "file://${var.dir}"\n  }\n}\n'}, "atlas.hcl, line 3, computes dir"),
        "atlas of several": ({"atlas.hcl": 'env "a" {\n  migration {\n    dir = "file://a"\n  }\n}\nenv "b" {\n  migration {\n    dir = "file://b"\n  }\n}\n',
                              "a/1.sql": "SELECT 1;", "b/1.sql": "SELECT 1;"}, "atlas.hcl, line 8, has another dir than an environment before it"),
        "sql-migrate": ({"dbconfig.yml": "development:\n  dialect: postgres\n  dir: ${DIR}\n"}, "dbconfig.yml, line 3, computes dir"),
        "sql-migrate of several": ({"dbconfig.yml": "development:\n  dir: a\nproduction:\n  dir: b\n", "a/1.sql": "-- +migrate Up\n", "b/1.sql": "-- +migrate Up\n"},
                                   "dbconfig.yml, line 1, has another dir for development (a) than for production"),
        "alembic": ({"alembic.ini": "[alembic]\nscript_location = %(here)s/db\nversion_locations = %(here)s/%(base)s/a\n    %(here)s/b\n"}, "names version_locations"),
        "rails": ({"config/application.rb": "module A\n  class Application < Rails::Application\n    config.paths['db/migrate'] << Engine.root.join('db/more')\n  end\nend\n",
                   "db/migrate/20240101000000_a.rb": ""}, 'config/application.rb, line 3, computes paths["db/migrate"]'),
        "rails on a condition": ({"config/application.rb": "class Application < Rails::Application\n  if ENV['MORE']\n    config.paths['db/migrate'] << 'db/more'\n  end\nend\n",
                                  "db/migrate/20240101000000_a.rb": ""}, 'config/application.rb, line 3, computes paths["db/migrate"]'),
        "rails of several": ({"config/application.rb": "class Application < Rails::Application\nend\n", "db/migrate/20240101000000_a.rb": "",
                              "config/database.yml": "development:\n  migrations_paths: db/migrate\nproduction:\n  migrations_paths: db/more\n"},
                             "config/database.yml, line 4, names other migrations_paths (db/more)"),
        "doctrine of several": ({"config/packages/doctrine_migrations.yaml": "doctrine_migrations:\n    migrations_paths:\n        # ours\n        'A': '%kernel.project_dir%/migrations'\n"
                                 "        'B': '%kernel.project_dir%/more'\n    storage: 1\n"}, "doctrine_migrations.yaml, line 2, names several migrations_paths"),
        "doctrine of several, PHP": ({"migrations.php": "<?php return [\n 'migrations_paths' => ['A' => './migrations', 'B' => './more'],\n 'x' => 1];\n"},
                                     "migrations.php, line 2, names several"),
        "phinx of several": ({"phinx.yml": "paths:\n  migrations:\n    - db/a\n    - db/b\n"}, "phinx.yml, line 2, names several folders"),
        "dbmate": ({".env": "X=1\nDBMATE_MIGRATIONS_DIR=${ROOT}/steps\n"}, ".env, line 2, computes DBMATE_MIGRATIONS_DIR"),
    }

    def test_several_folders_of_knex_and_typeorm_are_one(self):
        """knex 3.3 and typeorm 1.1 list all of them, then sort: knex by the file's name, typeorm by the time."""
        self.write("package.json", '{"dependencies": {"knex": "3", "pg": "8"}}')
        self.write("knexfile.js", "module.exports = { client: 'pg', migrations: { directory: ['./m1', './m2'] } };\n")
        for name in ("m1/20250101_a", "m2/20250102_b", "m1/20250103_c"):
            self.write(f"{name}.js", "exports.up = (knex) => {};\n")
        with self.start() as rpc:
            self.assertEqual([one.name for one in self.status(rpc).migrations], ["20250101_a.js", "20250102_b.js", "20250103_c.js"])
            rpc.call("MigrationService", "Baseline", {"all": True})
            self.assertEqual(self.states(rpc), ["applied"] * 3)
        self.write("m2/20250103_c.js", "exports.up = (knex) => {};\n")
        with self.start() as rpc:
            self.check_unknown(rpc, "20250103_c.js")
        self.directory.cleanup()
        self.write("package.json", '{"dependencies": {"typeorm": "1", "pg": "8"}}')
        self.write("data-source.ts", "export default new DataSource({ type: 'postgres', migrations: ['src/a/*.ts', 'src/b/*.ts'] });\n")
        for name in ("b/1700000000000-A", "a/1700000000001-B"):
            self.write(f"src/{name}.ts", f"export class {name[-1]}{name[2:15]} implements MigrationInterface {{ async up(queryRunner) {{}} }}\n")
        with self.start() as rpc:
            self.assertEqual([one.name for one in self.status(rpc).migrations], ["A1700000000000", "B1700000000001"])

    def test_a_folder_that_is_computed_is_a_question_with_file_and_line(self):
        for name, (files, words) in self.COMPUTED.items():
            self.directory.cleanup()
            for path, text in files.items():
                self.write(path, text)
            with self.subTest(name=name), self.start() as rpc:
                self.check_unknown(rpc, words, "--migrations")

    def test_a_computed_folder_is_answered_by_the_option(self):
        self.write("knexfile.js", "module.exports = { migrations: { directory: require('./dirs') } };\n")
        self.write("db/mine/20240101000000_a.js", "exports.up = knex => knex.raw('SELECT 1');\n")
        with self.start("--migrations", "db/mine") as rpc:
            self.assertEqual(self.states(rpc), ["pending"])
            self.assertFalse(self.status(rpc).HasField("problem"))

    def test_a_ledger_whose_name_is_computed_is_a_question_that_the_option_answers(self):
        self.write("knexfile.js", "module.exports = { migrations: {\n  tableName: process.env.TABLE } };\n")
        self.write("migrations/20240101000000_a.js", "exports.up = knex => knex.raw('SELECT 1');\n")
        with self.start() as rpc:
            self.check_unknown(rpc, "knexfile.js, line 2, computes migrations.tableName", "--ledger")
        with self.start("--ledger", "public.knex_migrations") as rpc:
            self.assertEqual(self.states(rpc), ["pending"])

    APPLIED = "INSERT INTO {} (version_id, is_applied) VALUES (0, true), (1, true);"

    def check_nothing_is_recorded(self, rpc):
        for method, request in (("Baseline", {"all": True}), ("MarkApplied", {"migration": "00001_orders"})):
            self.assertEqual(self.refused(rpc, method, **request).code, FAILED_PRECONDITION)

    def test_a_stale_default_table_is_never_read_where_code_computes_another(self):
        self.goose()
        self.write("main.go", 'import "github.com/pressly/goose/v3"\nfunc m() { goose.SetTableName(os.Getenv("T")) }\n')
        self.sql(GOOSE.format("goose_db_version") + self.APPLIED.format("goose_db_version"))
        with self.start() as rpc:
            self.check_unknown(rpc, "main.go, line 2, computes SetTableName", "--ledger")
            self.assertNotIn("applied", self.states(rpc))
            self.check_nothing_is_recorded(rpc)
        with self.start("--ledger", "public.goose_db_version") as rpc:
            self.assertEqual(self.states(rpc), ["applied"])

    def test_a_table_that_code_names_is_read_and_one_of_the_usual_name_beside_it_is_a_question(self):
        self.goose()
        self.write("main.go", 'import "github.com/pressly/goose/v3"\nfunc m() { goose.SetTableName("ours") }\n')
        with self.start() as rpc:
            self.assertEqual(self.states(rpc), ["pending"])
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.assertEqual((self.states(rpc), self.tables()), (["applied"], {"public.ours", "public.orders"}))
            self.sql(GOOSE.format("goose_db_version"))
            self.check_unknown(rpc, "main.go, line 2, has SetTableName", "public.ours", "public.goose_db_version", "--ledger")
            self.check_nothing_is_recorded(rpc)
            self.sql("DROP TABLE ours")
            self.assertEqual(self.states(rpc), ["pending"])
            self.sql(self.APPLIED.format("goose_db_version"))
            self.check_unknown(rpc, "main.go, line 2, has SetTableName", "public.ours, which is not there", "--ledger public.goose_db_version")
            self.check_nothing_is_recorded(rpc)
        with self.start("--ledger", "public.ours") as rpc:
            self.assertEqual(self.states(rpc), ["pending"])

    # A project of each framework, and what makes its tracking table "ours".
    RENAMED = {
        "drizzle": ({"drizzle/meta/_journal.json": '{"version": "7", "dialect": "postgresql", "entries": [{"idx": 0, "version": "7", "when": 1700000000000, "tag": "0000_a", "breakpoints": true}]}',
                     "drizzle/0000_a.sql": "SELECT 1;\n", "drizzle.config.ts": "export default { dialect: 'postgresql', out: './drizzle' }\n"},
                    {"drizzle.config.ts": "export default { dialect: 'postgresql', out: './drizzle', migrations: { table: 'ours', schema: 'public' } }\n"}),
        "typeorm": ({"data-source.ts": "export default new DataSource({ type: 'postgres', migrations: ['migrations/*.ts'] });\n",
                     "migrations/1700000000000-A.ts": "import { MigrationInterface } from 'typeorm';\nexport class A1700000000000 implements MigrationInterface { name = 'A1700000000000' }\n"},
                    {"data-source.ts": "export default new DataSource({ type: 'postgres', migrations: ['migrations/*.ts'], migrationsTableName: 'ours' });\n"}),
        "knex": ({"knexfile.js": "module.exports = { client: 'pg' };\n", "migrations/20240101000000_a.js": "exports.up = knex => knex.raw('SELECT 1');\n"},
                 {"knexfile.js": "module.exports = { client: 'pg', migrations: { tableName: 'ours' } };\n"}),
        "flyway": ({"flyway.conf": "flyway.locations=filesystem:sql\n", "sql/V1__a.sql": "SELECT 1;\n"},
                   {"flyway.conf": "flyway.locations=filesystem:sql\nflyway.table=ours\n"}),
        "liquibase": ({"liquibase.properties": "changeLogFile=changelog.sql\n", "changelog.sql": "--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n"},
                      {"liquibase.properties": "changeLogFile=changelog.sql\ndatabaseChangelogTableName=ours\n"}),
        "ecto": ({"mix.exs": '{:ecto_sql, "~> 3.0"}\n', "priv/repo/migrations/20250101000000_a.exs": "use Ecto.Migration\n", "config/config.exs": "config :blog, Blog.Repo, show: 1\n"},
                 {"config/config.exs": 'config :blog, Blog.Repo,\n  migration_source: "ours"\n'}),
        "dbmate": ({"db/migrations/20250101000000_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"}, {".env": "DBMATE_MIGRATIONS_TABLE=ours\n"}),
    }

    def test_a_table_that_is_configured_and_missing_is_a_question_only_beside_rows_elsewhere(self):
        for name, (files, renamed) in self.RENAMED.items():
            with self.subTest(name=name):
                self.directory.cleanup()
                self.sql("DROP SCHEMA IF EXISTS drizzle CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                for path, text in files.items():
                    self.write(path, text)
                with self.start() as rpc:
                    self.assertEqual((self.states(rpc), self.status(rpc).framework_id), (["pending"], name))
                    rpc.call("MigrationService", "Baseline", {"all": True})
                    self.assertIn(self.states(rpc), (["applied"], ["baseline"]))
                    usual = self.status(rpc).tracking_table
                    for path, text in renamed.items():
                        self.write(path, text)
                    self.check_unknown(rpc, "public.ours, which is not there", f"--ledger {usual}")
                    self.check_nothing_asked(rpc)
                    self.sql('TRUNCATE ' + ".".join(f'"{part}"' for part in usual.split(".")))
                    self.assertEqual((self.states(rpc), self.status(rpc).HasField("problem")), (["pending"], False))

    def check_nothing_asked(self, rpc):
        self.assertNotIn("applied", self.states(rpc))
        self.assertEqual(self.refused(rpc, "Baseline", all=True).code, FAILED_PRECONDITION)

    def test_a_name_in_alembics_program_counts_whatever_the_usual_table_holds(self):
        self.write("alembic.ini", "[alembic]\nscript_location = db\n")
        self.write("db/env.py", "context.configure(connection=c, version_table='ours', version_table_schema='app')\n")
        self.write("db/versions/a.py", "revision = 'aaa'\ndown_revision = None\n")
        self.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('aaa');"
                 "CREATE SCHEMA app; CREATE TABLE app.ours (LIKE alembic_version INCLUDING ALL)")
        with self.start() as rpc:
            self.assertEqual((self.states(rpc), self.status(rpc).tracking_table), (["pending"], "app.ours"))

    def test_migrations_of_another_database_of_the_project_are_named(self):
        rails = {"config/application.rb": "class A < Rails::Application\nend\n", "db/migrate/20250101000000_a.rb": "class A < ActiveRecord::Migration[7.0]\nend\n",
                 "config/database.yml": "production:\n  primary:\n    migrations_paths: db/migrate\n  animals:\n    migrations_paths: db/animals\n"}
        ecto = {"mix.exs": "{:ecto_sql, \"~> 3.0\"}\n", "priv/repo/migrations/20250101000000_a.exs": "use Ecto.Migration\n",
                "priv/animals_repo/migrations/20250101000001_b.exs": "use Ecto.Migration\n"}
        pom, v1 = {"pom.xml": "<artifactId>quarkus-flyway</artifactId>"}, "src/main/resources/db/migration/V1__a.sql"
        quarkus = {**pom, v1: "SELECT 1;", "src/main/resources/application.properties": "quarkus.flyway.migrate-at-start=true\nquarkus.flyway.placeholders.a=b\nquarkus.flyway.users.locations=db/users\n"}
        micronaut = {**pom, v1: "SELECT 1;", "src/main/resources/application.yml": "flyway:\n  datasources:\n    default:\n      enabled: true\n    reports:\n      locations:\n        - classpath:reports\n"}
        for files, words in ((quarkus, 'application.properties, line 3, has migrations of the data source "users"'), (micronaut, 'application.yml, line 7, has migrations of the data source "reports"'),
                             (rails, "config/database.yml, line 5, gives another database migrations of its own (db/animals)"),
                             (ecto, "priv/animals_repo/migrations has migrations of another repository")):
            self.directory.cleanup()
            for path, text in files.items():
                self.write(path, text)
            with self.subTest(words=words), self.start() as rpc:
                status = self.status(rpc)
                self.assertEqual([self.state(one) for one in status.migrations], ["pending"])
                self.assertIn(words, "".join(status.warnings))

    def test_data_sources_of_which_none_is_the_default_are_a_question(self):
        self.write("pom.xml", "<artifactId>quarkus-flyway</artifactId>")
        self.write("src/main/resources/db/migration/V1__a.sql", "SELECT 1;")
        for name, text in (("application.properties", "%prod.quarkus.flyway.\"users\".migrate-at-start=true\n"), ("application.yml", "quarkus:\n  flyway:\n    users:\n      locations: db/users\n"),
                           ("application.yml", "flyway:\n  datasources:\n    users:\n      enabled: true\n")):
            with self.subTest(name=name, text=text):
                self.write(f"src/main/resources/{name}", text)
                with self.start() as rpc:
                    self.assertIn('has migrations of the data source "users", and none of the default one', self.status(rpc).problem)
                    self.refused(rpc)
                os.remove(os.path.join(self.directory.name, "src/main/resources", name))

    def test_two_folders_of_one_framework_are_a_question_although_one_has_a_configuration_beside_it(self):
        self.write("Cargo.toml", "[workspace]\nmembers = [\"app\"]\n")
        self.write("app/Cargo.toml", "[dependencies]\ndiesel = \"2\"\n")
        self.write("app/migrations_of_shop/2024-01-01-000000_a/up.sql", "SELECT 1;")
        self.write("app/src/link/diesel.toml", "[print_schema]\nfile = \"schema.rs\"\n")
        self.write("app/src/link/migrations/2024-01-01-000000_b/up.sql", "SELECT 1;")
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertIn("several folders of migrations", status.problem)
            self.assertEqual({one.folder for one in status.sources}, {"app/migrations_of_shop", "app/src/link/migrations"})
            self.assertEqual([one.name for one in self.status(rpc, framework="app/migrations_of_shop").migrations], ["2024-01-01-000000_a"])

    def test_a_walk_that_is_cut_short_is_a_question_until_the_folder_is_named_or_known(self):
        self.write("README.md")
        self.write("a/sql/20250101000000_a.sql", "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\n")
        for number in range(21):
            os.makedirs(os.path.join(self.directory.name, "b/c", str(number)))
            for one in range(1000):
                os.mkdir(os.path.join(self.directory.name, "b/c", str(number), str(one)))
        with self.start() as rpc:
            self.assertIn("--framework a/sql", self.status(rpc).problem)
            self.assertIn("Only the first 20,000 names", self.refused(rpc).status.message)
            self.assertFalse(self.status(rpc, framework="a/sql").HasField("problem"))
            self.assertTrue(rpc.call("MigrationService", "Run", {"framework": "a/sql"}).ok)
            self.assertFalse(self.status(rpc).HasField("problem"))

    def test_a_folder_that_is_a_question_gets_no_row_and_no_new_file(self):
        self.goose()
        self.write("db/real/00001_b.sql", "-- +goose Up\nSELECT 1;\n")
        self.write("Makefile", "up:\n\tgoose -dir db/real up\n")
        with self.start() as rpc:
            for method, request in (("Run", {}), ("Plan", {}), ("Baseline", {"all": True}), ("MarkApplied", {"migration": "00001_orders"}), ("Create", {"name": "more"})):
                with self.subTest(method=method):
                    self.assertIn("Makefile, line 2, has -dir db/real", self.refused(rpc, method, **request).status.message)
        self.assertEqual((self.tables(), os.listdir(os.path.join(self.directory.name, "migrations"))), (set(), ["00001_orders.sql"]))

    def test_alembics_other_sections_and_databases_are_told(self):
        for ini, make, words in (
                ("[alembic]\nscript_location = db\n[second]\nscript_location = other\n", "", (None, "[second]")),
                ("[alembic]\nscript_location = db\n", "alembic -n alembic upgrade head", (None, "")),
                ("[alembic]\nscript_location = db\n[second]\nscript_location = other\n", "alembic -n second upgrade head", ("has -n", "")),
                ("[first]\nscript_location = db\n[second]\nscript_location = other\n", "", ("no script_location in [alembic]", "")),
                ("[alembic]\nscript_location = db\ndatabases = engine1, engine2\n", "", ("names several databases (engine1, engine2)", "")),
                ("[alembic]\nscript_location = db\ndatabases = engine1\n", "", (None, ""))):
            self.directory.cleanup()
            self.write("alembic.ini", ini)
            self.write("Makefile", f"up:\n\t{make}\n")
            for folder in ("db", "other", "alembic"):
                self.write(f"{folder}/versions/a.py", "revision = 'aaa'\ndown_revision = None\n")
            with self.subTest(ini=ini, make=make), self.start() as rpc:
                status = self.status(rpc)
                self.assertEqual((status.HasField("problem"), (words[0] or "") in status.problem, words[1] in "".join(status.warnings)), (words[0] is not None, True, True))

    def test_a_byte_order_mark_in_front_of_a_marker_is_named(self):
        self.write("db/migrations/20250101000000_a.sql", "\ufeff-- migrate:up\nCREATE TABLE a (id INT);\n-- migrate:down\n")
        with self.start() as rpc:
            self.assertEqual(self.status(rpc).framework_id, "dbmate")
            self.assertIn("byte order mark", str(rpc.call("MigrationService", "Run")))
        self.assertEqual(self.tables(), set())

    def test_a_folder_that_only_a_command_names_is_a_question(self):
        up = "-- +goose Up\nSELECT 1;\n"
        other = "Makefile, line 2, has -dir db/real"
        for make, words in (("\tgoose -dir db/real up", other), ("\tgoose -dir /app/db/real up", "has -dir /app/db/real"), ("\tgoose -dir db/none up", None),
                            ("\tcd x && goose -dir ../db/real up", None), ("\tgoose -dir scripts/../db/real up", "has -dir scripts/../db/real"),
                            ("\tgoose -dir /app/migrations up", None), ("\tgoose -dir /srv/none up", None),
                            ("\tgoose -dir ./migrations/ up", None), ("\tgoose -dir db/real up\n\tgoose -dir migrations up", None),
                            ("\tgoose -dir $(DIR) up", None), ("#\tgoose -dir db/real up", None)):
            self.goose()
            self.write("db/real/00001_b.sql", up)
            self.write("Makefile", f"up:\n{make}\n")
            with self.subTest(make=make), self.start() as rpc:
                self.assertEqual(self.status(rpc).HasField("problem"), words is not None)
                self.assertIn(words or "", self.status(rpc).problem)
                if words is not None:
                    self.check_unknown(rpc, words, "--migrations (migrations was looked at)")
                    self.assertEqual(self.refused(rpc, "Baseline", all=True).code, FAILED_PRECONDITION)

    def test_a_pattern_that_only_a_command_gives_postgrator_is_a_question(self):
        self.write("migrations/1.do.a.sql", "SELECT 1;")
        self.write("db/real/1.do.b.sql", "SELECT 1;")
        for said, is_other in (("-m 'db/real/*'", True), ("--migration-pattern=db/real/*.sql", True), ("-m 'migrations/*'", False), ("-m 'db/none/*'", False)):
            self.write("Makefile", f"up:\n\tnpx postgrator {said} --database x\n")
            with self.subTest(said), self.start() as rpc:
                self.assertEqual("Makefile, line 2, has " in self.status(rpc).problem, is_other)

    def test_a_configuration_that_only_a_command_names_is_a_question_where_it_names_another_folder(self):
        knex = {"migrations/1_a.js": "exports.up = knex => knex.raw('SELECT 1');\n", "db/real/1_b.js": "exports.up = 1"}
        for said, is_other in (("{ directory: '../db/real' }", True), ("{ directory: '../migrations' }", False), ("{ directory: path.join(__dirname, '..', 'migrations') }", False)):
            self.directory.cleanup()
            for path, text in knex.items():
                self.write(path, text)
            self.write("config/knex.js", f"module.exports = {{ client: 'pg', migrations: {said} }};\n")
            self.write("package.json", '{"dependencies": {"knex": "3"}, "scripts": {"up": "knex migrate:latest --knexfile config/knex.js"}}')
            with self.subTest(said=said), self.start() as rpc:
                self.assertEqual("has --knexfile config/knex.js" in self.status(rpc).problem, is_other)
                self.assertEqual(self.status(rpc).HasField("problem"), is_other)

    # Where a project says what its tracking table is, beside its configuration or for one environment of it.
    PGM = {"migrations/1700000000000_a.sql": "-- Up Migration\nSELECT 1;\n"}
    PHP = {"db/migrations/20240101000000_a.php": "<?php\nuse Phinx\\Migration\\AbstractMigration;\nfinal class A extends AbstractMigration {}\n"}
    ALEMBIC = {"alembic.ini": "[alembic]\nscript_location = db\n", "db/versions/a.py": "revision = 'aaa'\ndown_revision = None\n"}
    EF = {"Migrations/20240101000000_A.cs": "using Microsoft.EntityFrameworkCore.Migrations;\npublic partial class A : Migration {}\n",
          "a.csproj": "Npgsql.EntityFrameworkCore.PostgreSQL", "Migrations/20240101000000_A.Designer.cs": '[DbContext(typeof(Shop))]\n[Migration("20240101000000_A")]\n'}
    GORM = {"go.mod": "require github.com/go-gormigrate/gormigrate/v2 v2.1.1\n",
            "migrations/m.go": 'import "github.com/go-gormigrate/gormigrate/v2"\nvar M = []*gormigrate.Migration{{ID: "1_a", Migrate: f}}\n'}
    SAID = (
        ({**GORM, "main.go": '// gormigrate\nvar o = gormigrate.Options{\n\tTableName: "migrations",\n\tIDColumnName: "version",\n}\n'}, "", "main.go, line 4, has IDColumnName"),
        ({**GORM, "main.go": '// gormigrate\nvar o = gormigrate.Options{\n\tIDColumnName: "id",\n\tIDColumnSize: 100,\n}\n'}, "", None),
        ({**PGM, "package.json": '{"dependencies": {"node-pg-migrate": "7"}, "scripts": {"m": "node-pg-migrate up -t ours"}}'},
         "CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL); INSERT INTO pgmigrations (name, run_on) VALUES ('1700000000000_a', now())",
         "package.json, line 1, has -t"),
        ({**PGM, "package.json": '{"dependencies": {"node-pg-migrate": "7"}, "scripts": {"m": "node-pg-migrate up --schema app"}}'}, "", "package.json, line 1, has --schema"),
        ({**PGM, "package.json": '{"dependencies": {"node-pg-migrate": "7"}, "scripts": {"m": "node-pg-migrate up && tsc -t ES2022"}}'}, "", None),
        ({**PHP, "phinx.php": "<?php return ['paths' => ['migrations' => 'db/migrations'], 'environments' => ['default_migration_table' => 'phinxlog',\n 'live' => ['migration_table' => 'ours']]];\n"},
         "", "phinx.php, line 2, names ours"),
        ({**ALEMBIC, "db/env.py": "connection.execute(text('SET search_path TO app'))\n"}, "", "db/env.py, line 1, has search_path"),
        ({**ALEMBIC, "db/env.py": "connection.execute(text('SET search_path TO app'))\ncontext.configure(version_table_schema='public')\n"}, "", None),
        ({"db/migrations/20240101000000_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n", ".env": "DATABASE_URL=postgres://a@db/a?search_path=app\n"},
         VERSIONS.format("schema_migrations"), ".env, line 1, has ?search_path"),
        ({**EF, "Context.cs": "o.UseNpgsql(c, x => x.MigrationsHistoryTable(HistoryRepository.DefaultTableName));\n"}, "", None),
        ({"migrations/1-a.js": "module.exports = { up: async queryInterface => {} };\n", "config/config.json": '{"production": {"dialect": "postgres", "migrationStorage": "json"}}', "package.json": '{"dependencies": {"sequelize": "6"}}'},
         "", "config/config.json, line 1, has migrationStorage json"),
        ({"diesel.toml": "", "migrations/2024-01-01-000000_a/up.sql": "SELECT 1;", "db/real/2024-01-01-000000_b/up.sql": "SELECT 1;",
          "src/main.rs": 'use diesel_migrations::*;\nconst M: EmbeddedMigrations = embed_migrations!("db/real");\n'}, "", "src/main.rs, line 2, has embed_migrations! db/real"),
        ({"go.mod": "require github.com/golang-migrate/migrate/v4 v4.1.0\n", "migrations/1_a.up.sql": "SELECT 1;\n",
          "main.go": "// golang-migrate/migrate\nvar c = postgres.Config{MigrationsTable: postgres.DefaultMigrationsTable}\n"}, "", None),
    )

    def test_a_tracking_table_that_is_said_beside_the_configuration_is_a_question_and_the_usual_one_is_none(self):
        for files, tables, words in self.SAID:
            self.directory.cleanup()
            for path, text in files.items():
                self.write(path, text)
            self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;" + tables)
            with self.subTest(files=files), self.start() as rpc:
                self.assertEqual([self.status(rpc).HasField("problem"), (words or "") in self.status(rpc).problem], [words is not None, True])

    def test_a_search_path_of_the_workers_own_url_decides_and_not_one_that_a_file_of_the_project_has(self):
        self.dbmate()
        self.write(".env", "DATABASE_URL=postgres://a@db/a?search_path=other\n")
        with self.start(url=self.url(search_path="public")) as rpc:
            self.assertEqual((self.states(rpc), self.status(rpc).problem), (["pending"], ""))

    DJANGO = "CREATE TABLE django_migrations (id bigserial PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz NOT NULL);"

    def django(self, *apps):
        self.write("manage.py", "import django\n")
        for app in apps:
            self.write(f"{app}/migrations/__init__.py")
            self.write(f"{app}/migrations/0001_initial.py", "class Migration(migrations.Migration):\n    dependencies = []\n")

    def test_an_app_of_django_is_found_however_deep_it_is(self):
        self.django("shop", "shop/apps/sales/orders", "shop/apps/tests/fakes")
        self.sql(self.DJANGO + "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0001_initial', now())")
        with self.start() as rpc:
            self.assertEqual({one.name: self.state(one) for one in self.status(rpc).migrations},
                             {"shop.0001_initial": "applied", "orders.0001_initial": "pending"})

    def test_an_app_of_django_is_known_by_its_label(self):
        self.django("shop/orders")
        self.write("shop/orders/apps.py", 'class OrdersConfig(AppConfig):\n    name = "shop.orders"\n    label = "shop_orders"\n')
        self.sql(self.DJANGO + "INSERT INTO django_migrations (app, name, applied) VALUES ('shop_orders', '0001_initial', now())")
        with self.start() as rpc:
            self.assertEqual({one.name: self.state(one) for one in self.status(rpc).migrations}, {"shop_orders.0001_initial": "applied"})

    def test_migration_modules_are_followed_and_a_question_where_they_are_computed(self):
        self.django("shop", "shop/contrib/sites")
        self.write("shop/steps/__init__.py")
        self.write("shop/steps/0002_second.py", "class Migration(migrations.Migration):\n    dependencies = []\n")
        with self.start() as rpc:
            for said, names, words in (('{"sites": "shop.contrib.sites.migrations"}', ["shop.0001_initial", "sites.0001_initial"], ""),
                                       ("{'shop': None}", ["sites.0001_initial"], ""),
                                       ('{"shop": "shop.steps"}', ["shop.0002_second", "sites.0001_initial"], ""),
                                       ('{"shop": "other.migrations"}', ["sites.0001_initial"], "other/migrations for the app shop"),
                                       ("modules()", ["shop.0001_initial", "sites.0001_initial"], "computes MIGRATION_MODULES")):
                self.write("config/settings.py", f"MIGRATION_MODULES = {said}\n")
                with self.subTest(said=said):
                    status = self.status(rpc)
                    self.assertEqual((sorted(one.name for one in status.migrations), status.HasField("problem")), (names, said == "modules()"))
                    self.assertIn(words, " ".join(status.warnings))

    def test_modules_of_medusa_share_a_table_and_their_command(self):
        self.write("package.json", '{"dependencies": {"@medusajs/medusa": "2.8.4"}}')
        for name in ("Migration20240101000000", "Migration20240102000000"):
            self.write(f"src/modules/brand/migrations/{name}.ts", "import { Migration } from '@mikro-orm/migrations';\n")
        self.sql("CREATE TABLE mikro_orm_migrations (id serial PRIMARY KEY, name varchar(255), executed_at timestamptz DEFAULT now());"
                 "INSERT INTO mikro_orm_migrations (name) VALUES ('InitialSetup20240228133303'), ('Migration20240101000000')")
        with self.start() as rpc:
            self.assertEqual({one.name: self.state(one) for one in self.status(rpc).migrations},
                             {"Migration20240101000000": "applied", "Migration20240102000000": "pending"})
            with self.assertRaises(RpcError) as refused:
                rpc.call("MigrationService", "Run")
            self.assertIn("medusa db:migrate", refused.exception.status.message)

    def test_ecto_takes_the_folder_that_its_repository_names(self):
        self.write("mix.exs", "{:ecto_sql, \"~> 3.0\"}\n")
        self.write("config/config.exs", "config :app, App.Repo,\n  priv: \"priv/other\"\n")
        self.write("priv/repo/migrations/20240101000000_a.exs", "use Ecto.Migration\n")
        self.write("priv/other/migrations/20240101000001_b.exs", "use Ecto.Migration\n")
        with self.start() as rpc:
            self.assertEqual(self.status(rpc).folder, "priv/other/migrations")

    def test_alembic_looks_below_its_folder_where_its_settings_say_so(self):
        self.write("alembic.ini", "[alembic]\nscript_location = db\nrecursive_version_locations = True\n")
        self.write("db/versions/a.py", "revision = 'aaa'\ndown_revision = None\n")
        self.write("db/versions/2026/b.py", "revision = 'bbb'\ndown_revision = 'aaa'\n")
        self.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('aaa')")
        with self.start() as rpc:
            self.assertEqual(self.states(rpc), ["applied", "pending"])

    def test_a_path_is_taken_from_where_its_tool_takes_it(self):
        for config, text, folder in (
                (".config/kysely.config.ts", "export default defineConfig({ migrations: { migrationFolder: '../packages/db/migrations' } })", "packages/db/migrations"),
                ("db/knexfile.js", "module.exports = { migrations: { directory: './steps' } }", "db/steps"),
                ("prisma.config.ts", "export default { migrations: { path: path.join('db', 'steps') } }", "db/steps"),
                ("config/packages/doctrine_migrations.yaml", "doctrine_migrations:\n    migrations_paths:\n        'A': '%kernel.project_dir%/db/steps'\n    storage:\n        a: b\n", "db/steps"),
                ("alembic.ini", "[alembic]\nscript_location = my_app:migrations\n", "my_app/migrations/versions")):
            self.directory.cleanup()
            self.write(config, text)
            with self.subTest(config=config), self.start() as rpc:
                self.assertEqual(self.status(rpc).folder, folder)

    # ---- ledgers of others ----

    def test_where_the_url_names_a_schema_another_ones_ledger_is_not_taken(self):
        self.goose()
        self.sql("CREATE SCHEMA svc_a; CREATE SCHEMA svc_b;" + GOOSE.format("svc_a.goose_db_version") +
                 "INSERT INTO svc_a.goose_db_version (version_id, is_applied) VALUES (0, true), (1, true)")
        for parameters in ({"search_path": "svc_b"}, {"options": "-c%20search_path%3Dsvc_b"}, {"currentSchema": "svc_b"}):
            with self.subTest(parameters=parameters), self.start(url=self.url(**parameters)) as rpc:
                status = self.status(rpc)
                self.assertEqual(([self.state(one) for one in status.migrations], status.HasField("tracking_table")), (["pending"], False))
                self.assertIn("svc_a.goose_db_version", "".join(status.warnings))
        with self.start(url=self.url(search_path="svc_b")) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.tables(), {"svc_a.goose_db_version", "svc_b.goose_db_version", "svc_b.orders"})

    def test_a_schema_of_the_role_or_the_database_counts_like_one_of_the_url(self):
        self.dbmate()
        self.sql("CREATE SCHEMA svc_a; CREATE SCHEMA svc_b;" + VERSIONS.format("svc_a.schema_migrations") +
                 f"INSERT INTO svc_a.schema_migrations VALUES ('20200101000000'); ALTER DATABASE {self.database} SET search_path = svc_b")
        with self.start() as rpc:
            self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["pending"])
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.tables(), {"svc_a.schema_migrations", "svc_b.schema_migrations", "svc_b.a"})

    def test_a_search_path_that_leads_away_from_the_ledger_is_a_question(self):
        """dbmate itself runs all of them again there."""
        self.dbmate()
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        for owner, name in (("DATABASE", self.database), ("ROLE", "app")):
            self.addCleanup(self.sql, f"ALTER {owner} {name} RESET search_path")
            self.sql(f"CREATE SCHEMA IF NOT EXISTS far; ALTER {owner} {name} SET search_path = far")
            with self.subTest(owner=owner), self.start() as rpc:
                self.check_unknown(rpc, 'public.schema_migrations has rows of these migrations', '(far) leads to schema "far"', "--ledger public.schema_migrations, or --ledger far.schema_migrations")
            self.sql(f"ALTER {owner} {name} RESET search_path")
        self.sql(f"ALTER DATABASE {self.database} SET search_path = far")
        with self.start("--ledger", "public.schema_migrations") as rpc:
            self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["applied"])
        # What a tool makes that is only asked for its status is no answer, and its first row is one.
        self.sql(VERSIONS.format("far.schema_migrations"))
        with self.start() as rpc:
            self.check_unknown(rpc, "public.schema_migrations has rows of these migrations")
        with self.start("--ledger", "far.schema_migrations") as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        with self.start() as rpc:
            self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["applied"])

    def test_a_tenant_s_first_run_beside_those_of_others_is_no_question(self):
        self.dbmate()
        for tenant in ("t1", "t2"):
            self.sql(f"CREATE SCHEMA {tenant};" + VERSIONS.format(f"{tenant}.schema_migrations") + f"INSERT INTO {tenant}.schema_migrations VALUES ('20250101000000')")
        self.sql(f"CREATE SCHEMA t3; ALTER DATABASE {self.database} SET search_path = t3")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT version FROM t3.schema_migrations"), [("20250101000000",)])

    def test_a_stranger_s_ledger_away_from_the_search_path_is_no_question(self):
        self.dbmate()
        self.sql("CREATE ROLE stranger; CREATE ROLE tenant LOGIN PASSWORD 'x'; CREATE SCHEMA first AUTHORIZATION stranger; CREATE SCHEMA second AUTHORIZATION tenant;"
                 + VERSIONS.format("first.schema_migrations") + "INSERT INTO first.schema_migrations VALUES ('20250101000000');"
                 f"ALTER TABLE first.schema_migrations OWNER TO stranger; GRANT CREATE ON DATABASE {self.database} TO tenant; ALTER ROLE tenant SET search_path = second")
        self.addCleanup(self.sql, "DROP OWNED BY stranger, tenant CASCADE; DROP ROLE stranger, tenant")
        with self.start(url=self.url().replace("app:" + PASSWORD_ENCODED, "tenant:x")) as rpc:
            status = self.status(rpc)
            self.assertEqual((status.problem, [self.state(one) for one in status.migrations]), ("", ["pending"]))

    def test_a_search_path_that_the_database_gets_later_does_not_double_the_ledger(self):
        self.dbmate()
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.sql(f"CREATE SCHEMA app; ALTER DATABASE {self.database} SET search_path = app, public")
        with self.start() as rpc:
            self.check_unknown(rpc, "app.schema_migrations", "--ledger public.schema_migrations")
        self.assertEqual(self.tables(), {"public.schema_migrations", "public.a"})

    def test_nor_does_one_double_a_ledger_whose_name_the_project_says_or_that_has_another_shape(self):
        self.goose()
        applied = "CREATE SCHEMA app; " + GOOSE.replace("{}", "{0}") + "INSERT INTO {0} (version_id, is_applied) VALUES (0, true), (1, true); ALTER DATABASE {1} SET search_path = app, public"
        for said, name, more in (('func m() { goose.SetTableName("ours") }', "ours", ""), ("", "goose_db_version", "; ALTER TABLE goose_db_version ADD note text"),
                                 ('func m() { goose.SetTableName("ours") }', "ours", "; ALTER TABLE ours ADD note text")):
            self.write("main.go", f'import "github.com/pressly/goose/v3"\n{said}\n')
            self.sql("DROP SCHEMA IF EXISTS app; DROP SCHEMA public CASCADE; CREATE SCHEMA public; " + applied.format(f"public.{name}", self.database) + more)
            with self.subTest(name=name, more=more), self.start() as rpc:
                self.check_unknown(rpc, f"app.{name}", f"--ledger public.{name}")
        self.write("main.go", 'import "github.com/pressly/goose/v3"\nfunc m() { goose.SetTableName("app.ours") }\n')
        with self.start() as rpc:
            self.assertFalse(self.status(rpc).HasField("problem"))

    def test_nor_one_that_a_role_made_which_is_not_trusted(self):
        self.dbmate()
        self.sql("CREATE ROLE earlier; CREATE ROLE later LOGIN PASSWORD 'x';" + VERSIONS.format("schema_migrations") +
                 "ALTER TABLE schema_migrations OWNER TO earlier; GRANT ALL ON schema_migrations TO later; CREATE SCHEMA area AUTHORIZATION later;"
                 f"GRANT CREATE ON DATABASE {self.database} TO later; ALTER DATABASE {self.database} SET search_path = area, public")
        self.addCleanup(self.sql, "DROP OWNED BY earlier, later CASCADE; DROP ROLE earlier, later")
        with self.start(url=self.url().replace("app:" + PASSWORD_ENCODED, "later:x")) as rpc:
            self.check_unknown(rpc, "area.schema_migrations", "--ledger public.schema_migrations")

    def test_a_schema_of_the_roles_name_that_is_made_later_does_not_double_the_ledger(self):
        self.write("db/migrations/20250101000000_a.sql", "-- migrate:up\nCREATE TABLE public.a (id INT);\nCREATE SCHEMA app;\n-- migrate:down\n")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.write("db/migrations/20250101000001_b.sql", "-- migrate:up\nCREATE TABLE public.b (id INT);\n-- migrate:down\n")
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertEqual([self.state(one) for one in status.migrations], ["applied", "pending"])
            self.assertIn("app.schema_migrations", "".join(status.warnings))
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.tables(), {"public.schema_migrations", "public.a", "public.b"})

    def test_a_role_that_is_called_as_our_schema_is_warned_of(self):
        self.dbmate()
        self.sql("CREATE ROLE truss SUPERUSER LOGIN PASSWORD 'x'")
        self.addCleanup(self.sql, "DROP ROLE truss")
        self.addCleanup(self.sql, "REASSIGN OWNED BY truss TO app")
        ours = self.url().replace("app:" + PASSWORD_ENCODED, "truss:x")
        def check(url, warned):
            with self.subTest(url=url), self.start(url=url) as rpc:
                self.assertEqual("search_path = public" in "".join(self.status(rpc).warnings), warned)
        for url in (ours, ours + "?options=-csearch_path%3Dpublic", self.url()):
            check(url, False)  # its "$user" is left out of the session
        self.sql("CREATE SCHEMA truss AUTHORIZATION truss; CREATE TABLE truss.mine (id INT)")
        check(ours, True)

    def test_a_ledger_of_others_is_not_doubled_in_a_schema_of_the_roles_name(self):
        self.dbmate()
        self.sql("CREATE SCHEMA app;" + VERSIONS.format("public.schema_migrations") + "INSERT INTO schema_migrations VALUES ('20200101000000')")
        with self.start() as rpc:
            self.check_unknown(rpc, "public.schema_migrations", "app.schema_migrations", "--ledger")

    def test_a_search_path_that_leads_nowhere_is_a_problem(self):
        self.goose()
        with self.start(url=self.url(search_path="not_there")) as rpc:
            self.check_unknown(rpc, "not_there", "search_path")
        self.assertEqual(self.tables(), set())

    def test_where_the_table_has_a_schema_and_the_search_path_leads_nowhere_that_is_warned_of(self):
        self.dbmate()
        self.write(".env", "DBMATE_MIGRATIONS_TABLE=kept.schema_migrations\n")
        with self.start(url=self.url(search_path="not_there")) as rpc:
            self.assertIn("not_there, and none of these schemas exists", "".join(self.status(rpc).warnings))
            self.assertFalse(rpc.call("MigrationService", "Check").safe)

    def test_dbmate_makes_the_first_schema_of_the_urls_search_path(self):
        """dbmate 2.36: "Creating schema: area", then its table there. The table of public is no reason against one of that name there."""
        self.dbmate()
        for path in ("area", "area,public"):
            self.sql("DROP SCHEMA IF EXISTS area CASCADE; DROP TABLE IF EXISTS a; CREATE TABLE a (id INT)")
            with self.subTest(path=path), self.start(url=self.url(search_path=path)) as rpc:
                self.assertTrue(rpc.call("MigrationService", "Check").safe)
                self.assertTrue(rpc.call("MigrationService", "Run").ok)
                self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["applied"])
            self.assertEqual(self.tables(), {"public.a", "area.schema_migrations", "area.a"})

    def test_a_copy_of_a_ledger_is_a_question_that_the_option_answers(self):
        self.goose()
        for name, said in (("goose_db_version_backup",) * 2, ("old_goose_db_version",) * 2, ("goose_copy",) * 2, ('Goose "B".x', '"Goose ""B"".x"')):
            table = 'public."' + name.replace('"', '""') + '"'
            self.sql(GOOSE.format(table) + f"INSERT INTO {table} (version_id, is_applied) VALUES (0, true), (1, true)")
            with self.subTest(name=name), self.start() as rpc:
                self.check_unknown(rpc, f"public.{name}", f"--ledger {shlex.quote('public.' + said)}")
            with self.subTest(name=name), self.start("--ledger", f"public.{said}") as rpc:
                self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["applied"])
            self.sql(f"DROP TABLE {table}")

    def test_a_ledger_elsewhere_that_has_other_files_rows_is_a_question(self):
        self.dbmate()
        self.sql("CREATE SCHEMA elsewhere;" + VERSIONS.format("elsewhere.schema_migrations") +
                 "INSERT INTO elsewhere.schema_migrations VALUES ('20250101000000'), ('20200101000000')")
        with self.start() as rpc:
            self.check_unknown(rpc, "elsewhere.schema_migrations", "--ledger")
        with self.start("--ledger", "public.schema_migrations") as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT version FROM public.schema_migrations"), [("20250101000000",)])

    def test_an_option_that_names_no_ledger_tells_of_the_one_beside(self):
        self.write("prisma/migrations/20250101000000_a/migration.sql", "SELECT 1;")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        with self.start("--ledger", "public.nix") as rpc:
            said = "".join(self.status(rpc).warnings)
        self.assertIn("looked for at public.nix, where there is none; the database has public._prisma_migrations as well", said)

    def test_several_elsewhere_are_a_question(self):
        self.dbmate()
        for schema in ("one", "two"):
            self.sql(f"CREATE SCHEMA {schema};" + VERSIONS.format(f"{schema}.schema_migrations") + f"INSERT INTO {schema}.schema_migrations VALUES ('20250101000000')")
        with self.start() as rpc:
            self.check_unknown(rpc, "one", "others", "--ledger")

    def test_a_ledger_elsewhere_is_anothers_ours_or_a_question_by_its_rows(self):
        """A number that every project has says nothing; a date does, and a checksum more than a number."""
        self.sql("CREATE SCHEMA other")
        sqlx = "CREATE TABLE other._sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL);"
        sqlx_row = "INSERT INTO other._sqlx_migrations VALUES (1, 'a', now(), true, {}, 1)"
        goose = GOOSE.format("other.goose_db_version") + "INSERT INTO other.goose_db_version (version_id, is_applied) VALUES (0, true)"
        versions = VERSIONS.format("other.schema_migrations")
        files = {"sqlx": {"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n', "migrations/1_a.sql": "SELECT 1;"},
                 "goose": {"migrations/00001_orders.sql": "-- +goose Up\nSELECT 1;\n"},
                 "dbmate": {"db/migrations/20250101000000_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"}}
        same = "sha384('SELECT 1;')"
        for project, rows, what in (("sqlx", sqlx + sqlx_row.format("'\\x00'"), "another's"), ("sqlx", sqlx + sqlx_row.format(same), "ours"),
                                    ("goose", goose, "another's"), ("goose", goose + ", (1, true)", "a question"), ("goose", goose + ", (7, true)", "another's"),
                                    ("dbmate", versions, "another's"), ("dbmate", versions + "INSERT INTO other.schema_migrations VALUES ('20250101000000')", "ours"),
                                    ("dbmate", versions + "INSERT INTO other.schema_migrations VALUES ('20240101000000')", "another's"),
                                    ("dbmate", versions + "INSERT INTO other.schema_migrations VALUES ('20240101000000'), ('20250101000000')", "a question")):
            with self.subTest(project=project, rows=rows):
                for path, text in files[project].items():
                    self.write(path, text)
                self.sql(rows)
                with self.start("--framework", project) as rpc:
                    status = self.status(rpc)
                    found = "a question" if status.HasField("problem") else "ours" if status.tracking_table.startswith("other.") else "another's"
                    self.assertEqual(found, what)
                    if what == "another's":
                        self.assertEqual(([self.state(one) for one in status.migrations], list(status.warnings)), (["pending"], []))
                for path in files[project]:
                    os.remove(os.path.join(self.directory.name, path))
                self.sql("DROP SCHEMA other CASCADE; CREATE SCHEMA other")

    # ---- what stands in the ledger's place ----

    def test_what_cannot_be_the_ledger_is_told_with_its_difference(self):
        self.dbmate()
        for table, words in (("schema_migrations (name text)", ['no column "version"']),
                             ("schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)", ["golang-migrate"])):
            self.sql(f"CREATE TABLE {table}")
            with self.subTest(table=table), self.start() as rpc:
                self.check_unknown(rpc, "public.schema_migrations", *words)
            self.sql("DROP TABLE schema_migrations")

    def test_a_ledger_of_another_kind_is_read_or_refused_with_what_it_is(self):
        self.dbmate()
        row = "INSERT INTO {} VALUES ('20250101000000');"
        plain = row.format("schema_migrations")
        def check(statements, drop, said):
            self.sql(statements)
            with self.subTest(said=said, statements=statements), self.start() as rpc:
                if said is None:
                    self.assertEqual(self.states(rpc), ["applied"])
                    self.write("db/migrations/20250102000000_b.sql", "-- migrate:up\nCREATE TABLE b (id INT);\n-- migrate:down\n")
                    self.assertTrue(rpc.call("MigrationService", "Run").ok)
                    self.assertEqual(self.states(rpc), ["applied", "applied"])
                    os.remove(os.path.join(self.directory.name, "db/migrations/20250102000000_b.sql"))
                    self.sql("DROP TABLE b")
                else:
                    self.check_unknown(rpc, said)
            self.sql(drop)
        gone = "DROP TABLE schema_migrations CASCADE;"
        check("CREATE DOMAIN stamp AS varchar(64) CHECK (value ~ '^[0-9]+$'); CREATE TABLE schema_migrations (version stamp PRIMARY KEY);" + plain,
              gone + "DROP DOMAIN stamp", None)
        check("CREATE DOMAIN stamp AS bigint; CREATE TABLE schema_migrations (version stamp PRIMARY KEY);" + plain, gone + "DROP DOMAIN stamp", None)
        check("CREATE TABLE schema_migrations (version varchar PRIMARY KEY) PARTITION BY RANGE (version); CREATE TABLE part PARTITION OF "
              "schema_migrations DEFAULT;" + plain, gone, None)
        check("CREATE TABLE above (version varchar PRIMARY KEY); CREATE TABLE schema_migrations () INHERITS (above);" + plain, "DROP TABLE above CASCADE", None)
        check("CREATE TABLE schema_migrations (version varchar[]);", gone, 'its column "version" is _varchar and not varchar')
        check("CREATE TABLE schema_migrations (version bytea);", gone, 'its column "version" is bytea')
        check("CREATE SEQUENCE schema_migrations", "DROP SEQUENCE schema_migrations", "it is a sequence")
        check("CREATE TYPE schema_migrations AS (version varchar)", "DROP TYPE schema_migrations", "it is a composite type")

    def test_a_foreign_table_is_read_and_no_run_begins_on_it(self):
        self.dbmate()
        self.sql(f"CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '{self.cluster.port}', dbname '{self.database}');"
                 f"CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'app', password '{PASSWORD.replace(chr(39), chr(39) * 2)}');" + VERSIONS.format("far") +
                 "CREATE FOREIGN TABLE schema_migrations (version varchar) SERVER s OPTIONS (table_name 'far')")
        with self.start() as rpc:
            self.assertEqual(self.states(rpc), ["pending"])
            self.assertIn("is a foreign table", "".join(self.status(rpc).warnings))
            self.assertIn("is a foreign table", self.refused(rpc).status.message)
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    def test_a_team_s_own_columns_and_other_types_are_read_and_written_beside(self):
        self.dbmate()
        for table in ("version varchar(128) PRIMARY KEY, applied_by text DEFAULT current_user", "version text PRIMARY KEY",
                      "version bigint PRIMARY KEY"):
            self.sql(f"CREATE TABLE schema_migrations ({table}); INSERT INTO schema_migrations (version) VALUES ('20250101000000')")
            self.write("db/migrations/20250102000000_b.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n")
            with self.subTest(table=table), self.start() as rpc:
                self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["applied", "pending"])
                self.assertTrue(rpc.call("MigrationService", "Run").ok)
                self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["applied", "applied"])
            self.sql("DROP TABLE schema_migrations")

    def test_a_column_that_nobody_fills_stops_a_run_before_it_begins(self):
        self.dbmate()
        self.sql("CREATE TABLE schema_migrations (version varchar PRIMARY KEY, team text NOT NULL)")
        with self.start() as rpc:
            self.assertIn("team", self.refused(rpc).status.message)
            self.assertFalse(self.status(rpc).HasField("problem"))
        self.assertEqual(self.tables(), {"public.schema_migrations"})

    def test_a_ledger_of_an_older_version_is_read_and_its_upgrade_named(self):
        self.write("supabase/config.toml", 'project_id = "a"\n')
        self.write("supabase/migrations/20250101000000_a.sql", "CREATE TABLE a (id INT);")
        self.sql("CREATE SCHEMA supabase_migrations; CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY);"
                 "INSERT INTO supabase_migrations.schema_migrations VALUES ('20250101000000')")
        with self.start() as rpc:
            self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["applied"])
            self.assertTrue(rpc.call("MigrationService", "Run").ok)  # there is nothing to write
            self.write("supabase/migrations/20250102000000_b.sql", "CREATE TABLE b (id INT);")
            self.assertIn("supabase", self.refused(rpc).status.message)

    def test_several_rows_where_the_tool_has_one_are_a_problem(self):
        """migrate reads whichever comes first (LIMIT 1 without an order), and so does tern."""
        self.write("go.mod", "require github.com/golang-migrate/migrate/v4 v4.1.0\n")
        for number in (1, 2):
            self.write(f"migrations/{number}_a.up.sql", "SELECT 1;")
        self.sql("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (1, false), (2, false)")
        with self.start() as rpc:
            self.check_unknown(rpc, "public.schema_migrations has several rows (2, 1, …)")
            self.sql("DELETE FROM schema_migrations WHERE version = 2")
            self.assertEqual(self.states(rpc), ["applied", "pending"])
            self.sql("TRUNCATE schema_migrations; INSERT INTO schema_migrations VALUES (-1, true)")  # a failed `down` of the first one
            self.assertEqual(self.states(rpc), ["orphaned", "pending", "pending"])
            self.assertIn("-1", self.refused(rpc).status.message)
        self.directory.cleanup()
        self.write("go.mod", "require github.com/jackc/tern/v2 v2.1.1\n")
        self.write("migrations/001_a.sql", "SELECT 1;")
        self.sql("CREATE TABLE schema_version (version int); INSERT INTO schema_version VALUES (1), (0)")
        with self.start() as rpc:
            self.check_unknown(rpc, "public.schema_version has several rows (1, 0, …)")

    def test_a_tracking_table_of_an_older_name_is_a_problem(self):
        self.write("composer.json", '{"require": {"doctrine/doctrine-migrations-bundle": "3"}}')
        self.write("migrations/Version20240101000000.php", "<?php\nuse Doctrine\\Migrations\\AbstractMigration;\nfinal class Version20240101000000 extends AbstractMigration {}\n")
        with self.start() as rpc:
            self.assertEqual(self.states(rpc), ["pending"])
        self.sql("CREATE TABLE migration_versions (version varchar(14) PRIMARY KEY, executed_at timestamp); INSERT INTO migration_versions VALUES ('20240101000000')")
        with self.start() as rpc:
            self.assertIn("public.migration_versions is called as the tracking table of older versions of Doctrine Migrations", self.status(rpc).problem)
        with self.start("--ledger", "public.doctrine_migration_versions") as rpc:
            self.assertEqual(self.states(rpc), ["pending"])

    def test_the_number_of_sequels_integers_is_not_nothing_where_files_are_numbered_by_time(self):
        """Sequel 5.63: its next start fills schema_migrations with the files up to the number of schema_info."""
        for name in ("001_a", "20240101000000_b"):
            self.write(f"db/migrations/{name}.rb", "Sequel.migration do\nend\n")
        self.sql("CREATE TABLE schema_info (version integer DEFAULT 0 NOT NULL); INSERT INTO schema_info VALUES (1)")
        with self.start() as rpc:
            self.check_unknown(rpc, "public.schema_info, and none at public.schema_migrations: Sequel takes its number over when it starts")
        self.sql("CREATE TABLE schema_migrations (filename text PRIMARY KEY); INSERT INTO schema_migrations VALUES ('001_a.rb')")
        with self.start() as rpc:
            self.assertEqual(self.states(rpc), ["applied", "pending"])

    # ---- hints ----

    def sqlx(self, text="CREATE TABLE a (i int);\nSELECT 1;\n"):
        self.write("Cargo.toml", '[dependencies]\nsqlx = "0.8"\n')
        self.write("migrations/20250101000000_a.sql", text)

    def test_line_endings_are_named_where_only_they_differ(self):
        for ran, now, word in (("\n", "\r\n", "it ran with LF"), ("\r\n", "\n", "it ran with CRLF")):
            text = "CREATE TABLE IF NOT EXISTS a (i int);\nSELECT 1;\n"
            self.sqlx(text.replace("\n", ran))
            with self.subTest(now=now), self.start() as rpc:
                self.assertTrue(rpc.call("MigrationService", "Run").ok)
                self.sqlx(text.replace("\n", now))
                one = self.status(rpc).migrations[0]
                self.assertEqual(self.state(one), "modified")
                self.assertIn("Only the line endings differ: " + word, one.note)
                self.assertIn("line endings", self.refused(rpc).status.message)
                self.sqlx((text + "SELECT 2;\n").replace("\n", now))
                self.assertNotIn("line endings", self.status(rpc).migrations[0].note)
            self.sql("DROP TABLE _sqlx_migrations")

    def test_a_byte_order_mark_is_named_where_only_it_differs(self):
        text = "CREATE TABLE IF NOT EXISTS a (i int);\nSELECT 1;\n"
        for ran, now, word in ((text, "\ufeff" + text, "start differs"), (text, "\ufeff" + text.replace("\n", "\r\n"), "start and the line endings differ")):
            self.sqlx(ran)
            with self.subTest(word), self.start() as rpc:
                self.assertTrue(rpc.call("MigrationService", "Run").ok)
                self.sqlx(now)
                self.assertIn("Only the byte order mark at its " + word, self.status(rpc).migrations[0].note)
                self.sqlx(now + "SELECT 2;")
                self.assertNotIn("Only", self.status(rpc).migrations[0].note)
            self.sql("DROP TABLE _sqlx_migrations")

    def test_a_migration_that_was_renamed_is_seen_by_its_content(self):
        self.write("prisma/migrations/20250101000000_a/migration.sql", "CREATE TABLE a (i int);\n")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            os.rename(os.path.join(self.directory.name, "prisma/migrations/20250101000000_a"), os.path.join(self.directory.name, "prisma/migrations/20250103000000_a"))
            self.write("prisma/migrations/20250104000000_b/migration.sql", "SELECT 1;\n")
            notes = {one.name: one.note for one in self.status(rpc).migrations}
            self.assertIn("content is that of 20250103000000_a", notes["20250101000000_a"])
            self.assertIn("mark-applied 20250103000000_a", notes["20250103000000_a"])
            self.assertNotIn("content", notes["20250104000000_b"])
            for method in ("Run", "Plan"):
                error = self.refused(rpc, method)
                self.assertEqual((error.status.detail.reason, error.status.detail.migration), ("HISTORY_CHANGED", "20250103000000_a"))
                self.assertIn("would execute it again", error.status.message)
            self.assertIn("would execute it again", "".join(rpc.call("MigrationService", "Check").warnings))
            self.write("prisma/migrations/20250103000001_copy/migration.sql", "CREATE TABLE a (i int);\n")
            self.assertEqual(self.refused(rpc, migrations=["20250103000001_copy"]).status.detail.migration, "20250103000001_copy")
            self.assertIn("other pending files have it, too", {one.name: one.note for one in self.status(rpc).migrations}["20250103000001_copy"])
            shutil.rmtree(os.path.join(self.directory.name, "prisma/migrations/20250103000001_copy"))
            self.assertTrue(rpc.call("MigrationService", "Run", {"migrations": ["20250104000000_b"]}).ok)  # it is not asked for
            self.assertEqual(rpc.call("MigrationService", "Run", {"ignore_history": True}).failed.sqlstate, "42P07")
            rpc.call("MigrationService", "MarkApplied", {"migration": "20250103000000_a"})
            self.write("prisma/migrations/20250105000000_c/migration.sql", "CREATE TABLE a (i int);\n")  # the old name is answered for
            self.assertEqual(rpc.call("MigrationService", "Run").failed.sqlstate, "42P07")

    def test_a_changeset_of_liquibase_that_moved_to_another_folder_is_seen_by_its_content(self):
        """Its path is a part of its name; the checksum is that of the changelog's reader."""
        for folder in ("a", "b"):
            shutil.rmtree(os.path.join(self.directory.name, "a"), ignore_errors=True)
            self.write("liquibase.properties", f"changelog-file={folder}/log.sql\n")
            self.write(f"{folder}/log.sql", "--liquibase formatted sql\n--changeset bob:1\nCREATE TABLE t (i int);\n")
            with self.start() as rpc:
                if folder == "a":
                    self.assertEqual(self.run_all(rpc), ["a/log.sql::1::bob"])
                    continue
                with self.assertRaises(RpcError) as refused:
                    rpc.call("MigrationService", "Run", {})
                self.assertIn('"b/log.sql::1::bob" has the content of "a/log.sql::1::bob", which is applied and has no file', refused.exception.status.message)

    def test_a_migration_that_was_renamed_is_seen_by_its_name_where_no_content_is_recorded(self):
        """Of Sequelize, which would run it again (sequelize-cli 6.6.5): compiled or not, or with a better title."""
        self.write(".sequelizerc", "module.exports = {};\n")
        self.write("package.json", '{"dependencies": {"sequelize": "6", "sequelize-cli": "6"}}')
        self.sql('CREATE TABLE "SequelizeMeta" (name varchar(255) PRIMARY KEY)')
        for row, file, says in (("20250101000000-users.js", "20250101000000-users.ts", "the same name, but for its ending or capital letters, as"),
                                ("20250101000000-users.js", "20250101000000-Users.js", "the same name, but for its ending or capital letters, as"),
                                ("20250101102030-users.js", "20250101102030-people.js", "the same time as"),
                                ("20250101000000-users.js", "20250101000000-people.js", None), ("20250101102030-users.js", "20250101102031-users.js", None)):
            with self.subTest(row=row, file=file):
                self.sql(f"DELETE FROM \"SequelizeMeta\"; INSERT INTO \"SequelizeMeta\" VALUES ('{row}')")
                shutil.rmtree(os.path.join(self.directory.name, "migrations"), ignore_errors=True)
                self.write(f"migrations/{file}", "module.exports = { up: async (queryInterface) => {} };\n")
                with self.start("--allow-delegate") as rpc:
                    notes = " ".join(one.note for one in self.status(rpc).migrations)
                    self.assertEqual(f"It has {says} {row}, which is applied and has no file" in notes, says is not None)
                    if says is None:
                        self.assertEqual([one.name for one in rpc.call("MigrationService", "Plan", {}).migrations], [file])
                        continue
                    with self.assertRaises(RpcError) as refused:
                        rpc.call("MigrationService", "Run", {})
                    self.assertIn(f'"{file}" has {says} "{row}", which is applied and has no file', refused.exception.status.message)

    def test_two_files_of_one_version_are_a_problem(self):
        self.dbmate()
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.write("db/migrations/20250101000000_b.sql", "-- migrate:up\nCREATE TABLE b (id INT);\n-- migrate:down\n")
            self.check_unknown(rpc, "20250101000000_a.sql and 20250101000000_b.sql have the same version")

    def test_a_file_whose_name_no_table_can_hold_is_a_problem(self):
        self.dbmate()
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.write("db/migrations/20250102000000_b\nx.sql", "-- migrate:up\nCREATE TABLE b (id INT);\n-- migrate:down\n")
            self.check_unknown(rpc, "20250102000000_b\\x0ax.sql is not UTF-8 or has control characters")

    # ---- whose it is ----

    def eve(self):
        self.sql("DROP ROLE IF EXISTS eve; CREATE ROLE eve LOGIN PASSWORD 'e'; GRANT CREATE ON SCHEMA public TO eve; CREATE SCHEMA eve AUTHORIZATION eve")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE IF EXISTS eve", False)
        self.addCleanup(self.cluster.psql, self.database, "DROP OWNED BY eve CASCADE", False)

    def as_eve(self, text):
        self.sql(f"SET SESSION AUTHORIZATION eve; {text}")

    def is_super(self):
        return self.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'eve'") == [("t",)]

    BOOM = ("CREATE FUNCTION {0}.boom() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN EXECUTE 'ALTER ROLE eve SUPERUSER'; RETURN NEW; END $f$;"
            "CREATE TRIGGER t AFTER INSERT ON {0}.schema_migrations FOR EACH ROW EXECUTE FUNCTION {0}.boom();")

    def test_a_table_of_a_stranger_is_never_the_ledger(self):
        self.dbmate()
        self.eve()
        def make(schema):
            self.as_eve(VERSIONS.format(f"{schema}.schema_migrations") + f"GRANT ALL ON {schema}.schema_migrations TO PUBLIC;" + self.BOOM.format(schema))
        make("public")
        with self.start() as rpc:
            self.check_unknown(rpc, "public.schema_migrations", "--ledger")
        self.as_eve("DROP TABLE public.schema_migrations")
        make("eve")  # where nobody's tool looks: no reason to ask
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual((self.sql("SELECT version FROM public.schema_migrations"), self.sql("SELECT * FROM eve.schema_migrations")), ([("20250101000000",)], []))
        self.assertFalse(self.is_super())

    def test_a_strangers_trigger_on_our_ledger_is_told_and_never_fires(self):
        """GRANT ALL ON ALL TABLES TO the application is usual, and gives it TRIGGER."""
        self.dbmate()
        self.eve()
        self.sql(VERSIONS.format("schema_migrations") + "CREATE FUNCTION ours() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NEW; END $f$;"
                 "CREATE TRIGGER o AFTER INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION ours(); GRANT ALL ON schema_migrations TO eve")
        with self.start() as rpc:
            self.assertFalse(self.status(rpc).HasField("problem"))
        self.as_eve(self.BOOM.format("public"))
        with self.start() as rpc:
            self.check_unknown(rpc, "has the trigger t on public.schema_migrations with the function public.boom() of eve", "REVOKE TRIGGER ON public.schema_migrations", "--ledger public.schema_migrations")
        self.assertFalse(self.is_super())
        self.sql("DROP TRIGGER t ON schema_migrations")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    # Each has the owner's table use what is eve's; what runs when a row is read or written runs as who does that.
    WAYS = {
        "a default": "ALTER TABLE schema_migrations ADD COLUMN x text DEFAULT eve.ran('a')",
        "a check": "ALTER TABLE schema_migrations ADD CHECK (eve.ran(version) IS NOT NULL)",
        "a generated column": "ALTER TABLE schema_migrations ADD COLUMN x text GENERATED ALWAYS AS (eve.ran(version)) STORED",
        "an operator": "ALTER TABLE schema_migrations ADD CHECK ((version OPERATOR(eve.=~=) 'a') IS NOT NULL)",
        "the negator of one": "ALTER TABLE schema_migrations ADD CHECK (NOT version OPERATOR(eve.=~=) 'a')",
        "her domain": "ALTER TABLE schema_migrations ADD COLUMN x eve.d",
        "a domain over hers": "CREATE DOMAIN ours AS eve.d; ALTER TABLE schema_migrations ADD COLUMN x ours",
        "a domain that calls her": "CREATE DOMAIN ours AS text CHECK (eve.ran(VALUE) IS NOT NULL); ALTER TABLE schema_migrations ADD COLUMN x ours",
        "an expression of an index": "CREATE INDEX ON schema_migrations (eve.ran(version))",
        "a predicate of an index": "CREATE INDEX ON schema_migrations (version) WHERE eve.ran(version) = 'a'",
        "statistics": "CREATE STATISTICS s ON (eve.ran(version)), version FROM schema_migrations",
        "a policy": "ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON schema_migrations USING (eve.ran(version) = 'a')",
        "a policy that reads her view": "ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON schema_migrations USING (EXISTS (SELECT FROM eve.v))",
        "a rule": "CREATE RULE r AS ON INSERT TO schema_migrations DO ALSO SELECT eve.ran('a')",
        "a rule that writes to hers": "CREATE RULE r AS ON INSERT TO schema_migrations DO ALSO INSERT INTO eve.t VALUES (1)",
        "the condition of a trigger": "CREATE TRIGGER w BEFORE UPDATE ON schema_migrations FOR EACH ROW WHEN (eve.ran(NEW.version) = 'a') "
                                      "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "a child of hers": "CREATE TABLE child () INHERITS (schema_migrations); ALTER TABLE child OWNER TO eve",
        "a cast to json": "CREATE TYPE e AS ENUM ('a'); CREATE FUNCTION tojson(e) RETURNS json LANGUAGE sql AS $$ SELECT '1'::json $$; ALTER FUNCTION tojson OWNER TO eve; "
                          "CREATE CAST (e AS json) WITH FUNCTION tojson(e); ALTER TABLE schema_migrations ADD COLUMN x e",
    }
    HERS = ("CREATE FUNCTION eve.ran(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';"
            "CREATE FUNCTION eve.same(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';"
            "CREATE OPERATOR eve.=~= (LEFTARG = text, RIGHTARG = text, FUNCTION = eve.same, NEGATOR = OPERATOR(eve.!~=));"
            "CREATE OPERATOR eve.!~= (LEFTARG = text, RIGHTARG = text, FUNCTION = eve.same, NEGATOR = OPERATOR(eve.=~=));"
            "CREATE DOMAIN eve.d AS text; CREATE TABLE eve.t (i int); CREATE VIEW eve.v AS SELECT 1; GRANT ALL ON ALL TABLES IN SCHEMA eve TO PUBLIC;"
            "GRANT USAGE ON SCHEMA eve TO PUBLIC; GRANT CREATE ON SCHEMA eve TO PUBLIC;")

    def test_a_strangers_code_in_our_ledger_is_told_however_it_came_there(self):
        self.dbmate()
        self.eve()
        self.as_eve(self.HERS)
        self.sql("GRANT ALL ON SCHEMA public TO eve")
        for way, statements in self.WAYS.items():
            with self.subTest(way=way):
                self.sql(VERSIONS.format("schema_migrations") + statements)
                with self.start() as rpc:
                    self.check_unknown(rpc, "The table public.schema_migrations, where dbmate has its tracking table, has the ", " of eve: that role's code would run")
                self.sql("DROP TABLE schema_migrations CASCADE; DROP DOMAIN IF EXISTS ours; DROP TYPE IF EXISTS e CASCADE")

    def test_our_own_code_and_what_others_build_on_our_ledger_is_no_reason_against_it(self):
        self.dbmate()
        self.eve()
        self.sql("CREATE FUNCTION ours(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE DOMAIN word AS text CHECK (ours(VALUE) <> '');" +
                 VERSIONS.format("schema_migrations") + "ALTER TABLE schema_migrations ADD COLUMN x word DEFAULT ours('a'); CREATE INDEX ON schema_migrations (ours(version));"
                 "GRANT SELECT, REFERENCES ON schema_migrations TO eve; GRANT USAGE ON SCHEMA public TO eve")
        self.as_eve("CREATE VIEW eve.v AS SELECT * FROM public.schema_migrations; CREATE TABLE eve.t (v varchar REFERENCES public.schema_migrations (version));"
                    "CREATE TYPE eve.o AS (i int); CREATE FUNCTION eve.c(public.schema_migrations) RETURNS eve.o LANGUAGE sql AS 'SELECT ROW(1)::eve.o';"
                    "CREATE CAST (public.schema_migrations AS eve.o) WITH FUNCTION eve.c(public.schema_migrations) AS IMPLICIT; CREATE DOMAIN eve.w AS public.word;"
                    "CREATE TABLE eve.u (LIKE public.schema_migrations INCLUDING ALL, r public.schema_migrations)")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_the_operators_word_is_enough_for_the_code_of_others(self):
        self.dbmate()
        self.eve()
        self.as_eve("CREATE FUNCTION eve.quiet() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NEW; END $f$; GRANT USAGE ON SCHEMA eve TO PUBLIC")
        self.sql(VERSIONS.format("schema_migrations") + "CREATE TRIGGER t BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION eve.quiet()")
        with self.start("--ledger", "public.schema_migrations") as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_efcores_rows_are_not_made_json_by_a_strangers_cast(self):
        """They are read as JSON, whatever their columns are called: PostgreSQL then looks for a cast of each column's type, and of the row's."""
        self.write("Migrations/20250101000000_A.cs", "class A : Migration {}")
        self.write("Migrations/20250101000000_A.Designer.cs", "[DbContext(typeof(Shop))]\n[Migration(\"20250101000000_A\")]\n")
        table = 'CREATE TABLE "__EFMigrationsHistory" ("MigrationId" varchar(150) PRIMARY KEY, "ProductVersion" varchar(32) NOT NULL);'
        cast = "CREATE FUNCTION public.j({0}) RETURNS json LANGUAGE plpgsql AS $$ BEGIN RAISE 'ran'; END $$; ALTER FUNCTION public.j({0}) OWNER TO eve; CREATE CAST ({0} AS json) WITH FUNCTION public.j({0});"
        self.eve()
        self.sql("CREATE TYPE e AS ENUM ('a')")
        for way in (table + cast.format('public."__EFMigrationsHistory"'), table + cast.format("public.e") + 'ALTER TABLE "__EFMigrationsHistory" ADD COLUMN x e DEFAULT \'a\';'):
            with self.subTest(way=way):
                self.sql(way + 'INSERT INTO "__EFMigrationsHistory" VALUES (\'20250101000000_A\', \'9.0.0\')')
                with self.start() as rpc:
                    self.check_unknown(rpc, "with the function public.j(", " of eve")
                self.sql('DROP TABLE "__EFMigrationsHistory" CASCADE; DROP FUNCTION IF EXISTS public.j CASCADE')

    # ---- links ----

    def link(self, name, target):
        path = os.path.join(self.directory.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)
        return path

    def elsewhere(self, **files):
        folder = tempfile.mkdtemp(prefix="truss-elsewhere-")
        self.addCleanup(shutil.rmtree, folder, True)
        for name, content in files.items():
            with open(os.path.join(folder, name.replace("__", ".")), "w", encoding="utf-8") as file:
                file.write(content)
        return folder

    UP = "-- migrate:up\nCREATE TABLE a (i INT);\n-- migrate:down\n"

    def test_a_folder_that_is_a_link_out_of_the_project_is_a_problem(self):
        there = self.elsewhere()
        with open(os.path.join(there, "20250101000000_a.sql"), "w", encoding="utf-8") as file:
            file.write(self.UP)
        for link, target in (("db/migrations", there), ("db", os.path.join(there, ".."))):
            with self.subTest(link=link):
                self.link(link, target)
                with self.start() as rpc:
                    self.check_unknown(rpc, f"{link} is a link that leads out of the project, to {os.path.realpath(target)}", "--allow-outside")
                os.unlink(os.path.join(self.directory.name, link))
                shutil.rmtree(os.path.join(self.directory.name, "db"), True)
        self.link("db/migrations", there)
        self.write(".env", "DBMATE_MIGRATIONS_DIR=./db/migrations\n")
        with self.start() as rpc:
            self.check_unknown(rpc, "db/migrations is a link that leads out of the project", "--allow-outside")
        with self.start("--allow-outside") as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_link_that_leads_nowhere_or_in_a_circle_is_a_problem(self):
        for target, said in (("/nonexistent/there", "a link to /nonexistent/there, which is not there"), ("migrations", "leads in a circle")):
            with self.subTest(target=target):
                self.link("db/migrations", target)
                with self.start() as rpc:
                    self.check_unknown(rpc, "db/migrations is", said)
                os.unlink(os.path.join(self.directory.name, "db/migrations"))

    def test_a_link_within_the_project_is_nothing_special(self):
        self.write("real/20250101000000_a.sql", self.UP)
        self.link("db/migrations", "../real")
        self.link("also", os.path.join(self.directory.name, "real"))
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_configuration_that_is_a_link_out_of_the_project_is_a_problem(self):
        """It may name another folder or table: without it nothing would be known of them."""
        there = self.elsewhere(env="DBMATE_MIGRATIONS_TABLE=other\n")
        self.dbmate()
        self.link(".env", os.path.join(there, "env"))
        with self.start() as rpc:
            self.check_unknown(rpc, ".env is a link that leads out of the project", "--allow-outside")
        with self.start("--allow-outside") as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT count(*) FROM other"), [("1",)])
        os.unlink(os.path.join(self.directory.name, ".env"))
        self.link(".env", "gone")
        with self.start() as rpc:
            self.check_unknown(rpc, ".env is a link to gone, which is not there")

    def test_a_file_that_leads_out_is_told_and_not_run_and_a_path_is_a_problem(self):
        there = self.elsewhere(a="-- migrate:up\nCREATE TABLE secret (i INT);\n-- migrate:down\n")
        self.dbmate()
        self.link("db/migrations/20250102000000_b.sql", os.path.join(there, "a"))
        with self.start() as rpc:
            said = "db/migrations/20250102000000_b.sql is a link that leads out of the project"
            self.assertIn(said, "".join(self.status(rpc).warnings))
            self.assertIn(said, rpc.call("MigrationService", "Run").failed.error)
            self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])
            self.assertNotIn("secret", str(self.refused(rpc, "Preview", name="20250102000000_b").status))
        os.unlink(os.path.join(self.directory.name, "db/migrations/20250102000000_b.sql"))
        self.write(".env", f"DBMATE_MIGRATIONS_DIR={there}\n")
        with self.start() as rpc:
            self.check_unknown(rpc, "is outside of the project", "--allow-outside")

    def test_what_a_file_includes_from_outside_is_not_read(self):
        there = self.elsewhere(sql="CREATE TABLE secret (i INT);")
        self.write("sqitch.conf", "[core]\n\tengine = pg\n")
        self.write("sqitch.plan", "%syntax-version=1.0.0\n%project=p\n\na 2025-01-01T00:00:00Z X <x@y.z> # a\n")
        self.link("deploy/a.sql", os.path.join(there, "sql"))
        with self.start() as rpc:
            said = "deploy/a.sql is a link that leads out of the project"
            self.assertIn(said, self.status(rpc).warnings[0])
            for text in (rpc.call("MigrationService", "Run").failed.error, self.refused(rpc, "Preview", name="a").status.message):
                self.assertTrue(text.startswith(said), text)
                self.assertNotIn("secret", text)
        os.unlink(os.path.join(self.directory.name, "deploy/a.sql"))
        self.write("deploy/a.sql", f"\\i {there}/sql\n")
        with self.start() as rpc:
            self.assertFalse(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT to_regclass('secret')"), [(None,)])

    def test_a_changelog_that_includes_a_link_out_of_the_project_is_a_problem(self):
        there = self.elsewhere(sql="--liquibase formatted sql\n--changeset a:1\nCREATE TABLE secret (i INT);\n")
        self.write("liquibase.properties", "changeLogFile=changelog.xml\n")
        self.write("changelog.xml", '<databaseChangeLog><include file="part.sql"/></databaseChangeLog>')
        self.link("part.sql", os.path.join(there, "sql"))
        with self.start() as rpc:
            error = self.refused(rpc, "Run")
            self.assertIn("part.sql is a link that leads out of the project", error.status.message)

    def test_a_type_that_is_only_called_like_ours_is_not_read(self):
        self.write("migrations/20240101000000_a.sql", "CREATE TABLE a (i INT);")
        self.write("Cargo.toml", '[dependencies]\nsqlx = "0.8"\n')
        self.eve()
        self.as_eve("CREATE TYPE eve.int8 AS (x int); CREATE FUNCTION eve.totext(eve.int8) RETURNS text LANGUAGE plpgsql AS "
                    "$f$ BEGIN EXECUTE 'ALTER ROLE eve SUPERUSER'; RETURN '1'; END $f$; CREATE CAST (eve.int8 AS text) WITH FUNCTION eve.totext(eve.int8);"
                    "CREATE TABLE eve._sqlx_migrations (version eve.int8, description text, installed_on timestamptz, success bool, checksum bytea, execution_time bigint);"
                    "INSERT INTO eve._sqlx_migrations VALUES (ROW(1), 'a', now(), true, '', 1)")
        with self.start() as rpc:
            self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["pending"])
        self.assertFalse(self.is_super())

    def test_hidden_rows_of_a_ledger_are_an_error_with_advice(self):
        self.dbmate()
        self.sql("DROP ROLE IF EXISTS mig; CREATE ROLE mig LOGIN PASSWORD 'm';" + VERSIONS.format("schema_migrations") +
                 "INSERT INTO schema_migrations VALUES ('20250101000000'); ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY;"
                 "CREATE POLICY w ON schema_migrations FOR INSERT WITH CHECK (true); GRANT ALL ON schema_migrations TO mig; GRANT ALL ON SCHEMA public TO mig")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE IF EXISTS mig", False)
        self.addCleanup(self.cluster.psql, self.database, "DROP OWNED BY mig CASCADE", False)
        with self.start(url=self.url().replace(f"app:{PASSWORD_ENCODED}", "mig:m")) as rpc:
            for method in ("GetStatus", "Run", "Plan", "Check"):
                error = self.refused(rpc, method)
                self.assertEqual(error.code, PERMISSION_DENIED)
                self.assertIn("Row-level security", error.status.message)
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    # ---- the database that was meant ----

    def test_golang_migrates_table_of_the_url_is_the_ledger(self):
        self.write("migrations/000001_a.up.sql", "CREATE TABLE a (id INT);")
        self.write("migrations/000001_a.down.sql", "DROP TABLE a;")
        self.sql('CREATE SCHEMA "My"; CREATE TABLE app_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO app_migrations VALUES (1, false);'
                 'CREATE TABLE "My"."Log" (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO "My"."Log" VALUES (1, false)')
        for parameters, table in (({"x-migrations-table": "app_migrations"}, "public.app_migrations"),
                                  ({"x-migrations-table": "%22My%22.%22Log%22", "x-migrations-table-quoted": "1"}, "My.Log")):
            with self.subTest(table=table), self.start(url=self.url(**parameters)) as rpc:
                status = self.status(rpc)
                self.assertEqual((status.tracking_table, [self.state(one) for one in status.migrations]), (table, ["applied"]))

    def test_prismas_schema_in_the_url_of_another_framework_is_not_half_understood(self):
        self.dbmate()
        self.sql("CREATE SCHEMA ten")
        with self.start(url=self.url(schema="ten")) as rpc:
            self.check_unknown(rpc, "schema=ten is Prisma's, and this is dbmate, which would work in schema public: write search_path=ten")
        with self.start(url=self.url(schema="public")) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_morph_reads_the_table_of_the_url_too(self):
        """configParams of morph's drivers/postgres/postgres.go"""
        self.write("go.mod", "require github.com/mattermost/morph v1.1.0\n")
        self.write("migrations/000001_a.up.sql", "CREATE TABLE a (id INT);")
        self.sql("CREATE TABLE app_log (version bigint PRIMARY KEY, name varchar NOT NULL); INSERT INTO app_log VALUES (1, 'a')")
        with self.start(url=self.url(**{"x-migrations-table": "app_log"})) as rpc:
            status = self.status(rpc)
            self.assertEqual((status.tracking_table, [self.state(one) for one in status.migrations]), ("public.app_log", ["applied"]))

    def test_golang_migrates_table_is_refused_by_another_framework(self):
        self.dbmate()
        with self.start(url=self.url(**{"x-migrations-table": "app_migrations"})) as rpc:
            self.check_unknown(rpc, "x-migrations-table", "dbmate")

    def prisma_of(self, variable):
        self.write("prisma/schema.prisma", f'datasource db {{\n  provider = "postgresql"\n  url = env("{variable}")\n}}\n')
        self.write("prisma/migrations/1_a/migration.sql", "CREATE TABLE a (id INT);")

    def test_a_dotenv_of_another_environment_that_names_another_database_is_told_and_stops_nothing(self):
        self.prisma_of("DATABASE_URL")
        self.write(".env.production", f"DATABASE_URL={self.cluster.url('other')}\n")
        with self.start() as rpc:
            self.assertRegex("".join(self.status(rpc).warnings), r"A file of the project names another database: .*/other \(.env.production, by DATABASE_URL\)")
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_project_that_names_another_database_is_not_run_in_this_one(self):
        self.prisma_of("APP_DB_URL")
        self.write(".env", f"APP_DB_URL={self.cluster.url('other')}\n")
        with self.start() as rpc:
            self.assertRegex("".join(self.status(rpc).warnings), r"names another database: .*/other \(prisma/schema.prisma, line 3, by APP_DB_URL\)")
            for method, request in (("Run", {}), ("Plan", {}), ("MarkApplied", {"migration": "1_a"})):
                error = self.refused(rpc, method, **request)
                self.assertEqual((error.code, error.status.detail.reason), (FAILED_PRECONDITION, "OTHER_DATABASE"))
                self.assertNotIn(PASSWORD_ENCODED, error.status.message)
            self.assertEqual(self.refused(rpc, "Baseline", all=True).status.detail.reason, "OTHER_DATABASE")
            trial = rpc.call("MigrationService", "Baseline", {"all": True, "dry_run": True})
            self.assertTrue(trial.ok)
            self.assertRegex("".join(trial.warnings), "Recording them would be refused: The project names another database")
            self.assertEqual(self.tables(), set())
            self.assertTrue(rpc.call("MigrationService", "Run", {"allow_other_database": True}).ok)
        with self.start("--allow-other-database") as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_prismas_schema_for_another_kind_of_database_is_refused_not_asked_about(self):
        self.write("package.json", '{"devDependencies": {"prisma": "6"}}')
        self.write("prisma/schema.prisma", 'datasource db {\n  provider = "mysql"\n  url = env("DATABASE_URL")\n}\n')
        with self.start() as rpc:
            self.check_unknown(rpc, "is for mysql", "it cannot run in PostgreSQL")
        self.write("prisma/migrations/1_a/migration.sql", "CREATE TABLE a (i int);\n")
        with self.start("--migrations", "prisma/migrations") as rpc:
            self.assertIn("MySQL (prisma/schema.prisma, line 2)", "".join(self.status(rpc).warnings))
            self.refused(rpc)
        self.assertEqual(self.tables(), set())

    def test_a_project_that_names_this_database_runs(self):
        self.prisma_of("APP_DB_URL")
        self.write(".env", f"APP_DB_URL={self.url().replace('127.0.0.1', 'localhost')}?schema=public\n")
        with self.start() as rpc:
            self.assertEqual(list(self.status(rpc).warnings), [])
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_tool_is_never_started_against_another_database(self):
        self.write("package.json", '{"dependencies": {"knex": "3"}}')
        self.write("migrations/20240101000000_a.js", "exports.up = knex => knex.raw('SELECT 1'); exports.down = () => {};\n")
        self.write("node_modules/.bin/knex", f"#!/bin/sh\ntouch {self.directory.name}/started\nexit 1\n")
        os.chmod(os.path.join(self.directory.name, "node_modules/.bin/knex"), 0o755)
        for connection, reason in (("'postgres://db.example/other'", "OTHER_DATABASE"), ("process.env.DATABASE_URL", None)):
            self.write("knexfile.js", f"module.exports = {{ client: 'pg', connection: {connection} }};\n")
            with self.subTest(connection=connection), self.start("--allow-delegate", "--allow-other-database") as rpc:
                if reason:
                    self.assertEqual(self.refused(rpc, allow_other_database=True).status.detail.reason, reason)
                else:
                    rpc.call("MigrationService", "Run")
                self.assertEqual(os.path.exists(os.path.join(self.directory.name, "started")), reason is None)
                if reason:  # no tool is started for a record
                    self.assertTrue(rpc.call("MigrationService", "Baseline", {"all": True}).ok)
                    self.sql("DROP TABLE knex_migrations, knex_migrations_lock")

    def test_every_answer_names_its_database(self):
        self.dbmate()
        with self.start() as rpc:
            for service, method in (("MigrationService", "GetStatus"), ("MigrationService", "Plan"), ("MigrationService", "Check"),
                                    ("MigrationService", "Run"), ("Health", "Check"), ("Health", "GetInfo")):
                with self.subTest(method=f"{service}.{method}"):
                    target = rpc.call(service, method).target
                    self.assertEqual((target.host, target.port, target.database, target.user),
                                     ("127.0.0.1", str(self.cluster.port), self.database, "app"))
                    self.assertRegex(target.server_version, r"^\d+(\.\d+|devel)?")

    def test_postgrators_scripts_and_table_are_in_the_schema_of_its_configuration(self):
        """lib/Client.js of postgrator 8: SET search_path = currentSchema, for everything."""
        self.write("db/001.do.a.sql", "CREATE TABLE a (i int);\n")
        self.write("package.json", '{"dependencies": {"postgrator": "8"}}')
        self.write(".postgratorrc.json", '{"migrationPattern": "db/*.sql", "driver": "pg", "currentSchema": "shop"}')
        self.sql("CREATE SCHEMA shop")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.tables(), {"shop.a", "shop.schemaversion"})


if __name__ == "__main__":
    fixtures.harness.main()
