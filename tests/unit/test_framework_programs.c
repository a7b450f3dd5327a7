/*
 * Frameworks whose migrations are programs, and others of Python, Ruby and .NET, as far as they need no database: which
 * files are theirs, what they are called, and what a configuration says. Each test says the source that it was taken
 * from.
 */
#include "framework/coded/ecto_lock.h"
#include "unit/framework_warnings.h"

/* "a b" for a folder's path and its others. */
static const char *paths_of(const char *id)
{
    const struct folder *const folder = folder_of(id);
    struct buffer out = {.arena = arena};
    buffer_puts(&out, folder->path);
    for (size_t i = 0; folder->others != NULL && folder->others[i] != NULL; i++) {
        buffer_printf(&out, " %s", folder->others[i]);
    }
    return buffer_string(&out);
}

/* ---- Rails 8.0: activerecord/lib/active_record/migration.rb, database_configurations.rb ---- */

#define APPLICATION "class App < Rails::Application\nend\n"
#define MIGRATION   "class A < ActiveRecord::Migration[8.0]\nend\n"

START_TEST(the_primary_database_of_rails_has_its_migrations_where_the_file_says)
{
    static const struct {
        const char *yaml;
        const char *paths;
        const char *unread;
        const char *note;
    } cases[] = {
        {"default: &default\n  adapter: postgresql\n  migrations_paths: db/real\nproduction:\n  <<: *default\n",
         "db/real", NULL, NULL},
        {"production:\n  adapter: postgresql\n  migrations_paths: [db/migrate, 'db/real', db/gone]\n",
         "db/migrate db/real", NULL, NULL},
        {"production:\n  adapter: postgresql\n  migrations_paths:\n    - db/migrate\n    - db/real\n",
         "db/migrate db/real", NULL, NULL},
        {"production:\n  primary:\n    <<: *default\n    migrations_paths: db/real\n  animals:\n    migrations_paths: "
         "db/animals\n",
         "db/real", NULL, "line 6, gives another database migrations of its own (db/animals)"},
        {"production:\n  main:\n    migrations_paths: db/real\n  animals:\n    migrations_paths: db/animals\n",
         "db/real", NULL, "(db/animals)"},
        {"production:\n  animals:\n    migrations_paths: db/animals\n  primary:\n    adapter: x\n", "db/migrate", NULL,
         "(db/animals)"},
        {"development:\n  migrations_paths: db/migrate\nproduction:\n  migrations_paths: db/real\n", "db/migrate",
         "line 4, names other migrations_paths (db/real) than another environment (db/migrate)", NULL},
        {"production:\n  migrations_paths: <%= ENV['DIR'] %>\n", "db/migrate", "line 2, computes migrations_paths",
         NULL},
    };
    put("config/application.rb", APPLICATION);
    put("db/migrate/20240101000000_a.rb", MIGRATION);
    put("db/real/20240101000001_b.rb", MIGRATION);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("config/database.yml", cases[i].yaml);
        ck_assert_str_eq(paths_of("rails"), cases[i].paths);
        if (cases[i].unread == NULL) {
            ck_assert_ptr_null(folder_of("rails")->unread);
        } else {
            has(folder_of("rails")->unread, cases[i].unread);
        }
        if (cases[i].note != NULL) {
            has(folder_of("rails")->note, cases[i].note);
        }
    }
}
END_TEST

/* ---- Rails 6.1: railties/lib/rails/paths.rb ---- */

START_TEST(rails_has_the_folders_that_its_application_adds_or_sets)
{
    static const char *const cases[][2] = {
        {"", "db/migrate"},
        {"    config.paths[\"db/migrate\"] << \"db/more\"\n", "db/migrate db/more"},
        {"    config.paths['db/migrate'] << Rails.root.join('db', 'more').to_s # why\n", "db/migrate db/more"},
        {"    config.paths['db/migrate'].concat([\"db/more\", 'db/gone'])\n", "db/migrate db/more"},
        {"    config.paths['db/migrate'] = 'db/more'\n", "db/more"},
        {"    config.paths['db/migrate'] = ['db/more', 'db/migrate']\n", "db/more db/migrate"},
        {"    # config.paths['db/migrate'] = 'db/more'\n", "db/migrate"},
        {"    config.paths['db/migrate'] << 'db/more'\n    config.paths['db/migrate'] = 'db/gone'\n", "db/gone"},
    };
    static const char *const computed[] = {
        "    config.paths['db/migrate'] << 'db/more' if ENV['MORE']\n",
        "    config.paths['db/migrate'] << \"db/#{Rails.env}\"\n",
        "    config.paths['db/migrate'] << ['db/more', 'db/other']\n",
        "    config.paths['db/migrate'] << 'db/*'\n",
        "    unless Rails.env.test?\n      config.paths['db/migrate'] << 'db/more'\n    end\n",
        "    x = config.paths['db/migrate']\n",
    };
    put("db/migrate/20240101000000_a.rb", MIGRATION);
    put("db/more/20240101000001_b.rb", MIGRATION);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("config/application.rb",
            arena_printf(arena, "module A\n  class App < Rails::Application\n%s  end\nend\n", cases[i][0]));
        ck_assert_str_eq(paths_of("rails"), cases[i][1]);
        ck_assert_ptr_null(folder_of("rails")->unread);
    }
    for (size_t i = 0; i < sizeof computed / sizeof *computed; i++) {
        put("config/application.rb",
            arena_printf(arena, "module A\n  class App < Rails::Application\n%s  end\nend\n", computed[i]));
        has(folder_of("rails")->unread, "computes paths[\"db/migrate\"]");
    }
}
END_TEST

START_TEST(rails_does_not_look_into_hidden_directories)
{
    put("config/application.rb", APPLICATION);
    put("db/migrate/20240101000000_a.rb", MIGRATION);
    put("db/migrate/old/20230101000000_b.rb", MIGRATION);
    put("db/migrate/.trash/20220101000000_c.rb", MIGRATION);
    ck_assert_str_eq(listed("rails"), "20230101000000_b=20230101000000,20240101000000_a=20240101000000");
    ck_assert_str_eq(warnings_of("rails"), "");
    put("db/migrate/20240101000002_AddUsers.rb", MIGRATION);
    has(warnings_of("rails"), "20240101000002_AddUsers.rb has a name at which rails stops");
    put("db/migrate/20240101x_b.rb", MIGRATION);
    has(warnings_of("rails"), "20240101x_b.rb has a name at which rails stops");
}
END_TEST

/* ---- Ecto: lib/ecto/migrator.ex ---- */

START_TEST(ecto_reads_no_hidden_directory_and_nothing_that_ends_in_ex)
{
    put("mix.exs", "{:ecto_sql, \"~> 3.0\"}\n");
    put("priv/repo/migrations/1_a.exs", "use Ecto.Migration\n");
    put("priv/repo/migrations/2_b.ex", "use Ecto.Migration\n");
    put("priv/repo/migrations/.old/3_c.exs", "use Ecto.Migration\n");
    ck_assert_str_eq(listed("ecto"), "1_a=1");
    has(warnings_of("ecto"), "2_b.ex is left out");
}
END_TEST

START_TEST(the_only_repository_of_ecto_is_no_other_one)
{
    put("mix.exs", "{:ecto_sql, \"~> 3.0\"}\n");
    put("priv/main_repo/migrations/1_a.exs", "use Ecto.Migration\n");
    ck_assert_str_eq(folder_of("ecto")->path, "priv/main_repo/migrations");
    ck_assert_ptr_null(folder_of("ecto")->note);
    put("priv/repo/migrations/1_a.exs", "use Ecto.Migration\n");
    ck_assert_str_eq(folder_of("ecto")->path, "priv/repo/migrations");
    has(folder_of("ecto")->note, "priv/main_repo/migrations has migrations of another repository");
}
END_TEST

/* ---- Alembic 1.16: script/revision.py, script/base.py, config.py ---- */

START_TEST(a_revision_of_alembic_may_depend_on_the_label_of_a_branch)
{
    put("alembic.ini", "[alembic]\nscript_location = m\n");
    put("m/env.py", "");
    put("m/versions/z.py", "revision = 'base'\ndown_revision = None\nbranch_labels = ('core', 'other')\n");
    put("m/versions/b.py", "revision: str = 'two'\ndown_revision: Union[str, None] = None  # not 'base'\n"
                           "depends_on = \"core\"\n");
    put("m/versions/__init__helper.py", "");
    ck_assert_str_eq(listed("alembic"), "z=base,b=two");
    ck_assert_str_eq(warnings_of("alembic"), "");
    put("m/versions/c.py", "revision = 'three'\ndown_revision = LAST\n");
    has(warnings_of("alembic"), "c.py computes the revision before it");
}
END_TEST

START_TEST(a_merge_of_alembic_has_as_many_parents_as_it_names)
{
    struct buffer parents = {.arena = arena};
    put("alembic.ini", "[alembic]\nscript_location = m\n");
    put("m/env.py", "");
    for (int i = 10; i < 50; i++) {
        put(arena_printf(arena, "m/versions/z%d.py", i),
            arena_printf(arena, "revision = 'r%d'\ndown_revision = None\n", i));
        buffer_printf(&parents, "    'r%d',\n", i);
    }
    put("m/versions/a.py",
        arena_printf(arena, "revision = 'merge'\ndown_revision = (\n%s)\n", buffer_string(&parents)));
    const struct migration_files files = list(folder_of("alembic"));
    ck_assert_uint_eq(files.count, 41);
    ck_assert_str_eq(files.items[40].key, "merge");
}
END_TEST

START_TEST(alembic_makes_one_history_of_several_locations)
{
    static const char *const values[] = {
        "version_locations = %(here)s/one %(here)s/two\n",
        "path_separator = os\nversion_locations = %(here)s/one:%(here)s/two\n",
        "version_path_separator = newline\nversion_locations =\n    one\n    two\n",
        "version_locations = one, app.db:two/v1.0\n",
    };
    put("m/env.py", "");
    put("one/a.py", "revision = 'a'\ndown_revision = 'b'\n");
    put("two/b.py", "revision = 'b'\ndown_revision = None\n");
    put("app/db/two/v1.0/b.py", "revision = 'b'\ndown_revision = None\n");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        put("alembic.ini", arena_printf(arena, "[alembic]\nscript_location = m\n%s", values[i]));
        ck_assert_str_eq(paths_of("alembic"), strchr(values[i], '.') == NULL ? "one two" : "one app/db/two/v1.0");
        ck_assert_ptr_null(folder_of("alembic")->unread);
        ck_assert_str_eq(listed("alembic"), "b=b,a=a");
    }
}
END_TEST

/* ---- EF Core 9: MigrationsAssembly.cs ---- */

START_TEST(the_id_of_ef_core_is_in_the_attribute)
{
    put("app.csproj", "");
    put("Migrations/ModelSnapshot.cs", "class ShopModelSnapshot : ModelSnapshot {}");
    put("Migrations/AppModelSnapshot.cs", "class AppModelSnapshot : ModelSnapshot {}");
    put("Migrations/20240102000000_Renamed.cs", "class Renamed : Migration {}");
    put("Migrations/20240102000000_Renamed.Designer.cs",
        "[DbContext(typeof(Shop))]\n[Migration(\"20240102000000_AddUsers\")]\npartial class Renamed {}");
    put("Migrations/Later.cs",
        "[DbContext(typeof(Shop))]\n[Migration(\"20240101000000_First\")]\nclass Later : Migration {}");
    put("Migrations/20240103000000_Plain.cs", "class Plain : Migration {}");
    put("Migrations/Helper.cs", "static class Helper {}");
    ck_assert_str_eq(listed("efcore"), "20240101000000_First=20240101000000_First,20240102000000_AddUsers="
                                       "20240102000000_AddUsers");
    has(warnings_of("efcore"), "20240103000000_Plain.cs is left out");
}
END_TEST

START_TEST(ef_core_passes_over_what_has_no_attributes)
{
    put("app.csproj", "<PackageReference Include=\"Microsoft.EntityFrameworkCore\" />");
    put("Migrations/20240101000000_A.cs",
        "public partial class A : Migration { protected override void Up(MigrationBuilder b) {} }");
    ck_assert_str_eq(listed("efcore"), "");
    has(warnings_of("efcore"), "20240101000000_A.cs is left out: EF passes over a class without [Migration");
    put("Migrations/20240101000000_A.cs", "[Migration(\"20240101000000_A\")]\npublic class A : Migration {}");
    put("Migrations/20240102000000_B.cs", "[Migration(\"20240102000000_B\")]\npublic class B : OwnMigration {}");
    put("Migrations/20240103000000_C.cs", "[MigrationAttribute(C.Id), DbContext(typeof(Shop))]\npublic class C : "
                                          "Migration { public const string Id = \"20240103000000_C\"; }");
    put("Migrations/20240104000000_D.cs", "[DbContext(typeof(Shop)),\n Migration(Id)]\npublic class D : Migration {\n"
                                          "    public const string Id = \"20240104000000_D\";\n}");
    put("Migrations/20240105000000_E.cs", "/* Migration(\"20240105000000_E\") */ public class E : Migration {}");
    put("Migrations/ShopModelSnapshot.cs", "[DbContext(typeof(Shop))]\nclass ShopModelSnapshot : ModelSnapshot {}");
    ck_assert_str_eq(
        listed("efcore"),
        "20240102000000_B=20240102000000_B,20240103000000_C=20240103000000_C,20240104000000_D=20240104000000_D");
    has(warnings_of("efcore"), "20240101000000_A.cs is left out: EF passes over a class without [DbContext(…)]");
    has(warnings_of("efcore"), "20240105000000_E.cs is left out");
    ck_assert_ptr_null(strstr(warnings_of("efcore"), "ModelSnapshot"));
}
END_TEST

START_TEST(a_class_of_ef_core_may_be_in_three_files)
{
    put("app.csproj", "");
    put("Migrations/20240101000000_Init.cs", "public partial class Init : Migration {}");
    put("Migrations/20240101000000_Init.Designer.cs",
        "[DbContext(typeof(Shop))]\n[Migration(\"20240101000000_Init\")]\npartial class Init {}");
    put("Migrations/20240101000000_Init.Data.cs", "public partial class Init { void Seed() {} }");
    put("Migrations/20240102000000_Next.cs", "[Migration(\"20240102000000_Next\")]\npartial class Next : Migration {}");
    put("Migrations/Next.Model.cs", "[DbContext(typeof(Shop))]\npartial class Next {}");
    ck_assert_str_eq(listed("efcore"), "20240101000000_Init=20240101000000_Init,20240102000000_Next="
                                       "20240102000000_Next");
    ck_assert_str_eq(warnings_of("efcore"), "");
}
END_TEST

START_TEST(evolve_is_asked_for_what_its_program_sets)
{
    static const struct {
        const char *said;
        const char *unread; /* NULL: nothing is asked */
        enum late_rule late;
    } cases[] = {
        {"OutOfOrder = true", NULL, LATE_RUNS},
        {"OutOfOrder = false, SqlMigrationPrefix = \"V\", Encoding = Encoding.UTF8", NULL, LATE_REFUSED},
        {"TargetVersion = new MigrationVersion(\"5\")", "App.cs, line 2, sets TargetVersion", LATE_REFUSED},
        {"TransactionMode = TransactionKind.RollbackAll", "sets TransactionMode", LATE_REFUSED},
        {"PlaceholderPrefix = \"$[\"", "sets PlaceholderPrefix", LATE_REFUSED},
    };
    put("app.csproj", "<PackageReference Include=\"Evolve\" Version=\"3.2.0\" />");
    put("db/migrations/V1__a.sql", "SELECT 1;");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("App.cs", arena_printf(arena, "using EvolveDb;\nvar e = new Evolve(c) { %s };\n", cases[i].said));
        const struct folder *const folder = folder_of("evolve");
        const struct habits *const habits = folder->habits != NULL ? folder->habits : &folder->framework->habits;
        ck_assert_msg((folder->unread == NULL) == (cases[i].unread == NULL), "%s: %s", cases[i].said, folder->unread);
        if (folder->unread != NULL) {
            has(folder->unread, cases[i].unread);
        }
        ck_assert_int_eq(habits->late, cases[i].late);
    }
}
END_TEST

START_TEST(an_id_of_ef_core_that_is_written_in_another_way_is_not_passed_over)
{
    static const char *const ways[] = {"[Migration (\"20240101000000_A\")]",
                                       "[Migration(@\"20240101000000_A\")]",
                                       "[Migration(\"\"\"20240101000000_A\"\"\")]",
                                       "[Migration(id: \"20240101000000_A\")]",
                                       "[Migration(Ids.A)]",
                                       "[Migration(\"20240101000000\" + \"_A\")]"};
    put("app.csproj", "");
    put("Migrations/ModelSnapshot.cs", "class ShopModelSnapshot : ModelSnapshot {}");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char source[200];
        snprintf(source, sizeof source, "[DbContext(typeof(Shop))]\n%s\nclass A : Migration {}", ways[i]);
        put("Migrations/20240101000000_A.cs", source);
        ck_assert_str_eq(listed("efcore"), "20240101000000_A=20240101000000_A");
    }
    has(warnings_of("efcore"), "20240101000000_A.cs has an id in its [Migration(…)] that cannot be read");
}
END_TEST

/* ---- SeaORM 1.1: sea-orm-migration/src/migrator.rs ---- */

#define SEA "use sea_orm_migration::prelude::*;\n#[derive(DeriveMigrationName)]\npub struct Migration;\n"

START_TEST(sea_orm_runs_what_its_list_in_code_has)
{
    static const char list_before[] =
        "impl MigratorTrait for Migrator {\n    fn migrations() -> Vec<Box<dyn MigrationTrait>> {\n";
    put("migration/src/m20240101_000001_a.rs", SEA);
    put("migration/src/m20240102_000001_b.rs", SEA);
    put("migration/src/m20240103_000001_c.rs", SEA);
    ck_assert_uint_eq(list(folder_of("sea-orm")).count, 3);
    put("migration/src/lib.rs",
        arena_printf(arena,
                     "%s        vec![\n            Box::new(m20240103_000001_c::Migration),\n            // "
                     "Box::new(m20240102_000001_b::Migration),\n            Box::new(m20240101_000001_a::Migration), "
                     "Box::new(other::m1::Migration)]\n    }\n}\n",
                     list_before));
    ck_assert_str_eq(listed("sea-orm"), "m20240103_000001_c=m20240103_000001_c,m20240101_000001_a=m20240101_000001_a");
    has(warnings_of("sea-orm"), "m20240102_000001_b.rs is left out: the migrator's list in code does not have it");
    has(warnings_of("sea-orm"), "has m1, which is in no file here");
    put("migration/src/lib.rs",
        arena_printf(arena, "%s        [vec![Box::new(m20240103_000001_c::Migration)], more()].concat()\n    }\n}\n",
                     list_before));
    ck_assert_uint_eq(list(folder_of("sea-orm")).count, 3);
}
END_TEST

START_TEST(a_migration_of_sea_orm_may_give_its_name_itself)
{
    put("migration/src/m20240101_000001_a.rs", "use sea_orm_migration::prelude::*;\npub struct Migration;\nimpl "
                                               "MigrationName for Migration {\n    fn name(&self) "
                                               "-> &str {\n        \"m20240101_000001_create_users\"\n    }\n}\n");
    ck_assert_str_eq(listed("sea-orm"), "m20240101_000001_create_users=m20240101_000001_create_users");
    put("migration/src/m20240101_000001_a.rs", "use sea_orm_migration::prelude::*;\nimpl MigrationName for Migration "
                                               "{\n    fn name(&self) -> &str { NAME }\n}\n");
    has(warnings_of("sea-orm"), "computes its name");
}
END_TEST

/* ---- Strapi 5: packages/core/core/src/Strapi.ts; Payload 3: readMigrationFiles.ts ---- */

START_TEST(strapi_reads_typescript_where_the_project_compiles_it)
{
    put("package.json", "{\"dependencies\": {\"@strapi/strapi\": \"5\"}}");
    put("database/migrations/1.a.ts", "");
    put("database/migrations/2.b.js", "");
    ck_assert_str_eq(listed("strapi"), "2.b.js=2.b.js");
    has(warnings_of("strapi"), "1.a.ts is left out");
    put("config/database.ts", "export default () => ({ settings: { useTypescriptMigrations: true } });");
    ck_assert_str_eq(listed("strapi"), "1.a.js=1.a.js,2.b.js=2.b.js");
}
END_TEST

START_TEST(payload_records_a_name_up_to_its_first_dot)
{
    put("payload.config.ts", "import { postgresAdapter } from '@payloadcms/db-postgres'");
    put("src/migrations/20240101_v1.2.ts", "import { sql } from '@payloadcms/db-postgres'");
    put("src/migrations/helper.mjs", "");
    put("src/migrations/index.ts", "");
    ck_assert_str_eq(listed("payload"), "20240101_v1=20240101_v1");
}
END_TEST

/* ---- sql-migrate 1.7: sql-migrate/config.go; dbmate 2: pkg/dbmate/migration.go ---- */

START_TEST(each_environment_of_sql_migrate_counts_whatever_its_name_is)
{
    static const struct {
        const char *yaml;
        const char *path;
        const char *table;
        const char *unread;
    } cases[] = {
        {"local:\n  dialect: postgres\n  dir: db/m\n  table: ours\n", "db/m", "ours", NULL},
        {"development:\n  dialect: postgres\n  datasource: x\n  table: ours\n", "migrations", "ours", NULL},
        {"base: &base\n  dialect: postgres\n  dir: db/m\n  table: ours\nlocal:\n  <<: *base\n  datasource: x\n", "db/m",
         "ours", NULL},
        {"test:\n  dialect: sqlite3\n  dir: other\nlocal:\n  dialect: postgres\n  dir: db/m\n", "db/m", NULL, NULL},
        {"local:\n  dir: db/m\nstage:\n  dir: other\n", "db/m", NULL,
         "has another dir for stage (other) than for local"},
        {"local:\n  dir: db/m\nstage:\n  dir: db/m\n  table: x\n", "db/m", NULL,
         "has another table for stage than for local"},
    };
    put("db/m/1_a.sql", "-- +migrate Up\n");
    put("migrations/1_a.sql", "-- +migrate Up\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("dbconfig.yml", cases[i].yaml);
        const struct folder *const folder = folder_of("sql-migrate");
        const char *const unread = folder->unread != NULL ? folder->unread : folder->unread_ledger;
        ck_assert_str_eq(folder->path, cases[i].path);
        ck_assert_pstr_eq(folder->ledger.table, cases[i].table);
        if (cases[i].unread != NULL) {
            has(unread, cases[i].unread);
        } else {
            ck_assert_ptr_null(unread);
        }
    }
    put("dbconfig.yml", "local:\n  dir: db/m\n  ignoreunknown: true\n");
    ck_assert(!folder_of("sql-migrate")->habits->missing_blocks);
}
END_TEST

START_TEST(what_stands_above_the_up_line_of_dbmate_is_refused)
{
    put("db/migrations/1_a.sql", "-- a comment\n\n-- migrate:up\nSELECT 1;\n-- migrate:down\n");
    ck_assert_str_eq(script_of("dbmate"), "SELECT 1;");
    put("db/migrations/1_a.sql",
        "-- a comment\nCREATE TYPE t AS ENUM ();\n-- migrate:up\nSELECT 1;\n-- migrate:down\n");
    ck_assert_ptr_null(script_of("dbmate"));
    says("1_a.sql, line 2, has something above the line \"-- migrate:up\"");
}
END_TEST

/* dbmate 2.36 records the number for each up part, so it fails at the second one; sql-migrate ran what is below
 * "--+migrate Down" as a part of up; goose: internal/sqlparser/parser.go, rambler: migration.go. */
START_TEST(marks_that_the_tool_does_not_see_or_fails_at_are_refused)
{
    put("db/migrations/1_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n-- migrate:up\nSELECT 2;\n");
    ck_assert_ptr_null(script_of("dbmate"));
    says("1_a.sql, line 4 is a second \"-- migrate:up\", at which its tool fails");
    put("db/migrations/1_a.sql", "-- migrate:up\nSELECT 1;\n  -- migrate:down\nSELECT 2;\n--migrate:down\n");
    ck_assert_ptr_null(script_of("dbmate"));
    says("1_a.sql, line 3: its tool does not see this line, because it does not begin with \"--\"");
    put("dbconfig.yml", "development:\n  dialect: postgres\n  dir: m\n");
    put("m/1_a.sql", "-- +migrate Up\nSELECT 1;\n--+migrate Down\nSELECT 2;\n");
    ck_assert_ptr_null(script_of("sql-migrate"));
    says("1_a.sql, line 3: its tool does not see this line, because it does not begin with \"-- +migrate \"");
    put("m/1_a.sql", "-- +migrate Up\nSELECT 1;\n-- +migrate Down\n-- +migrate Up\nSELECT 2;\n");
    ck_assert_ptr_nonnull(script_of("sql-migrate"));
}
END_TEST

START_TEST(a_late_migration_of_dbmate_is_refused_where_it_is_strict)
{
    put("db/migrations/1_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n");
    ck_assert_ptr_null(folder_of("dbmate")->habits);
    put(".env", "DBMATE_STRICT=false\n");
    ck_assert_ptr_null(folder_of("dbmate")->habits);
    put(".env", "DBMATE_STRICT=true\n");
    ck_assert_int_eq(folder_of("dbmate")->habits->late, LATE_REFUSED);
    ck_assert_str_eq(folder_of("dbmate")->path, "db/migrations");
}
END_TEST

/* ---- popx: popx/migration_box.go ---- */

START_TEST(popx_reads_the_directories_below_its_folder)
{
    put("go.mod", "module x\nrequire github.com/ory/pop/v6 v6.2.0\n");
    put("migrations/20240101000000000000_a.up.sql", "SELECT 1;");
    put("migrations/more/20240102000000000000_b.up.sql", "SELECT 1;");
    ck_assert_uint_eq(list(folder_of("popx")).count, 2);
}
END_TEST

/* ---- Sequel 5: lib/sequel/extensions/migration.rb ---- */

START_TEST(sequel_counts_by_name_if_a_number_is_a_time_and_else_by_the_last_number)
{
    put("db/migrations/001_a.rb", "Sequel.migration do\nend\n");
    put("db/migrations/002_b.rb", "Sequel.migration do\nend\n");
    ck_assert_str_eq(listed("sequel-integers"), "001_a=1,002_b=2");
    put("db/migrations/20240101000000_AddC.rb", "Sequel.migration do\nend\n");
    ck_assert_str_eq(listed("sequel"), "001_a.rb=001_a.rb,002_b.rb=002_b.rb,20240101000000_AddC.rb="
                                       "20240101000000_addc.rb");
    struct folder_list folders = {0};
    ck_assert(folders_find(arena, &project, &folders, &status));
    ck_assert_uint_eq(folders.count, 1);
}
END_TEST

START_TEST(migrations_of_hanami_are_sequels)
{
    put("config/db/migrate/20240101000000_a.rb", "ROM::SQL.migration do\nend\n");
    ck_assert_str_eq(folder_of("sequel")->path, "config/db/migrate");
}
END_TEST

START_TEST(a_gap_among_the_integers_of_sequel_is_refused)
{
    put("db/migrations/1_a.rb", "Sequel.migration do\nend\n");
    ck_assert(is_fit("sequel-integers"));
    put("db/migrations/3_b.rb", "Sequel.migration do\nend\n");
    ck_assert(!is_fit("sequel-integers"));
    says("number 2 is missing");
}
END_TEST

/* ---- yoyo 8.2: yoyo/migrations.py, yoyo/config.py ---- */

START_TEST(what_stands_above_the_first_statement_of_yoyo_is_its_head)
{
    put("yoyo.ini", "[DEFAULT]\nsources = migrations\n");
    put("migrations/_z.sql", "-- a comment\n\n  -- transactional : false\nSELECT 1;\n");
    ck_assert(strncmp(script_of("yoyo"), "ALONE ", 6) == 0);
    put("migrations/_z.sql", "SELECT 1;\n-- transactional: false\n");
    ck_assert(strncmp(script_of("yoyo"), "ALONE ", 6) != 0);
    put("migrations/_z.sql", "-- first\n\n-- depends: b\n-- depends: c\nSELECT 1;\n-- depends: d\n");
    put("migrations/a.py", "__depends__ = {\n    'd',\n}\n");
    put("migrations/b.sql", "SELECT 1;");
    put("migrations/c.sql", "SELECT 1;");
    put("migrations/d.sql", "SELECT 1;");
    put("migrations/__init__.py", "");
    put("migrations/post-apply.sql", "");
    put("migrations/a.rollback.sql", "");
    ck_assert_str_eq(listed("yoyo"), "__init__=__init__,b=b,c=c,_z=_z,d=d,a=a");
}
END_TEST

START_TEST(yoyo_is_not_started_without_a_database_in_its_configuration)
{
    put("migrations/a.py", "from yoyo import step\n");
    put("yoyo.ini", "[DEFAULT]\nsources = migrations\n");
    ck_assert_ptr_null(folder_of("yoyo")->delegate);
    ck_assert_ptr_null(framework_find(text_of("yoyo"))->delegate);
    put("yoyo.ini", "[DEFAULT]\nsources = migrations\ndatabase = %(DATABASE_URL)s\n");
    ck_assert_ptr_nonnull(folder_of("yoyo")->delegate);
}
END_TEST

START_TEST(sources_of_yoyo_are_read_one_after_the_other)
{
    put("one/b.sql", "SELECT 1;");
    put("two/a.sql", "SELECT 1;");
    put("yoyo.ini", "[DEFAULT]\nsources = %(here)s/one gone\n    two\ndatabase = postgresql:///x\n");
    ck_assert_str_eq(paths_of("yoyo"), "one two");
    ck_assert_ptr_nonnull(folder_of("yoyo")->delegate);
    ck_assert_str_eq(listed("yoyo"), "b=b,a=a");
    put("yoyo.ini", "[DEFAULT]\nsources = one package:app:two\n");
    has(folder_of("yoyo")->unread, "yoyo.ini, line 2, computes sources");
    put("yoyo.ini", "[DEFAULT]\n%include = other.ini\nsources = one\n");
    has(folder_of("yoyo")->unread, "yoyo.ini, line 2, takes settings from another file");
}
END_TEST

/* ---- FluentMigrator 7: MigrationAttribute.cs, TimestampedMigrationAttribute.cs ---- */

START_TEST(a_version_of_fluent_migrator_is_in_its_attribute)
{
    put("app.csproj", "<PackageReference Include=\"FluentMigrator.Runner.Postgres\" />");
    put("Migrations/A.cs",
        "[Migration( 2024_01_02L , \"Users (all)\")] public class A : Migration {}\n  // [Migration(9)]\n"
        "[Tags(\"x\"), TimestampedMigration(2024, 1, 2, 3, 4)]\nclass B : Migration { Migration(5); }\n"
        "[Migration(version: 007)] class C {}\n");
    ck_assert_str_eq(listed("fluent-migrator"), "7_C=7,20240102_A=20240102,20240102030400_B=20240102030400");
    has(warnings_of("fluent-migrator"), "A.cs has [Tags(…)]");
    ck_assert_str_eq(list(folder_of("fluent-migrator")).items[1].title, "Users (all)");
    put("Migrations/D.cs", "\n[Migration(Versions.Last + 1)] class D {}");
    has(list(folder_of("fluent-migrator")).unrecordable, "Migrations/D.cs, line 2, computes the version");
}
END_TEST

/* ---- Hasura 2: cli/migrate/source/file/file.go, parse.go ---- */

START_TEST(hasura_passes_over_empty_scripts_and_directories_without_a_name)
{
    put("config.yaml", "version: 3\n");
    put("metadata/version.yaml", "version: 3\n");
    put("migrations/default/1700000000001_a/up.sql", "SELECT 1;");
    put("migrations/default/1700000000002_b/up.sql", "");
    put("migrations/default/1700000000003/up.sql", "SELECT 1;");
    ck_assert_str_eq(listed("hasura"), "1700000000001_a=1700000000001");
    has(warnings_of("hasura"), "1700000000002_b/up.sql is left out");
    has(warnings_of("hasura"), "1700000000003 is left out");
    put("migrations/default/1700000000004_d/down.sql", "");
    has(warnings_of("hasura"), "1700000000004_d/up.sql is left out");
    ck_assert_str_eq(listed("hasura"), "1700000000001_a=1700000000001");
}
END_TEST

START_TEST(hasura_stops_at_a_version_with_a_down_file_alone)
{
    put("config.yaml", "version: 3\n");
    put("metadata/version.yaml", "version: 3\n");
    put("migrations/default/1700000000001_a/down.sql", "SELECT 1;");
    put("migrations/default/1700000000002_b/up.sql", "");
    put("migrations/default/1700000000002_b/down.sql", "SELECT 1;");
    ck_assert_str_eq(listed("hasura"), "1700000000001_a=1700000000001,1700000000002_b=1700000000002");
    has(warnings_of("hasura"), "Version 1700000000001 has down.sql alone: hasura stops at it");
    has(warnings_of("hasura"), "Version 1700000000002 has down.sql alone: hasura stops at it");
}
END_TEST

/* ---- Laravel 12: src/Illuminate/Database/Console/Migrations/BaseCommand.php ---- */

START_TEST(packages_of_laravel_that_load_migrations_are_named)
{
    put("artisan", "");
    put("database/migrations/2024_01_01_000000_a.php", "<?php use Illuminate\\Database\\Migrations\\Migration;");
    put("vendor/autoload.php", "");
    put("vendor/laravel/telescope/database/migrations/2018_08_08_100000_t.php", "");
    put("vendor/laravel/passport/database/migrations/2018_08_08_100000_p.php", "");
    put("vendor/laravel/passport/src/PassportServiceProvider.php",
        "<?php class P extends ServiceProvider { function boot() { publishes(); } }");
    ck_assert_ptr_null(folder_of("laravel")->note);
    put("vendor/laravel/telescope/src/TelescopeServiceProvider.php",
        "<?php class T extends ServiceProvider { function boot() { "
        "$this->loadMigrationsFrom(__DIR__.'/../database/migrations'); } }");
    has(folder_of("laravel")->note, "artisan may run as well (vendor/laravel/telescope)");
}
END_TEST

/* ---- Lucid 21: src/migration/runner.ts, src/utils/index.ts ---- */

START_TEST(lucid_records_the_path_in_the_project)
{
    put("apps/api/package.json", "{\"dependencies\": {\"@adonisjs/lucid\": \"^21\"}}");
    put("apps/api/database/migrations/1_a.ts", "import { BaseSchema } from '@adonisjs/lucid/schema'");
    put("apps/api/database/migrations/tenant/2_b.ts", "import { BaseSchema } from '@adonisjs/lucid/schema'");
    put("package.json", "{\"workspaces\": [\"apps/*\"]}");
    ck_assert_str_eq(listed("lucid"), "1_a=database/migrations/1_a,tenant/2_b=database/migrations/tenant/2_b");
}
END_TEST

START_TEST(lucid_reads_the_folder_that_its_connections_name)
{
    static const char program[] = "import { BaseSchema } from '@adonisjs/lucid/schema'";
    put("package.json", "{\"dependencies\": {\"@adonisjs/lucid\": \"^21\"}}");
    put("database/migrations/1_a.ts", program);
    put("other/m/2_b.ts", program);
    put("config/database.ts",
        "import { defineConfig } from '@adonisjs/lucid'\nexport default defineConfig({ connections: "
        "{ pg: { migrations: { naturalSort: true, paths: ['./other/m'] } } } })");
    ck_assert_str_eq(listed("lucid"), "2_b=other/m/2_b");
    put("config/database.ts",
        "import { defineConfig } from '@adonisjs/lucid'\nexport default defineConfig({ connections: "
        "{ pg: { migrations: {\npaths: ['database/migrations',\n 'other/m'] } } } })");
    has(folder_of("lucid")->unread, "names several folders (database/migrations and other/m)");
}
END_TEST

/* ---- Yii 2.0: framework/console/controllers/BaseMigrateController.php ---- */

START_TEST(yii_records_a_class_with_its_namespace)
{
    put("composer.json", "{\"require\": {\"yiisoft/yii2\": \"~2.0\"}}");
    put("migrations/m240102_000000_b.php", "<?php\nuse yii\\db\\Migration;\n");
    put("migrations/M240101000000A.php", "<?php\n\nnamespace app\\migrations;\n\nuse yii\\db\\Migration;\n");
    put("migrations/m24_c.php", "<?php");
    put("migrations/m2401030000000.php", "<?php");
    ck_assert_str_eq(listed("yii"), "M240101000000A=app\\migrations\\M240101000000A,m240102_000000_b=m240102_000000_b");
}
END_TEST

/* ---- sql-migrate: sqlparse/sqlparse.go ---- */

START_TEST(sql_migrate_refuses_a_statement_without_an_end)
{
    static const struct {
        const char *content;
        bool runs;
    } cases[] = {
        {"-- +migrate Up\nSELECT 1;\n", true},
        {"-- +migrate Up\nSELECT 1; -- a\n-- b\n\n-- +migrate Down\n", true},
        {"-- a\nSELECT 0\n-- +migrate Up\n-- +migrate StatementBegin\nDO $$ BEGIN NULL; END $$\n-- +migrate "
         "StatementEnd\n",
         true},
        {"-- +migrate Up\nSELECT 1\n", false},
        {"-- +migrate Up\nSELECT 1; SELECT 2\n", false},
        {"-- +migrate Up\nSELECT 1 -- ;\n", false},
        {"-- +migrate Up\nSELECT 1;\n  -- indented\n", false},
        {"-- +migrate Up\nSELECT 1\n-- +migrate Down\nSELECT 2;\n", false},
        {"-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2\n", false},
        {"-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1;\n", false},
        {"-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1;\n-- +migrate Down\n", false},
    };
    put("dbconfig.yml", "development:\n  dialect: postgres\n  dir: m\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("m/1_a.sql", cases[i].content);
        ck_assert_msg((script_of("sql-migrate") != NULL) == cases[i].runs, "%s", cases[i].content);
    }
}
END_TEST

/* ---- DbUp 6: StandardExtensions.cs ---- */

START_TEST(dbup_reads_what_ends_in_sql_unless_its_program_says_others)
{
    put("Shop.csproj", "<PackageReference Include=\"dbup-postgresql\" />");
    put("Program.cs", "builder.WithScriptsFromFileSystem(\"Scripts\");");
    put("Scripts/1.sql", "SELECT 1;");
    put("Scripts/2.SQL", "SELECT 1;");
    put("Scripts/3.psql", "SELECT 1;");
    ck_assert_str_eq(listed("dbup"), "1.sql=1.sql,2.SQL=2.SQL");
    has(warnings_of("dbup"), "3.psql is left out");
    put("Program.cs", "new FileSystemScriptOptions { Extensions = new[] { \"*.psql\" } }");
    ck_assert_uint_eq(list(folder_of("dbup")).count, 3);
}
END_TEST

START_TEST(dbup_reads_subdirectories_only_if_its_program_says_so)
{
    put("Shop.csproj", "<PackageReference Include=\"dbup-postgresql\" />");
    put("Program.cs", "builder.WithScriptsFromFileSystem(\"Scripts\");");
    put("Scripts/1.sql", "SELECT 1;");
    put("Scripts/archive/2.sql", "SELECT 1;");
    ck_assert_str_eq(listed("dbup"), "1.sql=1.sql");
    has(warnings_of("dbup"), "archive/2.sql is left out");
    put("Program.cs", "x.WithScriptsFromFileSystem(\"Scripts\").WithScriptsFromFileSystem(\"Scripts/archive\");");
    ck_assert_uint_eq(list(folder_of("dbup")).count, 2);
    put("Program.cs", "builder.WithScriptsFromFileSystem(args[0]);");
    ck_assert_uint_eq(list(folder_of("dbup")).count, 2);
    put("Program.cs", "x.WithScriptsFromFileSystem(\"Scripts\", new() { IncludeSubDirectories = true });");
    ck_assert_uint_eq(list(folder_of("dbup")).count, 2);
}
END_TEST

/* ---- others ---- */

START_TEST(a_squashed_migration_of_django_is_recorded_with_what_it_replaces)
{
    put("manage.py", "import django\n");
    put("blog/migrations/__init__.py", "");
    put("blog/migrations/0001_squashed.py",
        "class Migration(migrations.Migration):\n    replaces = [('blog', '0001_a')]\n");
    const char *const row = row_of("django");
    has(row, "INSERT INTO \"s\".\"t\" (app, name, applied) VALUES ('blog', '0001_squashed',");
    has(row, "SELECT 'blog', '0001_a',");
    put("blog/migrations/0001_squashed.py", "class Migration(migrations.Migration):\n    replaces = names()\n");
    ck_assert_ptr_null(strstr(row_of("django"), "0001_a"));
    has(warnings_of("django"), "0001_squashed.py computes what it replaces");
}
END_TEST

START_TEST(links_among_the_apps_of_django_do_not_make_its_search_endless)
{
    put("manage.py", "import django\n");
    put("apps/blog/migrations/__init__.py", "");
    put("apps/blog/migrations/0001_a.py", "class Migration:\n    pass\n");
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq(symlink(".", arena_printf(arena, "%s/here%d", root, i)), 0);
        ck_assert_int_eq(symlink("..", arena_printf(arena, "%s/apps/above%d", root, i)), 0);
    }
    ck_assert_str_eq(listed("django"), "blog.0001_a=blog.0001_a");
}
END_TEST

START_TEST(an_app_of_django_that_no_settings_name_is_told_of)
{
    put("manage.py", "import django\n");
    put("apps/blog/migrations/__init__.py", "");
    put("apps/blog/migrations/0001_a.py", "class Migration: pass");
    put("apps/old/migrations/__init__.py", "");
    put("apps/old/migrations/0001_a.py", "class Migration: pass");
    ck_assert_str_eq(warnings_of("django"), "");
    put("site/settings/base.py", "INSTALLED_APPS = ['django.contrib.auth'] + OWN\nolder = 1\n");
    put("site/settings/own.py", "OWN = ['apps.blog.apps.BlogConfig']\n");
    has(warnings_of("django"), "The migrations of apps/old are left out: INSTALLED_APPS does not name it");
    ck_assert_uint_eq(list(folder_of("django")).count, 1);
    put("site/settings/own.py", "OWN = ['apps.blog.apps.BlogConfig'] + more()\n");
    has(warnings_of("django"), "The settings that were read do not name apps/old:");
    ck_assert_ptr_null(strstr(warnings_of("django"), "apps/blog"));
    ck_assert_uint_eq(list(folder_of("django")).count, 2);
}
END_TEST

/* migrator_class of sequel/extensions/migration.rb, 5.63: sequel -m made schema_info of the first two,
 * schema_migrations of the others */
START_TEST(numbers_of_sequel_are_times_above_20000101)
{
    static const struct {
        const char *name;
        const char *id;
    } cases[] = {
        {"10000000_a.rb", "sequel-integers"}, {"0000000001_a.rb", "sequel-integers"},
        {"20000101_a.rb", "sequel-integers"}, {"20000102_a.rb", "sequel"},
        {"20240101000000_a.rb", "sequel"},
    };
    put("db/migrations/001_b.rb", "Sequel.migration do\nend\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const path = arena_printf(arena, "db/migrations/%s", cases[i].name);
        put(path, "Sequel.migration do\nend\n");
        struct folder_list folders = {0};
        ck_assert(folders_find(arena, &project, &folders, &status));
        ck_assert_uint_eq(folders.count, 1);
        ck_assert_msg(strcmp(folders.items[0].framework->id, cases[i].id) == 0, "%s: %s", cases[i].name,
                      folders.items[0].framework->id);
        ck_assert_int_eq(remove(arena_printf(arena, "%s/%s", root, path)), 0);
    }
}
END_TEST

START_TEST(the_sum_of_evolve_is_the_same_with_both_line_endings)
{
    put("app.csproj", "<PackageReference Include=\"Evolve\" />");
    put("db/migrations/V1__a.sql", "SELECT 1;\nSELECT 2;\n");
    const char *const plain = checksum_of("evolve");
    put("db/migrations/V1__a.sql", "SELECT 1;\r\nSELECT 2;\r\n");
    ck_assert_str_eq(checksum_of("evolve"), plain);
}
END_TEST

START_TEST(diesel_works_in_utc)
{
    put("diesel.toml", "");
    put("migrations/2024-01-01-000000_a/up.sql", "SELECT 1;");
    has(session_of("diesel"), "SET TIME ZONE 'UTC';");
}
END_TEST

/* ---- Ecto: ecto_sql 3.13 lib/ecto/adapters/postgres.ex, migration.ex, migrator.ex; Erlang/OTP 25 ---- */

/* What `erl` says of :erlang.phash2({:ecto, prefix, repository}). */
START_TEST(the_advisory_lock_of_ecto_is_the_hash_of_erlang)
{
    ck_assert_int_eq(ecto_lock_key(NULL, "Blog.Repo"), 95883390);
    ck_assert_int_eq(ecto_lock_key(NULL, "A"), 25028240);
    ck_assert_int_eq(ecto_lock_key("app", "Blog.Repo"), 18974925);
    ck_assert_int_eq(ecto_lock_key("a_schema_of_more_than_twelve", "MyApp.Infrastructure.Repo"), 56958935);
}
END_TEST

#define ECTO_PROJECT                                                                                                   \
    put("mix.exs", "{:ecto_sql, \"~> 3.13\"}");                                                                        \
    put("priv/repo/migrations/20240101000000_a.exs", "defmodule A do\n use Ecto.Migration\nend\n")

/* The keys for the table in this schema, in a line. */
static const char *ecto_keys(const char *schema)
{
    const struct ledger ledger = {.schema = schema, .table = "schema_migrations", .folder = folder_of("ecto")};
    int64_t keys[MOST_ADVISORY_KEYS];
    const size_t count = framework_advisory_locks(ledger.folder->framework, &ledger, "db", keys);
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&out, "%s%lld", i == 0 ? "" : " ", (long long)keys[i]);
    }
    return count == 0 ? "" : buffer_string(&out);
}

START_TEST(ecto_has_an_advisory_lock_where_a_repository_is_configured_so)
{
    ECTO_PROJECT;
    put("config/config.exs", "import Config\nconfig :blog, Blog.Repo, url: \"x\"\n");
    ck_assert_str_eq(ecto_keys("public"), "");
    put("config/config.exs", "import Config\nconfig :blog, Other.Repo, migration_lock: false\n"
                             "config :blog, Blog.Repo,\n  url: \"x\",\n  migration_lock: :pg_advisory_lock\n");
    ck_assert_str_eq(ecto_keys("public"), "95883390");
    ck_assert_str_eq(ecto_keys("app"), "95883390 18974925");
    ck_assert_ptr_null(folder_of("ecto")->note);
    put("config/config.exs", "import Config\nconfig :blog, Blog.Repo, url: \"x\"\n");
    put("config/runtime.exs", "config :blog, A, migration_lock: :pg_advisory_lock\n");
    ck_assert_str_eq(ecto_keys("public"), "25028240");
    put("config/runtime.exs", "\nconfig :blog, [{repo(), [migration_lock: :pg_advisory_lock]}]\n");
    ck_assert_str_eq(ecto_keys("public"), "");
    has(folder_of("ecto")->note, "config/runtime.exs, line 2, has migration_lock: :pg_advisory_lock for a repository");
}
END_TEST

START_TEST(the_default_prefix_of_ecto_is_not_where_its_table_is)
{
    ECTO_PROJECT;
    put("config/config.exs", "config :blog, Blog.Repo, migration_default_prefix: \"app\", migration_source: \"m\"\n");
    ck_assert_str_eq(folder_of("ecto")->ledger.table, "m");
    ck_assert_ptr_null(folder_of("ecto")->ledger.schema);
    ck_assert_ptr_null(folder_of("ecto")->unread_ledger);
}
END_TEST

START_TEST(a_number_of_ecto_may_have_a_sign)
{
    ECTO_PROJECT;
    put("priv/repo/migrations/-1_b.exs", "");
    put("priv/repo/migrations/+2_c.exs", "");
    put("priv/repo/migrations/x_d.exs", "");
    ck_assert_str_eq(listed("ecto"), "-1_b=-1,+2_c=2,20240101000000_a=20240101000000");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_programs");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_primary_database_of_rails_has_its_migrations_where_the_file_says);
    tcase_add_test(tests, rails_has_the_folders_that_its_application_adds_or_sets);
    tcase_add_test(tests, rails_does_not_look_into_hidden_directories);
    tcase_add_test(tests, ecto_reads_no_hidden_directory_and_nothing_that_ends_in_ex);
    tcase_add_test(tests, the_only_repository_of_ecto_is_no_other_one);
    tcase_add_test(tests, a_revision_of_alembic_may_depend_on_the_label_of_a_branch);
    tcase_add_test(tests, a_merge_of_alembic_has_as_many_parents_as_it_names);
    tcase_add_test(tests, alembic_makes_one_history_of_several_locations);
    tcase_add_test(tests, the_id_of_ef_core_is_in_the_attribute);
    tcase_add_test(tests, ef_core_passes_over_what_has_no_attributes);
    tcase_add_test(tests, a_class_of_ef_core_may_be_in_three_files);
    tcase_add_test(tests, evolve_is_asked_for_what_its_program_sets);
    tcase_add_test(tests, an_id_of_ef_core_that_is_written_in_another_way_is_not_passed_over);
    tcase_add_test(tests, sea_orm_runs_what_its_list_in_code_has);
    tcase_add_test(tests, a_migration_of_sea_orm_may_give_its_name_itself);
    tcase_add_test(tests, strapi_reads_typescript_where_the_project_compiles_it);
    tcase_add_test(tests, payload_records_a_name_up_to_its_first_dot);
    tcase_add_test(tests, each_environment_of_sql_migrate_counts_whatever_its_name_is);
    tcase_add_test(tests, what_stands_above_the_up_line_of_dbmate_is_refused);
    tcase_add_test(tests, marks_that_the_tool_does_not_see_or_fails_at_are_refused);
    tcase_add_test(tests, a_late_migration_of_dbmate_is_refused_where_it_is_strict);
    tcase_add_test(tests, popx_reads_the_directories_below_its_folder);
    tcase_add_test(tests, sequel_counts_by_name_if_a_number_is_a_time_and_else_by_the_last_number);
    tcase_add_test(tests, what_stands_above_the_first_statement_of_yoyo_is_its_head);
    tcase_add_test(tests, yoyo_is_not_started_without_a_database_in_its_configuration);
    tcase_add_test(tests, sources_of_yoyo_are_read_one_after_the_other);
    tcase_add_test(tests, a_version_of_fluent_migrator_is_in_its_attribute);
    tcase_add_test(tests, hasura_passes_over_empty_scripts_and_directories_without_a_name);
    tcase_add_test(tests, hasura_stops_at_a_version_with_a_down_file_alone);
    tcase_add_test(tests, packages_of_laravel_that_load_migrations_are_named);
    tcase_add_test(tests, lucid_records_the_path_in_the_project);
    tcase_add_test(tests, lucid_reads_the_folder_that_its_connections_name);
    tcase_add_test(tests, yii_records_a_class_with_its_namespace);
    tcase_add_test(tests, migrations_of_hanami_are_sequels);
    tcase_add_test(tests, sql_migrate_refuses_a_statement_without_an_end);
    tcase_add_test(tests, dbup_reads_what_ends_in_sql_unless_its_program_says_others);
    tcase_add_test(tests, dbup_reads_subdirectories_only_if_its_program_says_so);
    tcase_add_test(tests, a_gap_among_the_integers_of_sequel_is_refused);
    tcase_add_test(tests, a_squashed_migration_of_django_is_recorded_with_what_it_replaces);
    tcase_add_test(tests, links_among_the_apps_of_django_do_not_make_its_search_endless);
    tcase_add_test(tests, an_app_of_django_that_no_settings_name_is_told_of);
    tcase_add_test(tests, numbers_of_sequel_are_times_above_20000101);
    tcase_add_test(tests, the_sum_of_evolve_is_the_same_with_both_line_endings);
    tcase_add_test(tests, diesel_works_in_utc);
    tcase_add_test(tests, the_advisory_lock_of_ecto_is_the_hash_of_erlang);
    tcase_add_test(tests, ecto_has_an_advisory_lock_where_a_repository_is_configured_so);
    tcase_add_test(tests, the_default_prefix_of_ecto_is_not_where_its_table_is);
    tcase_add_test(tests, a_number_of_ecto_may_have_a_sign);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
