/*
 * Flyway and Liquibase: where their files are, what several places of a project say together, and what is made to take
 * long.
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

/* ---- Flyway: files ---- */

#define SQL  "src/main/resources/db/migration/"
#define JAVA "src/main/java/db/migration/"

START_TEST(only_classes_count_among_the_sources_of_a_package)
{
    put(SQL "V1__a.sql", "SELECT 1;");
    put(JAVA "V2__b.java", "class V2__b {}");
    put(JAVA "deep/V3__c.kt", "class V3__c");
    put(JAVA "V4__d", "#!/bin/sh");
    put(JAVA "V5__e.sh", "#!/bin/sh");
    put(JAVA "V6__f.sql", "SELECT 1;");
    put(JAVA "afterMigrate.sql", "SELECT 1;");
    ck_assert_str_eq(listed("flyway"), "V1__a=1,V2__b=2,V3__c=3");
    const struct migration_files files = list(folder_of("flyway"));
    ck_assert_str_eq(files.items[1].filename, JAVA "V2__b.java");
    ck_assert_uint_eq(files.around_count, 0);
}
END_TEST

START_TEST(an_ending_of_flyway_counts_in_any_case)
{
    put("flyway.conf", "flyway.locations=filesystem:sql\n");
    put("sql/V1__a.SQL", "SELECT 1;");
    put("sql/V2__b.Py", "");
    ck_assert_str_eq(listed("flyway"), "V1__a=1,V2__b=2");
    ck_assert_str_eq(warnings_of("flyway"), "");
    put("sql/afterMigrate.SH", "");
    has(warnings_of("flyway"), "there is the callback sql/afterMigrate.SH");
}
END_TEST

START_TEST(a_callback_without_an_ending_is_left_to_flyway)
{
    put("flyway.conf", "flyway.locations=filesystem:sql\n");
    put("sql/V1__a.sql", "SELECT 1;");
    put("sql/beforeMigrate__first", "#!/bin/sh\n");
    has(list(folder_of("flyway")).needs_tool, "there is the callback sql/beforeMigrate__first");
}
END_TEST

START_TEST(a_location_in_another_one_is_listed_once)
{
    put("sql/V1__a.sql", "SELECT 1;");
    put("sql/more/V2__b.sql", "SELECT 1;");
    put("flyway.conf", "flyway.locations=filesystem:sql/more/,filesystem:sql,filesystem:sql\n");
    ck_assert_str_eq(listed("flyway"), "V1__a=1,V2__b=2");
    ck_assert_ptr_null(list(folder_of("flyway")).unrecordable);
}
END_TEST

START_TEST(a_name_that_cannot_be_recorded_is_not_passed_over)
{
    put("flyway.conf", "flyway.locations=filesystem:sql\n");
    put("sql/V1__a.sql", "SELECT 1;");
    put("sql/notes\xff.txt", "");
    has(warnings_of("flyway"), "The file notes\\xff.txt is left out");
    ck_assert_ptr_null(list(folder_of("flyway")).unrecordable);
    put("sql/V2__\xff.sql", "SELECT 2;");
    has(list(folder_of("flyway")).unrecordable, "The name of the file V2__\\xff.sql is not UTF-8");
}
END_TEST

START_TEST(how_a_script_runs_is_not_known_if_that_cannot_be_read)
{
    put("flyway.conf", "flyway.locations=filesystem:sql\n");
    put("sql/V1__a.sql", "SELECT 1;");
    put("sql/V1__a.sql.conf", repeated("executeInTransaction=false\n", "# why\n", 20000, ""));
    ck_assert_ptr_null(script_of("flyway"));
    says("How V1__a.sql is run is not known: ");
}
END_TEST

/* ---- Flyway: settings ---- */

static void call_flyway(const char *calls)
{
    put("src/main/java/A.java", arena_printf(arena, "class A { Flyway f = Flyway.configure()%s.load(); }\n", calls));
}

START_TEST(code_that_is_too_long_to_be_read_is_a_question)
{
    put(SQL "V1__a.sql", "SELECT 1;");
    call_flyway(repeated(".callbacks(new Callback() {", " void a() {}", 1000, "})"));
    has(folder_of("flyway")->unread, "has callbacks(…)");
    call_flyway(".callbacks()");
    ck_assert_ptr_null(folder_of("flyway")->unread);
}
END_TEST

START_TEST(one_place_may_say_that_there_is_a_baseline_and_another_its_version)
{
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.baselineOnMigrate=true\n");
    put("sql/V1__a.sql", "SELECT 1;");
    has(folder_of("flyway")->baseline, "flyway.conf says baselineOnMigrate, with which flyway records a baseline of "
                                       "version 1");
    call_flyway(".baselineVersion(\"5\")");
    has(folder_of("flyway")->baseline, "line 1, says baselineVersion, with which flyway records a baseline of "
                                       "version 5");
    call_flyway(".baselineOnMigrate(false)");
    ck_assert_ptr_null(folder_of("flyway")->baseline);
}
END_TEST

START_TEST(code_has_the_last_word_about_transactions)
{
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.executeInTransaction=false\n");
    put("sql/V1__a.sql", "SELECT 1;");
    ck_assert_str_eq(script_of("flyway"), "ALONE SELECT 1;");
    call_flyway(".executeInTransaction(true)");
    ck_assert_str_eq(script_of("flyway"), "SELECT 1;");
}
END_TEST

START_TEST(placeholders_may_begin_with_the_sign_of_a_comment)
{
    put("sql/V1__a.sql", "SELECT '#[who]';");
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.placeholders.who=ann\n"
                       "flyway.placeholderPrefix=#[\nflyway.placeholderSuffix=]\nflyway.table= # the usual one\n");
    ck_assert_str_eq(script_of("flyway"), "SELECT 'ann';");
    ck_assert_ptr_null(folder_of("flyway")->ledger.table);
    put("flyway.conf", "flyway.locations=filesystem:sql\nflyway.placeholders.who=ann\n");
    call_flyway(".placeholderPrefix(\"#[\").placeholderSuffix(\"]\")");
    ck_assert_str_eq(script_of("flyway"), "SELECT 'ann';");
}
END_TEST

START_TEST(a_prefix_may_be_empty_in_yaml_as_well)
{
    put(SQL "1__a.sql", "SELECT 1;");
    put("src/main/resources/application.yml", "spring:\n  flyway:\n    sql-migration-prefix: ''\n");
    ck_assert_str_eq(listed("flyway"), "1__a=1");
    put("src/main/resources/application.yml", "spring:\n  flyway:\n    sql-migration-prefix:\n    table: t\n");
    ck_assert_str_eq(listed("flyway"), "1__a=1");
}
END_TEST

START_TEST(thousands_of_profiles_are_a_question)
{
    static const char usual[] = "quarkus.flyway.locations=db/migration\n";
    struct buffer lines = {.arena = arena};
    put(SQL "V1__a.sql", "SELECT 1;");
    buffer_puts(&lines, usual);
    for (int i = 0; i < 2000; i++) {
        buffer_printf(&lines, "%%p%d.quarkus.flyway.table=flyway_schema_history\n", i);
    }
    put("src/main/resources/application.properties", buffer_string(&lines));
    has(folder_of("flyway")->unread, "has more profiles than are read");
    put("src/main/resources/application.properties", usual);
    put("src/main/resources/application.yml",
        repeated("spring:\n  flyway:\n    enabled: true\n", "---\nspring:\n  config.activate.on-profile: p\n  a: b\n",
                 60, "  flyway:\n    table: t\n"));
    has(folder_of("flyway")->unread, "application.yml, line 244, is for more profiles than are read");
}
END_TEST

/* ---- Liquibase ---- */

#define FORMATTED "--liquibase formatted sql\n"

START_TEST(liquibase_may_search_outside_of_its_package)
{
    put("package.json", "{\"workspaces\": [\"services/*\"]}");
    put("services/api-of-the-shop/package.json", "{}");
    put("services/api-of-the-shop/liquibase.properties", "changeLogFile=log.sql\nsearchPath=../../db\n");
    put("db/log.sql", FORMATTED "--changeset a:1\nSELECT 1;\n");
    ck_assert_str_eq(listed("liquibase"), "log.sql::1::a=log.sql::1::a");
    ck_assert_str_eq(folder_of("liquibase")->delegate->environment[4], "LIQUIBASE_SEARCH_PATH=../../db");
}
END_TEST

/* The usual changelog has changesets of two contexts and a property. */
static void put_contexts(void)
{
    put("src/main/resources/db/changelog/db.changelog-master.sql",
        FORMATTED "--changeset a:1 context:prod\nSELECT '${who}';\n--changeset a:2 context:test\nSELECT 2;\n");
}

#define ONLY_PROD "db/changelog/db.changelog-master.sql::1::a=db/changelog/db.changelog-master.sql::1::a"

START_TEST(what_one_file_of_an_application_says_another_one_does_not_take_back)
{
    put_contexts();
    put("src/main/resources/application.properties",
        "spring.liquibase.contexts=prod\nspring.liquibase.parameters.who=ann\n");
    put("src/main/resources/application.yml", "spring:\n  application:\n    name: shop\n");
    put("src/main/resources/config/application.properties", "spring.liquibase.drop-first=false\n");
    ck_assert_str_eq(listed("liquibase"), ONLY_PROD);
    has(script_of("liquibase"), "SELECT 'ann'");
}
END_TEST

START_TEST(what_liquibase_s_own_file_says_does_not_count_in_an_application)
{
    put_contexts();
    put("liquibase.properties", "contexts=test\n");
    put("src/main/resources/application.yml", "spring:\n  liquibase:\n    contexts: prod\n");
    ck_assert_str_eq(listed("liquibase"), ONLY_PROD);
    put("src/main/resources/application.yml",
        "spring:\n  liquibase:\n    drop-first: false\n    default-schema: public\n");
    ck_assert_uint_eq(list(folder_of("liquibase")).count, 2);
}
END_TEST

START_TEST(parameters_of_liquibase_are_read_in_each_format)
{
    static const char *const files[][2] = {
        {"application.yml", "spring:\n  liquibase:\n    contexts: prod\n    parameters:\n      who: ann\n"},
        {"application.yml",
         "quarkus:\n  liquibase:\n    contexts: prod\n    change-log-parameters:\n      \"who\": ann\n"},
        {"application.properties",
         "quarkus.liquibase.contexts=prod\nquarkus.liquibase.change-log-parameters.\"who\"=ann\n"},
        {"application.properties", "liquibase.datasources.default.contexts=prod\n"
                                   "liquibase.datasources.default.parameters.who=ann\n"},
    };
    put_contexts();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *const path = arena_printf(arena, "src/main/resources/%s", files[i][0]);
        put(path, files[i][1]);
        ck_assert_str_eq(listed("liquibase"), ONLY_PROD);
        has(script_of("liquibase"), "SELECT 'ann'");
        ck_assert_int_eq(remove(arena_printf(arena, "%s/%s", root, path)), 0);
    }
}
END_TEST

START_TEST(a_computed_parameter_of_liquibase_leaves_the_changeset_to_it)
{
    put_contexts();
    put("src/main/resources/application.yml",
        "spring:\n  liquibase:\n    contexts: prod\n    parameters:\n      who: ${USER:ann}\n");
    has(warnings_of("liquibase"), "because the value of its property who is computed");
    const struct migration_files files = list(folder_of("liquibase"));
    ck_assert(files.items[0].is_code);
    ck_assert_ptr_null(files.items[0].checksum);
}
END_TEST

START_TEST(an_include_has_the_properties_of_the_changelog_that_it_is_in)
{
    put("liquibase.properties", "changeLogFile=log.xml\ncontexts=prod\n");
    put("log.xml", "<databaseChangeLog><property name=\"where\" value=\"test\"/>"
                   "<include file=\"a.sql\" context=\"${where}\"/><include file=\"b.sql\" context=\"prod\"/>"
                   "</databaseChangeLog>");
    put("a.sql", FORMATTED "--changeset a:1\nSELECT 1;\n");
    put("b.sql", FORMATTED "--changeset a:2\nSELECT 2;\n");
    ck_assert_str_eq(listed("liquibase"), "b.sql::2::a=b.sql::2::a");
    put("liquibase.properties", "changeLogFile=log.xml\ncontexts=test\n");
    ck_assert_str_eq(listed("liquibase"), "a.sql::1::a=a.sql::1::a");
}
END_TEST

START_TEST(properties_of_a_file_may_be_local)
{
    put("liquibase.properties", "changeLogFile=log.xml\n");
    put("log.xml", "<databaseChangeLog><include file=\"in.xml\"/><include file=\"a.sql\"/></databaseChangeLog>");
    put("in.xml", "<databaseChangeLog><property file=\"words.properties\" global=\"false\"/></databaseChangeLog>");
    put("words.properties", "who=ann\n");
    put("a.sql", FORMATTED "--changeset a:1\nSELECT '${who}';\n");
    has(script_of("liquibase"), "SELECT '${who}'");
    put("in.xml", "<databaseChangeLog><property file=\"words.properties\"/></databaseChangeLog>");
    has(script_of("liquibase"), "SELECT 'ann'");
}
END_TEST

START_TEST(a_name_in_an_included_directory_that_cannot_be_recorded_is_not_passed_over)
{
    put("liquibase.properties", "changeLogFile=log.xml\n");
    put("log.xml", "<databaseChangeLog><includeAll path=\"all\"/></databaseChangeLog>");
    put("all/1.sql", "SELECT 1;\n");
    put("all/notes\xff.txt", "");
    ck_assert_ptr_null(list(folder_of("liquibase")).unrecordable);
    put("all/2\xff.sql", "SELECT 2;\n");
    has(list(folder_of("liquibase")).unrecordable, "The name of the file 2\\xff.sql");
}
END_TEST

START_TEST(a_long_header_of_a_changeset_is_read_once)
{
    put("liquibase.properties", "changeLogFile=log.sql\n");
    put("log.sql", repeated(FORMATTED "--changeset a:1 ", "context:x", 30000, "\nSELECT 1;\n"));
    ck_assert_uint_eq(list(folder_of("liquibase")).count, 1);
    put("log.sql", repeated(FORMATTED, "--changeset a:1\n--liquibase formatted sql\n", 8000, ""));
    ck_assert_uint_eq(list(folder_of("liquibase")).count, 8000);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_jvm");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, only_classes_count_among_the_sources_of_a_package);
    tcase_add_test(tests, an_ending_of_flyway_counts_in_any_case);
    tcase_add_test(tests, a_callback_without_an_ending_is_left_to_flyway);
    tcase_add_test(tests, a_location_in_another_one_is_listed_once);
    tcase_add_test(tests, a_name_that_cannot_be_recorded_is_not_passed_over);
    tcase_add_test(tests, how_a_script_runs_is_not_known_if_that_cannot_be_read);
    tcase_add_test(tests, code_that_is_too_long_to_be_read_is_a_question);
    tcase_add_test(tests, one_place_may_say_that_there_is_a_baseline_and_another_its_version);
    tcase_add_test(tests, code_has_the_last_word_about_transactions);
    tcase_add_test(tests, placeholders_may_begin_with_the_sign_of_a_comment);
    tcase_add_test(tests, a_prefix_may_be_empty_in_yaml_as_well);
    tcase_add_test(tests, thousands_of_profiles_are_a_question);
    tcase_add_test(tests, liquibase_may_search_outside_of_its_package);
    tcase_add_test(tests, what_one_file_of_an_application_says_another_one_does_not_take_back);
    tcase_add_test(tests, what_liquibase_s_own_file_says_does_not_count_in_an_application);
    tcase_add_test(tests, parameters_of_liquibase_are_read_in_each_format);
    tcase_add_test(tests, a_computed_parameter_of_liquibase_leaves_the_changeset_to_it);
    tcase_add_test(tests, an_include_has_the_properties_of_the_changelog_that_it_is_in);
    tcase_add_test(tests, properties_of_a_file_may_be_local);
    tcase_add_test(tests, a_name_in_an_included_directory_that_cannot_be_recorded_is_not_passed_over);
    tcase_add_test(tests, a_long_header_of_a_changeset_is_read_once);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
