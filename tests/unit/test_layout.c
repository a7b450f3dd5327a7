/*
 * The shapes of whole repositories: where real ones keep their migrations. What is found in each is held against what
 * is right.
 */
#include "base/clock.h"
#include "framework/core/dialect.h"
#include "framework/core/framework.h"
#include "framework/core/layout.h"
#include "framework/core/search_time.h"
#include "unit/project_files.h"

#include <stdlib.h>
#include <unistd.h>

/* Files are "path" or "path=content". Expected are all folders that are likely or certain, "framework:path" joined by
 * blanks in the order of their names; a ? in front of one: what a person has to say about it. */
struct shape {
    const char *name;
    const char *const *files;
    const char *expected;
};

#define FILES_OF(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct shape shapes[] = {
    {"prisma_at_the_root", FILES_OF("prisma/schema.prisma", "prisma/migrations/1_a/migration.sql=SELECT 1;"),
     "prisma:prisma/migrations"},
    {"prisma_in_a_package_of_pnpm",
     FILES_OF("pnpm-workspace.yaml=packages:\n  - 'packages/*'\n", "packages/db/prisma/schema.prisma",
              "packages/db/prisma/migrations/1_a/migration.sql"),
     "prisma:packages/db/prisma/migrations"},
    {"prisma_whose_package_is_the_schemas_directory",
     FILES_OF("package.json={}", "packages/prisma/package.json={}", "packages/prisma/schema.prisma",
              "packages/prisma/migrations/1_a/migration.sql",
              "packages/prisma/migrations/migration_lock.toml=provider = \"postgresql\""),
     "prisma:packages/prisma/migrations"},
    {"prisma_four_directories_down",
     FILES_OF("package.json={}", "code/backend/api/data/package.json={}", "code/backend/api/data/prisma/schema.prisma",
              "code/backend/api/data/prisma/migrations/1_a/migration.sql"),
     "prisma:code/backend/api/data/prisma/migrations"},
    {"prisma_by_its_lock_alone",
     FILES_OF("README.md", "infra/db/history/migration_lock.toml=provider = \"postgresql\"",
              "infra/db/history/20240101000000_a/migration.sql=SELECT 1;"),
     "prisma:infra/db/history"},
    {"prisma_of_sqlite_is_asked_about",
     FILES_OF("apps/api/package.json={}", "apps/api/prisma/schema.prisma",
              "apps/api/prisma/migrations/1_a/migration.sql",
              "apps/api/prisma/migrations/migration_lock.toml=provider = \"sqlite\""),
     "?prisma:apps/api/prisma/migrations"},
    {"prisma_in_a_container_counts_for_nothing",
     FILES_OF("apps/web/package.json={}", "apps/web/prisma/schema.prisma",
              "apps/web/prisma/migrations/1_a/migration.sql",
              "docker/scripts/prisma.config.ts=export default {schema: '/app/s.prisma', migrations: {path: "
              "'/app/prisma/migrations'}}"),
     "prisma:apps/web/prisma/migrations"},
    {"drizzle_in_an_app",
     FILES_OF("package.json={\"workspaces\": [\"apps/*\"]}",
              "apps/web/drizzle.config.ts=export default {out: './drizzle', dialect: 'postgresql'}",
              "apps/web/drizzle/meta/_journal.json={\"version\": \"7\", \"dialect\": \"postgresql\", \"entries\": []}"),
     "drizzle:apps/web/drizzle"},
    {"drizzle_named_twice_is_one",
     FILES_OF("apps/sim/package.json={}",
              "apps/sim/drizzle.config.ts=export default {out: '../../packages/db/migrations', dialect: 'postgresql'}",
              "packages/db/package.json={}",
              "packages/db/drizzle.config.ts=export default {out: computed(), dialect: 'postgresql'}",
              "packages/db/migrations/meta/_journal.json={\"version\": \"7\", \"dialect\": \"postgresql\", "
              "\"entries\": []}"),
     "drizzle:packages/db/migrations"},
    {"drizzle_by_its_journal",
     FILES_OF("server/lib/storage/out/readme", "server/lib/storage/sql/meta/_journal.json={\"version\": \"7\", "
                                               "\"dialect\": \"postgresql\", \"entries\": []}"),
     "drizzle:server/lib/storage/sql"},
    {"drizzle_of_sqlite_is_asked_about",
     FILES_OF("packages/db/package.json={}",
              "packages/db/drizzle.config.ts=export default {out: './drizzle', dialect: 'turso'}",
              "packages/db/drizzle/meta/_journal.json={\"version\": \"5\", \"dialect\": \"sqlite\", \"entries\": []}"),
     "?drizzle:packages/db/drizzle"},
    {"goose_in_assets_of_three_servers",
     FILES_OF("go.mod=module x", "assets/migrations/mysql/001_a.sql=-- +goose Up\nSELECT 1;",
              "assets/migrations/postgres/001_a.sql=-- +goose Up\nSELECT 1;",
              "assets/migrations/sqlite/001_a.sql=-- +goose Up\nSELECT 1;"),
     "goose:assets/migrations/postgres"},
    {"goose_whose_server_code_chooses",
     FILES_OF("go.mod=module x", "main.go=import \"github.com/pressly/goose/v3\"\nfunc m() { goose.Up(db, path) }",
              "assets/migrations/mysql/001_a.sql=-- +goose Up\nSELECT 1;",
              "assets/migrations/postgres/001_a.sql=-- +goose Up\nSELECT 1;"),
     "goose:assets/migrations/postgres"},
    {"diesel_without_an_argument",
     FILES_OF("Cargo.toml=[dependencies]\ndiesel = \"2\"", "migrations/2024-01-01-000000_a/up.sql",
              "src/lib.rs=const M: E = diesel_migrations::embed_migrations!();\n"),
     "diesel:migrations"},
    {"goose_in_a_command",
     FILES_OF("go.mod=module x", "cmd/app-migrate/migrate/migrations/20240101000000_a.sql=-- +goose Up\nSELECT 1;"),
     "goose:cmd/app-migrate/migrate/migrations"},
    {"goose_of_programs",
     FILES_OF("go.mod=module x",
              "db/migrations/20240101000000_a.go=package m\nfunc init() { goose.AddMigrationContext(up, down) }"),
     "goose:db/migrations"},
    {"goose_in_two_services",
     FILES_OF("go.work=go 1.22\nuse (\n	./svc/a\n	./svc/b\n)\n", "svc/a/go.mod=module a",
              "svc/a/migrations/1_a.sql=-- +goose Up\nSELECT 1;", "svc/b/go.mod=module b",
              "svc/b/migrations/1_a.sql=-- +goose Up\nSELECT 1;"),
     "goose:svc/a/migrations goose:svc/b/migrations"},
    {"goose_of_tests_is_nobodys",
     FILES_OF("go.mod=module x", "internal/store/testdata/migrations/1_a.sql=-- +goose Up\nSELECT 1;"), ""},
    {"sql_migrate_of_two_databases",
     FILES_OF("go.mod=module x", "db/migrations/pool/0001.sql=-- +migrate Up\nSELECT 1;",
              "db/migrations/state/0001.sql=-- +migrate Up\nSELECT 1;"),
     "sql-migrate:db/migrations/pool sql-migrate:db/migrations/state"},
    {"sql_migrate_in_a_folder_of_its_own_name",
     FILES_OF("go.mod=module x", "migrate/sql/2024-a.sql=-- +migrate Up\nSELECT 1;"), "sql-migrate:migrate/sql"},
    {"golang_migrate_in_internal",
     FILES_OF("go.mod=module x\nrequire github.com/golang-migrate/migrate/v4 v4.17.0",
              "internal/storage/postgres/migrations/000001_a.up.sql=SELECT 1;",
              "internal/storage/postgres/migrations/000001_a.down.sql=SELECT 1;"),
     "golang-migrate:internal/storage/postgres/migrations"},
    {"golang_migrate_in_a_server_folder",
     FILES_OF("server/go.mod=module x\nrequire github.com/golang-migrate/migrate/v4 v4.17.0",
              "server/migrations/1_a.up.sql", "web/package.json={}"),
     "golang-migrate:server/migrations"},
    {"golang_migrate_in_a_service",
     FILES_OF("pkg/x/readme", "services/user/go.mod=module x\nrequire github.com/golang-migrate/migrate/v4 v4.17.0",
              "services/user/db/migration/000001_a.up.sql"),
     "golang-migrate:services/user/db/migration"},
    {"dbmate_below_infra",
     FILES_OF("infra/postgres/changes/20240101000000_a.sql=-- migrate:up\nSELECT 1;\n-- migrate:down\n"),
     "dbmate:infra/postgres/changes"},
    {"dbmate_in_a_service",
     FILES_OF("services/api/db/migrations/20240101000000_a.sql=-- migrate:up\nSELECT 1;\n-- migrate:down\n"),
     "dbmate:services/api/db/migrations"},
    {"tern_by_its_separator",
     FILES_OF("go.mod=module x", "internal/db/tern/001_a.sql=SELECT 1;\n---- create above / drop below ----\n"),
     "tern:internal/db/tern"},
    {"bun_of_programs",
     FILES_OF(
         "go.mod=module x\nrequire github.com/uptrace/bun v1",
         "internal/db/bundb/migrations/20210101000000_a.go=package m\nfunc init() { Migrations.Register(up, down) }"),
     "bun:internal/db/bundb/migrations"},
    {"bun_of_sql",
     FILES_OF("go.mod=module x\nrequire github.com/uptrace/bun v1", "cmd/bun/migrations/20210101000000_a.tx.up.sql"),
     "bun:cmd/bun/migrations"},
    {"pop_below_persistence",
     FILES_OF("go.mod=module x\nrequire github.com/gobuffalo/pop/v6 v6",
              "persistence/sql/migrations/sql/20200101000000_a.up.sql"),
     "pop:persistence/sql/migrations/sql"},
    {"popx_of_a_fork_of_pop",
     FILES_OF("go.mod=module x\nrequire github.com/ory/pop/v6 v6\n", "store/sql/20200101000000000000_a.postgres.up.sql",
              "store/sql/20200101000000000000_a.mysql.up.sql", "store/sql/20200102000000000000_b.up.sql"),
     "popx:store/sql"},
    {"hasura_numbered_by_hand_in_a_folder_of_its_own",
     FILES_OF("README.md", "deploy/hasura/config.yaml=version: 3\n", "deploy/hasura/metadata/version.yaml=version: 3\n",
              "deploy/hasura/migrations/shop/1_a/up.sql=SELECT 1;",
              "deploy/hasura/migrations/shop/2_b/up.sql=SELECT 1;"),
     "hasura:deploy/hasura/migrations/shop"},
    {"liquibase_below_a_module_in_a_folder_of_any_name",
     FILES_OF("build.gradle=", "store/schema/build.gradle=",
              "store/schema/src/main/resources/scripts-of-db/liquibase.xml=<databaseChangeLog><include "
              "file=\"a.xml\"/></databaseChangeLog>",
              "store/schema/src/main/resources/scripts-of-db/a.xml=<databaseChangeLog/>"),
     "liquibase:store/schema/src/main/resources/scripts-of-db"},
    {"a_list_of_changes_of_a_release_is_no_liquibase",
     FILES_OF("package.json={}", "apps/api/package.json={}", "apps/api/releases/changelog.yaml=- 1.0: begun\n"), ""},
    {"rails_without_a_database_is_nobodys",
     FILES_OF("build.gradle=", "server/web/rails/Gemfile=gem 'rails'\n",
              "server/web/rails/config/application.rb=class App < Rails::Application\nend\n"),
     ""},
    {"rails_without_active_record_is_nobodys",
     FILES_OF(
         "Gemfile=gem 'rails'\ngem 'sequel'\n",
         "config/application.rb=require 'action_controller/railtie'\n# require 'active_record/railtie'\nclass App < "
         "Rails::Application\nend\n",
         "db/migrations/20240101000000_a.rb=Sequel.migration do\nend\n"),
     "sequel:db/migrations"},
    {"popx_is_no_pop",
     FILES_OF(
         "go.mod=module x\nrequire github.com/ory/pop/v6 v6.4\nrequire github.com/gobuffalo/httptest v1 // indirect\n",
         "persistence/sql/migrations/20191100000001_a.up.sql=SELECT 1;"),
     "popx:persistence/sql/migrations"},
    {"fluent_migrator_in_a_folder_of_one_migration_s_name",
     FILES_OF("src/App/App.csproj=",
              "src/App/Datastore/Migration/001_first.cs=using FluentMigrator;\n[Migration(1)]\npublic "
              "class First : Ours {}\n"),
     "fluent-migrator:src/App/Datastore/Migration"},
    {"morph_of_two_servers",
     FILES_OF("go.mod=module x\nrequire (\n\tgithub.com/mattermost/morph v1.1.0\n"
              "\tgithub.com/golang-migrate/migrate/v4 v4.17.0 // indirect\n)",
              "server/channels/db/migrations/mysql/000001_a.up.sql",
              "server/channels/db/migrations/postgres/000001_a.up.sql"),
     "morph:server/channels/db/migrations/postgres"},
    {"gormigrate_with_a_file_each",
     FILES_OF("go.mod=module x", "internal/central/pkg/migrations/migrations.go=package m",
              "internal/central/pkg/migrations/2024_a.go=func a() *gormigrate.Migration {\n\treturn "
              "&gormigrate.Migration{\n\t\tID: \"2024\",\n\t\tMigrate: f,\n\t}\n}"),
     "gormigrate:internal/central/pkg/migrations"},
    {"gormigrate_in_a_file",
     FILES_OF("go.mod=module x",
              "database/migrations.go=gormigrate.New(db, gormigrate.DefaultOptions, []*gormigrate.Migration{{ID: "
              "\"1\", Migrate: f}})"),
     "gormigrate:database"},
    {"xormigrate_in_a_package",
     FILES_OF("go.mod=module x", "pkg/migration/2019.go=&xormigrate.Migration{ID: \"2019\", Migrate: f}"),
     "xormigrate:pkg/migration"},
    {"dbup_in_a_project_of_its_own",
     FILES_OF("backend/api/Api.csproj=<Project/>",
              "backend/api.DbUp/Api.DbUp.csproj=<PackageReference Include=\"dbup-postgresql\" Version=\"5\" />",
              "backend/api.DbUp/Scripts/001_a.sql=SELECT 1;"),
     "dbup:backend/api.DbUp/Scripts"},
    {"evolve_in_a_service",
     FILES_OF("src/Shop/Shop.csproj=<PackageReference Include=\"Evolve\" Version=\"3\" />",
              "src/Shop/db/migrations/V1_0__a.sql=SELECT 1;"),
     "evolve:src/Shop/db/migrations"},
    {"atlas_with_locals",
     FILES_OF("atlas.hcl=env \"local\" {\n  migration {\n    dir = \"${local.dir}\"\n  }\n}\nlocals {\n  dir = "
              "\"file://db/sql\"\n}\n",
              "db/sql/atlas.sum=h1:x", "db/sql/1_a.sql=SELECT 1;"),
     "atlas:db/sql"},
    {"atlas_of_a_variable_is_asked_about",
     FILES_OF("atlas.hcl=env \"local\" {\n  migration {\n    dir = \"file://${var.dir}\"\n  }\n}\n",
              "migrations/atlas.sum=h1:x", "migrations/1_a.sql=SELECT 1;"),
     "?atlas:migrations"},
    {"atlas_that_writes_for_golang_migrate",
     FILES_OF("go.mod=require github.com/golang-migrate/migrate/v4 v4.18.0",
              "atlas.hcl=env \"local\" {\n  migration {\n    dir = local.dir\n    format = local.kind\n  }\n}\n"
              "locals {\n  dir = \"file://tools/sql\"\n  kind = \"golang-migrate\"\n}\n",
              "tools/sql/atlas.sum=h1:x", "tools/sql/1_a.up.sql=SELECT 1;", "tools/sql/1_a.down.sql=SELECT 1;"),
     "golang-migrate:tools/sql"},
    {"atlas_that_writes_for_goose",
     FILES_OF("go.mod=module x\nrequire github.com/pressly/goose/v3 v3\n", "db/migrations/atlas.sum=h1:x",
              "db/migrations/20240101000000_a.sql=-- +goose Up\nSELECT 1;\n-- +goose Down\n"),
     "goose:db/migrations"},
    {"goose_in_a_folder_of_any_name_beside_atlas",
     FILES_OF("go.mod=module x\nrequire github.com/pressly/goose/v3 v3\n", "db/migrations/atlas.sum=h1:x",
              "db/migrations/20240101000000_a.sql=SELECT 1;", "db/goose-postgres/atlas.sum=h1:x",
              "db/goose-postgres/20240101000000_a.sql=-- +goose Up\nSELECT 1;\n",
              "db/goose-sqlite/20240101000000_a.sql=-- +goose Up\nSELECT 1;\n"),
     "atlas:db/migrations goose:db/goose-postgres"},
    {"goose_that_is_found_is_not_looked_for",
     FILES_OF("go.mod=module x\nrequire github.com/pressly/goose/v3 v3\n",
              "migrations/1_a.sql=-- +goose Up\nSELECT 1;\n", "old/1_a.sql=-- +goose Up\nSELECT 1;\n"),
     "goose:migrations"},
    {"tern_without_its_configuration",
     FILES_OF("go.mod=module x\nrequire github.com/jackc/tern/v2 v2.1.1\n", "migrations/001_a.sql=SELECT 1;"),
     "tern:migrations"},
    {"liquibase_of_jhipster",
     FILES_OF("pom.xml=liquibase-core", "src/main/resources/config/application.yml=spring:\n",
              "src/main/resources/config/liquibase/master.xml=<databaseChangeLog><include "
              "file=\"config/liquibase/changelog/1.xml\"/></databaseChangeLog>",
              "src/main/resources/config/liquibase/changelog/1.xml=<databaseChangeLog/>"),
     "liquibase:src/main/resources/config/liquibase"},
    {"atlas_by_its_sum",
     FILES_OF("tools/migrate/migrations/atlas.sum=h1:x", "tools/migrate/migrations/20240101000000_a.sql=SELECT 1;"),
     "atlas:tools/migrate/migrations"},
    {"sqlx_in_a_member_of_a_workspace",
     FILES_OF("Cargo.toml=[workspace]\nmembers = [\"server/*\"]\n",
              "server/api/Cargo.toml=[dependencies]\nsqlx = \"0.7\"\n", "server/api/migrations/20240101000000_a.sql"),
     "sqlx:server/api/migrations"},
    {"sqlx_below_a_prover",
     FILES_OF("core/Cargo.toml=[workspace]", "core/lib/dal/Cargo.toml=[dependencies]\nsqlx = \"0.7\"\n",
              "core/lib/dal/migrations/20240101000000_a.up.sql", "core/lib/dal/migrations/20240101000000_a.down.sql"),
     "sqlx:core/lib/dal/migrations"},
    {"sqlx_and_drizzle_are_asked_about",
     FILES_OF("core/lib/dal/Cargo.toml=[dependencies]\nsqlx = \"0.7\"\n",
              "core/lib/dal/migrations/20240101000000_a.sql",
              "rpc/drizzle.config.ts=export default {out: './drizzle', dialect: 'postgresql'}",
              "rpc/drizzle/meta/_journal.json={\"version\": \"7\", \"dialect\": \"postgresql\", \"entries\": []}"),
     "drizzle:rpc/drizzle sqlx:core/lib/dal/migrations"},
    {"sqlx_of_sqlite_beside_postgres",
     FILES_OF("crates/a-postgres/Cargo.toml=[dependencies]\nsqlx = \"0.7\"\n",
              "crates/a-postgres/migrations/20240101000000_a.sql",
              "crates/a-sqlite/Cargo.toml=[dependencies]\nsqlx = \"0.7\"\n",
              "crates/a-sqlite/migrations/20240101000000_a.sql"),
     "sqlx:crates/a-postgres/migrations"},
    {"diesel_of_three_servers",
     FILES_OF("Cargo.toml=[dependencies]\ndiesel = \"2\"", "migrations/mysql/2024-01-01-000000_a/up.sql",
              "migrations/postgresql/2024-01-01-000000_a/up.sql", "migrations/sqlite/2024-01-01-000000_a/up.sql"),
     "diesel:migrations/postgresql"},
    {"diesel_in_a_store",
     FILES_OF("Cargo.toml=[workspace]\nmembers = [\"store/*\"]",
              "store/postgres/Cargo.toml=[dependencies]\ndiesel = \"2\"",
              "store/postgres/migrations/2024-01-01-000000_a/up.sql"),
     "diesel:store/postgres/migrations"},
    {"refinery_in_a_crate",
     FILES_OF("Cargo.toml=[workspace]", "lib/db/Cargo.toml=[dependencies]\nrefinery = \"0.8\"",
              "lib/db/migrations/V1__a.sql"),
     "refinery:lib/db/migrations"},
    {"flyway_in_a_module_of_maven",
     FILES_OF("pom.xml=<project><modules><module>database</module></modules></project>", "database/pom.xml=<project/>",
              "database/src/main/resources/db/migration/V1__a.sql"),
     "flyway:database/src/main/resources/db/migration"},
    {"flyway_in_a_module_of_gradle",
     FILES_OF("settings.gradle=include ':app',\n  ':libs:store'\n", "libs/store/build.gradle",
              "libs/store/src/main/resources/db/migration/V1__a.sql"),
     "flyway:libs/store/src/main/resources/db/migration"},
    {"flyway_deep_in_resources",
     FILES_OF("build.gradle", "server/build.gradle",
              "server/src/main/resources/org/example/identity/data/db/hsqldb/V1__a.sql",
              "server/src/main/resources/org/example/identity/data/db/mysql/V1__a.sql",
              "server/src/main/resources/org/example/identity/data/db/postgresql/V1__a.sql"),
     "flyway:server/src/main/resources/org/example/identity/data/db/postgresql"},
    {"flyway_in_capital_letters",
     FILES_OF("pom.xml=<project/>", "store/jpa/pom.xml=<project/>",
              "store/jpa/src/main/resources/db/migration/H2/V1__a.sql",
              "store/jpa/src/main/resources/db/migration/POSTGRESQL/V1__a.sql"),
     "flyway:store/jpa/src/main/resources/db/migration/POSTGRESQL"},
    {"flyway_of_modules_is_asked_about",
     FILES_OF("pom.xml=<project/>", "account/pom.xml=<project/>",
              "account/src/main/resources/org/x/account/migration/V1__a.sql", "invoice/pom.xml=<project/>",
              "invoice/src/main/resources/org/x/invoice/migration/V2__a.sql"),
     "flyway:account/src/main/resources/org/x/account/migration "
     "flyway:invoice/src/main/resources/org/x/invoice/migration"},
    {"flyway_where_spring_says",
     FILES_OF("svc/pom.xml=<project/>",
              "svc/src/main/resources/application.properties=spring.flyway.locations=classpath:sql/changes\n",
              "svc/src/main/resources/sql/changes/V1__a.sql"),
     "flyway:svc/src/main/resources/sql/changes"},
    {"flyway_where_micronaut_says",
     FILES_OF("build.gradle",
              "src/main/resources/application.yml=micronaut:\n  application:\n    name: a\nflyway:\n"
              "  datasources:\n    default:\n      enabled: true\n      locations: classpath:sql/real\n",
              "src/main/resources/sql/real/V1__a.sql", "src/main/resources/db/migration/V1__old.sql"),
     "flyway:src/main/resources/sql/real"},
    {"flyway_where_quarkus_says",
     FILES_OF("pom.xml=<project/>", "src/main/resources/application.properties=quarkus.flyway.locations=sql/real\n",
              "src/main/resources/sql/real/V1__a.sql", "src/main/resources/db/migration/V1__old.sql"),
     "flyway:src/main/resources/sql/real"},
    {"flyway_where_quarkus_says_in_yaml",
     FILES_OF("pom.xml=<project/>",
              "src/main/resources/application.yml=quarkus:\n  flyway:\n    locations: classpath:sql/real\n",
              "src/main/resources/sql/real/V1__a.sql", "src/main/resources/db/migration/V1__old.sql"),
     "flyway:src/main/resources/sql/real"},
    {"flyway_that_a_user_changes",
     FILES_OF("flyway.toml=[flyway]\nlocations = [\"filesystem:old\"]\n",
              "flyway.user.toml=[flyway]\nlocations = [\"filesystem:real\"]\n", "old/V1__a.sql", "real/V1__a.sql"),
     "flyway:real"},
    {"flyway_of_tests_is_nobodys", FILES_OF("pom.xml=<project/>", "src/test/resources/db/migration/V1__a.sql"), ""},
    {"liquibase_where_spring_says",
     FILES_OF("api/build.gradle",
              "api/src/main/resources/application.properties=spring.liquibase.change-log=classpath:db/log.yaml\n",
              "api/src/main/resources/db/log.yaml=databaseChangeLog: []\n"),
     "liquibase:api/src/main/resources/db"},
#define LOG "<databaseChangeLog></databaseChangeLog>"
    {"liquibase_with_a_root_of_any_name",
     FILES_OF("settings.gradle=include ':data'\n", "data/build.gradle",
              "data/src/main/resources/db/changelog/schema.xml=" LOG,
              "data/src/main/resources/db/changelog/trigger.sql=SELECT 1;"),
     "liquibase:data/src/main/resources/db/changelog"},
    {"liquibase_in_a_command",
     FILES_OF("Dockerfile=FROM liquibase/liquibase\nCMD liquibase --changelog-file=sql/main.xml update\n",
              "sql/main.xml=" LOG, "db/changelog/old-master.xml=" LOG),
     "liquibase:sql"},
    {"liquibase_in_two_commands",
     FILES_OF("a.sh=liquibase --changeLogFile=sql/a.xml update\n", "b.sh=liquibase --changeLogFile=sql/b.xml update\n",
              "sql/a.xml=" LOG, "sql/b.xml=" LOG),
     "?liquibase:sql"},
    {"liquibase_in_a_container",
     FILES_OF("compose.yml=services:\n  m:\n    image: liquibase\n    volumes:\n      - "
              "./store/log:/liquibase/changelog\n    environment:\n      LIQUIBASE_COMMAND_CHANGELOG_FILE: main.xml\n",
              "store/log/main.xml=" LOG),
     "liquibase:store/log"},
    {"liquibase_of_a_variable",
     FILES_OF("up.sh=liquibase --changelog-file=$LOG update\n", "db/changelog/master.xml=" LOG),
     "?liquibase:db/changelog"},
    {"liquibase_by_defaults",
     FILES_OF("Makefile=up:\n\tliquibase --defaults-file=conf/prod.properties update\n",
              "conf/prod.properties=changeLogFile=logs/main.xml\nsearchPath=store\n", "store/logs/main.xml=" LOG),
     "liquibase:store/logs"},
    {"liquibase_whose_changelog_is_not_there",
     FILES_OF("liquibase.properties=changeLogFile=logs/main.xml\n", "db/changelog/master.xml=" LOG),
     "?liquibase:db/changelog"},
    {"liquibase_of_micronaut",
     FILES_OF("build.gradle",
              "src/main/resources/application.yml=liquibase:\n  datasources:\n    default:\n      "
              "change-log: 'classpath:logs/main.xml'\n",
              "src/main/resources/logs/main.xml=" LOG),
     "liquibase:src/main/resources/logs"},
    {"liquibase_of_quarkus",
     FILES_OF("pom.xml=<project/>",
              "src/main/resources/application.yaml=quarkus:\n  liquibase:\n    change-log: logs/main.xml\n",
              "src/main/resources/logs/main.xml=" LOG),
     "liquibase:src/main/resources/logs"},
    {"liquibase_of_mongo_is_asked_about",
     FILES_OF("fights/pom.xml=<artifactId>quarkus-liquibase-mongodb</artifactId>",
              "fights/src/main/resources/application.properties=quarkus.liquibase.change-log=db/changeLog.xml\n",
              "fights/src/main/resources/db/changeLog.xml=<databaseChangeLog></databaseChangeLog>"),
     "?liquibase:fights/src/main/resources/db"},
    {"alembic_in_a_backend",
     FILES_OF("backend/alembic.ini=[alembic]\nscript_location = app/alembic\n", "backend/app/alembic/env.py",
              "backend/app/alembic/versions/a1.py=revision = 'a1'\ndown_revision = None\n"),
     "alembic:backend/app/alembic/versions"},
    {"alembic_of_a_module_above",
     FILES_OF("pyproject.toml", "src/shop/server/alembic.ini=[alembic]\nscript_location = shop:server:_migrations\n",
              "src/shop/server/_migrations/env.py",
              "src/shop/server/_migrations/versions/postgresql/a1.py=revision = 'a1'\ndown_revision = None\n",
              "src/shop/server/_migrations/versions/sqlite/a1.py=revision = 'a1'\ndown_revision = None\n"),
     "alembic:src/shop/server/_migrations/versions/postgresql"},
    {"alembic_of_a_path_in_a_package",
     FILES_OF("pyproject.toml",
              "shop/alembic.ini=[alembic]\nscript_location = shop:db/alembic\nversion_locations = "
              "shop:db/alembic/own\n",
              "shop/db/alembic/env.py", "shop/db/alembic/own/a1.py=revision = 'a1'\ndown_revision = None\n"),
     "alembic:shop/db/alembic/own"},
    {"alembic_of_pyproject_beside_its_ini",
     FILES_OF("alembic.ini=[alembic]\nsqlalchemy.url = postgresql://h/d\n",
              "pyproject.toml=[tool.alembic]\nscript_location = \"%(here)s/store/sql\"\n", "store/sql/env.py",
              "store/sql/versions/a1.py=revision = 'a1'\ndown_revision = None\n",
              "alembic/versions/a0.py=revision = 'a0'\ndown_revision = None\n"),
     "alembic:store/sql/versions"},
    {"alembic_without_ini",
     FILES_OF("api/pyproject.toml=[project]\ndependencies = [\"alembic\"]",
              "api/migrations/env.py=from alembic import context",
              "api/migrations/versions/a1.py=from alembic import op\nrevision = 'a1'\ndown_revision = None\n"),
     "alembic:api/migrations/versions"},
    {"django_in_an_api",
     FILES_OF("apps/api/manage.py=import django", "apps/api/shop/__init__.py", "apps/api/shop/migrations/__init__.py",
              "apps/api/shop/migrations/0001_initial.py=class Migration: pass"),
     "django:apps/api"},
    {"django_below_a_pyproject",
     FILES_OF("pyproject.toml",
              "app/manage.py=from django.core\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\n",
              "app/site/settings.py=INSTALLED_APPS = ['shop']\n", "app/shop/migrations/__init__.py",
              "app/shop/migrations/0001_initial.py=class Migration: pass"),
     "django:app"},
    {"django_three_directories_down",
     FILES_OF("code/py/site/manage.py=import django", "code/py/site/shop/migrations/__init__.py",
              "code/py/site/shop/migrations/0001_initial.py"),
     "django:code/py/site"},
    {"rails_in_a_backend",
     FILES_OF("apps/backend/Gemfile=gem 'rails'",
              "apps/backend/db/migrate/20240101000000_a.rb=class A < ActiveRecord::Migration[7.1]"),
     "rails:apps/backend/db/migrate"},
    {"ecto_in_an_umbrella",
     FILES_OF("mix.exs=[apps_path: \"apps\"]", "apps/domain/mix.exs=defmodule D",
              "apps/domain/priv/repo/migrations/20240101000000_a.exs=use Ecto.Migration"),
     "ecto:apps/domain/priv/repo/migrations"},
    {"ecto_with_modules_of_its_own",
     FILES_OF("mix.exs={:ecto_sql, \"~> 3.0\"}", "priv/repo/migrations/20240101000000_a.exs=use Ecto.Migration",
              "lib/t.ex=use Ecto\nEcto.Migrator.run(Repo, Tenants.migrations(), :up, all: true)\n"),
     "ecto:priv/repo/migrations"},
    {"ecto_in_an_umbrella_below",
     FILES_OF("elixir/mix.exs=[apps_path: \"apps\"]", "elixir/apps/domain/mix.exs=defmodule D",
              "elixir/apps/domain/priv/repo/migrations/20240101000000_a.exs=use Ecto.Migration"),
     "ecto:elixir/apps/domain/priv/repo/migrations"},
    {"laravel_in_a_backend",
     FILES_OF("backend/composer.json={}", "backend/artisan",
              "backend/database/migrations/2024_01_01_000000_a.php=use Illuminate\\Database\\Migrations\\Migration;"),
     "laravel:backend/database/migrations"},
    {"doctrine_with_a_base_of_its_own",
     FILES_OF("composer.json={\"require\": {\"doctrine/doctrine-migrations-bundle\": \"^3\"}}",
              "migrations/Version20160401000000.php=<?php\nnamespace Application\\Migrations;\nclass "
              "Version20160401000000 extends ShopMigration {}"),
     "doctrine:migrations"},
    {"doctrine_with_a_base_in_another_folder",
     FILES_OF("composer.json={}",
              "src/Core/Migrations/Version20160401000000.php=use Doctrine\\Migrations\\AbstractMigration;",
              "src/Core/Doctrine/Migrations/AbstractMigration.php=use Doctrine\\Migrations\\AbstractMigration;"),
     "doctrine:src/Core/Migrations"},
    {"sea_orm_with_numbers_of_its_own",
     FILES_OF("Cargo.toml=[workspace]\nmembers = [\"migration\"]\n", "migration/Cargo.toml=sea-orm-migration",
              "migration/src/lib.rs=use sea_orm_migration::prelude::*;",
              "migration/src/m0000010_init.rs=use sea_orm_migration::prelude::*;"),
     "sea-orm:migration/src"},
    {"doctrine_in_a_path_repository",
     FILES_OF("composer.json={\"repositories\": [{\"type\": \"path\", \"url\": \"./modules/shop\"}]}",
              "modules/shop/composer.json={}",
              "modules/shop/migrations/Version20240101000000.php=use Doctrine\\Migrations\\AbstractMigration;"),
     "doctrine:modules/shop/migrations"},
    {"ef_core_of_four_servers",
     FILES_OF("util/MySqlMigrations/MySqlMigrations.csproj", "util/MySqlMigrations/Migrations/ContextModelSnapshot.cs",
              "util/PostgresMigrations/PostgresMigrations.csproj",
              "util/PostgresMigrations/Migrations/ContextModelSnapshot.cs",
              "util/SqliteMigrations/SqliteMigrations.csproj",
              "util/SqliteMigrations/Migrations/ContextModelSnapshot.cs"),
     "efcore:util/PostgresMigrations/Migrations"},
    {"ef_core_of_two_services",
     FILES_OF("src/A.Api/A.csproj", "src/A.Api/Migrations/AModelSnapshot.cs", "src/B.Api/B.csproj",
              "src/B.Api/Data/Migrations/BModelSnapshot.cs"),
     "efcore:src/A.Api/Migrations efcore:src/B.Api/Data/Migrations"},
    {"knex_beside_its_file",
     FILES_OF("package.json={\"dependencies\": {\"knex\": \"3\"}}",
              "lib/model/knexfile.js=module.exports = {client: 'pg'};",
              "lib/model/migrations/20240101000000_a.js=exports.up = () => {};"),
     "knex:lib/model/migrations"},
    {"knex_with_a_folder_for_each_environment",
     FILES_OF("package.json={\"dependencies\": {\"knex\": \"3\"}}",
              "knexfile.js=module.exports = {dev: {migrations: {directory: './dev'}}, prod: {migrations: {directory: "
              "'./prod'}}};",
              "dev/1_a.js=exports.up = () => {};", "prod/1_a.js=exports.up = () => {};"),
     "?knex:dev"},
    {"knex_in_a_backend",
     FILES_OF("backend/package.json={\"dependencies\": {\"knex\": \"3\"}}",
              "backend/src/db/knexfile.ts=export default {client: 'pg', migrations: {directory: './migrations'}}",
              "backend/src/db/migrations/20240101000000_a.ts=import {Knex} from 'knex'; export async function up() {}"),
     "knex:backend/src/db/migrations"},
    {"kysely_of_several_stores",
     FILES_OF("packages/pds/package.json={\"dependencies\": {\"kysely\": \"1\"}}",
              "packages/pds/src/account/db/migrations/001-init.ts=import { Kysely } from 'kysely'",
              "packages/pds/src/actor/db/migrations/001-init.ts=import { Kysely } from 'kysely'"),
     "kysely:packages/pds/src/account/db/migrations kysely:packages/pds/src/actor/db/migrations"},
    {"typeorm_in_a_server",
     FILES_OF("packages/server/package.json={\"dependencies\": {\"typeorm\": \"0.3\"}}",
              "packages/server/src/database/migrations/1700000000000-A.ts=import { MigrationInterface } from "
              "'typeorm'; export class A1700000000000 implements MigrationInterface {}"),
     "typeorm:packages/server/src/database/migrations"},
    {"typeorm_by_an_index",
     FILES_OF("package.json={\"dependencies\": {\"typeorm\": \"0.3\"}}",
              "src/data-source.ts=import { migrations } from './store/migrations'\nexport default new DataSource({ "
              "migrations })",
              "src/store/migrations/index.ts=import { A1700000000001 } from './1700000000001-A'",
              "src/store/migrations/1700000000001-A.ts=class A1700000000001 implements MigrationInterface"),
     "typeorm:src/store/migrations"},
    {"typeorm_of_two_folders_is_asked_about",
     FILES_OF("package.json={\"dependencies\": {\"typeorm\": \"0.3\"}}",
              "src/data-source.ts=import { A1700000000001 } from './a/1700000000001-A'\nimport { B1700000000002 } from "
              "'./b/1700000000002-B'\nexport default new DataSource({ migrations: [A1700000000001, B1700000000002] })",
              "src/a/1700000000001-A.ts=class A1700000000001 implements MigrationInterface",
              "src/b/1700000000002-B.ts=class B1700000000002 implements MigrationInterface",
              "src/migrations/1600000000000-Old.ts=class Old1600000000000 implements MigrationInterface"),
     "?typeorm:src/migrations"},
    /* the next six: what prisma migrate status of 7.10.1 finds, with the flags of the script */
    {"prisma_7_reads_no_schema_in_package_json",
     FILES_OF(
         "package.json={\"prisma\": {\"schema\": \"db/schema.prisma\"}, \"dependencies\": {\"prisma\": \"7.10.1\"}}",
         "prisma.config.ts=export default {}", "db/schema.prisma=datasource db {}", "db/migrations/1_db/migration.sql=",
         "prisma/schema.prisma=datasource db {}", "prisma/migrations/1_a/migration.sql="),
     "prisma:prisma/migrations"},
    {"prisma_6_reads_one",
     FILES_OF(
         "package.json={\"prisma\": {\"schema\": \"db/schema.prisma\"}, \"dependencies\": {\"prisma\": \"6.19.3\"}}",
         "db/schema.prisma=datasource db {}", "db/migrations/1_db/migration.sql=",
         "prisma/schema.prisma=datasource db {}", "prisma/migrations/1_a/migration.sql="),
     "prisma:db/migrations"},
    {"prisma_with_the_schema_that_its_script_says",
     FILES_OF("package.json={\"scripts\": {\"deploy\": \"prisma migrate deploy --schema=./other/schema.prisma\"}}",
              "prisma.config.ts=export default { schema: 'prisma/schema.prisma' }",
              "other/schema.prisma=datasource db {}", "other/migrations/1_o/migration.sql=",
              "prisma/schema.prisma=datasource db {}", "prisma/migrations/1_a/migration.sql="),
     "prisma:other/migrations"},
    {"prisma_whose_configuration_says_more_than_its_script",
     FILES_OF("package.json={\"scripts\": {\"deploy\": \"prisma migrate deploy --schema other/schema.prisma\"}}",
              "prisma.config.ts=export default { migrations: { path: 'db/mig' } }",
              "other/schema.prisma=datasource db {}",
              "other/migrations/1_o/migration.sql=", "db/mig/1_m/migration.sql="),
     "?prisma:db/mig"},
    {"prisma_with_the_configuration_that_its_script_says",
     FILES_OF("package.json={\"scripts\": {\"migrate\": \"prisma migrate deploy --config cfg/prisma.config.ts\"}}",
              "cfg/prisma.config.ts=export default { schema: 's/schema.prisma', migrations: { path: 'm' } }",
              "cfg/s/schema.prisma=datasource db {}", "cfg/m/1_cfg/migration.sql=", "m/1_root/migration.sql="),
     "prisma:cfg/m"},
    {"prisma_whose_scripts_say_different_schemas_is_asked_about",
     FILES_OF(
         "package.json={\"scripts\": {\"a\": \"prisma migrate deploy --schema other/schema.prisma\", \"b\": \"prisma "
         "migrate deploy\"}}",
         "other/schema.prisma=datasource db {}", "other/migrations/1_o/migration.sql=",
         "prisma/schema.prisma=datasource db {}", "prisma/migrations/1_a/migration.sql="),
     "?prisma:prisma/migrations"},
    {"sequelize_below_a_server",
     FILES_OF("package.json={\"dependencies\": {\"sequelize\": \"6\"}}",
              "services/core/package.json={\"dependencies\": {\"sequelize\": \"6\"}}",
              "services/core/migrations/20240101000000-a.js=module.exports = { up: (queryInterface) => {} };"),
     "sequelize:services/core/migrations"},
    {"node_pg_migrate_in_an_api",
     FILES_OF("apps/api/package.json={\"devDependencies\": {\"node-pg-migrate\": \"7\"}}",
              "apps/api/migrations/1700000000000_a.js=exports.up = (pgm) => {};"),
     "node-pg-migrate:apps/api/migrations"},
    {"graphile_migrate_in_a_workspace",
     FILES_OF("package.json={\"workspaces\": [\"@app/*\"]}", "@app/db/.gmrc={}",
              "@app/db/migrations/committed/000001.sql=--! Previous: -\n--! Hash: sha1:x\n"),
     "graphile-migrate:@app/db/migrations/committed"},
    {"mikro_orm_of_a_module",
     FILES_OF("packages/modules/auth/package.json={}",
              "packages/modules/auth/src/migrations/Migration20240101000000.ts=import { Migration } from "
              "'@mikro-orm/migrations';"),
     "mikro-orm:packages/modules/auth/src/migrations"},
    {"a_library_has_nothing", FILES_OF("package.json={}", "src/index.ts", "docs/readme.md"), ""},
    {"a_folder_of_dependencies_is_not_entered",
     FILES_OF("node_modules/x/migrations/001_a.sql=-- +goose Up\nSELECT 1;",
              "vendor/y/db/migrations/1_a.sql=-- migrate:up\nSELECT 1;\n-- migrate:down\n",
              ".cache/z/1_a.sql=-- +goose Up\nSELECT 1;", "target/q/1_a.sql=-- +goose Up\nSELECT 1;"),
     ""},
    {"a_project_of_its_own_is_not_walked",
     FILES_OF("go.mod=module x", "migrations/1_a.sql=-- +goose Up\nSELECT 1;",
              "deep/down/here/1_a.sql=-- migrate:up\nSELECT 1;\n-- migrate:down\n"),
     "goose:migrations"},
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *found(void)
{
    struct folder_list folders = {0};
    const char *names[64] = {NULL};
    size_t count = 0;
    struct buffer out = {.arena = arena};
    ck_assert_msg(folders_find(arena, &project, &folders, &status), "%s", status.message);
    for (size_t i = 0; i < folders.count && count < 64; i++) {
        const struct folder *const folder = &folders.items[i];
        if (folder->confidence > CONFIDENCE_LOW) {
            names[count++] =
                arena_printf(arena, "%s%s:%s", folder->unread == NULL ? "" : "?", folder->framework->id, folder->path);
        }
    }
    qsort(names, count, sizeof names[0], by_text);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&out, "%s%s", i == 0 ? "" : " ", names[i]);
    }
    return buffer_string(&out);
}

static void lay_out(const char *const *files)
{
    for (size_t i = 0; files[i] != NULL; i++) {
        const size_t size = strcspn(files[i], "=");
        put(arena_strndup(arena, files[i], size), files[i][size] == '=' ? files[i] + size + 1 : "");
    }
}

START_TEST(a_repository_is_understood)
{
    const struct shape *const shape = &shapes[_i];
    lay_out(shape->files);
    const char *const said = found();
    ck_assert_msg(strcmp(said, shape->expected) == 0, "%s: \"%s\", expected \"%s\"", shape->name, said,
                  shape->expected);
}
END_TEST

START_TEST(a_project_that_is_too_large_is_told_of)
{
    struct folder_list folders = {0};
    for (int i = 0; i < 21000; i++) {
        const char *const path = arena_printf(arena, "%s/a/%d", root, i);
        if (i % 1000 == 0) {
            put(arena_printf(arena, "a/%d/x", i), "");
        } else {
            ck_assert(directory_make(arena, path, &status));
        }
    }
    ck_assert(folders_find(arena, &project, &folders, &status));
    ck_assert_uint_eq(folders.count, 0);
    ck_assert(folders.is_cut);
}
END_TEST

START_TEST(more_folders_than_are_looked_at_are_told_of)
{
    struct folder_list folders = {0};
    for (int i = 0; i < 510; i++) {
        put(arena_printf(arena, "deep/down/%d/migrations/1_a.py", i), "");
    }
    ck_assert(folders_find(arena, &project, &folders, &status));
    ck_assert(folders.is_cut);
}
END_TEST

/* Each pattern lists a directory, and a file of a megabyte has many. */
START_TEST(a_workspace_of_very_many_patterns_is_searched_in_time)
{
    struct folder_list folders = {0};
    struct buffer json = {.arena = arena};
    for (int i = 0; i < 20; i++) {
        put_directory(arena_printf(arena, "apps/%d", i));
    }
    buffer_puts(&json, "{\"workspaces\": [\"apps/*\"");
    for (int i = 0; i < 30000; i++) {
        buffer_puts(&json, ", \"apps/*/*\"");
    }
    buffer_puts(&json, "]}");
    put("package.json", buffer_string(&json));
    ck_assert(folders_find(arena, &project, &folders, &status));
    ck_assert_uint_lt(arena_used(arena), (size_t)64 * 1024 * 1024);
}
END_TEST

START_TEST(a_search_ends_with_its_time_or_its_worker)
{
    atomic_bool stopping = false;
    struct project limited = project;
    struct folder_list folders = {0};
    put("apps/web/package.json", "{}");
    limited.stopping = &stopping;
    limited.search_until = search_end(NO_DEADLINE);
    ck_assert(folders_find(arena, &limited, &folders, &status));
    limited.search_until = clock_ms() - 1;
    ck_assert(!folders_find(arena, &limited, &folders, &status));
    ck_assert_int_eq(status.code, STATUS_DEADLINE_EXCEEDED);
    ck_assert_ptr_nonnull(strstr(status.message, root));
    ck_assert_ptr_nonnull(strstr(status.hint, "--migrations"));
    status = (struct status){.arena = arena};
    limited.search_until = 0;
    atomic_store(&stopping, true);
    ck_assert(!folders_find(arena, &limited, &folders, &status));
    ck_assert_int_eq(status.code, STATUS_CANCELLED);
    status = (struct status){.arena = arena};
}
END_TEST

START_TEST(a_search_leaves_time_for_its_answer)
{
    const int64_t now = clock_ms();
    ck_assert_int_lt(search_end(now + 30000), now + 26000);
    ck_assert_int_ge(search_end(now + 30000), now + 25000);
    ck_assert_int_gt(search_end(now + 3600000), now + 3590000);
}
END_TEST

START_TEST(links_are_not_followed)
{
    put("go.mod", "module x");
    put("a/b/readme", "");
    ck_assert_int_eq(symlink("..", arena_printf(arena, "%s/a/b/up", root)), 0);
    ck_assert_str_eq(found(), "");
}
END_TEST

START_TEST(a_path_says_which_server_it_is_for)
{
    ck_assert_str_eq(dialect_of_path("migrations/mysql"), "MySQL");
    ck_assert_str_eq(dialect_of_path("util/SqliteMigrations/Migrations"), "SQLite");
    ck_assert_str_eq(dialect_of_path("db/migration/H2"), "H2");
    ck_assert_ptr_null(dialect_of_path("db/migration/POSTGRESQL"));
    ck_assert_ptr_null(dialect_of_path("sqlite-to-postgres/migrations"));
    ck_assert_ptr_null(dialect_of_path("ch2/migrations"));
    ck_assert_ptr_null(dialect_of_path(""));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("layout");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_repository_is_understood, 0, (int)(sizeof shapes / sizeof shapes[0]));
    tcase_add_test(tests, a_project_that_is_too_large_is_told_of);
    tcase_add_test(tests, more_folders_than_are_looked_at_are_told_of);
    tcase_add_test(tests, a_workspace_of_very_many_patterns_is_searched_in_time);
    tcase_add_test(tests, a_search_ends_with_its_time_or_its_worker);
    tcase_add_test(tests, a_search_leaves_time_for_its_answer);
    tcase_add_test(tests, links_are_not_followed);
    tcase_add_test(tests, a_path_says_which_server_it_is_for);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
