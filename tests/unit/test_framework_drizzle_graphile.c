/*
 * Drizzle and graphile-migrate as far as they need no database: what their journals, heads and settings say, hashes and
 * chains, placeholders, and the SQL of their rows. Everything may be hostile.
 */
#include "framework/formats/properties.h"
#include "unit/framework_project.h"

/* ---- settings ---- */

#define PATH(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(pairs_are_those_of_one_object)
{
    const struct text source = text_of(
        "{ /* a: {no: 1} */ b: { a: '{' }, a: { 'x': '1', y: 2, z: w.v, n: { x: 'no' }, \":Q\": \"\" }, b: 3 }");
    static const char *const wanted[][2] = {{"x", "1"}, {"y", "2"}, {"z", NULL}, {"n", NULL}, {":Q", ""}};
    size_t count;
    const struct config_pair *const pairs = property_pairs(arena, source, PATH("a"), &count);
    ck_assert_uint_eq(count, 5);
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_eq(pairs[i].key, wanted[i][0]);
        ck_assert_pstr_eq(pairs[i].value, wanted[i][1]);
    }
    property_pairs(arena, text_of("{ b: 3 }"), PATH("b"), &count);
    ck_assert_uint_eq(count, 0);
    property_pairs(arena, text_of("{ a: { x: '1'"), PATH("a"), &count);
    ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(a_setting_that_says_nothing_is_not_set)
{
    static const char *const empty[] = {"{a: []}", "{a: [ // 'x'\n ]}", "{a: {}}", "{a: null}", "{a: ''}", "{a: false}",
                                        "{b: 1}",  "// a: 1",           "{a:"};
    static const char *const set[] = {"{a: ['x']}", "{a: {x: 1}}", "{a: 'x'}", "{a: true}", "{a: f()}", "{\"a\": 1}"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        ck_assert_msg(!property_is_set(text_of(empty[i]), PATH("a")), "%s", empty[i]);
    }
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        ck_assert_msg(property_is_set(text_of(set[i]), PATH("a")), "%s", set[i]);
    }
}
END_TEST

/* ---- Drizzle ---- */

START_TEST(the_journal_of_drizzle_decides_what_is_a_migration_and_when)
{
    put("drizzle/meta/_journal.json", "{\"entries\": [{\"tag\": \"0001_b\", \"when\": 20}, "
                                      "{\"tag\": \"0000_a\", \"when\": 10}, {\"tag\": \"0002_gone\", \"when\": 30}]}");
    put("drizzle/0000_a.sql", "SELECT 1");
    put("drizzle/0001_b.sql", "SELECT 2");
    put("drizzle/0009_unnamed.sql", "SELECT 3");
    ck_assert_str_eq(listed("drizzle"), "0001_b=20,0000_a=10,0002_gone=30");
    ck_assert(list(folder_of("drizzle")).items[2].missing);
    ck_assert_str_eq(row_of("drizzle"), "INSERT INTO \"s\".\"t\" (\"hash\", \"created_at\") VALUES ('sum', '20');");
    ck_assert_int_eq(folder_of("drizzle")->habits->late, LATE_SKIPPED);
}
END_TEST

START_TEST(a_file_that_the_journal_of_drizzle_names_twice_is_told_of)
{
    put("drizzle/meta/_journal.json", "{\"entries\": [{\"tag\": \"0000_a\", \"when\": 10}, "
                                      "{\"tag\": \"0001_b\", \"when\": 20}, {\"tag\": \"0000_a\", \"when\": 30}]}");
    put("drizzle/0000_a.sql", "SELECT 1");
    put("drizzle/0001_b.sql", "SELECT 2");
    const struct migration_files files = list(folder_of("drizzle"));
    ck_assert_uint_eq(files.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "names 0000_a.sql more than once: it runs as often"));
}
END_TEST

START_TEST(a_hostile_journal_is_refused)
{
    static const char *const journals[] = {
        "",
        "{",
        "[]",
        "{\"entries\": {}}",
        "{\"entries\": [1]}",
        "{\"entries\": [{\"tag\": \"../../etc/passwd\", \"when\": 1}]}",
        "{\"entries\": [{\"tag\": \"a\\n\", \"when\": 1}]}",
        "{\"entries\": [{\"tag\": \"a\", \"when\": \"1\"}]}",
        "{\"entries\": [{\"tag\": \"a\", \"when\": 99999999999999999999}]}",
        "{\"entries\": [{\"when\": 1}]}",
    };
    for (size_t i = 0; i < sizeof journals / sizeof journals[0]; i++) {
        struct migration_files files;
        put("drizzle/meta/_journal.json", journals[i]);
        const struct folder *const folder = folder_of("drizzle");
        ck_assert_msg(!framework_list(arena, folder, &files, &status), "%s", journals[i]);
        says("_journal.json");
    }
}
END_TEST

START_TEST(two_entries_of_the_same_time_are_told_of)
{
    put("drizzle/meta/_journal.json", "{\"entries\": [{\"tag\": \"a\", \"when\": 5}, {\"tag\": \"b\", \"when\": 5}]}");
    const struct migration_files files = list(folder_of("drizzle"));
    ck_assert_uint_eq(files.count, 2);
    ck_assert_uint_eq(files.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "a.sql and b.sql"));
}
END_TEST

START_TEST(drizzle_1_has_directories_with_the_time_in_their_names)
{
    put("drizzle/20261123081758_b/migration.sql", "");
    put("drizzle/20240101000000_a/snapshot.json", "{}");
    put("drizzle/20240101000000_a/migration.sql", "");
    put("drizzle/20241399000000_no_such_month/migration.sql", "");
    put("drizzle/notes/migration.sql", "");
    ck_assert_str_eq(listed("drizzle"), "20240101000000_a=20240101000000_a,20241399000000_no_such_month=20241399000000_"
                                        "no_such_month,20261123081758_b=20261123081758_b");
    ck_assert_str_eq(row_of("drizzle"), "INSERT INTO \"s\".\"t\" (\"hash\", \"created_at\", \"name\") VALUES "
                                        "('sum', '1704067200000', '20240101000000_a');");
    ck_assert_ptr_null(folder_of("drizzle")->habits);
}
END_TEST

/* migrator.js of 0.45 and 1.0: readFileSync().toString() */
START_TEST(the_sum_of_drizzle_is_that_of_what_node_reads)
{
    put("drizzle/20240101000000_a/snapshot.json", "{}");
    put("drizzle/20240101000000_a/migration.sql", "-- caf\xE9\n");
    const struct folder *const folder = folder_of("drizzle");
    const struct migration_files files = list(folder);
    const char *const text = digest_hex_of(arena, "SHA256", text_of("-- caf\xEF\xBF\xBD\n"));
    const struct text content = text_of("-- caf\xE9\n");
    ck_assert_str_eq(framework_checksum(arena, folder, &files.items[0], content), text);
    ck_assert(folder->framework->hooks.checksum_matches(arena, folder, &files.items[0], text, content));
    ck_assert(!folder->framework->hooks.checksum_matches(arena, folder, &files.items[0], text, text_of("-- cafe\n")));
}
END_TEST

START_TEST(drizzle_1_looks_at_the_columns_before_it_writes_and_quotes_hostile_names)
{
    const struct ledger ledger = {.schema = "$a$'", .table = "t", .folder = &(struct folder){.path = "drizzle"}};
    struct buffer sql = {.arena = arena};
    ledger_put(&sql, framework_find(text_of("drizzle")), LEDGER_LOCK, &ledger, NULL);
    ck_assert_ptr_nonnull(
        strstr(buffer_string(&sql), "LOCK TABLE \"$a$'\".\"t\" IN SHARE ROW EXCLUSIVE MODE;DO 'BEGIN IF"));
    ck_assert_ptr_nonnull(
        strstr(buffer_string(&sql), "attrelid OPERATOR(pg_catalog.=) ''\"$a$''''\".\"t\"''::pg_catalog.regclass"));
}
END_TEST

START_TEST(the_configuration_of_drizzle_names_folder_and_ledger)
{
    put("drizzle.config.ts", "export default defineConfig({ schema: './src/schema.ts', out: './db/out', "
                             "migrations: { table: 'steps', schema: 'own' } });");
    put("db/out/meta/_journal.json", "{\"entries\": []}");
    const struct folder *const folder = folder_of("drizzle");
    ck_assert_str_eq(folder->path, "db/out");
    ck_assert_str_eq(folder->ledger.table, "steps");
    ck_assert_str_eq(folder->ledger.schema, "own");
}
END_TEST

/* ---- graphile-migrate ---- */

#define COMMITTED "migrations/committed/"

/* A file as it is committed: with the hash of its own text. */
static void commit(const char *name, const char *previous, const char *body, const char **hash)
{
    put(arena_printf(arena, COMMITTED "%s", name),
        arena_printf(arena, "--! Previous: %s\n--! Hash: sha1:0\n\n%s\n", previous, body));
    const struct folder *const folder = folder_of("graphile-migrate");
    const struct migration_files files = list(folder);
    const struct migration_file *const file = &files.items[files.count - 1];
    *hash = framework_checksum(arena, folder, file, content_of(file));
    put(arena_printf(arena, COMMITTED "%s", name),
        arena_printf(arena, "--! Previous: %s\n--! Hash: %s\n\n%s\n", previous, *hash, body));
}

START_TEST(graphile_migrations_are_known_by_their_digits)
{
    const char *hash;
    put(".gmrc", "{}");
    commit("000001.sql", "-", "SELECT 1;", &hash);
    put(COMMITTED "000002-A_slug.sql", "");
    put(COMMITTED "000003 blank.sql", "");
    put(COMMITTED "000004_slug.sql", "");
    put(COMMITTED "000005-slug.sql.orig", "");
    ck_assert_str_eq(listed("graphile-migrate"), "000001=000001.sql,000002-A_slug=000002.sql");
}
END_TEST

START_TEST(the_hash_of_graphile_is_that_of_the_previous_one_and_the_trimmed_text)
{
    put(".gmrc", "{}");
    /* printf '%s\n%s\n' sha1:aa 'SELECT 1;' | sha1sum */
    put(COMMITTED "000001.sql", "--! Previous: sha1:aa\n--! Hash: sha1:bb\n\n\n  SELECT 1;\n\n");
    ck_assert_str_eq(checksum_of("graphile-migrate"), "sha1:e6a32301ef3d8de70127feace500e3823f061de9");
    put(COMMITTED "000001.sql", "--! Previous: sha1:aa\n--! Hash: sha1:bb\n--! AllowInvalidHash\n\nSELECT 1;\n");
    ck_assert_str_eq(checksum_of("graphile-migrate"), "sha1:bb");
    ck_assert_ptr_nonnull(script_of("graphile-migrate"));
}
END_TEST

START_TEST(a_chain_with_a_gap_is_refused_and_a_whole_one_is_not)
{
    const char *first;
    const char *second;
    const char *third;
    put(".gmrc", "{}");
    commit("000001.sql", "-", "SELECT 1;", &first);
    commit("000002.sql", first, "SELECT 2;", &second);
    commit("000003.sql", second, "SELECT 3;", &third);
    ck_assert_msg(is_fit("graphile-migrate"), "%s", status.message);
    ck_assert_int_eq(remove(arena_printf(arena, "%s/" COMMITTED "000002.sql", root)), 0);
    ck_assert(!is_fit("graphile-migrate"));
    says("000003.sql does not follow");
    ck_assert_str_eq(status.migration, "000003");
}
END_TEST

START_TEST(a_file_that_was_edited_after_its_commit_does_not_run)
{
    const char *hash;
    put(".gmrc", "{}");
    commit("000001.sql", "-", "SELECT 1;", &hash);
    ck_assert_ptr_nonnull(script_of("graphile-migrate"));
    put(COMMITTED "000001.sql", arena_printf(arena, "--! Previous: -\n--! Hash: %s\n\nSELECT 2;\n", hash));
    ck_assert_ptr_null(script_of("graphile-migrate"));
    says("was edited after it was committed");
    ck_assert(is_fit("graphile-migrate")); /* it may be applied already */
}
END_TEST

START_TEST(a_head_that_graphile_would_not_read_is_refused)
{
    static const struct {
        const char *head;
        const char *problem;
    } cases[] = {
        {"SELECT 1;\n", "does not begin with"},
        {"--! Previous: -\r\n--! Hash: sha1:0\r\n\r\n", "line feed"},
        {"--! Hash: sha1:0\n\n", "does not begin with"},
        {"--! Previous: -\n\n", "no line \"--! Hash"},
        {"--! Previous: -\n--! Hash: sha1:0\nSELECT 1;\n", "no empty line"},
    };
    put(".gmrc", "{}");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(COMMITTED "000001.sql", cases[i].head);
        ck_assert_msg(!is_fit("graphile-migrate"), "%s", cases[i].head);
        says(cases[i].problem);
    }
}
END_TEST

START_TEST(placeholders_of_graphile_are_whole_words)
{
    const char *hash;
    put(".gmrc", "{ placeholders: { ':VISITOR': 'guest', \":EMPTY\": \"\" } }");
    commit("1.sql", "-",
           "GRANT :VISITOR TO :DATABASE_OWNER; -- :VISITORS :DATABASE_NAMEx :TEXT :EMPTY. x::text :DATABASE_NAME",
           &hash);
    ck_assert_ptr_nonnull(
        strstr(script_of("graphile-migrate"), "GRANT guest TO ann; -- :VISITORS :DATABASE_NAMEx :TEXT . x::text blog"));
    put(".gmrc", "{ databaseOwner: 'boss', placeholders: { ':VISITOR': '!ENV' } }");
    ck_assert_ptr_null(script_of("graphile-migrate"));
    says("Line 4 has the placeholder :VISITOR");
    put(".gmrc", "{ databaseOwner: 'boss', placeholders: { ':VISITOR': process.env.V } }");
    ck_assert_ptr_null(script_of("graphile-migrate"));
    put(".gmrc", "{ databaseOwner: 'boss' }");
    ck_assert_ptr_nonnull(strstr(script_of("graphile-migrate"), "GRANT :VISITOR TO boss;"));
}
END_TEST

START_TEST(no_transaction_is_the_first_line_of_the_text)
{
    const char *hash;
    put(".gmrc", "{}");
    commit("1.sql", "-", "--! no-transaction\nVACUUM;", &hash);
    ck_assert_int_eq(strncmp(script_of("graphile-migrate"), "ALONE ", 6), 0);
    commit("1.sql", "-", "--! no-transactions\nVACUUM;", &hash);
    ck_assert_int_ne(strncmp(script_of("graphile-migrate"), "ALONE ", 6), 0);
    commit("1.sql", "-", "SELECT 1;\n--! no-transaction", &hash);
    ck_assert_int_ne(strncmp(script_of("graphile-migrate"), "ALONE ", 6), 0);
}
END_TEST

START_TEST(what_only_graphile_can_do_is_left_to_it)
{
    const char *hash;
    put(".gmrc", "{ // \"afterAllMigrations\": [\"x.sql\"],\n \"afterAllMigrations\": [ /* { _: 'sql' } */ ], "
                 "\"afterCurrent\": [\"x\"] }");
    commit("1.sql", "-", "SELECT 1;", &hash);
    ck_assert_msg(is_fit("graphile-migrate"), "%s", status.message);
    put(".gmrc", "{ \"afterAllMigrations\": [\"x.sql\"] }");
    ck_assert(!is_fit("graphile-migrate"));
    says("afterAllMigrations");
    put(".gmrc", "{ pgSettings: { search_path: path } }");
    ck_assert(!is_fit("graphile-migrate"));
    says("computed value for search_path");
}
END_TEST

START_TEST(the_configuration_of_graphile_names_folder_and_session)
{
    put(".gmrc.js", "module.exports = { migrationsFolder: './db', pgSettings: { search_path: \"a,b'\", n: 5 } };");
    put("db/committed/1.sql", "");
    ck_assert_str_eq(folder_of("graphile-migrate")->path, "db/committed");
    ck_assert_str_eq(session_of("graphile-migrate"), "SELECT pg_catalog.set_config('search_path', 'a,b''', false);"
                                                     "SELECT pg_catalog.set_config('n', '5', false);");
}
END_TEST

START_TEST(pop_takes_what_is_for_postgres_and_refuses_templates)
{
    put("go.mod", "module x\nrequire github.com/gobuffalo/pop/v6 v6.1.1\n");
    put("migrations/20260101000000_a.up.sql", "SELECT '{{ .X }}';");
    put("migrations/20260101000000_a.down.sql", "SELECT 1");
    put("migrations/20260102000000_b.postgres.up.sql", "SELECT 1");
    put("migrations/20260102000000_b.mysql.up.sql", "SELECT 1");
    put("migrations/20260102000000_b.up.sql", "SELECT 'for all others'");
    put("migrations/20260103000000_c.up.fizz", "create_table(\"c\") {}");
    ck_assert_str_eq(listed("pop"), "20260101000000_a=20260101000000,20260102000000_b=20260102000000,"
                                    "20260103000000_c=20260103000000");
    ck_assert_ptr_null(script_of("pop"));
    says("run it with soda");
    ck_assert_str_eq(row_of("pop"), "INSERT INTO \"s\".\"t\" (version) VALUES ('20260101000000');");
}
END_TEST

START_TEST(popx_takes_one_file_of_a_version_and_knows_autocommit)
{
    put("go.mod", "module x\nrequire github.com/ory/pop/v6 v6.4.2\n");
    put("migrations/20260101000000000000_a.up.sql", "SELECT 1");
    put("migrations/20260101000000000000_a.postgres.autocommit.up.sql", "SELECT 1");
    put("migrations/20260102000000000000_b.cockroach.autocommit.up.sql", "SELECT 1");
    put("migrations/20260102000000000000_b.autocommit.up.sql", "SELECT 1");
    put("migrations/20260103000000000000_c.sqlite.up.sql", "SELECT 1");
    ck_assert_str_eq(listed("popx"), "20260101000000000000_a=20260101000000000000,"
                                     "20260102000000000000_b=20260102000000000000");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_drizzle_graphile");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, pairs_are_those_of_one_object);
    tcase_add_test(tests, a_setting_that_says_nothing_is_not_set);
    tcase_add_test(tests, the_journal_of_drizzle_decides_what_is_a_migration_and_when);
    tcase_add_test(tests, a_file_that_the_journal_of_drizzle_names_twice_is_told_of);
    tcase_add_test(tests, a_hostile_journal_is_refused);
    tcase_add_test(tests, two_entries_of_the_same_time_are_told_of);
    tcase_add_test(tests, drizzle_1_has_directories_with_the_time_in_their_names);
    tcase_add_test(tests, the_sum_of_drizzle_is_that_of_what_node_reads);
    tcase_add_test(tests, drizzle_1_looks_at_the_columns_before_it_writes_and_quotes_hostile_names);
    tcase_add_test(tests, the_configuration_of_drizzle_names_folder_and_ledger);
    tcase_add_test(tests, graphile_migrations_are_known_by_their_digits);
    tcase_add_test(tests, the_hash_of_graphile_is_that_of_the_previous_one_and_the_trimmed_text);
    tcase_add_test(tests, a_chain_with_a_gap_is_refused_and_a_whole_one_is_not);
    tcase_add_test(tests, a_file_that_was_edited_after_its_commit_does_not_run);
    tcase_add_test(tests, a_head_that_graphile_would_not_read_is_refused);
    tcase_add_test(tests, placeholders_of_graphile_are_whole_words);
    tcase_add_test(tests, no_transaction_is_the_first_line_of_the_text);
    tcase_add_test(tests, what_only_graphile_can_do_is_left_to_it);
    tcase_add_test(tests, pop_takes_what_is_for_postgres_and_refuses_templates);
    tcase_add_test(tests, popx_takes_one_file_of_a_version_and_knows_autocommit);
    tcase_add_test(tests, the_configuration_of_graphile_names_folder_and_session);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
