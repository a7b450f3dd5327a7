/*
 * Tools of Go and Rust as far as they need no database: which files are theirs, what of them runs, their checksums,
 * what a configuration says, and the SQL of their rows. Each test says the source that it was taken from.
 */
#include "unit/framework_warnings.h"

#define BUN_PROJECT put("go.mod", "require github.com/uptrace/bun v1.2.18\n")

/* ---- sqlx 0.9: sqlx-core/src/config/migrate.rs, sqlx-core/src/migrate/source.rs ---- */

START_TEST(the_table_of_sqlx_may_have_a_schema_and_quotes)
{
    put("Cargo.toml", "[dependencies]\nsqlx = \"0.9\"\n");
    put("migrations/1_a.sql", "SELECT 1;");
    put("sqlx.toml", "[migrate]\ntable-name = \"foo._sqlx_migrations\"\n");
    ck_assert_str_eq(folder_of("sqlx")->ledger.schema, "foo");
    ck_assert_str_eq(folder_of("sqlx")->ledger.table, "_sqlx_migrations");
    put("sqlx.toml", "[migrate]\ntable-name = '\"My App\".\"Log\"'\n");
    ck_assert_str_eq(folder_of("sqlx")->ledger.schema, "My App");
    ck_assert_str_eq(folder_of("sqlx")->ledger.table, "Log");
}
END_TEST

START_TEST(a_number_of_sqlx_may_have_a_sign)
{
    put("Cargo.toml", "[dependencies]\nsqlx = \"0.9\"\n");
    put("migrations/2_c.sql", "");
    put("migrations/+1_b.sql", "");
    put("migrations/-1_a.sql", "");
    put("migrations/-010_z.sql", "");
    put("migrations/-0_n.sql", "");
    put("migrations/x_y.sql", "");
    put("migrations/x_y.down.sql", "");
    put("migrations/3_d.down.sql", "");
    ck_assert_str_eq(listed("sqlx"), "-010_z=-10,-1_a=-1,-0_n=0,+1_b=1,2_c=2");
    has(warnings_of("sqlx"), "x_y.sql does not begin with a number: sqlx stops at it");
    has(warnings_of("sqlx"), "x_y.down.sql does not begin with a number: sqlx stops at it");
    ck_assert_ptr_null(strstr(warnings_of("sqlx"), "3_d"));
}
END_TEST

static const char *file_checksum_of(const char *id)
{
    const struct folder *const folder = folder_of(id);
    const struct migration_files files = list(folder);
    const char *checksum = NULL;
    ck_assert(framework_file_checksum(arena, folder, &files.items[0], &checksum, &status));
    return checksum;
}

START_TEST(the_sum_of_sqlx_leaves_out_the_characters_that_are_configured)
{
    static const char content[] = "\xEF\xBB\xBF"
                                  "SELECT\t1;\r\nSELECT '\xC3\xA9';\r\n";
    static const struct {
        const char *setting;
        const char *hashed;
    } cases[] = {
        {"", content},
        {"ignored-chars = []\n", content},
        {"ignored-chars = [\"\\r\"]\n", "\xEF\xBB\xBF"
                                        "SELECT\t1;\nSELECT '\xC3\xA9';\n"},
        {"ignored-chars = [\" \", \"\\t\", '\n'\n]\n", NULL},
        {"ignored-chars = [\" \", \"\\t\", \"\\r\", \"\\n\", \"\\uFEFF\"]\n", "SELECT1;SELECT'\xC3\xA9';"},
    };
    put("Cargo.toml", "[dependencies]\nsqlx = \"0.9\"\n");
    put("migrations/1_a.sql", content);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("sqlx.toml",
            arena_printf(arena, "[migrate]\n%s[macros.type-overrides]\n'uuid' = \"a::B\"\n", cases[i].setting));
        if (cases[i].hashed == NULL) {
            has(folder_of("sqlx")->unread, "sqlx.toml, line 2, has ignored-chars");
            continue;
        }
        ck_assert_ptr_null(folder_of("sqlx")->unread);
        const char *const sum = digest_hex_of(arena, "SHA384", text_of(cases[i].hashed));
        ck_assert_str_eq(checksum_of("sqlx"), sum);
        ck_assert_str_eq(file_checksum_of("sqlx"), sum);
    }
}
END_TEST

/* ---- goose 3.27.3: cmd/goose/main.go, migration.go ---- */

START_TEST(the_table_of_goose_may_have_a_schema)
{
    put("db/migrations/1_a.sql", "-- +goose Up\nSELECT 1;\n");
    put(".env", "GOOSE_TABLE=ops.goose_db_version\n");
    ck_assert_str_eq(folder_of("goose")->ledger.schema, "ops");
    ck_assert_str_eq(folder_of("goose")->ledger.table, "goose_db_version");
}
END_TEST

START_TEST(version_0_of_goose_is_told_of)
{
    put("migrations/00000_init.sql", "-- +goose Up\nSELECT 1;\n");
    put("migrations/00001_a.sql", "-- +goose Up\nSELECT 1;\n");
    put("migrations/-1_b.sql", "-- +goose Up\nSELECT 1;\n");
    put("migrations/+2_c.sql", "-- +goose Up\nSELECT 1;\n");
    put("migrations/0_d.go", "");
    put("migrations/helper.go", "");
    put("migrations/schema.sql", "");
    put("migrations/3.sql", "");
    ck_assert_str_eq(listed("goose"), "00001_a=1,+2_c=2");
    has(warnings_of("goose"), "00000_init.sql is left out: goose stops at it");
    has(warnings_of("goose"), "-1_b.sql is left out: goose stops at it");
    has(warnings_of("goose"), "0_d.go is left out: goose passes over it");
    has(warnings_of("goose"), "schema.sql does not begin with a number and an underscore: goose's command stops at it");
    has(warnings_of("goose"), "3.sql does not begin with a number and an underscore");
    ck_assert_ptr_null(strstr(warnings_of("goose"), "helper.go"));
}
END_TEST

/* ---- golang-migrate 4.19: source/parse.go; morph 1.1: models/migration.go ---- */

START_TEST(any_ending_is_a_migration_of_golang_migrate_and_of_morph)
{
    put("go.mod", "require github.com/golang-migrate/migrate/v4 v4.19.1\n");
    put("migrations/1_a.up.sql", "");
    put("migrations/1_a.down.sql", "");
    put("migrations/2_b.up.pgsql", "");
    put("migrations/3_c.sql", "");
    ck_assert_str_eq(listed("golang-migrate"), "1_a=1,2_b.up.pgsql=2");
    ck_assert(is_fit("golang-migrate"));
    put("go.mod", "require github.com/mattermost/morph v1.1.0\n");
    ck_assert_str_eq(listed("morph"), "1_a=a,2_b.up.pgsql=b");
    put("migrations/1_a.up.sql.bak", "");
    has(warnings_of("morph"), "have the same version");
}
END_TEST

/* golang-migrate: versionExists and newMigration of migrate.go; bun: getOrCreateMigration of migrate/migrations.go */
START_TEST(a_version_with_a_down_file_alone_runs_nothing_and_is_recorded)
{
    put("go.mod", "require github.com/golang-migrate/migrate/v4 v4.19.1\n");
    put("migrations/1_a.up.sql", "");
    put("migrations/1_b.down.sql", "");
    put("migrations/2_c.down.sql", "DROP TABLE c;");
    put("migrations/3_d.down.pgsql", "");
    put("migrations/3_d.up.pgsql", "");
    put("migrations/4_e.up.down.sql", "");
    ck_assert_str_eq(listed("golang-migrate"), "1_a=1,2_c=2,3_d.up.pgsql=3,4_e.up=4");
    const char *const warnings = warnings_of("golang-migrate");
    has(warnings, "Version 2 has 2_c.down.sql alone: there is nothing to run for it, and its tool records it.");
    ck_assert_ptr_null(strstr(warnings, "Version 1"));
    ck_assert_ptr_null(strstr(warnings, "Version 3"));
    const struct migration_files files = list(folder_of("golang-migrate"));
    ck_assert(files.items[1].is_down && !files.items[0].is_down && !files.items[2].is_down);

    BUN_PROJECT;
    put("migrations/5_f.tx.up.sql", "");
    put("migrations/5_f.tx.down.sql", "");
    ck_assert_str_eq(listed("bun"), "1_a=1,2_c=2,4_e.up=4,5_f=5");
    has(warnings_of("bun"), "Version 2 has 2_c.down.sql alone");
}
END_TEST

/* ---- refinery 0.9: refinery_core/src/util.rs, runner.rs, traits/mod.rs ---- */

START_TEST(a_version_of_refinery_may_have_64_bits)
{
    put("Cargo.toml", "[dependencies]\nrefinery = { version = \"0.9\", features = [\"int8-versions\"] }\n");
    put("migrations/V20240504090241__initial.sql", "SELECT 1;");
    put("migrations/V20240504090342__add.rs", "pub fn migration() -> String {}");
    put("migrations/V1.1__dotted.sql", "");
    ck_assert_str_eq(listed("refinery"), "V20240504090241__initial=20240504090241,V20240504090342__add=20240504090342");
    has(warnings_of("refinery"), "V1.1__dotted.sql is left out: refinery stops at it");
}
END_TEST

START_TEST(a_name_that_refinery_does_not_see_is_none)
{
    put("Cargo.toml", "[dependencies]\nrefinery = \"0.9\"\n");
    put("migrations/V1__a_\xC3\xA9.sql", "");
    put("migrations/V2__add-users.sql", "");
    put("migrations/V3__.sql", "");
    ck_assert_str_eq(listed("refinery"), "V1__a_\xC3\xA9=1");
    has(warnings_of("refinery"), "V2__add-users.sql is left out: refinery does not see it");
}
END_TEST

static const char *ledger_of(const char *id)
{
    const struct folder *const folder = folder_of(id);
    const struct ledger ledger = {.schema = "s", .table = "t", .folder = folder};
    struct buffer sql = {.arena = arena};
    ledger_put(&sql, folder->framework, LEDGER_CREATE, &ledger, NULL);
    return buffer_string(&sql);
}

START_TEST(the_ledger_of_refinery_is_as_wide_as_its_versions)
{
    put("Cargo.toml", "[dependencies]\nrefinery = \"0.9\"\n");
    put("migrations/V1__a.sql", "SELECT 1;");
    has(ledger_of("refinery"), "(version INT4 PRIMARY KEY");
    put("migrations/U20240504090241__b.sql", "SELECT 1;");
    has(ledger_of("refinery"), "(version INT8 PRIMARY KEY");
    ck_assert_int_eq(remove(arena_printf(arena, "%s/migrations/U20240504090241__b.sql", root)), 0);
    put("Cargo.toml", "[dependencies]\nrefinery = { version = \"0.9\", features = [\"int8-versions\"] }\n");
    has(ledger_of("refinery"), "(version INT8 PRIMARY KEY");
}
END_TEST

START_TEST(the_sum_of_refinery_is_made_of_as_many_bytes_as_its_version_has)
{
    put("Cargo.toml", "[dependencies]\nrefinery = \"0.9\"\n");
    put("migrations/V1__a.sql", "SELECT 1;");
    struct buffer bytes = {.arena = arena};
    buffer_add(&bytes, (struct text){"a\xFF\1\0\0\0\0\0\0\0SELECT 1;\xFF", 1 + 1 + 8 + 9 + 1});
    const char *const wide = arena_printf(arena, "%llu", (unsigned long long)siphash13_of(buffer_text(&bytes)));
    has(row_of("refinery"), arena_printf(arena, "THEN '%s' ELSE 'sum' END", wide));
}
END_TEST

START_TEST(a_number_that_no_other_can_follow_is_told_of)
{
    struct new_migration made = {.title = "Next"};
    put("Cargo.toml", "refinery = \"0.9\"");
    put("migrations/V8__a.sql", "SELECT 1;");
    ck_assert(framework_create_migration(arena, folder_of("refinery"), &made, &status));
    ck_assert_str_eq(made.file, "V9__next.sql");
    put("migrations/V9000000000000000000__b.sql", "SELECT 1;");
    ck_assert(!framework_create_migration(arena, folder_of("refinery"), &made, &status));
    says("the number 9000000000000000000, which is too large to be followed by another one");
}
END_TEST

START_TEST(a_program_of_refinery_cannot_be_recorded_without_running_it)
{
    put("Cargo.toml", "[dependencies]\nrefinery = \"0.9\"\n");
    put("migrations/V1__a.rs", "");
    has(row_of("refinery"),
        "DO 'BEGIN RAISE object_not_in_prerequisite_state USING MESSAGE = ''V1__a.rs makes its SQL");
}
END_TEST

START_TEST(an_unversioned_migration_of_refinery_may_be_late)
{
    put("Cargo.toml", "[dependencies]\nrefinery = \"0.9\"\n");
    put("migrations/U1__a.sql", "");
    put("migrations/V2__b.sql", "");
    const struct migration_files files = list(folder_of("refinery"));
    ck_assert(files.items[0].may_be_late);
    ck_assert(!files.items[1].may_be_late);
}
END_TEST

/* ---- bun 1.2.18: migrate/migration.go, migrations.go ---- */

START_TEST(names_at_which_bun_stops_are_told_of)
{
    BUN_PROJECT;
    put("migrations/1_a-b.c.tx.up.sql", "");
    put("migrations/1_a-b.c.tx.down.sql", "");
    put("migrations/2_Add.tx.up.sql", "");
    put("migrations/init.up.sql", "");
    put("migrations/3_c.go", "");
    put("migrations/3_c_test.go", "");
    ck_assert_str_eq(listed("bun"), "1_a-b.c=1,3_c=3");
    has(warnings_of("bun"), "2_Add.tx.up.sql is left out: bun stops at it");
    has(warnings_of("bun"), "init.up.sql is left out: bun stops at it");
    ck_assert_ptr_null(strstr(warnings_of("bun"), "down"));
}
END_TEST

START_TEST(what_bun_sends_has_plain_line_ends)
{
    BUN_PROJECT;
    put("migrations/1_a.tx.up.sql", "SELECT 'a\r\nb';\r\n--bun:split\r\nSELECT 2;\r");
    ck_assert_str_eq(script_of("bun"), "SELECT 'a\nb';\n--bun:split\nSELECT 2;");
}
END_TEST

START_TEST(a_directive_or_a_template_of_bun_is_refused)
{
    BUN_PROJECT;
    put("migrations/1_a.tx.up.sql", "SELECT '{{1,2},{3,4}}'::int[];\n");
    ck_assert_ptr_nonnull(script_of("bun"));
    put("migrations/1_a.tx.up.sql", "SELECT 1;\n--bun:splits\n");
    ck_assert_ptr_null(script_of("bun"));
    says("1_a.tx.up.sql, line 2: bun knows no directive but --bun:split");
    static const char *const templates[] = {"CREATE TABLE {{.Schema}}.a();", "CREATE TABLE {{- \n .Schema }}.a();"};
    for (size_t i = 0; i < 2; i++) {
        put("migrations/1_a.tx.up.sql", templates[i]);
        ck_assert_ptr_null(script_of("bun"));
        says("WithTemplateData");
    }
}
END_TEST

/* ---- Rambler 5.5.0: main.go, migration.go, driver/postgresql/driver.go ---- */

START_TEST(rambler_reads_its_schema_and_sends_plain_line_ends)
{
    put("rambler.json", "{\n  \"driver\": \"postgresql\",\n  \"schema\": \"ops\",\n  \"directory\": \"steps\",\n"
                        "  \"table\": \"log\"\n}\n");
    put("steps/1_a.sql", "-- rambler up\r\nSELECT 'a\r\nb';\r\n-- rambler down\r\n");
    ck_assert_str_eq(folder_of("rambler")->path, "steps");
    ck_assert_str_eq(folder_of("rambler")->ledger.schema, "ops");
    ck_assert_str_eq(folder_of("rambler")->ledger.table, "log");
    ck_assert_str_eq(script_of("rambler"), "SELECT 'a\nb';");
    ck_assert_str_eq(session_of("rambler"), "SET search_path TO \"s\";");
}
END_TEST

/* ---- tern 2.4.2: migrate/migrate.go, main.go ---- */

#define TERN_PROJECT(conf)                                                                                             \
    put("go.mod", "require github.com/jackc/tern/v2 v2.4.2\n");                                                        \
    put("migrations/tern.conf", conf)

/* diesel_migrations 2.2: file_based_migrations.rs; tern 2.4: migrate/migrate.go */
START_TEST(a_script_without_sql_is_refused_as_diesel_and_tern_do)
{
    put("diesel.toml", "[migrations_directory]\ndir = \"d\"\n");
    put("d/2024-01-01-000000_a/up.sql", "");
    ck_assert_ptr_null(script_of("diesel"));
    says("2024-01-01-000000_a/up.sql is empty, at which diesel stops");
    put("d/2024-01-01-000000_a/up.sql", "-- nothing\n");
    ck_assert_str_eq(script_of("diesel"), "-- nothing");
    put("tern.conf", "[database]\n");
    put("1_a.sql", "\n -- nothing\n---- create above / drop below ----\nDROP TABLE a;\n");
    ck_assert_ptr_null(script_of("tern"));
    says("1_a.sql has no SQL above its separator: tern stops there");
    put("1_a.sql", "/* nothing */\n---- create above / drop below ----\nDROP TABLE a;\n");
    ck_assert_ptr_nonnull(script_of("tern"));
}
END_TEST

START_TEST(the_mark_of_tern_is_a_line_of_its_own)
{
    TERN_PROJECT("[database]\n");
    put("migrations/001_a.sql", "---- tern: disable-tx ----\nSELECT 1;\n");
    ck_assert_str_eq(script_of("tern"), "ALONE ---- tern: disable-tx ----\nSELECT 1;");
    static const char *const others[] = {" ---- tern: disable-tx ----\nSELECT 1;",
                                         "SELECT 1; ---- tern: disable-tx ----",
                                         "---- tern: disable-tx ----\r\nSELECT 1;"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        put("migrations/001_a.sql", arena_printf(arena, "SELECT 0;\n%s\n", others[i]));
        ck_assert_ptr_null(strstr(script_of("tern"), "ALONE"));
    }
}
END_TEST

START_TEST(a_value_of_tern_that_is_a_template_is_not_filled_in)
{
    TERN_PROJECT("[data]\nprefix = {{env \"PREFIX\"}}\nname = blog\n");
    put("migrations/001_a.sql", "CREATE TABLE {{.name}}_a();");
    ck_assert_str_eq(script_of("tern"), "CREATE TABLE blog_a();");
    put("migrations/001_a.sql", "SELECT {{.quoted}};");
    put("migrations/tern.conf", "[data]\nquoted = \"blog\" # ours\n");
    ck_assert_str_eq(script_of("tern"), "SELECT \"blog\" # ours;");
    put("migrations/tern.conf", "[data]\nprefix = {{env \"PREFIX\"}}\n");
    put("migrations/001_a.sql", "CREATE TABLE {{.prefix}}_a();");
    ck_assert_ptr_null(script_of("tern"));
    says("prefix");
}
END_TEST

START_TEST(a_version_table_of_tern_that_is_a_template_is_a_question)
{
    TERN_PROJECT("[database]\nversion_table = {{env \"TABLE\"}}\n");
    put("migrations/001_a.sql", "SELECT 1;");
    has(folder_of("tern")->unread_ledger, "tern.conf, line 2, computes version_table");
}
END_TEST

/* ---- Atlas 1.2.3: sql/migrate/dir.go, migrate.go, cmd/atlas/internal/cmdapi/project.go ---- */

START_TEST(a_file_of_atlas_with_checks_is_refused)
{
    put("atlas.hcl", "env \"local\" {\n}\n");
    put("migrations/atlas.sum", "");
    put("migrations/1_a.sql", "-- atlas:txtar\n\n-- checks.sql --\nSELECT NOT EXISTS (SELECT FROM a);\n\n"
                              "-- migration.sql --\nDROP TABLE a;\n");
    ck_assert_ptr_null(script_of("atlas"));
    says("1_a.sql has the directive atlas:txtar");
}
END_TEST

START_TEST(a_file_that_the_sum_of_atlas_leaves_out_does_not_change_it)
{
    struct buffer sum = {.arena = arena};
    static const char *const contents[] = {"-- atlas:sum ignore\nSELECT 1;\n", "SELECT 2;\n"};
    struct sha256 hash;
    unsigned char digest[SHA256_SIZE];
    sha256_start(&hash);
    sha256_add(&hash, text_of("1_a.sql"));
    sha256_add(&hash, text_of("2_b.sql"));
    sha256_add(&hash, text_of(contents[1]));
    sha256_finish(&hash, digest);
    buffer_printf(&sum, "h1:x=\n2_b.sql h1:%s\n", base64_of(arena, digest, sizeof digest));
    put("migrations/1_a.sql", contents[0]);
    put("migrations/2_b.sql", contents[1]);
    put("migrations/atlas.sum", buffer_string(&sum));
    ck_assert(is_fit("atlas"));
    ck_assert_ptr_null(script_of("atlas"));
    says("1_a.sql has the directive atlas:sum ignore");
}
END_TEST

START_TEST(the_order_and_the_baseline_of_atlas_are_configured)
{
    static const struct {
        const char *said;
        enum late_rule late;
    } cases[] = {
        {"exec_order = NON_LINEAR", LATE_RUNS},
        {"exec_order = LINEAR_SKIP # as ever", LATE_SKIPPED},
        {"exec_order = LINEAR", LATE_REFUSED},
        {"exec_order = var.order", LATE_REFUSED},
        {"exec_order = NON_LINEAR\n  }\n}\nenv \"two\" {\n  migration {\n    exec_order = LINEAR", LATE_REFUSED},
    };
    put("migrations/1_a.sql", "");
    put("migrations/2_b.sql", "");
    put("migrations/atlas.sum", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("atlas.hcl", arena_printf(arena, "env \"one\" {\n  migration {\n    %s\n  }\n}\n", cases[i].said));
        const struct folder *const folder = folder_of("atlas");
        const struct habits *const habits = folder->habits == NULL ? &folder->framework->habits : folder->habits;
        ck_assert_int_eq(habits->late, cases[i].late);
    }
    put("atlas.hcl", "env \"one\" {\n  migration {\n    baseline = \"1\"\n  }\n}\n");
    const struct folder *const folder = folder_of("atlas");
    const struct migration_files files = list(folder);
    has(folder->baseline, "atlas records a baseline of version 1");
    ck_assert(folder->framework->hooks.is_below_baseline(folder, &files.items[0]));
    ck_assert(!folder->framework->hooks.is_below_baseline(folder, &files.items[1]));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_go_rust");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_table_of_sqlx_may_have_a_schema_and_quotes);
    tcase_add_test(tests, a_number_of_sqlx_may_have_a_sign);
    tcase_add_test(tests, the_sum_of_sqlx_leaves_out_the_characters_that_are_configured);
    tcase_add_test(tests, the_table_of_goose_may_have_a_schema);
    tcase_add_test(tests, version_0_of_goose_is_told_of);
    tcase_add_test(tests, any_ending_is_a_migration_of_golang_migrate_and_of_morph);
    tcase_add_test(tests, a_version_with_a_down_file_alone_runs_nothing_and_is_recorded);
    tcase_add_test(tests, a_version_of_refinery_may_have_64_bits);
    tcase_add_test(tests, a_name_that_refinery_does_not_see_is_none);
    tcase_add_test(tests, the_ledger_of_refinery_is_as_wide_as_its_versions);
    tcase_add_test(tests, the_sum_of_refinery_is_made_of_as_many_bytes_as_its_version_has);
    tcase_add_test(tests, a_number_that_no_other_can_follow_is_told_of);
    tcase_add_test(tests, a_program_of_refinery_cannot_be_recorded_without_running_it);
    tcase_add_test(tests, an_unversioned_migration_of_refinery_may_be_late);
    tcase_add_test(tests, names_at_which_bun_stops_are_told_of);
    tcase_add_test(tests, what_bun_sends_has_plain_line_ends);
    tcase_add_test(tests, a_directive_or_a_template_of_bun_is_refused);
    tcase_add_test(tests, rambler_reads_its_schema_and_sends_plain_line_ends);
    tcase_add_test(tests, a_script_without_sql_is_refused_as_diesel_and_tern_do);
    tcase_add_test(tests, the_mark_of_tern_is_a_line_of_its_own);
    tcase_add_test(tests, a_value_of_tern_that_is_a_template_is_not_filled_in);
    tcase_add_test(tests, a_version_table_of_tern_that_is_a_template_is_a_question);
    tcase_add_test(tests, a_file_of_atlas_with_checks_is_refused);
    tcase_add_test(tests, a_file_that_the_sum_of_atlas_leaves_out_does_not_change_it);
    tcase_add_test(tests, the_order_and_the_baseline_of_atlas_are_configured);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
