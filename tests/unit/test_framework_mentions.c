/*
 * What projects say of their tracking tables outside of the configuration that is read: in code, commands, variables.
 */
#include "framework/core/framework.h"
#include "framework/core/layout.h"
#include "framework/core/mention_path.h"
#include "framework/core/survey.h"
#include "unit/project_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_FILES 4

/* A project of one framework, and what is known of its ledger then. */
struct said {
    const char *framework;
    struct {
        const char *path;
        const char *content;
    } files[MOST_FILES];
    const char *ledger; /* "schema.table", where "" stands for what nobody says; NULL: it is a question */
    const char *words;  /* in that question, or in what was found */
};

#define GOOSE                                                                                                          \
    {                                                                                                                  \
        "migrations/00001_a.sql", "-- +goose Up\nSELECT 1;\n"                                                          \
    }
#define DBMATE                                                                                                         \
    {                                                                                                                  \
        "db/migrations/20250101000000_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n"                            \
    }
#define UP                                                                                                             \
    {                                                                                                                  \
        "migrations/1_a.up.sql", "SELECT 1;\n"                                                                         \
    }
#define GO_MIGRATE                                                                                                     \
    {                                                                                                                  \
        "go.mod", "require github.com/golang-migrate/migrate/v4 v4.17.0\n"                                             \
    }
#define ALEMBIC                                                                                                        \
    {                                                                                                                  \
        "alembic.ini", "[alembic]\nscript_location = alembic\nversion_table = ours\n"                                  \
    }
#define REVISION                                                                                                       \
    {                                                                                                                  \
        "alembic/versions/a.py", "revision = 'aaa'\ndown_revision = None\n"                                            \
    }
#define RAILS                                                                                                          \
    {                                                                                                                  \
        "config/application.rb", "class A < Rails::Application\nend\n"                                                 \
    }
#define RAILS_ONE                                                                                                      \
    {                                                                                                                  \
        "db/migrate/20250101000000_a.rb", "class A < ActiveRecord::Migration[7.0]\nend\n"                              \
    }
#define LARAVEL                                                                                                        \
    {                                                                                                                  \
        "artisan", "#!/usr/bin/env php\n"                                                                              \
    }
#define LARAVEL_ONE                                                                                                    \
    {                                                                                                                  \
        "database/migrations/2025_01_01_000000_a.php", "<?php use Illuminate\\Database\\Migrations\\Migration;\n"      \
    }
#define KNEX                                                                                                           \
    {                                                                                                                  \
        "knexfile.js", "module.exports = { client: 'pg' };\n"                                                          \
    }
#define KNEX_ONE                                                                                                       \
    {                                                                                                                  \
        "migrations/20250101000000_a.js", "exports.up = knex => knex.raw('SELECT 1');\n"                               \
    }
#define PHINX                                                                                                          \
    {                                                                                                                  \
        "db/migrations/20250101000000_a.php", "<?php use Phinx\\Migration\\AbstractMigration;\n"                       \
    }
#define DOCTRINE                                                                                                       \
    {                                                                                                                  \
        "migrations/Version20250101000000.php", "<?php use Doctrine\\Migrations\\AbstractMigration;\n"                 \
    }
#define DRIZZLE                                                                                                        \
    {                                                                                                                  \
        "drizzle.config.ts", "export default { dialect: 'postgresql', out: './drizzle' }\n"                            \
    }
#define FLYWAY                                                                                                         \
    {                                                                                                                  \
        "src/main/resources/db/migration/V1__a.sql", "SELECT 1;\n"                                                     \
    }
#define ECTO                                                                                                           \
    {                                                                                                                  \
        "mix.exs", "{:ecto_sql, \"~> 3.0\"}\n"                                                                         \
    }
#define ECTO_ONE                                                                                                       \
    {                                                                                                                  \
        "priv/repo/migrations/20250101000000_a.exs", "use Ecto.Migration\n"                                            \
    }
#define DJANGO                                                                                                         \
    {                                                                                                                  \
        "manage.py", "import django\n"                                                                                 \
    }
#define DJANGO_1                                                                                                       \
    {                                                                                                                  \
        "blog/migrations/0001_initial.py", "class Migration:\n    pass\n"                                              \
    }

#define SQLX                                                                                                           \
    {                                                                                                                  \
        "Cargo.toml", "sqlx = \"0.8\"\n"                                                                               \
    }
#define SQLX_ONE                                                                                                       \
    {                                                                                                                  \
        "migrations/20250101000000_a.sql", "SELECT 1;\n"                                                               \
    }

static const struct said projects[] = {
    /* written out */
    {"goose",
     {GOOSE, {"main.go", "import \"github.com/pressly/goose/v3\"\nfunc x() { goose.SetTableName(\"ours\") }\n"}},
     ".ours",
     "main.go, line 2, has SetTableName"},
    {"goose",
     {GOOSE,
      {"cmd/m/main.go",
       "import \"github.com/pressly/goose/v3\"\nconst table = \"app.ours\"\nfunc x() { goose.SetTableName(table) }\n"}},
     "app.ours",
     "cmd/m/main.go, line 3"},
    {"goose",
     {GOOSE, {"Makefile", "up:\n\tgoose -dir migrations -table ours postgres \"$(URL)\" up\n"}},
     ".ours",
     "Makefile, line 2, has -table"},
    {"goose", {GOOSE, {"Makefile", "dump:\n\tpg_dump --table=users\nup:\n\tgoose up\n"}}, ".", ""},
    {"goose", {GOOSE, {"Dockerfile", "ENV GOOSE_TABLE=ours\n"}}, ".ours", "Dockerfile, line 1"},
    {"typeorm",
     {{"migrations/1700000000000-A.ts", "class A1700000000000 implements MigrationInterface {}"},
      {".env", "TYPEORM_MIGRATIONS_TABLE_NAME=ours\n"}},
     ".ours",
     ".env, line 1"},
    {"mikro-orm",
     {{"migrations/Migration1.ts", "import { Migration } from '@mikro-orm/migrations';"},
      {".env", "MIKRO_ORM_MIGRATIONS_TABLE_NAME=ours\nMIKRO_ORM_SCHEMA=app\n"}},
     "app.ours",
     ".env, line 1"},
    {"db-migrate",
     {{"migrations/20260101000000-a.js", "var dbm;"},
      {"database.json", "{\"dev\": {\"driver\": \"pg\", \"schema\": \"app\"}}"}},
     "app.",
     "database.json, line 1, has schema"},
    {"goose", {GOOSE, {"Dockerfile", "CMD [\"goose\", \"-table\", \"ours\", \"up\"]\n"}}, ".ours", ""},
    {"goose",
     {GOOSE, {"deploy/k8s.yaml", "env:\n  - name: GOOSE_TABLE\n    value: ours\n"}},
     ".ours",
     "deploy/k8s.yaml, line 2"},
    {"goose",
     {GOOSE, {"main_test.go", "import \"github.com/pressly/goose/v3\"\nfunc x() { goose.SetTableName(\"ours\") }\n"}},
     ".",
     ""},
    {"ecto",
     {ECTO, ECTO_ONE, {"config/config.exs", "config :app, App.Repo,\n  migration_repo: App.Owner\n"}},
     NULL,
     "config/config.exs, line 2, has migration_repo"},
    {"sqlx",
     {SQLX,
      SQLX_ONE,
      {"src/main.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n    sqlx::migrate!(\"./odd\");\n    "
                      "m.dangerous_set_table_name(\"t\");\n}\n"},
      {"src/tests.rs", "sqlx; dangerous_set_table_name(\"u\");\n"}},
     ".",
     ""},
    {"sqlx",
     {SQLX,
      SQLX_ONE,
      {"src/main.rs", "#![x]\n#[cfg(test)]\nmod tests;\nfn a() { sqlx; m.dangerous_set_table_name(\"ours\"); }\n"}},
     ".ours",
     ""},
    {"goose",
     {GOOSE, {"main.go", "import \"github.com/pressly/goose/v3\"\n// goose.SetTableName(\"ours\")\n"}},
     ".",
     ""},
    {"goose",
     {GOOSE, {"main.go", "import \"github.com/pressly/goose/v3\"\nvar x = goose.SetTableName(\"goose_db_version\")\n"}},
     ".",
     ""},
    {"golang-migrate",
     {UP,
      GO_MIGRATE,
      {"main.go", "import \"github.com/golang-migrate/migrate/v4\"\nvar c = &postgres.Config{MigrationsTable: "
                  "\"ours\", SchemaName: \"app\"}\n"}},
     "app.ours",
     "main.go, line 2"},
    {"golang-migrate",
     {UP,
      GO_MIGRATE,
      {"Makefile", "up:\n\tmigrate -database \"postgres://h/d?sslmode=disable&x-migrations-table=ours\" up\n"}},
     ".ours",
     "Makefile, line 2"},
    {"dbmate",
     {DBMATE, {"package.json", "{\"scripts\": {\"up\": \"dbmate --migrations-table app.ours up\"}}\n"}},
     "app.ours",
     "package.json, line 1"},
    {"dbmate",
     {DBMATE, {".github/workflows/ci.yml", "env:\n  DBMATE_MIGRATIONS_TABLE: ours\n"}},
     ".ours",
     ".github/workflows/ci.yml, line 2"},
    {"alembic",
     {ALEMBIC,
      REVISION,
      {"alembic/env.py",
       "context.configure(\n    connection=c,\n    version_table='ours',\n    version_table_schema=\"app\")\n"}},
     "app.ours",
     NULL},
    {"alembic",
     {ALEMBIC, REVISION, {"alembic/env.py", "TABLE = 'ours'\ncontext.configure(version_table=TABLE)\n"}},
     ".ours",
     NULL},
    {"alembic",
     {ALEMBIC,
      REVISION,
      {"alembic/env.py", "context.configure(version_table=config.get_main_option(\"version_table\"))\n"}},
     ".ours",
     NULL},
    {"alembic",
     {ALEMBIC,
      REVISION,
      {"alembic/env.py", "# version_table='no'\ncontext.configure(connection=c, version_table=None)\n"}},
     ".",
     NULL},
    {"rails",
     {RAILS,
      RAILS_ONE,
      {"config/environments/production.rb", "  config.active_record.schema_migrations_table_name = \"ours\"\n"}},
     ".ours",
     "config/environments/production.rb, line 1"},
    {"rails",
     {RAILS,
      RAILS_ONE,
      {"config/initializers/db.rb",
       "ActiveRecord::Base.table_name_prefix = 'app_'\nActiveRecord::Base.table_name_suffix = '_x'\n"}},
     ".app_schema_migrations_x",
     "config/initializers/db.rb, line 1"},
    {"rails",
     {RAILS,
      RAILS_ONE,
      {"config/database.yml", "production:\n  adapter: postgresql\n  schema_search_path: \"app,public\"\n"}},
     "app.",
     "config/database.yml, line 3"},
    {"knex",
     {KNEX, KNEX_ONE, {"src/db.ts", "await knex.migrate.latest({ directory: 'migrations', tableName: 'ours' });\n"}},
     ".ours",
     "src/db.ts, line 1"},
    {"knex",
     {{"knexfile.js", "module.exports = { client: 'pg', searchPath: ['app', 'public'] };\n"}, KNEX_ONE},
     "app.",
     "knexfile.js, line 1"},
    {"drizzle",
     {DRIZZLE,
      {"drizzle/0000_a.sql", "SELECT 1;"},
      {"src/m.ts",
       "migrate(db, { migrationsFolder: 'drizzle', migrationsTable: 'ours', migrationsSchema: 'app' });\n"}},
     "app.ours",
     "src/m.ts, line 1"},
    {"flyway",
     {FLYWAY,
      {"src/main/java/M.java",
       "import org.flywaydb.core.Flyway;\nFlyway.configure().table(\"ours\").defaultSchema(\"app\").load();\n"}},
     "app.ours",
     "src/main/java/M.java, line 2"},
    {"flyway",
     {FLYWAY, {"docker-compose.yml", "environment:\n  - FLYWAY_TABLE=ours\n"}},
     ".ours",
     "docker-compose.yml, line 2"},
    {"ecto",
     {ECTO, ECTO_ONE, {"config/runtime.exs", "config :app, App.Repo, migration_source: \"ours\"\n"}},
     ".ours",
     "config/runtime.exs, line 1"},
    {"django",
     {DJANGO,
      DJANGO_1,
      {"app/settings.py", "DATABASES = {'default': {'OPTIONS': {'options': '-c search_path=app,public'}}}\n"}},
     "app.",
     "app/settings.py, line 1"},
    {"laravel",
     {LARAVEL,
      LARAVEL_ONE,
      {"config/database.php", "<?php return [\n    'connections' => [\n        'pgsql' => [\n            'prefix' => "
                              "'app_',\n            'search_path' => 'app,public',\n        ],\n        'redis' => "
                              "['prefix' => env('R')],\n    ],\n    'migrations' => 'ours',\n];\n"}},
     "app.app_ours",
     NULL},
    {"golang-migrate",
     {UP, GO_MIGRATE, {"main.go", "u := base + \"?sslmode=disable&x-migrations-table=ours\"\n"}},
     ".ours",
     "main.go, line 1"},
    {"node-pg-migrate",
     {{"package.json", "{\"dependencies\": {\"node-pg-migrate\": \"7\"}}"},
      {"migrations/1_a.sql", "SELECT 1;"},
      {"run.sh", "node \"$BIN\" --migrations-dir migrations --migrations-table ours up\n"}},
     ".ours",
     "run.sh, line 1"},
    {"sea-orm",
     {{"migration/src/m20250101_000001_a.rs", "use sea_orm_migration::prelude::*;"},
      {"src/m.rs", "impl MigratorTrait for M {\n  fn migration_table_name() -> DynIden {\n    "
                   "Alias::new(\"ours\").into_iden()\n  }\n}\nuse sea_orm_migration::x;\n"}},
     ".ours",
     "m.rs, line 2"},
    {"refinery",
     {{"Cargo.toml", "refinery = \"0.8\""},
      {"migrations/V1__a.sql", "SELECT 1;"},
      {"src/m.rs",
       "const TABLE: &'static str = \"ours\";\nfn x() { runner().set_migration_table_name(TABLE).run() }\n"}},
     ".ours",
     "src/m.rs, line 2"},
    {"efcore",
     {{"Migrations/AModelSnapshot.cs", ""},
      {"Startup.cs", "o.UseNpgsql(c, x => x.MigrationsHistoryTable(\"__EFMigrationsHistory\", \"app\"));\n"}},
     "app.",
     "Startup.cs, line 1"},
    {"sequelize",
     {{"package.json", "{\"dependencies\": {\"sequelize\": \"6\"}}"},
      {"migrations/1_a.js", "queryInterface"},
      {"src/umzug.ts", "new Umzug({ storage: new SequelizeStorage({ sequelize, tableName: 'ours' }) })\n"}},
     ".ours",
     "src/umzug.ts, line 1"},
    {"kysely",
     {{"package.json", "{\"dependencies\": {\"kysely\": \"0.28\"}}"},
      {"migrations/1_a.ts", "import { Kysely } from 'kysely'; export async function up(db: Kysely<any>) {}"},
      {"src/m.ts", "import { Migrator } from 'kysely';\nnew Migrator({ db, migrationTableSchema: 'app', "
                   "migrationTableName: 'ours' })\n"}},
     "app.ours",
     "src/m.ts, line 2"},
    /* computed, or more than one */
    {"golang-migrate",
     {UP, GO_MIGRATE, {"main.go", "u := fmt.Sprintf(\"%s?x-migrations-table=%s\", base, table)\n"}},
     NULL,
     "main.go, line 1, computes x-migrations-table"},
    {"alembic",
     {ALEMBIC, REVISION, {"alembic/env.py", "from a import OPTS\ncontext.configure(connection=c, **OPTS)\n"}},
     NULL,
     "alembic/env.py, line 2, hands **OPTS"},
    {"alembic",
     {ALEMBIC, REVISION, {"alembic/env.py", "opts = dict(version_table='ours')\ncontext.configure(**opts)\n"}},
     ".ours",
     NULL},
    {"alembic", {ALEMBIC, REVISION, {"alembic/env.py", "opts = {'a': 1}\ncontext.configure(**opts)\n"}}, ".", NULL},
    {"knex",
     {{"knexfile.js", "module.exports = { migrations: {\n  ...base.migrations } };\n"}, KNEX_ONE},
     NULL,
     "knexfile.js, line 2, computes migrations.tableName"},
    {"knex",
     {{"knexfile.js",
       "module.exports = { a: { migrations: { tableName: 'one' } },\n b: { migrations: { tableName: 'two' } } };\n"},
      KNEX_ONE},
     NULL,
     "knexfile.js, line 2, names two, and another place one"},
    {"knex",
     {{"knexfile.js", "const c = {};\nc.migrations.tableName = process.env.T;\nmodule.exports = c;\n"}, KNEX_ONE},
     NULL,
     "knexfile.js, line 2, computes migrations.tableName"},
    {"evolve",
     {{"app.csproj", "<PackageReference Include=\"Evolve\" />"},
      {"db/migrations/V1__a.sql", "SELECT 1;"},
      {"Program.cs", "var evolve = new EvolveDb.Evolve(cnn) {\n  Schemas = new[] { \"sales\", \"public\" },\n"
                     "  Locations = new List<string> { \"db/migrations\" } };\n"}},
     "sales.",
     "Program.cs, line 2"},
    {"sequel",
     {{"db/migrations/20250101000000_a.rb", "Sequel.migration do\nend\n"},
      {"Rakefile", "Sequel::Migrator.run(DB, 'db/migrations', table: :ours)\n"}},
     ".ours",
     "Rakefile, line 1"},
    {"prisma",
     {{"prisma/migrations/20250101000000_a/migration.sql", "SELECT 1;"},
      {".env", "DATABASE_URL=\"postgresql://h/d?schema=app&x=1\"\n"}},
     NULL,
     ".env, line 1, has schema=app, and this connection URL does not"},
    {"prisma",
     {{"prisma/migrations/20250101000000_a/migration.sql", "SELECT 1;"},
      {".env", "DATABASE_URL=\"postgresql://h/d?schema=public\"\n"}},
     ".",
     ""},
    {"flyway",
     {FLYWAY, {"src/main/resources/application-prod.yml", "spring:\n  flyway:\n    table: ours\n"}},
     NULL,
     "src/main/resources/application-prod.yml, line 3, names ours for one profile"},
    {"flyway",
     {FLYWAY, {"src/main/resources/application-prod.yaml", "spring:\n  flyway:\n    default-schema: app\n"}},
     NULL,
     "line 3, names app for one profile, and others have public"},
    {"flyway",
     {FLYWAY, {"src/main/resources/application-prod.yml", "spring:\n  flyway:\n    schemas: [app, b]\n"}},
     NULL,
     "names app for one profile"},
    {"flyway",
     {FLYWAY,
      {"src/main/resources/application.yml", "spring:\n  flyway:\n    table: ours\n"},
      {"src/main/resources/application-prod.yml", "spring:\n  flyway:\n    table: ours\n    schemas: public\n"}},
     ".ours",
     NULL},
    {"flyway",
     {FLYWAY, {"src/main/resources/application-prod.properties", "spring.flyway.table=ours\n"}},
     NULL,
     "src/main/resources/application-prod.properties, line 1, names ours for one profile"},
    {"flyway",
     {FLYWAY, {"src/main/resources/application-test.yml", "spring:\n  flyway:\n    table: ours\n"}},
     ".",
     NULL},
    {"flyway",
     {FLYWAY, {"flyway.toml", "[flyway]\nlocations = []\n\n[environments.prod]\nschemas = [\"app\", \"b\"]\n"}},
     "app.",
     NULL},
    {"flyway",
     {FLYWAY,
      {"flyway.toml", "[environments.dev]\nschemas = [\"d\"]\n[environments.prod]\nschemas = [\"app\"]\n[flyway]\n"}},
     NULL,
     "flyway.toml, line 3, has the schema app, and another environment d"},
    {"flyway",
     {FLYWAY,
      {"flyway.toml", "[flyway]\nenvironment = \"prod\"\n[environments.dev]\nschemas = "
                      "[\"d\"]\n[environments.prod]\nschemas = [\"app\"]\n"}},
     "app.",
     NULL},
    {"flyway",
     {FLYWAY,
      {"flyway.toml", "[flyway]\nenvironment = \"dev\"\n[environments.dev]\nschemas = [\"d\"]\n"},
      {"flyway.user.toml", "[flyway]\ntable = \"ours\"\ndefaultSchema = \"app\"\n"}},
     "app.ours",
     NULL},
    {"flyway",
     {FLYWAY, {"src/main/resources/application.yml", "flyway:\n  datasources:\n    default:\n      table: ours\n"}},
     ".ours",
     NULL},
    {"mikro-orm",
     {{"package.json", "{\"mikro-orm\": {\"useTsNode\": true,\n \"configPaths\": [\"./dist/orm.js\", "
                       "\"./src/config/orm.ts\"]}}"},
      {"src/config/orm.ts", "export default { migrations: { tableName: 'app.ours', path: 'migrations' } };"},
      {"migrations/Migration1.ts", "import { Migration } from '@mikro-orm/migrations';"}},
     "app.ours",
     NULL},
    {"mikro-orm",
     {{"package.json", "{\"mikro-orm\": {\n \"configPaths\": [\"./dist/orm.js\"]}}"},
      {"migrations/Migration1.ts", "import { Migration } from '@mikro-orm/migrations';"}},
     NULL,
     "package.json, line 2, names configPaths, and none of them exists"},
    {"goose",
     {GOOSE, {"main.go", "import \"github.com/pressly/goose/v3\"\nfunc x() {\n\tgoose.SetTableName(cfg.Table)\n}\n"}},
     NULL,
     "main.go, line 3, computes SetTableName"},
    {"goose", {GOOSE, {"Makefile", "up:\n\tgoose -table $(TABLE) up\n"}}, NULL, "Makefile, line 2, computes -table"},
    {"goose",
     {GOOSE, {"a.sh", "goose -table one up\n"}, {"b.sh", "goose -table two up\n"}},
     NULL,
     "b.sh, line 1, names two, and another place one (a.sh, line 1, has -table)"},
    {"alembic",
     {ALEMBIC, REVISION, {"alembic/env.py", "import os\ncontext.configure(version_table=os.environ['T'])\n"}},
     NULL,
     "alembic/env.py, line 2, computes version_table"},
    {"alembic",
     {ALEMBIC, REVISION, {"alembic/env.py", "context.configure(version_table=f\"{app}_version\")\n"}},
     NULL,
     "computes version_table"},
    {"alembic",
     {ALEMBIC, REVISION, {"alembic/env.py", "context.configure(version_table='alembic_' + app)\n"}},
     NULL,
     "computes version_table"},
    {"alembic",
     {ALEMBIC, REVISION, {"alembic/env.py", "context.configure(version_table_schema=target_metadata.schema)\n"}},
     NULL,
     "computes version_table_schema"},
    {"rails",
     {{"config/application.rb",
       "class A < Rails::Application\n  config.active_record.table_name_prefix = ENV['P']\nend\n"},
      RAILS_ONE},
     NULL,
     "config/application.rb, line 2, computes table_name_prefix"},
    {"phinx",
     {PHINX,
      {"phinx.php", "<?php return ['paths' => ['migrations' => 'db/migrations'], 'environments' => [\n "
                    "'default_migration_table' => getenv('T')]];\n"}},
     NULL,
     "phinx.php, line 2, computes default_migration_table"},
    {"phinx",
     {PHINX,
      {"phinx.yml",
       "paths:\n  migrations: db/migrations\nenvironments:\n  default_migration_table: \"%%PHINX_T%%\"\n"}},
     NULL,
     "phinx.yml computes"},
    {"doctrine",
     {DOCTRINE,
      {"config/packages/doctrine_migrations.yaml",
       "doctrine_migrations:\n    migrations_paths:\n        'A': '%kernel.project_dir%/migrations'\n    storage:\n    "
       "    table_storage:\n            table_name: '%env(T)%'\n"}},
     NULL,
     "computes the tracking table's name (%env(T)%)"},
#define BY_ENV                                                                                                         \
    {                                                                                                                  \
        "config/database.php", "<?php return [\n    'connections' => [\n        'pgsql' => [\n            'prefix' "   \
                               "=> env('DB_PREFIX', ''),\n            'search_path' => env('DB_SCHEMA', 'public'),\n " \
                               "       ],\n    ],\n 'migrations' => env('T', 'migrations'),\n];\n"                     \
    }
    {"laravel", {LARAVEL, LARAVEL_ONE, BY_ENV}, "public.migrations", NULL},
    {"laravel",
     {LARAVEL, LARAVEL_ONE, BY_ENV, {".env.example", "DB_PREFIX=\nDB_SCHEMA=public\n"}},
     "public.migrations",
     NULL},
    {"laravel",
     {LARAVEL, LARAVEL_ONE, BY_ENV, {".env", "T=ours\n"}},
     NULL,
     "config/database.php, line 8, computes migrations"},
    {"laravel",
     {LARAVEL, LARAVEL_ONE, BY_ENV, {".env", "DB_PREFIX=app_\n"}},
     NULL,
     "config/database.php, line 4, computes prefix"},
    {"laravel",
     {LARAVEL, LARAVEL_ONE, BY_ENV, {"compose.yml", "environment:\n  DB_SCHEMA: app\n"}},
     NULL,
     "line 5, computes search_path"},
    {"ecto",
     {ECTO, ECTO_ONE, {"config/config.exs", "config :app, App.Repo, migration_source: System.get_env(\"T\")\n"}},
     NULL,
     "config/config.exs, line 1, computes migration_source"},
};

static const struct folder *folder_of(const char *framework)
{
    struct folder_list folders = {0};
    ck_assert_msg(folders_find(arena, &project, &folders, &status), "%s", status.message);
    for (size_t i = 0; i < folders.count; i++) {
        if (strcmp(folders.items[i].framework->id, framework) == 0) {
            /* cppcheck-suppress returnDanglingLifetime ; items are the arena's */
            return &folders.items[i];
        }
    }
    ck_abort_msg("no folder of %s was found", framework);
}

/* Where the ledger is as far as the project says it. */
static const char *ledger_of(const struct folder *folder)
{
    return arena_printf(arena, "%s.%s", folder->ledger.schema == NULL ? "" : folder->ledger.schema,
                        folder->ledger.table == NULL ? "" : folder->ledger.table);
}

/* Code that names a folder, and what is asked of the usual one then; NULL: nothing. */
static const struct {
    const char *framework;
    const char *path;
    const char *content;
    const char *words;
} folders_in_code[] = {
#define MIGRATOR(value) "import { Migrator } from 'kysely';\nnew FileMigrationProvider({ fs, path, " value " })\n"
    {"kysely", "m.ts", MIGRATOR("migrationFolder: path.join(__dirname, 'real')"),
     "m.ts, line 2, has migrationFolder real"},
    {"kysely", "m.ts", MIGRATOR("migrationFolder: path.join(__dirname, 'migrations')"), NULL},
    {"kysely", "src/m.ts", MIGRATOR("migrationFolder: path.join(__dirname, '..', 'migrations')"), NULL},
    {"kysely", "src/m.ts", MIGRATOR("migrationFolder: fileURLToPath(new URL('../real', import.meta.url))"), "real"},
    {"kysely", "src/m.ts", "const dir = path.resolve('real');\n" MIGRATOR("migrationFolder: dir"), "line 3, has"},
    {"kysely", "src/m.ts", "const migrationFolder = 'real';\n" MIGRATOR("migrationFolder"), "line 1, has"},
    {"kysely", "src/m.ts", MIGRATOR("migrationFolder: process.env.DIR"), "which is computed"},
    {"kysely", "src/m.ts", "import 'kysely';\ninterface O { migrationFolder: string }\n", NULL},
    {"kysely", "src/m.ts", MIGRATOR("// migrationFolder: 'real'"), NULL},
    {"kysely", "src/m.ts", "export const options = { migrationFolder: path.join(__dirname, '..', 'real') };\n",
     "src/m.ts, line 1, has migrationFolder"},
    {"goose", "main.go",
     "import \"github.com/pressly/goose/v3\"\nfunc m() { goose.SetBaseFS(fs); goose.UpContext(ctx, db, \"real\") }\n",
     "main.go, line 2, has goose.UpContext real"},
    {"goose", "main.go",
     "import \"github.com/pressly/goose/v3\"\nfunc m() { goose.Up(db, \"internal/db/migrations\") }\n", NULL},
    {"goose", "main.go", "import \"github.com/pressly/goose/v3\"\nfunc m() {\n\tgoose.Up(db, cfg.Dir)\n}\n",
     "main.go, line 3, has goose.Up, which is computed"},
    {"goose", "main.go",
     "import \"github.com/pressly/goose/v3\"\nfunc m() {\n\tdir := filepath.Join(root, \"migrations\")\n"
     "\tgoose.Up(db, dir)\n}\n",
     NULL},
    {"goose", "main.go", "import \"github.com/pressly/goose/v3\"\nvar p = goose.NewProvider(d, db, os.DirFS())\n",
     NULL},
    {"goose", "main.go",
     "import \"github.com/pressly/goose/v3\"\nfunc m() { goose.Up(db, dir); goose.Status(db, "
     "\"internal/db/migrations\") "
     "}\n",
     NULL},
    {"golang-migrate", "cmd/m.go",
     "import \"github.com/golang-migrate/migrate/v4\"\nvar m, _ = migrate.New(\"file://real\", url)\n",
     "cmd/m.go, line 2, has migrate.New file://real"},
    {"golang-migrate", "cmd/m.go",
     "import \"github.com/golang-migrate/migrate/v4/source/iofs\"\nvar d, _ = iofs.New(fs, \"real\")\n",
     "iofs.New real"},
    {"flyway", "src/main/java/A.java",
     "class A { Flyway f = Flyway.configure().locations(\"classpath:db/prod\").load(); }\n", "has locations"},
    {"flyway", "src/main/java/A.java",
     "class A { Flyway f = Flyway.configure().locations(\"classpath:db/migration\").load(); }\n", NULL},
    {"knex", "src/db.ts", "await knex.migrate.latest({ directory: './real' });\n",
     "src/db.ts, line 1, has directory real"},
    {"knex", "src/db.ts", "await knex.migrate.latest({ directory: path.join(__dirname, '../knex') });\n", NULL},
    {"knex", "src/db.ts", "await knex.migrate.latest({ directory: process.env.DIR });\n", "which is computed"},
    {"knex", "src/db.ts", "await knex.seed.run({ directory: './real' });\nawait knex.migrate.latest();\n", NULL},
    {"drizzle", "src/m.ts",
     "import { migrate } from 'drizzle-orm/pg';\nawait migrate(db, { migrationsFolder: './real' });\n",
     "src/m.ts, line 2, has migrationsFolder ./real"},
    {"drizzle", "src/m.ts",
     "import { migrate } from 'drizzle-orm/pg';\nawait migrate(db, { migrationsFolder: './drizzle' });\n", NULL},
    {"mikro-orm", "Makefile", "up:\n\tMIKRO_ORM_CLI_CONFIG=./config/orm.ts npx mikro-orm migration:up\n",
     "Makefile, line 2, has MIKRO_ORM_CLI_CONFIG"},
    {"flyway", "src/main/resources/application-prod.yml", "spring:\n  flyway:\n    locations: classpath:db/prod\n",
     "application-prod.yml, line 3, names the location classpath:db/prod for one profile"},
    {"laravel", "app/P.php", "class P extends ServiceProvider { $this->loadMigrationsFrom(__DIR__.'/m'); }",
     "app/P.php"},
    {"laravel", "app/P.php",
     "class P extends ServiceProvider { $this->loadMigrationsFrom(database_path('migrations')); }", NULL},
};

/* An absolute path, and what it is to services/a/db/migrations. */
static const struct {
    const char *path; /* "{root}" in front of it: inside of the project */
    enum named_path named;
} absolute_paths[] = {
    {"/app/services/a/db/migrations", NAMED_IT},
    {"/app/services/b/db/migrations", NAMED_OTHER},
    {"/build/b/db/migrations", NAMED_OTHER},
    {"/build/a/db/migrations", NAMED_IT},
    {"/build/db/migrations", NAMED_IT},
    {"/build/c/elsewhere", NAMED_NOTHING},
    {"{root}/services/a/db/migrations", NAMED_IT},
    {"{root}/services/b/db/migrations", NAMED_OTHER},
    {"{root}/services/c/db/migrations", NAMED_NOTHING},
};

START_TEST(the_longest_end_of_an_absolute_path_says_which_package_is_meant)
{
    put("services/a/db/migrations/00001_a.sql", "-- +goose Up\nSELECT 1;\n");
    put("services/b/db/migrations/00001_a.sql", "-- +goose Up\nSELECT 1;\n");
    const struct folder folder = {.framework = framework_find(text_of("goose")),
                                  .root = root,
                                  .base = "services/a",
                                  .path = "services/a/db/migrations"};
    const struct source_file file = {.name = "Makefile"};
    const char *const path = absolute_paths[_i].path;
    const bool is_inside = path[0] == '{';
    const char *const whole = is_inside ? arena_printf(arena, "%s%s", root, path + strlen("{root}")) : path;
    ck_assert_msg(mention_path(arena, &folder, &file, whole) == absolute_paths[_i].named, "%s", path);
}
END_TEST

START_TEST(code_may_name_another_folder)
{
    put("package.json", "{\"dependencies\": {\"kysely\": \"0.28\"}}");
    put("migrations/1_a.ts", "import { Kysely } from 'kysely'; export async function up(db: Kysely<any>) {}");
    put("real/1_a.ts", "import { Kysely } from 'kysely'; export async function up(db: Kysely<any>) {}");
    put("internal/db/migrations/00001_a.sql", "-- +goose Up\nSELECT 1;\n");
    put("go.mod", "require github.com/golang-migrate/migrate/v4 v4.17.0\n");
    put("db/migrations/1_a.up.sql", "SELECT 1;\n");
    put("drizzle.config.ts", "export default { dialect: 'postgresql', out: './drizzle' }\n");
    put("drizzle/meta/_journal.json", "{\"version\": \"7\", \"dialect\": \"postgresql\", \"entries\": []}");
    put("knexfile.js", "module.exports = { client: 'pg', migrations: { directory: './knex' } };\n");
    put("knex/1_a.js", "exports.up = knex => knex.raw('SELECT 1');\n");
    put("src/main/resources/db/prod/V2__b.sql", "SELECT 1;\n");
    put("mikro-orm.config.ts", "export default { migrations: { path: './orm' } };\n");
    put("config/orm.ts", "export default { migrations: { path: './elsewhere' } };\n");
    put("orm/Migration20250101000000_a.ts", "import { Migration } from '@mikro-orm/migrations';\n");
    put("src/main/resources/application.yml", "spring:\n  flyway:\n    enabled: true\n");
    put("src/main/resources/db/migration/V1__a.sql", "SELECT 1;\n");
    put("artisan", "#!/usr/bin/env php\n");
    put("database/migrations/2025_01_01_000000_a.php", "<?php use Illuminate\\Database\\Migrations\\Migration;\n");
    put(folders_in_code[_i].path, folders_in_code[_i].content);
    const char *const words = folders_in_code[_i].words;
    const char *const unread = folder_of(folders_in_code[_i].framework)->unread;
    ck_assert_msg(words == NULL ? unread == NULL : unread != NULL && strstr(unread, words) != NULL, "%d: %s", _i,
                  unread);
}
END_TEST

START_TEST(a_project_says_its_tracking_table_wherever_it_can_be_said)
{
    const struct said *const said = &projects[_i];
    for (size_t i = 0; i < MOST_FILES && said->files[i].path != NULL; i++) {
        put(said->files[i].path, said->files[i].content);
    }
    const struct folder *const folder = folder_of(said->framework);
    const char *const found = said->ledger != NULL ? folder->mentioned : folder->unread_ledger;
    ck_assert_msg((folder->unread_ledger == NULL) == (said->ledger != NULL), "%d %s: %s, %s", _i, said->framework,
                  ledger_of(folder), folder->unread_ledger);
    if (said->ledger != NULL) {
        ck_assert_msg(strcmp(ledger_of(folder), said->ledger) == 0, "%d %s: %s", _i, said->framework,
                      ledger_of(folder));
    }
    ck_assert_msg(said->words == NULL || strstr(found == NULL ? "" : found, said->words) != NULL, "%d %s: %s", _i,
                  said->framework, found);
}
END_TEST

/* ---- what is remembered of a project's files ---- */

#define SILENT "package main\n// nothing here\n"
#define SAYS   "package main\nimport \"github.com/pressly/goose/v3\"\nfunc a() { goose.SetTableName(\"ours\") }\n"

static const char *at(const char *path)
{
    return arena_printf(arena, "%s/%s", root, path);
}

/* The same number of bytes, and the time of its last change set back. */
static void edit_and_hide(void)
{
    struct stat before;
    ck_assert_int_eq(stat(at("pkg/a.go"), &before), 0);
    FILE *const file = fopen(at("pkg/a.go"), "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_gt(fprintf(file, "%s", SAYS), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, at("pkg/a.go"), (struct timespec[]){before.st_atim, before.st_mtim}, 0), 0);
}

static void rename_over(void)
{
    put("pkg/b.new", SAYS);
    ck_assert_int_eq(rename(at("pkg/b.new"), at("pkg/b.go")), 0);
}

static void add_a_directory(void)
{
    put("pkg/new/deep/c.go", SAYS);
}

static void change_the_directory(void)
{
    put("other/a.go", SAYS);
    ck_assert_int_eq(rename(at("pkg"), at("gone")), 0);
    ck_assert_int_eq(rename(at("other"), at("pkg")), 0);
    ck_assert_int_eq(system(arena_printf(arena, "rm -rf '%s'", at("gone"))), 0);
}

static void (*const edits[])(void) = {edit_and_hide, rename_over, add_a_directory, change_the_directory};

static const char *table_of(const struct project *remembering)
{
    struct folder_list folders = {0};
    ck_assert_msg(folders_find(arena, remembering, &folders, &status), "%s", status.message);
    for (size_t i = 0; i < folders.count; i++) {
        if (strcmp(folders.items[i].framework->id, "goose") == 0) {
            return folders.items[i].ledger.table;
        }
    }
    ck_abort_msg("no folder of goose");
}

/* What changed a moment ago is not remembered. */
static void settle(const char *path)
{
    struct file_stamp stamp;
    while (file_look(at(path), &stamp) != FILE_NONE && !file_stamp_is_settled(&stamp)) {
        usleep(50000);
    }
}

START_TEST(what_was_read_is_read_again_where_it_changed)
{
    struct project remembering = project;
    remembering.surveys = surveys_new();
    put("migrations/00001_a.sql", "-- +goose Up\nSELECT 1;\n");
    put("pkg/b.go", SILENT);
    put("pkg/a.go", arena_printf(arena, "%-*s", (int)strlen(SAYS), SILENT));
    settle("pkg");
    settle("pkg/a.go");
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_null(table_of(&remembering));
    }
    edits[_i]();
    for (int i = 0; i < 3; i++) {
        const char *const table = table_of(&remembering);
        ck_assert_msg(table != NULL && strcmp(table, "ours") == 0, "edit %d: %s", _i, table);
    }
    surveys_free(remembering.surveys);
}
END_TEST

START_TEST(a_look_that_was_cut_is_no_answer)
{
    struct folder_list folders = {0};
    struct project said = project;
    put("migrations/00001_a.sql", "-- +goose Up\nSELECT 1;\n");
    put("many/0.go", SILENT);
    for (int i = 1; i <= 8000; i++) {
        ck_assert_int_eq(link(at("many/0.go"), at(arena_printf(arena, "many/%d.go", i))), 0);
    }
    ck_assert(folders_find(arena, &said, &folders, &status));
    ck_assert_str_eq(folders.items[0].framework->id, "goose");
    ck_assert_ptr_nonnull(strstr(folders.items[0].unread_ledger, "more files than are looked through (8000"));
}
END_TEST

static const struct {
    const char *files[2][2];
    const char *place; /* a file of a head and very many units */
    const char *head;
    const char *unit;
} hostile[] = {
    {{ALEMBIC, REVISION}, "alembic/env.py", "from alembic import context\n", "context.configure(version_table=x)\n"},
    {{ALEMBIC, REVISION}, "alembic/env.py", "context.configure(version_table=", "["},
    {{GO_MIGRATE, UP}, "Makefile", "x:\n\tmigrate -path ", "/a"},
    {{GO_MIGRATE, UP}, "main.go", "import \"github.com/golang-migrate/migrate/v4\"\n", "var _ = migrate.New(x(), a)\n"},
    {{FLYWAY, {"pom.xml", "<artifactId>flyway-core</artifactId>\n"}}, "flyway.toml", "", "[environments.a]\n"},
    {{{"manage.py", "import django\n"}, {"requirements.txt", "django\n"}},
     "a/settings.py",
     "",
     "MIGRATION_MODULES = {\n"},
    {{ALEMBIC, REVISION}, "alembic.ini", "[alembic]\nscript_location = alembic\n", "[a]\n"},
    {{{"package.json", "{\"dependencies\": {\"knex\": \"3\"}}"}, {"migrations/1_a.js", "exports.up = 1;\n"}},
     "knexfile.js",
     "module.exports = {",
     "...x, require(y), "},
};

/* What a name may be, and which paths are meant, was asked of all of the file for each place: minutes, and gigabytes.
 */
START_TEST(a_hostile_file_is_looked_through_soon)
{
    struct folder_list folders = {0};
    struct project said = project;
    struct buffer content = {.arena = arena};
    buffer_puts(&content, hostile[_i].head);
    while (content.size < (size_t)120 * 1024) {
        buffer_puts(&content, hostile[_i].unit);
    }
    for (size_t i = 0; i < 2; i++) {
        put(hostile[_i].files[i][0], hostile[_i].files[i][1]);
    }
    put(hostile[_i].place, buffer_string(&content));
    ck_assert(folders_find(arena, &said, &folders, &status));
    ck_assert_uint_lt(arena_used(arena), (size_t)64 * 1024 * 1024);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_mentions");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60); /* what does not end takes minutes */
    tcase_add_loop_test(tests, a_project_says_its_tracking_table_wherever_it_can_be_said, 0,
                        sizeof projects / sizeof *projects);
    tcase_add_loop_test(tests, the_longest_end_of_an_absolute_path_says_which_package_is_meant, 0,
                        sizeof absolute_paths / sizeof *absolute_paths);
    tcase_add_loop_test(tests, code_may_name_another_folder, 0, sizeof folders_in_code / sizeof *folders_in_code);
    tcase_add_loop_test(tests, what_was_read_is_read_again_where_it_changed, 0, sizeof edits / sizeof *edits);
    tcase_add_test(tests, a_look_that_was_cut_is_no_answer);
    tcase_add_loop_test(tests, a_hostile_file_is_looked_through_soon, 0, sizeof hostile / sizeof *hostile);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
