/*
 * Postgrator, postgres-migrations, Supabase, node-pg-migrate and db-migrate as far as they need no database: which
 * files are theirs, what of them runs, their checksums and the SQL of their rows. What the real tools make of a whole
 * project is tests/frameworks' concern.
 */
#include "unit/framework_project.h"
#include "unit/framework_warnings.h"

/* ---- Postgrator ---- */

START_TEST(postgrator_migrations_are_known_by_their_numbers)
{
    put("migrations/010.do.ten.x.sql", "");
    put("migrations/002.do.two.js", "");
    put("migrations/002.undo.two.sql", "");
    put("migrations/1.do.sql", "");
    put("migrations/x.do.x.sql", "");
    put("migrations/9999999999999999999.do.big.sql", "");
    ck_assert_str_eq(listed("postgrator"), "1.do=1,002.do.two=2,010.do.ten.x=10");
    const struct migration_files files = list(folder_of("postgrator"));
    ck_assert_str_eq(files.items[0].title, "");
    ck_assert_str_eq(files.items[1].title, "two");
    ck_assert(files.items[1].is_code);
    ck_assert_str_eq(files.items[2].title, "ten");
    ck_assert(is_fit("postgrator"));
    put("migrations/10.do.again.sql", "");
    ck_assert(!is_fit("postgrator"));
    says("have the same version 10");
}
END_TEST

/* Number(version) of postgrator.js; 8.0.0 recorded 20240101120000124 for the first of these. */
START_TEST(long_numbers_of_postgrator_are_doubles)
{
    put("migrations/20240101120000123.do.a.sql", "");
    put("migrations/9007199254740993.do.b.sql", "");
    put("migrations/123456789012345678.do.c.sql", "");
    put("migrations/900719925474099.do.d.sql", "");
    put("migrations/99999999999999999999.do.e.sql", "");
    ck_assert_str_eq(listed("postgrator"),
                     "900719925474099.do.d=900719925474099,9007199254740993.do.b=9007199254740992,"
                     "20240101120000123.do.a=20240101120000124,"
                     "123456789012345678.do.c=123456789012345680");
    has(warnings_of("postgrator"), "99999999999999999999.do.e.sql is left out: its number is too large");
    put("migrations/20240101120000124.do.f.sql", "");
    ck_assert(!is_fit("postgrator"));
}
END_TEST

START_TEST(the_sum_of_postgrator_is_made_of_the_line_endings_that_are_configured)
{
    put(".postgratorrc.json", "{\"migrationPattern\": \"db/steps/*\", \"schemaTable\": \"own.steps\"}");
    put("db/steps/1.do.a.sql", "a\r\nb\rc\n");
    ck_assert_str_eq(folder_of("postgrator")->ledger.schema, "own");
    ck_assert_str_eq(folder_of("postgrator")->ledger.table, "steps");
    ck_assert_str_eq(checksum_of("postgrator"), digest_hex_of(arena, "MD5", text_of("a\r\nb\rc\n")));
    put(".postgratorrc.json", "{\"migrationPattern\": \"db/steps/1*\", \"newline\": \"LF\"}");
    /* only its CLI reads the file, and passes on no newline */
    ck_assert_str_eq(checksum_of("postgrator"), digest_hex_of(arena, "MD5", text_of("a\r\nb\rc\n")));
    put("package.json", "{\"dependencies\": {\"postgrator-cli\": \"9\"}}");
    ck_assert_str_eq(checksum_of("postgrator"), digest_hex_of(arena, "MD5", text_of("a\r\nb\rc\n")));
    put("package.json", "{\"dependencies\": {\"postgrator\": \"8\"}}");
    ck_assert_str_eq(checksum_of("postgrator"), digest_hex_of(arena, "MD5", text_of("a\nb\nc\n")));
    put("package.json", "{\"dependencies\": {\"postgrator\": \"8\"}, "
                        "\"postgrator\": {\"migrationPattern\": \"db/**/*\", \"newline\": \"CRLF\"}}");
    put("db/1.do.a.sql", "a\n");
    ck_assert_str_eq(folder_of("postgrator")->path, "db");
    ck_assert_str_eq(checksum_of("postgrator"), digest_hex_of(arena, "MD5", text_of("a\r\n")));
}
END_TEST

START_TEST(a_program_of_postgrator_is_recorded_without_a_sum)
{
    put("migrations/1.do.a.js", "exports.generateSql = () => 'SELECT 1'");
    ck_assert_ptr_nonnull(strstr(row_of("postgrator"), "VALUES ('1', 'a', 'undefined', "));
    put("migrations/1.do.a.sql", "SELECT 1");
    ck_assert_int_eq(remove(arena_printf(arena, "%s/migrations/1.do.a.js", root)), 0);
    ck_assert_ptr_nonnull(strstr(row_of("postgrator"), "VALUES ('1', 'a', 'sum', "));
}
END_TEST

/* ---- postgres-migrations ---- */

#define DEPENDS_ON(package) put("package.json", "{\"dependencies\": {\"" package "\": \"1\"}}")

START_TEST(postgres_migrations_names_are_what_follows_the_number)
{
    DEPENDS_ON("postgres-migrations");
    put("migrations/001_create_users.sql", "");
    put("migrations/2-b.SQL", "");
    put("migrations/3.sql", "");
    put("migrations/4c.js", "");
    put("migrations/readme.md", "");
    put("migrations/draft.sql", "");
    ck_assert_str_eq(listed("postgres-migrations"), "001_create_users=1,2-b=2,3=3,4c=4");
    const struct migration_files files = list(folder_of("postgres-migrations"));
    static const char *const names[] = {"create_users", "b", "3.sql", "c"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(files.items[i].title, names[i]);
        ck_assert_int_eq(files.items[i].is_code, i == 3);
    }
    ck_assert_uint_eq(files.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "draft.sql"));
    ck_assert(is_fit("postgres-migrations"));
    ck_assert_int_eq(remove(arena_printf(arena, "%s/migrations/2-b.SQL", root)), 0);
    ck_assert(!is_fit("postgres-migrations"));
    says("number 2 is missing");
}
END_TEST

/* Its table has name varchar(100) UNIQUE (0_create-migrations-table.sql). */
START_TEST(names_that_the_table_of_postgres_migrations_does_not_take_are_refused)
{
    DEPENDS_ON("postgres-migrations");
    put("migrations/1_fix.sql", "");
    put(arena_printf(arena, "migrations/2_%0100d.sql", 0), "");
    ck_assert(is_fit("postgres-migrations"));
    put(arena_printf(arena, "migrations/3_%0101d.sql", 0), "");
    ck_assert(!is_fit("postgres-migrations"));
    says("more than 100 characters");
    put("migrations/4-fix.sql", "");
    ck_assert_int_eq(remove(arena_printf(arena, "%s/migrations/3_%0101d.sql", root, 0)), 0);
    put("migrations/3_b.sql", "");
    ck_assert(!is_fit("postgres-migrations"));
    says("1_fix.sql and 4-fix.sql in migrations have the same name \"fix\" after the number");
}
END_TEST

START_TEST(the_hash_of_postgres_migrations_has_the_name_of_the_file)
{
    DEPENDS_ON("postgres-migrations");
    put("migrations/1_a.sql", "SELECT 1;");
    ck_assert_str_eq(checksum_of("postgres-migrations"), digest_hex_of(arena, "SHA1", text_of("1_a.sqlSELECT 1;")));
    ck_assert_int_eq(remove(arena_printf(arena, "%s/migrations/1_a.sql", root)), 0);
    put("migrations/1_a.js", "module.exports.generateSql = () => 'SELECT 1;'");
    ck_assert_ptr_null(checksum_of("postgres-migrations"));
}
END_TEST

START_TEST(a_comment_of_postgres_migrations_turns_transactions_off)
{
    DEPENDS_ON("postgres-migrations");
    put("migrations/1_a.sql", "VACUUM; -- postgres-migrations disable-transaction");
    ck_assert_int_eq(strncmp(script_of("postgres-migrations"), "ALONE ", 6), 0);
    put("migrations/1_a.sql", "VACUUM;");
    ck_assert_str_eq(script_of("postgres-migrations"), "VACUUM;");
}
END_TEST

/* ---- Supabase ---- */

#define SUPABASE "supabase/migrations/20240101000000_a.sql"

START_TEST(supabase_passes_over_names_without_a_number)
{
    put(SUPABASE, "");
    put("supabase/migrations/2024-short.sql", "");
    put("supabase/migrations/20240101000000.sql", "");
    put("supabase/migrations/README.md", "");
    ck_assert_str_eq(listed("supabase"), "20240101000000_a=20240101000000");
    ck_assert_uint_eq(list(folder_of("supabase")).warning_count, 2);
}
END_TEST

START_TEST(supabase_records_the_statements_as_its_cli_cuts_them)
{
    put(SUPABASE, "-- one\nSELECT 1 /* its own */ ;;\n ; SELECT ';'; -- two\nDO $$ BEGIN; END; $$\n");
    ck_assert_str_eq(row_of("supabase"), "INSERT INTO \"s\".\"t\" (version, name, statements) VALUES "
                                         "('20240101000000', 'a', ARRAY['-- one\nSELECT 1 /* its own */', "
                                         "'SELECT '';''', '-- two\nDO $$ BEGIN; END; $$']::pg_catalog.text[]);");
    put(SUPABASE, "SELECT 1;\n-- end\n");
    ck_assert_ptr_nonnull(strstr(row_of("supabase"), "ARRAY['SELECT 1', '-- end']"));
    put(SUPABASE, "");
    ck_assert_ptr_nonnull(strstr(row_of("supabase"), "ARRAY[]::pg_catalog.text[]"));
    put(SUPABASE, "NOT sql; at all;");
    ck_assert_ptr_nonnull(strstr(row_of("supabase"), "ARRAY['NOT sql; at all;']"));
}
END_TEST

START_TEST(how_a_script_was_cut_does_not_change_its_sum)
{
    put(SUPABASE, "SELECT 1;\n\nSELECT 2;\n");
    const char *const whole = checksum_of("supabase");
    put(SUPABASE, "SELECT 1\r\n; SELECT 2");
    ck_assert_str_eq(checksum_of("supabase"), whole);
    put(SUPABASE, "SELECT 1; SELECT 3");
    ck_assert_str_ne(checksum_of("supabase"), whole);
}
END_TEST

/* ---- node-pg-migrate ---- */

START_TEST(numbers_of_node_pg_migrate_are_times_of_two_kinds)
{
    DEPENDS_ON("node-pg-migrate");
    put("migrations/20240102000000000_utc.sql", ""); /* 1704153600000 */
    put("migrations/1704153600001_later.sql", "");
    put("migrations/1704153599999_earlier.js", "");
    put("migrations/0001_first.ts", "");
    put("migrations/.hidden.sql", "");
    put("migrations/README.md", "");
    ck_assert_str_eq(listed("node-pg-migrate"),
                     "0001_first=0001_first,1704153599999_earlier=1704153599999_earlier,"
                     "20240102000000000_utc=20240102000000000_utc,1704153600001_later=1704153600001_later");
    const struct migration_files files = list(folder_of("node-pg-migrate"));
    ck_assert(files.items[0].is_code && files.items[1].is_code && !files.items[2].is_code);
    ck_assert_uint_eq(files.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "README.md"));
}
END_TEST

/* resolveMigrationLoader of node-pg-migrate 9 compares endings in small letters, and loads all others as programs. */
START_TEST(endings_of_node_pg_migrate_may_be_capital_letters)
{
    DEPENDS_ON("node-pg-migrate");
    put("migrations/1_a.SQL", "SELECT 1;");
    put("migrations/2_b.JS", "");
    put("migrations/3_c.md", "");
    ck_assert_str_eq(listed("node-pg-migrate"), "1_a=1_a,2_b=2_b");
    ck_assert(list(folder_of("node-pg-migrate")).items[1].is_code);
    has(warnings_of("node-pg-migrate"), "3_c.md is loaded as a program by node-pg-migrate");
}
END_TEST

/* compareMigrationFileNames of node-pg-migrate 9.0.0, run by Node 20 */
START_TEST(files_of_node_pg_migrate_with_one_prefix_are_in_the_order_of_javascript)
{
    static const char *const names[] = {"1_b.sql",  "1_a-10.sql", "1_a_9.sql",     "1_A.sql", "1_a.sql", "01_a2.js",
                                        "1-ab.sql", "1_Ab.sql",   "0001_ab c.sql", "2_x.sql", "1_a.ts"};
    DEPENDS_ON("node-pg-migrate");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        put(arena_printf(arena, "migrations/%s", names[i]), "");
    }
    const struct migration_files files = list(folder_of("node-pg-migrate"));
    struct buffer order = {.arena = arena};
    for (size_t i = 0; i < files.count; i++) {
        buffer_printf(&order, "%s%s", i == 0 ? "" : ",", files.items[i].filename);
    }
    ck_assert_str_eq(buffer_string(&order), "01_a2.js,1_a_9.sql,1_a-10.sql,0001_ab c.sql,1-ab.sql,1_Ab.sql,1_a.sql,"
                                            "1_A.sql,1_a.ts,1_b.sql,2_x.sql");
}
END_TEST

START_TEST(node_pg_migrate_may_be_told_not_to_check_the_order)
{
    static const struct {
        const char *scripts;
        const char *configuration;
        bool is_free;
    } cases[] = {
        {"\"up\": \"node-pg-migrate up\"", "{}", false},
        {"\"up\": \"node-pg-migrate up --no-check-order\"", "{}", true},
        {"\"up\": \"node-pg-migrate up --no-check-order\", \"ci\": \"node-pg-migrate up\"", "{}", false},
        {"\"up\": \"node-pg-migrate up\"", "{\"db\": {\"check-order\": false}}", true},
        {"\"up\": \"node-pg-migrate up\"", "{\"db\": {\"check-order\": true}}", false},
    };
    put("migrations/1_a.sql", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("package.json", arena_printf(arena, "{\"scripts\": {%s}, \"dependencies\": {\"node-pg-migrate\": \"9\"}}",
                                         cases[i].scripts));
        put("config/default.json", cases[i].configuration);
        const struct folder *const folder = folder_of("node-pg-migrate");
        ck_assert_msg((folder->habits != NULL && folder->habits->late == LATE_RUNS) == cases[i].is_free, "%zu", i);
        ck_assert_str_eq(folder->path, "migrations");
    }
}
END_TEST

START_TEST(what_runs_of_a_file_of_node_pg_migrate_is_behind_its_up_line)
{
    static const struct {
        const char *content;
        const char *script;
    } cases[] = {
        {"SELECT 1;", "SELECT 1;"},
        {"SELECT 0;\n-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;", "-- Up Migration\nSELECT 1;"},
        {"--- Down migration\nSELECT 2;\n  ----UP   MIGRATION of a\nSELECT 1;", "----UP   MIGRATION of a\nSELECT 1;"},
        {"-- upmigration\nSELECT 1;", "-- upmigration\nSELECT 1;"},
        {"-- the up migration\nSELECT 1;", "-- the up migration\nSELECT 1;"},
        {"SELECT 1;\n-- Down Migration\nSELECT 2;", NULL},
    };
    DEPENDS_ON("node-pg-migrate");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("migrations/1_a.sql", cases[i].content);
        ck_assert_pstr_eq(script_of("node-pg-migrate"), cases[i].script);
    }
    says("would run both parts");
}
END_TEST

START_TEST(the_configuration_of_node_pg_migrate_names_folder_ledger_and_session)
{
    DEPENDS_ON("node-pg-migrate");
    put("config/default.json", "{\"db\": {\"migrations-dir\": \"sql\", \"migrations-table\": \"steps\", "
                               "\"migrations-schema\": \"own\"}}");
    put("sql/1_a.sql", "SELECT 1;");
    const struct folder *const folder = folder_of("node-pg-migrate");
    ck_assert_str_eq(folder->path, "sql");
    ck_assert_str_eq(folder->ledger.table, "steps");
    ck_assert_str_eq(folder->ledger.schema, "own");
    ck_assert_str_eq(session_of("node-pg-migrate"), "SET search_path TO \"public\";");
    put("config/default.json", "{\"db\": {\"migrations-dir\": \"sql\", \"schema\": \"app\"}}");
    ck_assert_str_eq(folder_of("node-pg-migrate")->ledger.schema, "app");
    ck_assert_str_eq(session_of("node-pg-migrate"), "SET search_path TO \"app\";");
}
END_TEST

START_TEST(a_row_of_node_pg_migrate_is_never_earlier_than_those_before_it)
{
    DEPENDS_ON("node-pg-migrate");
    put("migrations/1_a'b.sql", "");
    ck_assert_str_eq(row_of("node-pg-migrate"),
                     "INSERT INTO \"s\".\"t\" (name, run_on) VALUES ('1_a''b', (SELECT "
                     "greatest(pg_catalog.now()::timestamp, pg_catalog.max(run_on)) FROM \"s\".\"t\"));");
}
END_TEST

/* ---- db-migrate ---- */

#define PROGRAM "migrations/20240101000000-a.js"
#define UP                                                                                                             \
    "exports.up = function(db) {\n  var filePath = path.join(__dirname, 'sqls', '20240101000000-a-up.sql');\n"         \
    "  return new Promise( function( resolve, reject ) {\n"                                                            \
    "    fs.readFile(filePath, {encoding: 'utf-8'}, function(err,data){\n      if (err) return reject(err);\n"         \
    "      console.log('received data: ' + data);\n\n      resolve(data);\n    });\n  })\n"                            \
    "  .then(function(data) {\n    return db.runSql(data);\n  });\n};\n\n"
#define DOWN "exports.down = function(db) {\n  return null;\n};\n"
#define OLD_UP                                                                                                         \
    "exports.up = function(db, callback) {\n"                                                                          \
    "  var filePath = path.join(__dirname + '/sqls/20240101000000-a-up.sql');\n"                                       \
    "  fs.readFile(filePath, {encoding: 'utf-8'}, function(err,data){\n    if (err) return callback(err);\n\n"         \
    "    db.runSql(data, function(err) {\n      if (err) return callback(err);\n      callback();\n    });\n  "        \
    "});\n};\n"

/* Is the program no more than the script beside it? */
static bool is_script(const char *program)
{
    put("package.json", "{\"dependencies\": {\"db-migrate\": \"1\"}}");
    put(PROGRAM, arena_printf(arena, "var dbm;\n%s", program));
    const struct migration_files files = list(folder_of("db-migrate"));
    ck_assert_uint_eq(files.count, 1);
    ck_assert_str_eq(files.items[0].key, "/20240101000000-a");
    ck_assert_str_eq(files.items[0].filename,
                     files.items[0].is_code ? "20240101000000-a.js" : "sqls/20240101000000-a-up.sql");
    return !files.items[0].is_code;
}

START_TEST(a_program_without_the_words_of_the_template_is_db_migrates_as_well)
{
    put("package.json", "{\"devDependencies\": {\"db-migrate\": \"^0.11\"}}");
    put("migrations/20141110144153-add-description.js",
        "'use strict';\nexports.up = function (db, callback) {\n  db.runSql('SELECT 1', callback);\n};\n");
    const struct migration_files files = list(folder_of("db-migrate"));
    ck_assert_uint_eq(files.count, 1);
    ck_assert_str_eq(files.items[0].key, "/20141110144153-add-description");
    ck_assert(files.items[0].is_code);
}
END_TEST

START_TEST(the_template_of_db_migrate_is_its_script)
{
    put("migrations/sqls/20240101000000-a-up.sql", "SELECT 1;");
    ck_assert(is_script(UP DOWN));
    ck_assert(is_script(OLD_UP DOWN));
    ck_assert(is_script("/* exports */ // changed only\n" UP "\n  // in how it looks\n" DOWN));
}
END_TEST

START_TEST(a_template_that_was_changed_is_a_program)
{
    put("migrations/sqls/20240101000000-a-up.sql", "SELECT 1;");
    ck_assert(!is_script("/*" UP "*/ exports.up = function(db) { return db.createTable('a', {}); };\n" DOWN));
    ck_assert(!is_script(UP "exports.up = function(db) { return null; };\n" DOWN));
    ck_assert(!is_script("exports.up = function(db) {\n  return db.runSql('SELECT 2').then(function() {\n" UP DOWN));
    ck_assert(!is_script(OLD_UP ".then(more);" DOWN));
    ck_assert(!is_script("var s = '" UP "';" DOWN));
    ck_assert(!is_script(UP "exports['up'] = null;" DOWN));
    ck_assert(!is_script(UP "module.exports = {};" DOWN));
    ck_assert(!is_script(DOWN));
}
END_TEST

START_TEST(a_template_of_another_script_or_of_none_is_a_program)
{
    ck_assert(!is_script(UP DOWN));
    put("migrations/sqls/20240101000000-b-up.sql", "SELECT 1;");
    ck_assert(!is_script(UP DOWN));
}
END_TEST

/* ---- all ---- */

START_TEST(the_locks_of_the_tools_are_taken)
{
    static const struct {
        const char *id;
        int64_t key;
    } locks[] = {
        {"node-pg-migrate", INT64_C(7241865325823964)},
        {"graphile-migrate", INT64_C(4727445306447283)},
        {"postgres-migrations", INT64_C(-8525285245963000605)},
    };
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        int64_t keys[MOST_ADVISORY_KEYS];
        const struct ledger ledger = {.schema = "s", .table = "t"};
        ck_assert_uint_eq(framework_advisory_locks(framework_find(text_of(locks[i].id)), &ledger, "blog", keys), 1);
        ck_assert_int_eq(keys[0], locks[i].key);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_node_sql");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, postgrator_migrations_are_known_by_their_numbers);
    tcase_add_test(tests, long_numbers_of_postgrator_are_doubles);
    tcase_add_test(tests, the_sum_of_postgrator_is_made_of_the_line_endings_that_are_configured);
    tcase_add_test(tests, a_program_of_postgrator_is_recorded_without_a_sum);
    tcase_add_test(tests, postgres_migrations_names_are_what_follows_the_number);
    tcase_add_test(tests, names_that_the_table_of_postgres_migrations_does_not_take_are_refused);
    tcase_add_test(tests, the_hash_of_postgres_migrations_has_the_name_of_the_file);
    tcase_add_test(tests, a_comment_of_postgres_migrations_turns_transactions_off);
    tcase_add_test(tests, supabase_passes_over_names_without_a_number);
    tcase_add_test(tests, supabase_records_the_statements_as_its_cli_cuts_them);
    tcase_add_test(tests, how_a_script_was_cut_does_not_change_its_sum);
    tcase_add_test(tests, numbers_of_node_pg_migrate_are_times_of_two_kinds);
    tcase_add_test(tests, endings_of_node_pg_migrate_may_be_capital_letters);
    tcase_add_test(tests, files_of_node_pg_migrate_with_one_prefix_are_in_the_order_of_javascript);
    tcase_add_test(tests, node_pg_migrate_may_be_told_not_to_check_the_order);
    tcase_add_test(tests, what_runs_of_a_file_of_node_pg_migrate_is_behind_its_up_line);
    tcase_add_test(tests, the_configuration_of_node_pg_migrate_names_folder_ledger_and_session);
    tcase_add_test(tests, a_row_of_node_pg_migrate_is_never_earlier_than_those_before_it);
    tcase_add_test(tests, a_program_without_the_words_of_the_template_is_db_migrates_as_well);
    tcase_add_test(tests, the_template_of_db_migrate_is_its_script);
    tcase_add_test(tests, a_template_that_was_changed_is_a_program);
    tcase_add_test(tests, a_template_of_another_script_or_of_none_is_a_program);
    tcase_add_test(tests, the_locks_of_the_tools_are_taken);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
