"""Migrations, tables and settings that a project says in another place than its configuration's usual one are read, or a question."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Written
from harness import RpcError

RESOURCES = "src/main/resources/"
KNEX = {"package.json": '{"dependencies": {"knex": "3"}}', "migrations/1_a.js": "exports.up = knex => knex.raw('SELECT 1');\n", "db/real/1_b.js": "exports.up = 1"}
UMZUG = {"package.json": '{"dependencies": {"sequelize": "6", "umzug": "3"}}',
         "migrations/1-a.js": "module.exports = { up: async queryInterface => {} };\n", "db/real/1-b.js": "module.exports = { up: async queryInterface => {} };\n"}
KYSELY = {"package.json": '{"dependencies": {"kysely": "0.28"}}', "migrations/000_a.ts": "import { Kysely } from 'kysely';\nexport async function up(db: Kysely<any>) {}\n"}
JOURNAL = '{"dialect": "%s", "entries": [{"idx": 0, "when": 1700000000000, "tag": "0000_a"}]}'
DRIZZLE = {"drizzle/0000_a.sql": "CREATE TABLE a (i int);", "drizzle/meta/_journal.json": JOURNAL % "postgresql"}
PRISMA = {"prisma/schema.prisma": 'datasource db {\n  provider = "postgresql"\n}\n', "prisma/migrations/1_a/migration.sql": "SELECT 1;"}
FLYWAY = {"pom.xml": "flyway-core", f"{RESOURCES}db/migration/V1__a.sql": "", f"{RESOURCES}db/real/V2__b.sql": ""}
CHANGES = "--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--changeset a:2 context:faker\nSELECT 2;\n"
LIQUIBASE = {"pom.xml": "liquibase-core", f"{RESOURCES}db/c.sql": CHANGES}
CHANGELOG = "spring.liquibase.change-log=classpath:db/c.sql\n"
GOOSE = {"migrations/00001_a.sql": "-- +goose Up\nSELECT 1;\n", "db/real/00001_b.sql": "-- +goose Up\nSELECT 1;\n"}
SQLX = {"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n', "migrations/1_a.sql": "", "db/real/1_b.sql": ""}
FLYWAYS_PLUGIN = "<plugin><artifactId>flyway-maven-plugin</artifactId>{}</plugin>\n"
TWO_FOLDERS = {"db/migrations/20240101000000_a.sql": "-- migrate:up\n-- migrate:down\n", "db/more/20240101000001_b.sql": "-- migrate:up\n-- migrate:down\n"}
ATLAS = {"migrations/atlas.sum": "h1:\n", "Makefile": "up:\n\tatlas migrate apply\n"}
RAILS = {"Gemfile": "gem 'rails'\n", "config/application.rb": "class A < Rails::Application\nend\n", "db/migrate/20240101000000_a.rb": "class A < ActiveRecord::Migration[7.0]\nend\n"}

# What a project has beside the usual, and what is said of it.
QUESTIONS = (
    # Code that gives its tool another folder, or none.
    ({**KNEX, "knexfile.js": "module.exports = { client: 'pg', migrations: { migrationSource: new S() } };\n"}, "knexfile.js, line 1, has migrationSource"),
    ({**KNEX, "src/db.js": "const knex = require('knex')({ client: 'pg', migrations: {\n directory: './db/real' } });\n"}, "src/db.js, line 1, has migrations db/real"),
    ({**UMZUG, "m.js": "new Umzug({ migrations: { glob: 'db/real/*.js' }, storage: new SequelizeStorage({ sequelize }) });\n"}, "m.js, line 1, has glob db/real"),
    ({**UMZUG, "m.js": "new Umzug({ migrations: { glob: 'migrations/*.js' }, context: sequelize });\n"}, "m.js, line 1, computes new Umzug"),
    ({**UMZUG, "m.js": "new Umzug({ migrations: { glob: 'migrations/*.js' },\n storage: new JSONStorage({ path: 'x' }), context: sequelize });\n"}, "m.js, line 2, computes storage"),
    ({**KYSELY, "m.ts": "import { MigrationProvider } from 'kysely'\nconst own: MigrationProvider = {\n async getMigrations() { return all }\n}\n"}, "m.ts, line 2, has MigrationProvider"),
    ({"package.json": '{"dependencies": {"node-pg-migrate": "7"}}', "migrations/1_a.sql": "-- Up Migration\n", "db/real/1_b.sql": "-- Up Migration\n",
      "m.js": "import run from 'node-pg-migrate';\nrun({ dir: 'db/real' });\n"}, "m.js, line 2, has dir db/real"),
    ({"package.json": '{"dependencies": {"postgrator": "8"}}', "migrations/001.do.a.sql": "", "sql/001.do.b.sql": "",
      "m.js": "new Postgrator({ migrationPattern: __dirname + '/sql/*' });\n"}, "m.js, line 1, has migrationPattern sql"),
    ({"package.json": '{"dependencies": {"postgres-migrations": "5"}}', "migrations/1_a.sql": "", "db/real/1_b.sql": "",
      "m.js": "const { migrate } = require('postgres-migrations');\nmigrate({ client }, 'db/real');\n"}, "m.js, line 2, has migrate db/real"),
    ({**SQLX, "src/main.rs": 'Migrator::new(std::path::Path::new("./db/real"));\n'}, "has Path::new ./db/real"),
    ({**GOOSE, "db/m.go": 'package db\nimport "github.com/pressly/goose/v3"\nvar sub, _ = fs.Sub(all, "real")\n'}, "db/m.go, line 3, has fs.Sub real"),
    ({**GOOSE, "m.go": 'package m\nimport "github.com/pressly/goose/v3"\nvar o = goose.WithGoMigrations(goose.NewGoMigration(2, up, down))\n'}, "m.go, line 3, has WithGoMigrations"),
    ({"go.mod": "require github.com/rubenv/sql-migrate v1\n", "migrations/1_a.sql": "-- +migrate Up\n", "db/real/1_b.sql": "-- +migrate Up\n",
      "m.go": 'package m\nimport "github.com/rubenv/sql-migrate"\nvar s = migrate.FileMigrationSource{Dir: "db/real"}\n'}, "m.go, line 3, has Dir db/real"),
    ({**RAILS, "engines/x/lib/x/engine.rb": "initializer :append do |app|\n  app.config.paths[\"db/migrate\"] << path\nend\n"}, "engines/x/lib/x/engine.rb, line 2, has app.config.paths"),
    ({**TWO_FOLDERS, "Makefile": "up:\n\tdbmate -d db/migrations -d db/more up\n"}, "Makefile, line 2, has -d db/more, and another folder as well"),
    ({**KNEX, "src/db.js": "const knex = require('knex')({ client: 'pg', migrations: { migrationSource: new FsMigrations('./db/real', false) } });\n"}, "src/db.js, line 1, has migrations db/real"),
    ({**UMZUG, "m.js": "const store = new JSONStorage();\nnew Umzug({ migrations: { glob: 'migrations/*.js' },\n storage: store, context: sequelize });\n"}, "m.js, line 3, computes storage"),
    ({**TWO_FOLDERS, "compose.yml": "services:\n  up:\n    environment:\n      DBMATE_MIGRATIONS_DIR: db/migrations,db/more\n"}, "compose.yml, line 4, has DBMATE_MIGRATIONS_DIR db/more, and another folder as well"),
    ({**TWO_FOLDERS, "compose.yml": "services:\n  up:\n    environment:\n      DBMATE_MIGRATIONS_DIR: './db/more,./db/migrations'\n"}, "compose.yml, line 4, has DBMATE_MIGRATIONS_DIR ./db/more, and another folder as well"),
    ({**FLYWAY, "compose.yml": "services:\n  up:\n    command: flyway -locations=filesystem:src/main/resources/db/migration,filesystem:src/main/resources/db/real migrate\n"},
     "compose.yml, line 3, has -locations filesystem:src/main/resources/db/real, and another folder as well"),
    ({**TWO_FOLDERS, ".env": "DBMATE_MIGRATIONS_DIR=db/migrations,db/none\n"}, "The folder of migrations db/none does not exist in the project (.env)"),
    # Directories of other tools, which atlas reads as well.
    ({**ATLAS, "migrations/1_a.up.sql": "", "migrations/1_a.down.sql": ""}, "migrations has the format of golang-migrate (1_a.down.sql)"),
    ({**ATLAS, "migrations/1_a.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n"}, "migrations has the format of goose (1_a.sql)"),
    ({**ATLAS, "migrations/1_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n"}, "migrations has the format of dbmate (1_a.sql)"),
    ({**ATLAS, "migrations/V1__a.sql": "SELECT 1;", "migrations/U1__a.sql": "SELECT 2;"}, "migrations has the format of flyway (V1__a.sql)"),
    ({**ATLAS, "migrations/1_a.sql": "--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--rollback SELECT 2;\n"}, "migrations has the format of liquibase (1_a.sql)"),
    # A configuration that is another file's.
    ({**KNEX, "knexfile.js": "const {\n  base\n} = require('./base')\n\nmodule.exports = { production: { ...base } } // {\n"}, "knexfile.js, line 5, takes its settings from another file"),
    ({**KNEX, "knexfile.js": "module.exports = require('./src/config').knex;\n"}, "knexfile.js, line 1, takes its settings from another file"),
    ({**DRIZZLE, "drizzle.config.ts": "import base from './base';\nexport default {\n  ...base, dialect: 'postgresql' };\n"}, "drizzle.config.ts, line 3, takes its settings from another file"),
    ({**DRIZZLE, "drizzle.config.ts": "export { default } from './config/drizzle';\n"}, "drizzle.config.ts, line 1, takes its settings from another file"),
    ({**PRISMA, "prisma.config.ts": "import { make } from '@acme/prisma';\nexport default make();\n"}, "prisma.config.ts, line 1, takes its settings from another file"),
    ({**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG, "src/main/java/C.java": "class C { SpringLiquibase l(LiquibaseProperties p) {\n  l.setDatabaseChangeLogTable(prefix + \"log\");\n } }\n"},
     "src/main/java/C.java, line 2, computes setDatabaseChangeLogTable"),
    # Another server.
    ({"drizzle.config.ts": "export default { dialect: 'sqlite' };\n", **DRIZZLE, "drizzle/meta/_journal.json": JOURNAL % "sqlite"}, "The folder drizzle is for sqlite"),
    ({**PRISMA, "prisma/schema.prisma": 'generator client {\n  provider = "prisma-client-js"\n}\ndatasource db {\n  provider = "cockroachdb"\n}\n'}, "is for cockroachdb"),
    # Profiles, and what is switched off.
    ({"pom.xml": "liquibase-core", f"{RESOURCES}application.properties": CHANGELOG}, "application.properties, line 1, names the changelog classpath:db/c.sql, which is not in the project"),
    ({**FLYWAY, f"{RESOURCES}application.yml": "spring:\n  flyway:\n    locations: classpath:db/migration\n---\nspring:\n  config.activate.on-profile: prod\n  flyway:\n    locations: classpath:db/real\n"},
     "application.yml, line 8, names the location classpath:db/real for one profile"),
    ({**FLYWAY, f"{RESOURCES}application.properties": "spring.flyway.table=a\n#---\nspring.config.activate.on-profile=prod\nspring.flyway.table=b\n"}, "application.properties, line 4, names b for one profile"),
    ({**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG, f"{RESOURCES}application-prod.yml": "spring:\n  liquibase:\n    contexts: prod\n"},
     "application-prod.yml, line 3, says prod for one profile, and others have none: say which by SPRING_LIQUIBASE_CONTEXTS"),
    ({**LIQUIBASE, f"{RESOURCES}application.properties": f"{CHANGELOG}spring.liquibase.contexts=prod\n#---\nspring.config.activate.on-profile=dev\nspring.liquibase.contexts=faker\n"},
     "application.properties, line 5, says faker for one profile, and others have prod"),
    ({**LIQUIBASE, f"{RESOURCES}db/prod.sql": CHANGES, f"{RESOURCES}application.properties": CHANGELOG, f"{RESOURCES}application-prod.yml": "spring:\n  liquibase:\n    change-log: classpath:db/prod.sql\n"},
     "application-prod.yml, line 3, names the changelog classpath:db/prod.sql for one profile, and others have db/c.sql"),
    ({**LIQUIBASE, f"{RESOURCES}application-prod.properties": "spring.liquibase.change-log=classpath:db/prod.sql\n"}, "names the changelog classpath:db/prod.sql for one profile"),
    ({**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG, f"{RESOURCES}application-prod.yml": "spring:\n  liquibase:\n    default-schema: app\n"},
     "application-prod.yml, line 3, says app for one profile, and others have public"),
    ({**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG, f"{RESOURCES}config/application-dev.yml": "spring:\n  liquibase:\n    contexts: dev, faker\n"},
     "config/application-dev.yml, line 3, says dev, faker for one profile"),
    ({**FLYWAY, f"{RESOURCES}config/application-prod.properties": "spring.flyway.table=ours\n"}, "config/application-prod.properties, line 1, names ours for one profile"),
    ({"supabase/config.toml": "[db.migrations]\nenabled = false\n", "supabase/migrations/20240101000000_a.sql": ""}, "supabase/config.toml, line 2, says that migrations are not enabled"),
)

# What looks like that and is none.
NO_QUESTIONS = (
    {**KNEX, "src/db.js": "const knex = require('knex')({ client: 'pg', migrations: { directory: './migrations', tableName: 'knex_migrations' }, seeds: { directory: './seeds' } });\n"},
    {**KNEX, "src/db.js": "const knex = require('knex')({ client: 'pg', migrations: { extension: 'js' } });\n"},
    {**KNEX, "knexfile.js": "const base = { client: 'pg', pool: {} };\nmodule.exports = { production: { ...base, debug: require('x') } };\n"},
    {**UMZUG, "m.js": "new Umzug({ migrations: { glob: 'migrations/*.js' }, context: sequelize, storage: new SequelizeStorage({ sequelize }) });\n"},
    {**UMZUG, "m.js": "new Umzug({ migrations: { glob: 'seeds/*.js' }, context: sequelize, storage: new SequelizeStorage({ sequelize, modelName: 'SequelizeMeta' }) });\n"},
    {**KYSELY, "m.ts": "class Own implements MigrationProvider { async getMigrations() { for (const f of await readdir('migrations')) await import(f) } } // kysely\n"},
    {**DRIZZLE, "drizzle.config.ts": "import { config } from 'dotenv';\nexport default { dialect: 'postgresql', schema: ['a', ...more], dbCredentials: { ...creds } };\n"},
    {**PRISMA, "prisma.config.ts": "import { defineConfig, env } from 'prisma/config';\nexport default defineConfig({ datasource: { url: env('X') } });\n"},
    {**FLYWAY, f"{RESOURCES}application.yml": "spring:\n  flyway:\n    enabled: true\n---\nspring:\n  config:\n    activate:\n      on-profile: prod\n  datasource:\n    url: x\n"},
    {**LIQUIBASE, f"{RESOURCES}application.properties": f"{CHANGELOG}spring.liquibase.contexts=prod\n", f"{RESOURCES}application-prod.yml": "spring:\n  liquibase:\n    contexts: prod\n"},
    {**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG,
     f"{RESOURCES}application-prod.yml": "spring:\n  liquibase:\n    change-log: classpath:/db/c.sql\n    default-schema: public\n    database-change-log-table: DATABASECHANGELOG\n"},
    {**PRISMA, "prisma.config.ts": "export default { migrations: { seed: 'x' } };\n", "Makefile": "up:\n\tprisma migrate deploy --schema prisma/schema.prisma --config prisma.config.ts\n"},
    {**KNEX, "cfg/knexfile.js": "module.exports = { client: 'pg', migrations: { extension: 'js' } };\n", "Makefile": "up:\n\tknex migrate:latest --knexfile cfg/knexfile.js --migrations-directory migrations\n"},
    {**UMZUG, "db/options.js": "module.exports = { migrations: 1 };\n", "Makefile": "up:\n\tsequelize db:migrate --options-path db/options.js --migrations-path migrations\n"},
    {**UMZUG, "m.js": "const sequelizeStorage = new SequelizeStorage({ sequelize });\nnew Umzug({ migrations: { glob: 'migrations/*.js' }, context: sequelize, storage: sequelizeStorage });\n"},
    {**UMZUG, "m.ts": "const store: UmzugStorage = new SequelizeStorage({ sequelize })\nnew Umzug({ migrations: { glob: 'migrations/*.js' }, storage: store })\n"},
    {**KNEX, "src/db.js": "const knex = require('knex')({ client: 'pg', migrations: { migrationSource: new FsMigrations('./migrations', false) } });\n"},
    {**KNEX, "src/t.ts": "import { Knex } from 'knex';\ninterface Own {\n  migrationSource?: Knex.MigrationSource<unknown>;\n}\nconst o = { migrationSource: undefined };\nif (o.migrationSource) {}\n"},
    {**KNEX, "src/db.js": "const knex = require('knex')({ client: 'pg', migrations: config.migrations, seeds: { directory: './db/real' } });\n"},
    {**KNEX, "knexfile.js": "const base={ client: 'pg' }\nrequire('dotenv').config()\nfunction defaults() { return {} }\nmodule.exports = { production: { ...base, ...defaults() } }\n"},
    {**KNEX, "knexfile.js": "const x = require('x');\nmodule.exports = { client: 'pg', migrations: {}, log: { note: '}', /* } */ a: { // }\n ...x } } };\n"},
    {**RAILS, "config/environments/test.rb": "config.paths\n"},
    {**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG, "src/main/java/C.java": "class C { SpringLiquibase l(LiquibaseProperties liquibaseProperties) {\n"
     "  l.setDatabaseChangeLogTable(liquibaseProperties.getDatabaseChangeLogTable());\n  l.setDefaultSchema(liquibaseProperties.getDefaultSchema());\n } }\n"},
    {**TWO_FOLDERS, ".env": "DBMATE_MIGRATIONS_DIR=db/migrations,db/more\n", "compose.yml": "services:\n  up:\n    environment:\n      DBMATE_MIGRATIONS_DIR: db/migrations,db/more\n"},
    {**FLYWAY, "flyway.conf": "flyway.locations=classpath:db/migration,classpath:db/real\n",
     "compose.yml": "services:\n  up:\n    command: flyway -locations=filesystem:src/main/resources/db/migration,filesystem:src/main/resources/db/real migrate\n"},
    {"go.mod": "require github.com/pressly/goose/v3 v3\n", **GOOSE, "compose.yml": "services:\n  up:\n    command: [goose,-dir,migrations,up]\n"},
)


class Elsewhere(Written):
    def project_of(self, files):
        self.directory.cleanup()
        for path, text in files.items():
            self.write(path, text)

    def test_what_is_said_elsewhere_is_a_question_with_its_line(self):
        for files, words in QUESTIONS:
            self.project_of(files)
            with self.subTest(words=words), self.start() as rpc:
                self.assertIn(words, self.status(rpc, framework="atlas" if files.items() >= ATLAS.items() else "").problem)

    def test_what_only_flyway_follows_is_its_own_plugins(self):
        others = "<plugin><artifactId>maven-compiler-plugin</artifactId><source>17</source><target>17</target><table>t</table></plugin>\n"
        gradle = "plugins { id 'org.flywaydb.flyway' }\nflyway {\n  placeholderPrefix = '${'\n%s}\ncompile {\n  target = '17'\n  table = 't'\n}\n"
        own = "<configuration><target>3</target></configuration>"
        for files, is_run in (({"pom.xml": FLYWAYS_PLUGIN.format("") + others}, True), ({"pom.xml": FLYWAYS_PLUGIN.format("") + others + FLYWAYS_PLUGIN.format(own)}, False),
                              ({"build.gradle": gradle % ""}, True), ({"build.gradle": gradle % "  target = '3'\n"}, False)):
            self.project_of({f"{RESOURCES}db/migration/V1__a.sql": "SELECT 1;", **files})
            with self.subTest(files=files), self.start() as rpc:
                if is_run:
                    self.assertTrue(rpc.call("MigrationService", "Run", {"dry_run": True}).ok)
                else:
                    with self.assertRaisesRegex(RpcError, "target, which only flyway"):
                        rpc.call("MigrationService", "Run", {"dry_run": True})

    def test_what_changes_nothing_is_none(self):
        for files in NO_QUESTIONS:
            self.project_of(files)
            with self.subTest(files=files), self.start() as rpc:
                status = self.status(rpc)
                self.assertEqual((status.problem, [self.state(one) for one in status.migrations][:1]), ("", ["pending"]))

    def test_contexts_of_the_environment_count_before_every_profile(self):
        self.project_of({**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG, f"{RESOURCES}application-dev.yml": "spring:\n  liquibase:\n    contexts: faker\n"})
        with self.start(environment={"SPRING_LIQUIBASE_CONTEXTS": "prod"}) as rpc:
            self.assertEqual([one.name for one in self.status(rpc).migrations], ["db/c.sql::1::a"])

    def test_the_names_of_liquibases_own_tool_count_so_as_well(self):
        self.project_of({**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG, f"{RESOURCES}application-dev.yml": "spring:\n  liquibase:\n    contexts: faker\n    label-filter: x\n"})
        with self.start(environment={"LIQUIBASE_COMMAND_CONTEXTS": "prod", "LIQUIBASE_COMMAND_LABEL_FILTER": "y"}) as rpc:
            self.assertEqual(([one.name for one in self.status(rpc).migrations], self.status(rpc).problem), (["db/c.sql::1::a"], ""))

    def test_a_ledger_that_a_profile_names_is_answered_by_ledger(self):
        self.project_of({**LIQUIBASE, f"{RESOURCES}application.properties": CHANGELOG, f"{RESOURCES}application-prod.yml": "spring:\n  liquibase:\n    database-change-log-table: ours\n"})
        with self.start() as rpc:
            self.assertIn("--ledger", self.status(rpc).problem)

    def test_dbmate_reads_all_of_its_folders_in_the_order_of_the_names(self):
        """pkg/dbmate/db.go, FindMigrations. What a new one's folder is, NewMigration says: the first."""
        said = {".env": "DBMATE_MIGRATIONS_DIR=./db/more/, ./db/migrations\n"}
        self.project_of({**TWO_FOLDERS, **said, "db/more/20230101000000_c.sql": "-- migrate:up\nCREATE TABLE c ();\n-- migrate:down\n"})
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertEqual([(one.name, one.filename) for one in status.migrations],
                             [("20230101000000_c", "20230101000000_c.sql"), ("20240101000000_a", "../migrations/20240101000000_a.sql"), ("20240101000001_b", "20240101000001_b.sql")])
            self.assertEqual((status.folder, rpc.call("MigrationService", "Run").ok), ("db/more", True))
        with self.start("--migrations", "db/migrations") as rpc:
            self.assertEqual([self.state(one) for one in self.status(rpc).migrations], ["orphaned", "applied", "orphaned"])
        os.remove(os.path.join(self.directory.name, ".env"))
        with self.start(environment={"DBMATE_MIGRATIONS_DIR": "db/migrations,db/more"}) as rpc:
            self.assertEqual({self.state(one) for one in self.status(rpc).migrations}, {"applied"})
        self.write("db/more/20240101000000_again.sql", "-- migrate:up\n-- migrate:down\n")
        with self.start(environment={"DBMATE_MIGRATIONS_DIR": "db/migrations,db/more"}) as rpc:
            self.assertIn("have the same version 20240101000000", self.status(rpc).problem)

    def test_atlas_reads_a_directory_of_its_own_format_whatever_its_files_are_called(self):
        self.project_of({**ATLAS, "migrations/1_a.down.sql": "SELECT 1;", "atlas.hcl": 'env "x" {\n  migration {\n    dir = "file://migrations"\n    format = atlas // plain\n  }\n}\n'})
        with self.start() as rpc:
            self.assertEqual((self.status(rpc).framework_id, self.status(rpc).problem), ("atlas", ""))
        for said in ('dir = "file://migrations"\n format = golang-migrate', 'dir = "file://migrations?format=golang-migrate"', 'dir = "file://migrations"\n format = "golang-migrate"'):
            self.project_of({"go.mod": "require github.com/golang-migrate/migrate/v4 v4.1.0\n", "migrations/atlas.sum": "h1:\n", "migrations/1_a.up.sql": "SELECT 1;", "migrations/1_a.down.sql": "",
                             "atlas.hcl": f'env "x" {{\n  migration {{\n    {said}\n  }}\n}}\n'})
            with self.subTest(said=said), self.start() as rpc:
                self.assertEqual((self.status(rpc).framework_id, self.status(rpc).problem), ("golang-migrate", ""))

    def test_what_the_tracking_table_of_another_tool_has_is_not_run_again(self):
        """Atlas applies directories of golang-migrate's format, and a project may have changed its tool."""
        self.project_of({"go.mod": "require github.com/golang-migrate/migrate/v4 v4.1.0\n", "migrations/20240101000000_a.up.sql": "CREATE TABLE IF NOT EXISTS a (i int); INSERT INTO a VALUES (1);",
                         "migrations/20240101000000_a.down.sql": "DROP TABLE a;", "atlas.hcl": 'env "x" {\n  migration {\n    dir = "file://migrations"\n    format = golang-migrate\n  }\n}\n'})
        row = "INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES ('{}', 'a', 2, 2, 2, now(), 1, '', '', 'x', 'null', 'Atlas CLI')"
        self.sql('CREATE SCHEMA atlas_schema_revisions; CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (version varchar PRIMARY KEY, description varchar NOT NULL, type bigint NOT NULL, applied bigint NOT NULL,'
                 'total bigint NOT NULL, executed_at timestamptz NOT NULL, execution_time bigint NOT NULL, error text, error_stmt text, hash varchar NOT NULL, partial_hashes jsonb, operator_version varchar NOT NULL);'
                 + row.format("20240101000000"))
        with self.start() as rpc:
            self.assertIn("atlas_schema_revisions.atlas_schema_revisions, the tracking table of Atlas, has them as applied", self.status(rpc).problem)
            with self.assertRaises(RpcError):
                rpc.call("MigrationService", "Run")
        with self.start("--framework", "golang-migrate") as rpc:
            self.assertEqual(self.status(rpc).problem, "")
        self.sql(row.format("20240101000009"))  # another project's
        with self.start() as rpc:
            self.assertEqual((self.status(rpc).problem, rpc.call("MigrationService", "Run").ok), ("", True))

    def test_goose_fills_in_between_its_markers_and_only_what_the_file_says(self):
        """github.com/mfridman/interpolate, line by line."""
        script = "-- +goose Up\n-- ${LEFT}\nINSERT INTO t VALUES ('${OUT:-x}', '$OUT');\n-- +goose ENVSUB ON\n-- ${COMMENT}\nINSERT INTO t VALUES ('${A:-a}${B-b}', 'c$$\\$d$(e)');\n-- +goose ENVSUB OFF\nINSERT INTO t VALUES ('$', '$$');\n"
        self.project_of({"migrations/00001_a.sql": script})
        self.sql("CREATE TABLE t (a text, b text)")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT a, b FROM t ORDER BY b"), sorted([("${OUT:-x}", "$OUT"), ("ab", "c$$d$(e)"), ("$", "$$")], key=lambda row: row[1]))
        self.write(".env", "REGION=eu\n")  # goose loads it, and takes no default
        for unknown in ("${A}", "$A", "${A:-${B:-b}}", "${A?needed}", "${A:1:2}", "${REGION:-us}", "${PATH-none}"):
            self.write("migrations/00002_b.sql", f"-- +goose Up\n-- +goose ENVSUB ON\nINSERT INTO t VALUES ('{unknown}');\n")
            with self.subTest(unknown=unknown), self.start() as rpc:
                self.assertIn(f"00002_b.sql, line 3 has {unknown.replace('}}', '}')} behind", str(rpc.call("MigrationService", "Run")))

    def test_numbers_of_a_bigint_are_read_to_the_last(self):
        for files, name in (({"config.yaml": "version: 3\n", "metadata/version.yaml": "", "migrations/default/1700000000123456789_a/up.sql": "SELECT 1;"}, "1700000000123456789_a"),
                            ({"go.mod": "require github.com/mattermost/morph v1.1.0\n", "migrations/1700000000123456789_a.up.sql": "SELECT 1;"}, "1700000000123456789_a"),
                            ({"Cargo.toml": SQLX["Cargo.toml"], "migrations/9223372036854775807_a.sql": "SELECT 1;", "migrations/9223372036854775808_b.sql": ""}, "9223372036854775807_a"),
                            ({"go.mod": "require github.com/pressly/goose/v3 v3.0.0\n", "migrations/1700000000123456789_a.sql": GOOSE["migrations/00001_a.sql"]}, "1700000000123456789_a")):
            self.project_of(files)
            with self.subTest(name=name), self.start() as rpc:
                status = self.status(rpc)
                self.assertEqual([one.name for one in status.migrations], [name])
                self.assertEqual("9223372036854775808_b.sql is left out: its number is too large" in "".join(status.warnings), "migrations/9223372036854775808_b.sql" in files)

    def test_settings_of_spring_in_the_folder_config_count_first(self):
        self.project_of({**FLYWAY, f"{RESOURCES}config/application.yml": "spring:\n  flyway:\n    locations: classpath:db/real\n    table: ours\n", f"{RESOURCES}application.yml": "spring:\n  flyway:\n    table: others\n"})
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
            self.assertEqual(([one.name for one in self.status(rpc).migrations], self.status(rpc).tracking_table), (["V2__b"], "public.ours"))
        self.project_of({**LIQUIBASE, f"{RESOURCES}config/application.yml": "spring:\n  liquibase:\n    change-log: classpath:db/c.sql\n    contexts: prod\n"})
        with self.start() as rpc:
            self.assertEqual([one.name for one in self.status(rpc).migrations], ["db/c.sql::1::a"])

    def test_keys_of_yaml_may_be_several_of_a_path(self):
        for text in ("spring.flyway.locations: [ 'classpath:db/real' ]\n", "spring:\n  flyway.locations: classpath:db/real\n", "spring.flyway:\n  locations:\n    - classpath:db/real\n",
                     "spring.datasource.url: x\nspring:\n  flyway:\n    locations: classpath:db/real\n"):
            self.project_of({**FLYWAY, f"{RESOURCES}application.yml": text})
            with self.subTest(text=text), self.start() as rpc:
                self.assertEqual([one.name for one in self.status(rpc).migrations], ["V2__b"])

    def test_a_file_that_drizzles_journal_does_not_name_is_told(self):
        self.project_of({**DRIZZLE, "drizzle/0001_b.sql": "SELECT 1;"})
        with self.start() as rpc:
            self.assertIn("A file is passed over by drizzle-kit, because meta/_journal.json does not name it: 0001_b.sql.", "".join(self.status(rpc).warnings))

    def test_a_file_that_its_tool_stops_at_or_passes_over_is_told(self):
        for files, words in (({"flyway.conf": "flyway.locations=filesystem:sql\n", "sql/V1__a.sql": "", "sql/V2_b.sql": ""}, "sql/V2_b.sql is passed over by flyway: its name is not VVERSION__"),
                             ({"flyway.conf": "flyway.locations=filesystem:sql\n", "sql/V1__a.sql": "", "sql/v2__b.sql": ""}, "sql/v2__b.sql is passed over by flyway"),
                             ({"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n', "migrations/1_a.sql": "", "migrations/x_b.sql": ""}, "x_b.sql does not begin with a number: sqlx stops at it")):
            self.project_of(files)
            with self.subTest(words=words), self.start() as rpc:
                self.assertIn(words, "".join(self.status(rpc).warnings))

    def test_programs_of_one_of_several_servers_are_found(self):
        for server in ("mysql", "postgres"):
            self.write(f"npm/migration/{server}/1644332647279-{server}.ts", f"import {{ MigrationInterface }} from 'typeorm';\nexport class {server}1644332647279 implements MigrationInterface {{}}\n")
        self.write("npm/package.json", '{"dependencies": {"typeorm": "0.3"}}')
        with self.start() as rpc:
            self.assertEqual(self.status(rpc).folder, "npm/migration/postgres")

    def test_flask_migrates_programs_are_beside_their_configuration(self):
        self.project_of({"app.py": "from flask_migrate import Migrate\n", "dbm/alembic.ini": "[alembic]\n", "dbm/env.py": "", "dbm/versions/a.py": "revision = 'aaa'\ndown_revision = None\n"})
        with self.start() as rpc:
            self.assertEqual((self.status(rpc).folder, self.status(rpc).problem), ("dbm/versions", ""))

    def test_another_database_is_seen_however_it_is_spelt(self):
        django = {"manage.py": "import django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 's.settings')\n", "app/migrations/__init__.py": "",
                  "app/migrations/0001_initial.py": "class Migration(migrations.Migration):\n    dependencies = []\n"}
        named = "{'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'elsewhere'}}\n"
        for files in ({**django, "s/settings.py": f"DATABASES={named}"}, {**django, "s/settings.py": f"DATABASES: dict = {named}"}):
            self.project_of(files)
            with self.subTest(files=files), self.start() as rpc:
                self.assertIn("names another database", "".join(self.status(rpc).warnings))

    def test_the_variable_that_sqlx_toml_names_counts_for_sqlx_in_place_of_database_url(self):
        """common.database-url-var of sqlx 0.9 (sqlx-core/src/config/common.rs)"""
        other = self.cluster.url("elsewhere")
        for dotenv, toml, is_other in ((f"FOO_URL={other}\nDATABASE_URL={self.url()}\n", '[common]\ndatabase-url-var = "FOO_URL"\n', True),
                                       (f"FOO_URL={self.url()}\nDATABASE_URL={other}\n", '[common]\ndatabase-url-var = "FOO_URL"\n', False),
                                       (f"DATABASE_URL={other}\n", '[common]\ndatabase-url-var = "FOO_URL"\n', False),
                                       (f"FOO_URL={self.url()}\nDATABASE_URL={other}\n", "[migrate]\n", True)):
            self.project_of({"Cargo.toml": '[dependencies]\nsqlx = "0.9"\n', "migrations/1_a.sql": "", "sqlx.toml": toml, ".env": dotenv})
            with self.subTest(dotenv=dotenv, toml=toml), self.start() as rpc:
                self.assertEqual("names another database" in "".join(self.status(rpc).warnings), is_other)


if __name__ == "__main__":
    fixtures.harness.main()
