/*
 * Play's Evolutions. Hashes and rows are those of DatabaseEvolutions of play-jdbc-evolutions 2.7.9, which was compiled
 * and run with these files; what it finds in application.conf is of ApplicationEvolutions.scala of 3.0.
 */
#include "framework/formats/hocon.h"
#include "unit/framework_warnings.h"

#define PLACE "conf/evolutions/default/"

/* Why the first migration is refused; "" if it is not. */
static const char *refusal(void)
{
    status.message = NULL;
    return script_of("play") == NULL ? status.message : "";
}

static struct folder_list search(void)
{
    struct folder_list folders = {0};
    ck_assert(folders_find(arena, &project, &folders, &status));
    return folders;
}

START_TEST(a_hash_of_play_is_of_downs_and_ups)
{
    static const struct {
        const char *content;
        const char *hash;
    } cases[] = {
        {"# --- Users\n\n# --- !Ups\nCREATE TABLE users (\n    id serial PRIMARY KEY,\n    email text NOT NULL\n);\n\n"
         "# --- !Downs\nDROP TABLE users;\n",
         "b77693a37c70a1ae95fc09574b5d3357dff1d0b7"},
        {"# --- !Ups\nALTER TABLE posts ADD COLUMN slug text;\n# --- !Ups\nUPDATE posts SET slug = slug(title);\n",
         "446d8b11b941feb10aaabe24cfdf3a359e362f32"},
        {"\xef\xbb\xbf# --- !Ups\nSELECT 1;\n# --- !Downs\nSELECT 2;\n", "b3bfa0db4249db876e4d12807f6d6748400a5f59"},
        {"-- !Downs\nSELECT 2;\n-- !Ups\n  SELECT 1 \t ;\n\n;;\n", "77aea0d4e40400a5cdeb406360f1ac2f7625b321"},
        {"SELECT 99;\n#!Ups and more\nSELECT 1;\r\rSELECT 3;\n--x !Downs !Ups\nSELECT 4",
         "df54ba09e414beb2e970acf385f2cd31177cceb4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(PLACE "1.sql", cases[i].content);
        ck_assert_str_eq(checksum_of("play"), cases[i].hash);
    }
}
END_TEST

START_TEST(what_play_sends_are_the_ups_with_single_semicolons)
{
    put(PLACE "1.sql",
        "-- x\n-- !Ups\r\n  CREATE FUNCTION f() AS $$\n    SELECT 1;;\n  $$;\n-- !Downs\nDROP FUNCTION f;\n"
        "# !Ups\nSELECT ';;';\n");
    ck_assert_str_eq(script_of("play"), "CREATE FUNCTION f() AS $$\nSELECT 1;\n$$;\n\n\n\nSELECT ';';");
}
END_TEST

START_TEST(what_play_cuts_elsewhere_than_postgresql_is_refused)
{
    static const struct {
        const char *up;
        const char *why;
    } cases[] = {
        {"SELECT 'a;b';", "line 2, has a semicolon inside of a string, a comment or a body"},
        {"SELECT 1 -- one; two\n;", "line 2, has a semicolon"},
        {"SELECT 1;\nDO $$ BEGIN PERFORM 1; END $$;", "line 3, has a semicolon"},
        {"SELECT '$evolutions{{{x}}}';", "line 2, has a variable ($evolutions{{{"},
        {"/* ; */ SELECT 1;", "line 2, has a semicolon"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(PLACE "1.sql", arena_printf(arena, "# !Ups\n%s\n", cases[i].up));
        has(refusal(), cases[i].why);
    }
    put(PLACE "1.sql", "\xef\xbb\xbf# !Ups\nSELECT 1;\n# !Downs\n");
    has(refusal(), "begins with a byte order mark");
    put(PLACE "1.sql", "# !Ups\nSELECT 1; -- one\n-- two\nSELECT ';;'\n");
    ck_assert_str_eq(refusal(), "");
}
END_TEST

START_TEST(play_takes_the_shortest_of_two_names_of_a_number)
{
    put(PLACE "1.sql", "# !Ups\n");
    put(PLACE "01.sql", "# !Ups\n");
    put(PLACE "02.sql", "# !Ups\n");
    put(PLACE "0.sql", "# !Ups\n");
    put(PLACE "3.sql.bak", "# !Ups\n");
    ck_assert_str_eq(listed("play"), "1=1,02=2");
    has(warnings_of("play"), "01.sql is left out: Play takes 1.sql instead.");
    has(warnings_of("play"), "0.sql is left out");
}
END_TEST

START_TEST(a_gap_stops_a_run_for_play_reads_no_further)
{
    put(PLACE "1.sql", "# !Ups\n");
    put(PLACE "3.sql", "# !Ups\n");
    ck_assert(!is_fit("play"));
    says("number 2 is missing");
    put(PLACE "02.sql", "# !Ups\n");
    ck_assert(is_fit("play"));
}
END_TEST

/* The hash of the row that is asked for here is "sum". */
START_TEST(a_script_that_changed_while_it_ran_is_not_recorded_as_the_new_one)
{
    put(PLACE "1.sql", "# !Ups\nSELECT 1;\n");
    has(row_of("play"), ", NULL, NULL, 'applied', '');");
    ck_assert_str_eq(session_of("play"), "");
}
END_TEST

START_TEST(each_database_of_play_has_a_folder_and_settings)
{
    put("conf/evolutions/default/1.sql", "# !Ups\n");
    put("conf/evolutions/legacy/1.sql", "# !Ups\n");
    put("conf/evolutions/cache/1.sql", "# !Ups\n");
    put("conf/application.conf",
        "db {\n  default { url = \"jdbc:postgresql://h/a\" }\n  cache.driver=org.h2.Driver\n}\n"
        "play.evolutions {\n  schema = ops # all of them\n  db {\n    legacy { metaTable : "
        "\"old_evolutions\", schema = \"x\" }\n  }\n}\n");
    const struct folder_list folders = search();
    ck_assert_uint_eq(folders.count, 2);
    ck_assert_str_eq(folders.items[0].path, "conf/evolutions/default");
    ck_assert_str_eq(folders.items[0].ledger.schema, "ops");
    ck_assert_ptr_null(folders.items[0].ledger.table);
    ck_assert_str_eq(folders.items[1].path, "conf/evolutions/legacy");
    ck_assert_str_eq(folders.items[1].ledger.schema, "x");
    ck_assert_str_eq(folders.items[1].ledger.table, "old_evolutions");
}
END_TEST

START_TEST(the_path_of_play_may_be_anywhere_and_computed)
{
    put("db/steps/default/1.sql", "# !Ups\n");
    put("conf/steps/default/1.sql", "# !Ups\n");
    put("conf/application.conf", "play.evolutions.path = \"./db/steps\"\n");
    ck_assert_str_eq(search().items[0].path, "db/steps/default");
    put("conf/application.conf", "play { evolutions { path = steps } }\n");
    ck_assert_str_eq(search().items[0].path, "conf/steps/default");
    put("conf/application.conf", "play.evolutions.path = steps\nplay.evolutions.path = ${?STEPS}\n");
    put("conf/evolutions/default/1.sql", "# !Ups\n");
    has(search().items[0].unread, "conf/application.conf, line 2, computes path");
    put("conf/application.conf", "play.evolutions.db.default.enabled = false\n");
    has(search().items[0].unread, "says that evolutions are not enabled");
}
END_TEST

START_TEST(settings_of_play_may_be_in_included_files)
{
    put("conf/evolutions/default/1.sql", "# !Ups\n");
    put("conf/db.conf", "play.evolutions.schema = ops\ninclude \"more\"\ninclude \"db.conf\"\n");
    put("conf/more.conf", "play.evolutions { metaTable = steps }\n");
    put("conf/application.conf", "include \"db\"\n");
    ck_assert_str_eq(search().items[0].ledger.schema, "ops");
    ck_assert_str_eq(search().items[0].ledger.table, "steps");
    put("conf/application.conf", "include required(classpath(\"db.conf\"))\nplay.evolutions.schema = mine\n");
    ck_assert_str_eq(search().items[0].ledger.schema, "mine");
    put("conf/application.conf", "play.evolutions.schema = mine\ninclude \"db.conf\"\ninclude \"absent\"\n");
    ck_assert_str_eq(search().items[0].ledger.schema, "ops");
    put("conf/application.conf", "play {\n  evolutions { include \"nested\" }\n}\n");
    put("conf/nested.conf", "schema = inner\ndb { include \"deeper\" }\n");
    put("conf/deeper.json", "{\"default\": {\"metaTable\": \"steps_of_default\"}}");
    ck_assert_str_eq(search().items[0].ledger.schema, "inner");
    ck_assert_str_eq(search().items[0].ledger.table, "steps_of_default");
    put("conf/application.conf", "a = 1\n");
    put("conf/application.json", "{\"play\": {\"evolutions\": {\"schema\": \"of_json\"}}}");
    ck_assert_str_eq(search().items[0].ledger.schema, "of_json");
    put("conf/application.conf", "include \"db\"\n");
    ck_assert_str_eq(search().items[0].ledger.schema, "ops");
    put("conf/more.conf", "play.evolutions { enabled = false }\n");
    has(search().items[0].unread, "conf/more.conf, line 1, says that evolutions are not enabled");
}
END_TEST

START_TEST(values_of_hocon_are_found_by_their_path)
{
    static const struct {
        const char *source;
        const char *value; /* NULL: none; "${": computed */
    } cases[] = {
        {"a.b.c = x", "x"},
        {"a { b { c = \"x y\" } }", "x y"},
        {"a {\n  b.c : x // why\n}\n", "x"},
        {"{ \"a\": { \"b\": { \"c\": \"x\" } } }", "x"},
        {"a.b { c = 1, d = 2 }", "1"},
        {"a.b { d = [ 1, { c = 2 } ]\n c = 3 }", "3"},
        {"a.b { d = { c = 1 } }\n", NULL},
        {"a.b.c = one\na.b.c = two", "two"},
        {"a.b.c = ${?X}", NULL},
        {"a.b.c = ${X}", "${"},
        {"a.b.c = one\na.b.c = ${?X}", "${"},
        {"a.b.c = \"x\"${Y}", "${"},
        {"a.b = { c = x }\na { b { c = y } }", "y"},
        {"# a.b.c = x\n", NULL},
        {"a {", NULL},
        {"}}}} a.b.c = x", "x"},
        {"a.b.c = \"\"\"long\"\"\"", "${"},
        {"a.b.c", NULL},
        {"a.b.c = \"open", "${"},
        {"a.d = \"say \\\"\"\na.b.c = x", "x"},
        {"a.d = [\"\\\"]\"]\na.b.c = x", "x"},
        {"a.b.c = \"x\\ty\"", "${"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct hocon_value value = hocon_find(arena, text_of(cases[i].source), "a.b.c");
        const bool is_computed = cases[i].value != NULL && strcmp(cases[i].value, "${") == 0;
        ck_assert_msg(value.kind == (cases[i].value == NULL ? HOCON_NONE
                                     : is_computed          ? HOCON_COMPUTED
                                                            : HOCON_PLAIN),
                      "%s: %d", cases[i].source, (int)value.kind);
        if (value.kind == HOCON_PLAIN) {
            ck_assert_str_eq(value.text, cases[i].value);
        }
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_play");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_hash_of_play_is_of_downs_and_ups);
    tcase_add_test(tests, what_play_sends_are_the_ups_with_single_semicolons);
    tcase_add_test(tests, what_play_cuts_elsewhere_than_postgresql_is_refused);
    tcase_add_test(tests, play_takes_the_shortest_of_two_names_of_a_number);
    tcase_add_test(tests, a_gap_stops_a_run_for_play_reads_no_further);
    tcase_add_test(tests, a_script_that_changed_while_it_ran_is_not_recorded_as_the_new_one);
    tcase_add_test(tests, each_database_of_play_has_a_folder_and_settings);
    tcase_add_test(tests, the_path_of_play_may_be_anywhere_and_computed);
    tcase_add_test(tests, settings_of_play_may_be_in_included_files);
    tcase_add_test(tests, values_of_hocon_are_found_by_their_path);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
