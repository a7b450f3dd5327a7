/*
 * What looks like something else: a list that goes on, an attribute of the project's own, a setting that says what is
 * usual anyway. And configurations that are made to take long, each of which once took minutes.
 */
#include "unit/framework_warnings.h"

static const char *repeated(const char *before, const char *part, size_t times, const char *behind)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, before);
    for (size_t i = 0; i < times; i++) {
        buffer_puts(&out, part);
    }
    buffer_puts(&out, behind);
    return buffer_string(&out);
}

/* ---- what goes on ---- */

START_TEST(a_list_of_what_django_replaces_that_goes_on_is_computed)
{
    put("manage.py", "import django\n");
    put("blog/migrations/__init__.py", "");
    put("blog/migrations/0001_s.py",
        "class Migration(migrations.Migration):\n    replaces = [('blog', '0001_a')]  # all\n");
    ck_assert_str_eq(warnings_of("django"), "");
    has(row_of("django"), "'0001_a'");
    put("blog/migrations/0001_s.py",
        "class Migration(migrations.Migration):\n    replaces = [('blog', '0001_a')] + [('blog', '0002_b')]\n");
    has(warnings_of("django"), "0001_s.py computes what it replaces");
}
END_TEST

START_TEST(an_attribute_of_a_project_of_fluent_migrator_is_not_passed_over)
{
    put("blog.csproj", "<PackageReference Include=\"FluentMigrator\" />\n");
    put("Migrations/A.cs", "using FluentMigrator;\n[Migration(1, \"first\")]\npublic class A : Migration {}\n");
    ck_assert_ptr_null(list(folder_of("fluent-migrator")).unrecordable);
    put("Migrations/B.cs", "using FluentMigrator;\n// [OurMigration(2)]\n[Tags(\"x\"), OurMigration(2)]\nclass B {}\n");
    has(list(folder_of("fluent-migrator")).unrecordable, "Migrations/B.cs, line 3, computes the version");
}
END_TEST

START_TEST(a_file_of_kysely_that_hands_on_another_is_a_migration)
{
    put("package.json", "{\"dependencies\": {\"kysely\": \"0.28\"}}");
    put("migrations/1_a.ts", "import { Kysely } from 'kysely'\nexport async function up(db) {}\n");
    put("migrations/2_b.js", "module.exports = require('../build/b')\n");
    put("migrations/3_c.ts", "export default make('c')\n");
    put("migrations/4_d.ts", "export default { ...common }\n");
    put("migrations/5_e.js", "module.exports = { helper }\nmodule.exports.other = 1\n");
    ck_assert_str_eq(listed("kysely"), "1_a=1_a,2_b=2_b,3_c=3_c,4_d=4_d");
}
END_TEST

START_TEST(one_of_several_paths_of_yii_is_a_question)
{
    static const char code[] = "<?php return ['controllerMap' => ['migrate' => ['migrationPath' => %s, 'a' => 1]]];\n";
    put("composer.json", "{\"require\": {\"yiisoft/yii2\": \"2\"}}");
    put("migrations/m240101_120000_a.php", "<?php\nuse yii\\db\\Migration;\n");
    put("config/console.php", arena_printf(arena, code, "['@app/migrations']"));
    ck_assert_ptr_null(folder_of("yii")->unread);
    put("config/console.php", arena_printf(arena, code, "['@app/migrations', '@yii/rbac/migrations']"));
    has(folder_of("yii")->unread, "has migrationPath");
    put("config/console.php", arena_printf(arena, code, "'@app/db/changes'"));
    has(folder_of("yii")->unread, "has migrationPath");
}
END_TEST

START_TEST(a_migration_of_lucid_is_recorded_by_its_path_in_its_package)
{
    static const char program[] = "import { BaseSchema } from '@adonisjs/lucid/schema'\n";
    put("apps/api/package.json", "{\"dependencies\": {\"@adonisjs/lucid\": \"21\"}}");
    put("apps/api/database/migrations/1700000000000_a.ts", program);
    ck_assert_str_eq(listed("lucid"), "1700000000000_a=database/migrations/1700000000000_a");
}
END_TEST

/* ---- what is usual ---- */

START_TEST(what_was_compiled_is_no_second_folder_of_payload)
{
    static const char program[] =
        "import { MigrateUpArgs } from '@payloadcms/db-postgres'\nexport async function up() {}\n";
    put("src/payload.config.ts", "import { postgresAdapter } from '@payloadcms/db-postgres'\n");
    put("dist/migrations/20240101_000000.js", program);
    ck_assert_str_eq(folder_of("payload")->path, "dist/migrations");
    put("src/migrations/20240101_000000.ts", program);
    struct folder_list folders = {0};
    ck_assert(folders_find(arena, &project, &folders, &status));
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].path, "src/migrations");
}
END_TEST

START_TEST(what_node_pg_migrate_ignores_anyway_is_no_question)
{
    put("package.json", "{\"dependencies\": {\"node-pg-migrate\": \"9\"}}");
    put("migrations/1700000000000_a.sql", "SELECT 1;\n");
    put("config/default.json", "{\"db\": {\"ignore-pattern\": \"\\\\..*\"}}");
    ck_assert_ptr_null(folder_of("node-pg-migrate")->unread);
    put("config/default.json", "{\"db\": {\"ignore-pattern\": \"\\\\..*|.*[.]map\"}}");
    has(folder_of("node-pg-migrate")->unread, "has ignore-pattern");
}
END_TEST

START_TEST(utf_8_has_another_name_in_java)
{
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.encoding=UTF8\n");
    put("sql/V1__a.sql", "SELECT 1;");
    put("sql/V1__a.sql.conf", "encoding=utf8\n");
    ck_assert_msg(is_fit("flyway"), "%s", status.message);
    ck_assert_ptr_null(list(folder_of("flyway")).needs_tool);
    ck_assert_str_eq(script_of("flyway"), "SELECT 1;");
    ck_assert_ptr_nonnull(checksum_of("flyway"));
    put("sql/V1__a.sql.conf", "encoding=latin1\n");
    ck_assert_ptr_null(script_of("flyway"));
    says("V1__a.sql.conf says encoding");
    put("sql/V1__a.sql.conf", "shouldExecute=${env}==prod\n");
    ck_assert_ptr_null(script_of("flyway"));
    says("V1__a.sql.conf says shouldExecute");
    put("sql/V1__a.sql.conf", "executeInTransaktion=false\n"); /* flyway stops at what it does not know */
    ck_assert_ptr_null(script_of("flyway"));
    says("V1__a.sql.conf says executeInTransaktion");
    put("sql/V1__a.sql.conf", "executeInTransaction=FALSE\nplaceholderReplacement=False\n");
    put("sql/V1__a.sql", "VACUUM; SELECT '${x}';");
    ck_assert_str_eq(script_of("flyway"), "ALONE VACUUM; SELECT '${x}';");
}
END_TEST

/* Code that configures Flyway, and what is known then. */
static const struct {
    const char *call;
    const char *unread; /* a part of the question; NULL: there is none */
    const char *note;   /* a part of a warning; NULL: it does not matter */
    enum late_rule late;
    bool is_mixed;
} flyway_calls[] = {
    {".dataSource(ds)", NULL, NULL, LATE_REFUSED, false},
    {".mixed(true)", NULL, NULL, LATE_REFUSED, true},
    {".mixed(false).outOfOrder(true)", NULL, NULL, LATE_RUNS, false},
    {".validateOnMigrate(false)", NULL, NULL, LATE_SKIPPED, false},
    {".ignoreMigrationPatterns(\"*:missing\", \"*:ignored\")", NULL, NULL, LATE_SKIPPED, false},
    {".outOfOrder(props.isOutOfOrder())", NULL, "line 3, computes outOfOrder", LATE_REFUSED, false},
    {".group(true)", NULL, "says group: flyway runs all that is pending in one transaction", LATE_REFUSED, false},
    {".group(1)", NULL, NULL, LATE_REFUSED, false},
    {".target(\"latest\").callbacks()", NULL, NULL, LATE_REFUSED, false},
    {".target(\"5\")", "src/main/java/A.java, line 3, has target(…), which only the application", NULL, LATE_REFUSED,
     false},
    {".callbacks(new Audit())", "has callbacks(…)", NULL, LATE_REFUSED, false},
    {".javaMigrations(new V2__b())", "has javaMigrations(…)", NULL, LATE_REFUSED, false},
    {".initSql(\"SET ROLE app\")", "has initSql(…)", NULL, LATE_REFUSED, false},
    {".encoding(StandardCharsets.UTF_8)", NULL, NULL, LATE_REFUSED, false},
    {".encoding(charset)", "line 3, computes encoding", NULL, LATE_REFUSED, false},
    {".sqlMigrationPrefix(prefix())", "line 3, computes sqlMigrationPrefix", NULL, LATE_REFUSED, false},
    {".load(); c.setOutOfOrder(true); c.setMixed(true)", NULL, NULL, LATE_RUNS, true},
    {".load(); // c.setOutOfOrder(true)", NULL, NULL, LATE_REFUSED, false},
    {".load(); }\n  List<Config> configuration(DataSource ds) { f(); }\n  void setTarget(Uri to) { g(); }\n  Uri "
     "target(Uri t) "
     "{ h()",
     NULL, NULL, LATE_REFUSED, false},
    {".load(); Client client = ClientBuilder.newClient();\n  Object o = client.target(\"http://x\").request()", NULL,
     NULL, LATE_REFUSED, false},
    {".load(); Object o = ClientBuilder.newClient().register(\")\")\n  .target(\"http://x\")", NULL, NULL, LATE_REFUSED,
     false},
    {".load(); }\n  private final Map<String, Client> clients; Object two(WebTarget here) { return "
     "this.clients.target(\"x\")",
     NULL, NULL, LATE_REFUSED, false},
    {".load(); Object o = new Encoder().encoding(charset)", NULL, NULL, LATE_REFUSED, false},
    {".load(); }\n  Flyway two(FluentConfiguration c) { return c.target(\"5\")", "line 4, has target(…)", NULL,
     LATE_REFUSED, false},
    {".load(); }\n  FlywayConfigurationCustomizer two() { return configuration -> configuration.target(\"5\")",
     "line 4, has target(…)", NULL, LATE_REFUSED, false},
    {".load(); }\n  Flyway two() { return org.flywaydb.core.Flyway.configure().target(\"5\")", "line 4, has target(…)",
     NULL, LATE_REFUSED, false},
    {".load(); }\n  Flyway one(Config c) { return configuration(c).target(\"5\")", "line 4, has configuration(…)", NULL,
     LATE_REFUSED, false},
};

START_TEST(what_code_sets_of_flyway_counts_or_is_told)
{
    put("src/main/resources/db/migration/V1__a.sql", "VACUUM;\nSELECT 1;");
    put("src/main/java/A.java",
        arena_printf(arena,
                     "import org.flywaydb.core.Flyway;\nclass A { Flyway f = Flyway.configure()\n  %s\n.load(); }\n",
                     flyway_calls[_i].call));
    const struct folder *const folder = folder_of("flyway");
    const struct migration_files files = list(folder);
    const struct habits *const habits = folder->habits != NULL ? folder->habits : &folder->framework->habits;
    ck_assert_msg((folder->unread == NULL) == (flyway_calls[_i].unread == NULL), "%s", folder->unread);
    if (folder->unread != NULL) {
        has(folder->unread, flyway_calls[_i].unread);
    }
    ck_assert_uint_eq(files.warning_count > 0, flyway_calls[_i].note != NULL);
    if (flyway_calls[_i].note != NULL) {
        has(files.warnings[0], flyway_calls[_i].note);
    }
    ck_assert_int_eq(habits->late, flyway_calls[_i].late);
    ck_assert_int_eq(script_of("flyway") != NULL, flyway_calls[_i].is_mixed);
}
END_TEST

START_TEST(what_other_libraries_call_a_table_is_not_the_tracking_table)
{
    put("src/main/resources/db/migration/V1__a.sql", "SELECT 1;");
    put("src/main/java/A.java",
        "import org.flywaydb.core.Flyway;\nclass A { DSLContext dsl; void f() {\n"
        "  dsl.select().from(DSL.table(\"books\")); Schema s = dsl.meta().schemas(\"app\"); } }\n");
    ck_assert_ptr_null(folder_of("flyway")->unread);
    ck_assert_ptr_null(folder_of("flyway")->ledger.table);
    ck_assert_ptr_null(folder_of("flyway")->ledger.schema);
    put("src/main/java/A.java",
        "import org.flywaydb.core.Flyway;\nclass A { Flyway f = Flyway.configure().table(\"books\").load(); }\n");
    ck_assert_str_eq(folder_of("flyway")->ledger.table, "books");
}
END_TEST

START_TEST(placeholders_and_names_in_code_are_read)
{
    put("src/main/resources/db/migration/V1__before.sql", "SELECT 1;");
    put("src/main/resources/db/migration/W1__a.sql", "SELECT '${who}', '${what}';");
    put("src/main/kotlin/A.kt",
        "import org.flywaydb.core.Flyway\nval f = Flyway.configure().sqlMigrationPrefix(\"W\")\n"
        "  .placeholders(mapOf(\"who\" to \"ann\", \"what\" to \"it\")).load()\n");
    ck_assert_str_eq(listed("flyway"), "W1__a=1");
    ck_assert_str_eq(script_of("flyway"), "SELECT 'ann', 'it';");
}
END_TEST

START_TEST(what_spring_hands_to_flyway_is_a_question)
{
    put("src/main/resources/db/migration/V1__a.sql", "SELECT 1;");
    put("src/main/java/Audit.java",
        "import org.flywaydb.core.api.callback.Callback;\nclass Audit implements Callback {}\n");
    ck_assert_ptr_null(folder_of("flyway")->unread);
    put("src/main/java/Audit.java",
        "import org.flywaydb.core.api.callback.Callback;\n@Component\nclass Audit implements Callback {}\n");
    has(folder_of("flyway")->unread, "src/main/java/Audit.java, line 1, has a Callback that Spring gives to flyway");
}
END_TEST

START_TEST(what_spring_calls_in_place_of_migrate_is_told)
{
    put("src/main/resources/db/migration/V1__a.sql", "SELECT 1;");
    put("src/main/java/Config.java",
        "import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;\n"
        "class Config {\n  @Bean FlywayMigrationStrategy clean() { return f -> { f.clean(); "
        "f.migrate(); }; }\n}\n");
    const struct migration_files files = list(folder_of("flyway"));
    ck_assert_uint_eq(files.warning_count, 1);
    has(files.warnings[0], "src/main/java/Config.java, line 3, has a FlywayMigrationStrategy");
}
END_TEST

START_TEST(what_flyway_makes_besides_its_table_is_told)
{
    put("sql/V1__a.sql", "SELECT 1;");
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.schemas=app,audit\nflyway.tablespace=fast\n");
    const struct migration_files files = list(folder_of("flyway"));
    ck_assert_uint_eq(files.warning_count, 2);
    has(files.warnings[0], "flyway.conf names several schemas (app, audit), which flyway makes");
    has(files.warnings[1], "flyway.conf says tablespace");
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.schemas=app,audit\nflyway.createSchemas=false\n");
    ck_assert_uint_eq(list(folder_of("flyway")).warning_count, 0);
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.schemas=app\nflyway.placeholderSeparator=:\n");
    ck_assert_uint_eq(list(folder_of("flyway")).warning_count, 0);
    ck_assert_ptr_null(list(folder_of("flyway")).needs_tool);
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.placeholderSeparator=-\n");
    has(list(folder_of("flyway")).needs_tool, "flyway.conf says placeholderSeparator");
}
END_TEST

START_TEST(what_a_profile_of_spring_sets_otherwise_is_not_passed_over)
{
    put("src/main/resources/application.yml",
        "spring:\n  flyway:\n    placeholders:\n      env: dev\n      app: shop\n");
    put("src/main/resources/application-prod.yml",
        "spring:\n  flyway:\n    out-of-order: true\n    placeholders:\n      env: prod\n      app: shop\n");
    put("src/main/resources/db/migration/V1__a.sql", "SELECT '${app}';");
    const struct migration_files files = list(folder_of("flyway"));
    ck_assert_str_eq(script_of("flyway"), "SELECT 'shop';");
    ck_assert_uint_eq(files.warning_count, 2);
    has(files.warnings[0], "application-prod.yml gives the placeholder env another value for one profile");
    has(files.warnings[1], "application-prod.yml sets outOfOrder for one profile");
    put("src/main/resources/db/migration/V1__a.sql", "SELECT '${env}';");
    ck_assert_ptr_null(script_of("flyway"));
    says("${env}");
    put("src/main/resources/application-prod.yml", "spring:\n  flyway:\n    target: 5\n");
    has(folder_of("flyway")->unread, "application-prod.yml, line 3, sets target for one profile");
}
END_TEST

START_TEST(a_flag_or_variable_of_flyway_is_told)
{
    put("flyway.conf", "flyway.locations=filesystem:sql\n");
    put("sql/V1__a.sql", "SELECT 1;");
    put("compose.yml", "services:\n  flyway:\n    environment:\n      FLYWAY_OUT_OF_ORDER: \"true\"\n");
    const struct migration_files files = list(folder_of("flyway"));
    ck_assert_uint_eq(files.warning_count, 1);
    has(files.warnings[0], "compose.yml, line 4, has FLYWAY_OUT_OF_ORDER, which counts for what is started there");
}
END_TEST

START_TEST(flyway_stops_at_names_and_places_if_it_is_told_to)
{
    put("sql/V1__a.sql", "SELECT 1;");
    put("sql/V2_b.sql", "SELECT 1;");
    put("flyway.conf", "flyway.locations=filesystem:sql\n");
    ck_assert_ptr_null(list(folder_of("flyway")).needs_tool);
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.validateMigrationNaming=true\n");
    has(list(folder_of("flyway")).needs_tool, "it stops at the name of sql/V2_b.sql");
    put("flyway.conf", "flyway.locations=filesystem:sql,filesystem:more\nflyway.failOnMissingLocations=true\n");
    has(list(folder_of("flyway")).needs_tool, "the location more does not exist");
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.group=true\n");
    has(list(folder_of("flyway")).warnings[0], "flyway.conf says group");
}
END_TEST

START_TEST(an_environment_of_sql_migrate_may_write_out_the_usual_table)
{
    put("migrations/1.sql", "-- +migrate Up\nSELECT 1;\n");
    put("dbconfig.yml", "development:\n  dialect: postgres\n  dir: migrations\n"
                        "production:\n  dialect: postgres\n  table: gorp_migrations\n");
    ck_assert_ptr_null(folder_of("sql-migrate")->unread_ledger);
    put("dbconfig.yml", "development:\n  dialect: postgres\nproduction:\n  dialect: postgres\n  table: ours\n");
    has(folder_of("sql-migrate")->unread_ledger, "another table for development");
}
END_TEST

START_TEST(what_yoyo_inherits_comes_behind_what_it_says)
{
    put("base.ini", "[DEFAULT]\nbatch_mode = on\n");
    put("a/1.sql", "SELECT 1;\n");
    put("yoyo.ini", "[DEFAULT]\n%inherit = base.ini\nsources = a\nmigration_table = _yoyo_migration\n");
    ck_assert_ptr_null(folder_of("yoyo")->unread);
    ck_assert_str_eq(session_of("yoyo"), "");
    put("yoyo.ini", "[DEFAULT]\n%include = base.ini\nsources = a\nmigration_table = _yoyo_migration\n");
    has(folder_of("yoyo")->unread, "takes settings from another file");
}
END_TEST

/* ---- what takes long ---- */

START_TEST(elements_that_never_end_are_no_placeholders)
{
    put("src/main/resources/db/migration/V1__a.sql", "SELECT 1;");
    put("pom.xml", repeated("<artifactId>flyway-maven-plugin</artifactId><placeholders>", "<", 200000,
                            "a>1</a><b>2</b></placeholders>"));
    ck_assert_str_eq(listed("flyway"), "V1__a=1");
}
END_TEST

START_TEST(thousands_of_environments_are_not_searched)
{
    put("migrations/1.sql", "-- +migrate Up\nSELECT 1;\n");
    put("dbconfig.yml", repeated("", "e:\n", 5000, ""));
    ck_assert_str_eq(listed("sql-migrate"), "1.sql=1.sql");
    put("dbconfig.yml", repeated("", "e:\n", 100000, ""));
    has(folder_of("sql-migrate")->unread, "is larger than 16 kB");
}
END_TEST

START_TEST(thousands_of_paths_of_rails_are_not_searched)
{
    put("config/application.rb", "class A < Rails::Application\nend\n");
    put("db/migrate/20250101000000_a.rb", "class A < ActiveRecord::Migration[7.0]\nend\n");
    put("config/database.yml", repeated("p:\n a:\n", "  migrations_paths: db/migrate\n", 30000, ""));
    ck_assert_str_eq(listed("rails"), "20250101000000_a=20250101000000");
}
END_TEST

START_TEST(a_list_of_sea_orm_on_one_line_is_read_once)
{
    put("Cargo.toml", "[dependencies]\nsea-orm-migration = \"1\"\n");
    put("migration/src/m20250101_000001_a.rs", "use sea_orm_migration::prelude::*;\n");
    put("migration/src/lib.rs", repeated("fn migrations() -> V { vec![", "Box::new(a), ", 60000, "] }\n"));
    ck_assert_str_eq(listed("sea-orm"), "m20250101_000001_a=m20250101_000001_a");
}
END_TEST

START_TEST(attributes_without_a_class_are_not_searched_to_the_end)
{
    put("blog.csproj", "<PackageReference Include=\"FluentMigrator\" />\n");
    put("Migrations/A.cs", repeated("using FluentMigrator;\n[Migration(1)] class A {}\n", "[Migration(x)]", 30000, ""));
    ck_assert_str_eq(listed("fluent-migrator"), "1_A=1");
}
END_TEST

START_TEST(a_long_line_of_classes_is_looked_at_once)
{
    put("package.json", "{\"dependencies\": {\"typeorm\": \"0.3\"}}");
    put("src/migrations/1700000000000-A.ts",
        repeated("import { MigrationInterface } from 'typeorm'\nexport class A1700000000000 {}\n//",
                 " class B1700000000001", 50000, ""));
    ck_assert_str_eq(listed("typeorm"), "A1700000000000=A1700000000000");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_doubts");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_list_of_what_django_replaces_that_goes_on_is_computed);
    tcase_add_test(tests, an_attribute_of_a_project_of_fluent_migrator_is_not_passed_over);
    tcase_add_test(tests, a_file_of_kysely_that_hands_on_another_is_a_migration);
    tcase_add_test(tests, one_of_several_paths_of_yii_is_a_question);
    tcase_add_test(tests, a_migration_of_lucid_is_recorded_by_its_path_in_its_package);
    tcase_add_test(tests, what_was_compiled_is_no_second_folder_of_payload);
    tcase_add_test(tests, what_node_pg_migrate_ignores_anyway_is_no_question);
    tcase_add_test(tests, utf_8_has_another_name_in_java);
    tcase_add_loop_test(tests, what_code_sets_of_flyway_counts_or_is_told, 0,
                        (int)(sizeof flyway_calls / sizeof flyway_calls[0]));
    tcase_add_test(tests, placeholders_and_names_in_code_are_read);
    tcase_add_test(tests, what_other_libraries_call_a_table_is_not_the_tracking_table);
    tcase_add_test(tests, what_spring_hands_to_flyway_is_a_question);
    tcase_add_test(tests, what_spring_calls_in_place_of_migrate_is_told);
    tcase_add_test(tests, what_flyway_makes_besides_its_table_is_told);
    tcase_add_test(tests, what_a_profile_of_spring_sets_otherwise_is_not_passed_over);
    tcase_add_test(tests, a_flag_or_variable_of_flyway_is_told);
    tcase_add_test(tests, flyway_stops_at_names_and_places_if_it_is_told_to);
    tcase_add_test(tests, an_environment_of_sql_migrate_may_write_out_the_usual_table);
    tcase_add_test(tests, what_yoyo_inherits_comes_behind_what_it_says);
    tcase_add_test(tests, elements_that_never_end_are_no_placeholders);
    tcase_add_test(tests, thousands_of_environments_are_not_searched);
    tcase_add_test(tests, thousands_of_paths_of_rails_are_not_searched);
    tcase_add_test(tests, a_list_of_sea_orm_on_one_line_is_read_once);
    tcase_add_test(tests, attributes_without_a_class_are_not_searched_to_the_end);
    tcase_add_test(tests, a_long_line_of_classes_is_looked_at_once);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
