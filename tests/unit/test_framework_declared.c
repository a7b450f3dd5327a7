/*
 * Frameworks that a project declares in its truss.toml: what may be said, and what is refused with its line.
 */
#include "framework/declared/declared.h"

/* Not all of what a project's tests share is wanted here. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include "framework_project.h"

#include <unistd.h>

/* A declaration that is right, line by line; each test changes one of its keys or adds one. */
static const char *const right[][2] = {
    {"ledger", "\"ops.deploy_log\""},
    {"create", "\"CREATE TABLE {ledger} (number int PRIMARY KEY, title text, ran_at timestamptz DEFAULT now())\""},
    {"read", "\"SELECT number AS key, ran_at AS applied_at FROM {ledger} ORDER BY number\""},
    {"record", "\"INSERT INTO {ledger} (number, title) VALUES ({key}, {title})\""},
    {"folder", "\"db/changes\""},
    {"pattern", "\"{number:4}_{title}.sql\""},
    {"key", "\"number\""},
};

/* truss.toml with this key said so; without it where value is NULL. */
static void declare_as(const char *table, const char *key, const char *value)
{
    struct buffer out = {.arena = arena};
    bool is_said = false;
    buffer_printf(&out, "[framework.%s]\n", table);
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        const bool is_this = strcmp(right[i][0], key) == 0;
        const char *const said = is_this ? value : right[i][1];
        is_said = is_said || is_this;
        if (said != NULL) {
            buffer_printf(&out, "%s = %s\n", right[i][0], said);
        }
    }
    if (!is_said && value != NULL) {
        buffer_printf(&out, "%s = %s\n", key, value);
    }
    put("truss.toml", buffer_string(&out));
}

static const struct framework *read_ours(void)
{
    const struct framework *const *all;
    status = (struct status){.arena = arena};
    return declared_frameworks(arena, root, &all, &status) ? all[0] : NULL;
}

/* The declaration with this key said so is refused: the message has the place and these words. */
static void refused(const char *key, const char *value, const char *words)
{
    declare_as("ours", key, value);
    ck_assert_msg(read_ours() == NULL, "%s = %s is taken", key, value);
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_msg(strstr(status.message, "truss.toml, line ") == status.message, "\"%s\"", status.message);
    says(words);
}

static const struct framework *taken(const char *key, const char *value)
{
    declare_as("ours", key, value);
    const struct framework *const ours = read_ours();
    ck_assert_msg(ours != NULL, "%s = %s: %s", key, value, status.message);
    return ours;
}

START_TEST(a_project_without_any_has_those_that_are_compiled_in)
{
    const struct framework *const *all;
    ck_assert(declared_frameworks(arena, root, &all, &status));
    ck_assert_ptr_eq(all, frameworks);
    put("truss.toml", "[run]\nlock-wait = \"5s\"\n");
    ck_assert(declared_frameworks(arena, root, &all, &status));
    ck_assert_ptr_eq(all[0], frameworks[0]);
}
END_TEST

START_TEST(its_facts_are_those_of_a_framework)
{
    const struct framework *const ours = taken("command", "\"make migrate\"");
    ck_assert_str_eq(ours->id, "ours");
    ck_assert_str_eq(ours->display_name, "ours (declared in truss.toml)");
    ck_assert_str_eq(ours->tool, "make migrate");
    ck_assert_str_eq(ours->declared_at, "truss.toml, line 2, declares it");
    ck_assert_str_eq(ours->ledger.schema, "ops");
    ck_assert_str_eq(ours->ledger.shapes[0].table, "deploy_log");
    ck_assert_str_eq(ours->ledger.shapes[0].columns, "number:int4 title:text ran_at:timestamptz");
    ck_assert_ptr_null(ours->ledger.shapes[1].table);
    ck_assert_str_eq(ours->ledger.lock, LOCK_LEDGER);
    ck_assert_str_eq(ours->folder.places[0], "db/changes");
    ck_assert_int_eq(ours->folder.key, KEY_NUMBER);
    ck_assert_ptr_null(ours->folder.checksum);
}
END_TEST

START_TEST(its_files_are_listed_and_its_row_is_what_it_declares)
{
    declare_as("ours", "ignore", "[\"*_undo.sql\"]");
    put("db/changes/0001_users.sql", "SELECT 1");
    put("db/changes/0001_users_undo.sql", "SELECT 1");
    put("db/changes/readme.sql", "SELECT 1");
    const struct framework *const *all;
    struct folder_list folders = {0};
    ck_assert(declared_frameworks(arena, root, &all, &status));
    const struct project with = {.root = root, .frameworks = all};
    ck_assert(folders_find(arena, &with, &folders, &status));
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].evidence, "truss.toml, line 2, declares it");
    ck_assert_int_eq(folders.items[0].confidence, CONFIDENCE_CERTAIN);
    const struct migration_files files = list(&folders.items[0]);
    ck_assert_uint_eq(files.count, 1);
    ck_assert_str_eq(files.items[0].name, "0001_users");
    struct buffer sql = {.arena = arena};
    const struct ledger ledger = {.schema = "ops", .table = "deploy_log"};
    ledger_put(&sql, all[0], LEDGER_RECORD, &ledger, &(struct ledger_record){.key = "1", .file = &files.items[0]});
    ck_assert_str_eq(buffer_string(&sql),
                     "INSERT INTO \"ops\".\"deploy_log\" (number, title) VALUES ('1', 'users')\n;\n");
}
END_TEST

START_TEST(what_it_reads_comes_as_the_core_reads_it)
{
    ck_assert_str_eq(taken("read", "\"SELECT number AS key, ran_at AS applied_at FROM {ledger}; -- so\"")->ledger.read,
                     "SELECT r.key::pg_catalog.text, r.applied_at FROM (SELECT number AS key, ran_at AS applied_at "
                     "FROM {ledger}\n) r");
    ck_assert(taken("read", "\"SELECT number AS key, state FROM {ledger}\"")->ledger.failed_entry_blocks);
    ck_assert(!taken("read", "\"SELECT number AS key FROM {ledger}\"")->ledger.failed_entry_blocks);
}
END_TEST

START_TEST(a_declared_folder_is_nobody_elses)
{
    declare_as("ours", "pattern", "\"{number}_{title}.sql\"");
    put("db/changes/20240101000000_users.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n");
    put("truss.toml", "[project]\n");
    const struct framework *const *all;
    declare_as("ours", "folder", "\"./db/migrations/\"");
    put("db/migrations/20240101000000_users.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n");
    ck_assert(declared_frameworks(arena, root, &all, &status));
    for (int is_asked = 0; is_asked < 2; is_asked++) {
        struct folder_list folders = {0};
        const struct project with = {.root = root, .frameworks = all, .framework = is_asked == 1 ? "dbmate" : NULL};
        ck_assert(folders_find(arena, &with, &folders, &status));
        size_t others = 0;
        for (size_t i = 0; i < folders.count; i++) {
            others += strcmp(folders.items[i].framework->id, "dbmate") == 0 ? 1 : 0;
        }
        ck_assert_uint_eq(others, is_asked == 1 ? 1 : 0);
        ck_assert_uint_eq(folders.count, 1 + others);
    }
}
END_TEST

START_TEST(words_of_a_list_mean_what_the_compiled_ones_mean)
{
    ck_assert_int_eq(taken("late", "\"run\"")->habits.late, LATE_RUNS);
    ck_assert_int_eq(taken("late", "\"skip\"")->habits.late, LATE_SKIPPED);
    ck_assert_str_eq(taken("late", "\"skip\"")->habits.late_note, "ours never runs it.");
    ck_assert_int_eq(taken("edited", "\"run\"")->habits.edited_blocks, false);
    ck_assert_int_eq(taken("missing", "\"run\"")->habits.missing_blocks, false);
    ck_assert_int_eq(taken("sent", "\"each\"")->sent, SENT_EACH);
    ck_assert_int_eq(taken("sent-unwrapped", "\"whole\"")->sent_unwrapped, SENT_WHOLE);
    ck_assert_int_eq(taken("order", "\"number\"")->folder.order, ORDER_OF_NUMBERS);
    ck_assert_str_eq(taken("checksum", "\"sha256\"")->folder.checksum, "SHA256");
    ck_assert_ptr_null(taken("checksum", "\"none\"")->folder.checksum);
    ck_assert_int_eq(taken("key", "\"file\"")->folder.whole_names, true);
    ck_assert_int_eq(taken("no-transaction", "\"no-transaction\"")->folder.alone.place, ALONE_LINE);
    ck_assert_int_eq(taken("only-last", "true")->ledger.knows_only_last, true);
    ck_assert_int_eq(taken("advisory-lock", "[4711, -2]")->ledger.advisory_locks[1], -2);
    refused("late", "\"never\"", "line 9: framework.ours.late: this is one of run, refuse, skip.");
    refused("checksum", "\"crc\"", "sha256");
    refused("sent", "\"psql\"", "in-transaction-each");
    refused("only-last", "\"yes\"", "true or false");
    refused("advisory-lock", "0", "not 0");
    refused("advisory-lock", "[1, 2, 3, 4]", "up to three");
    refused("advisory-lock", "99999999999999999999", "");
}
END_TEST

START_TEST(what_is_not_said_is_refused_and_said_so)
{
    const struct habits *const habits = &taken("late", NULL)->habits;
    ck_assert_int_eq(habits->late, LATE_REFUSED);
    ck_assert(habits->edited_blocks && habits->missing_blocks);
    ck_assert_str_eq(habits->late_note,
                     "truss.toml does not say what ours does then ([framework.ours] late): it is refused.");
}
END_TEST

START_TEST(what_must_be_said_is_asked_for)
{
    static const char *const needed[] = {"ledger", "create", "read", "record", "folder", "pattern"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        refused(needed[i], NULL, arena_printf(arena, "[framework.ours] does not say its %s: ", needed[i]));
    }
    refused("lock-wait", "\"5s\"", "a framework has no such key");
    refused("chekcsum", "\"md5\"",
            "line 9: framework.ours.chekcsum: a framework has no such key; did you mean checksum?");
    refused("folder", "3", "a text");
}
END_TEST

START_TEST(a_name_is_new_and_plain)
{
    static const char *const bad[][2] = {
        {"prisma", "Truss knows a framework of this name (Prisma)"},
        {"golang-migrate", "knows a framework of this name"},
        {"\"Ruby on Rails\"", "small letters"},
        {"Ours", "small letters"},
        {"ours.inner", "small letters"},
        {"a12345678901234567890123456789012345678901", "small letters"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        declare_as(bad[i][0], "late", "\"run\"");
        ck_assert_msg(read_ours() == NULL, "%s", bad[i][0]);
        says(bad[i][1]);
    }
}
END_TEST

START_TEST(a_table_that_says_nothing_is_refused)
{
    struct text said;
    declare_as("ours", "late", "\"run\"");
    ck_assert(file_read(arena, arena_printf(arena, "%s/truss.toml", root), 10000, &said, &status));
    put("truss.toml", arena_printf(arena, "%.*s[framework.our]\n", (int)said.size, said.data));
    ck_assert_ptr_null(read_ours());
    says("[framework.our] is empty: it declares no framework. Say what it is (create, read, record, folder, pattern, "
         "…)");
}
END_TEST

START_TEST(several_are_declared)
{
    declare_as("ours", "late", "\"run\"");
    struct text first;
    ck_assert(file_read(arena, arena_printf(arena, "%s/truss.toml", root), 10000, &first, &status));
    declare_as("theirs", "ledger", "'\"Log\"'");
    struct text second;
    ck_assert(file_read(arena, arena_printf(arena, "%s/truss.toml", root), 10000, &second, &status));
    put("truss.toml", arena_printf(arena, "%.*s%.*s", (int)first.size, first.data, (int)second.size, second.data));
    const struct framework *const *all;
    ck_assert_msg(declared_frameworks(arena, root, &all, &status), "%s", status.message);
    ck_assert_str_eq(all[1]->id, "theirs");
    ck_assert_str_eq(all[1]->ledger.shapes[0].table, "Log");
    ck_assert_ptr_null(all[1]->ledger.schema);
    ck_assert_ptr_eq(all[2], frameworks[0]);
    ck_assert_ptr_eq(framework_find_among(all, text_of("theirs")), all[1]);
    ck_assert_ptr_null(framework_find(text_of("theirs")));
}
END_TEST

START_TEST(a_value_is_never_written_where_it_could_become_SQL)
{
    static const char *const bad[] = {
        "INSERT INTO {ledger} (number) VALUES ('{key}')",      "INSERT INTO {ledger} (number) VALUES (E{key})",
        "INSERT INTO {ledger} (number) VALUES (U&{key})",      "INSERT INTO {ledger} (number) VALUES ($a${key}$a$)",
        "INSERT INTO {ledger} (number) VALUES (1) -- {key}",   "INSERT INTO {ledger} (number) VALUES (1 /* {key} */)",
        "INSERT INTO {ledger} (number) VALUES (E'x'\\n{key})", "INSERT INTO {ledger} (number) VALUES ({key}{name})",
        "INSERT INTO {ledger} (number) VALUES ({key}'x')",     "INSERT INTO {ledger} (number) VALUES ('x {{ {key} ')",
        "INSERT INTO {ledger} (\\\"{key}\\\") VALUES (1)",     "INSERT INTO {ledger} (number) VALUES ({'{key}'})",
        "INSERT INTO {ledger:'} (number) VALUES ('{key}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refused("record", arena_printf(arena, "\"%s\"", bad[i]), "framework.ours.record: ");
    }
    refused("record", "\"INSERT INTO {ledger} (number) VALUES ('{key}')\"", "{key} becomes a value with its quotes");
    refused("record", "\"INSERT INTO {ledger} (number) VALUES ({kye})\"", "there is no word {kye}");
    refused("read", "\"SELECT {key} AS key FROM {ledger}\"", "there is no word {key}");
    taken("record", "\"INSERT INTO {ledger} (number, title) VALUES ({key}, '{{}')\"");
}
END_TEST

START_TEST(a_column_may_be_changed_where_the_table_is_made)
{
    const struct framework *const ours =
        taken("create", "\"CREATE TABLE {ledger} (number int, title text); ALTER TABLE "
                        "{ledger} ALTER COLUMN title TYPE varchar(80)\"");
    ck_assert_str_eq(ours->ledger.shapes[0].columns, "number:int4 title:text");
}
END_TEST

START_TEST(only_its_table_is_written)
{
    refused("record", "\"DROP TABLE {ledger}\"",
            "line 5: framework.ours.record: this may have INSERT and UPDATE only.");
    refused("record", "\"INSERT INTO users (id) VALUES ({key})\"", "the table users");
    refused("record", "\"INSERT INTO ops.deploy_log (number) VALUES ({key})\"", "written {ledger}");
    refused("record", "\"INSERT INTO {ledger} (number) VALUES ({key}); DELETE FROM users\"", "INSERT and UPDATE only");
    refused("record", "\"WITH x AS (DELETE FROM users) INSERT INTO {ledger} (number) VALUES ({key})\"", "only");
    refused("record", "\"INSERT INTO {ledger} (number) SELECT id FROM users\"", "the table users");
    refused("record", "\"WITH users AS (SELECT 1) UPDATE users SET id = {key}\"", "the table users");
    refused("record", "\"INSERT INTO {ledger} (number) VALUES (pg_catalog.pg_terminate_backend(1))\"",
            "pg_terminate_backend");
    refused("record", "\"INSERT INTO {ledger} (number) VALUES (evil.f({key}))\"", "evil.f");
    refused("record", "\"INSERT INTO {ledger} (number, ran_at) VALUES ({key}, now())\"", "write pg_catalog.now");
    refused("record", "\"INSERT INTO {ledger} (number) VALUES ({key} + 1)\"", "OPERATOR(pg_catalog.+)");
    refused("record", "\"INSERT INTO {ledger} (title) VALUES ({key}::text)\"", "pg_catalog.text");
    refused("record", "\"INSERT INTO {ledger} (number) VALUES ($1)\"", "not as $1");
    refused("record", "\"INSERT INTO {ledger} (number VALUES ({key})\"", "PostgreSQL: syntax error");
    refused("record", "\"\"", "this is empty");
    refused("create", "\"CREATE TABLE other (id int)\"", "the table other");
    refused("create", "\"CREATE TABLE {ledger} (id int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'\"",
            "CREATE TABLE, CREATE INDEX");
    refused("create", "\"CREATE TABLE {ledger} (id int REFERENCES users)\"", "the table users");
    refused("create", "\"CREATE INDEX ON {ledger} (number)\"", "by one CREATE TABLE");
    taken("record",
          "\"INSERT INTO {ledger} (number, ran_at) VALUES ({key}, pg_catalog.now()) ON CONFLICT DO NOTHING;\"");
    taken("record", "\"UPDATE {ledger} SET number = {key}\"");
    taken("create", "\"CREATE TABLE {ledger} (number serial, t text[]); CREATE INDEX ON {ledger} (number);\"");
}
END_TEST

START_TEST(what_is_read_changes_nothing)
{
    static const char *const bad[][2] = {
        {"DELETE FROM {ledger} RETURNING number AS key", "one SELECT only"},
        {"WITH x AS (DELETE FROM {ledger} RETURNING 1) SELECT number AS key FROM {ledger}", "one SELECT only"},
        {"SELECT number AS key FROM {ledger}; SELECT 1 AS key", "one SELECT only"},
        {"SELECT number AS key FROM {ledger} FOR UPDATE", "may not lock rows"},
        {"SELECT number AS key INTO other FROM {ledger}", "SELECT INTO"},
        {"SELECT pg_sleep(100) AS key FROM {ledger}", "pg_sleep"},
        {"SELECT pg_terminate_backend(1) AS key FROM {ledger}", "pg_terminate_backend"},
        {"SELECT query_to_xml('DROP TABLE users', true, true, '') AS key FROM {ledger}", "query_to_xml"},
        {"SELECT lo_export(1, '/tmp/x') AS key FROM {ledger}", "lo_export"},
        {"SELECT passwd AS key FROM pg_shadow", "the table pg_shadow"},
        {"SELECT number AS key FROM {ledger}, pg_catalog.pg_authid", "pg_catalog.pg_authid"},
        {"WITH pg_shadow AS (SELECT * FROM pg_shadow) SELECT passwd AS key FROM pg_shadow", "the table pg_shadow"},
        {"SELECT * FROM {ledger}", "is called *"},
        {"SELECT number FROM {ledger}", "is called number"},
        {"SELECT number AS name FROM {ledger}", "one column of the result is called key"},
        {"SELECT number AS key, title AS key FROM {ledger}", "one column of the result is called key"},
        {"SELECT number::evil.t AS key FROM {ledger}", "pg_catalog.t"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refused("read", arena_printf(arena, "\"%s\"", bad[i][0]), bad[i][1]);
    }
    taken("read", "\"WITH x AS (SELECT number AS key FROM {ledger}) SELECT key FROM x ORDER BY 1\"");
    taken("read", "\"SELECT lower(title) AS key, number || '' AS id FROM {ledger} WHERE number IN (1, 2)\"");
}
END_TEST

START_TEST(a_lock_only_locks)
{
    taken("lock", "\"LOCK TABLE {ledger} IN EXCLUSIVE MODE\"");
    taken("lock", "\"SELECT 1 FROM {ledger} FOR UPDATE\"");
    taken("lock", "\"SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('ours'))\"");
    refused("lock", "\"LOCK TABLE users\"", "the table users");
    refused("lock", "\"SELECT pg_advisory_xact_lock(1)\"", "write pg_catalog.pg_advisory_xact_lock");
    refused("lock", "\"DELETE FROM {ledger}\"", "LOCK TABLE and SELECT only");
    refused("lock", "\"SELECT pg_catalog.pg_sleep(9)\"", "pg_sleep");
    /* Its own lock is enough. */
    ck_assert_ptr_null(taken("advisory-lock", "4711")->ledger.lock);
}
END_TEST

START_TEST(a_folder_is_in_the_project)
{
    static const char *const bad[] = {"\"/etc\"", "\"..\"", "\"db/../../x\"", "\"\"", "\"link\""};
    ck_assert_int_eq(symlink("/etc", arena_printf(arena, "%s/link", root)), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refused("folder", bad[i], "line 6: framework.ours.folder: this is a folder of the project");
    }
    taken("folder", "\"not/there/yet\"");
    ck_assert_str_eq(taken("folder", "\"./db//\"")->folder.places[0], "db");
}
END_TEST

START_TEST(patterns_are_checked)
{
    static const char *const bad[] = {"\"\"",
                                      "\"a/b.sql\"",
                                      "\"{numbr}.sql\"",
                                      "\"{number\"",
                                      "\"***.sql\"",
                                      "\"{number}{number}.sql\"",
                                      "\"{number:x}.sql\"",
                                      "[]",
                                      "\"{number:9999}.sql\""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refused("pattern", bad[i], "framework.ours.pattern: ");
    }
    refused("pattern", "\"{title}.sql\"", "goes by numbers, and a pattern has no {number}");
    taken("pattern", "[\"V{number}__{title}.sql\", \"{number:1-4}-*.{sql|ddl}\"]");
    refused("new-file", "\"{utc:%n}_{slug}.sql\"", "new-file");
    refused("new-file", "\"../{slug}.sql\"", "new-file");
    refused("new-file", "\"x.sql\"", "new-file");
    taken("new-file", "\"{utc:%Y%m%d%H%M%S}_{slug:-}.sql\"");
    refused("down", "\"down\"", "says down and no up");
    refused("up", "\"-- up\"", "without the dashes");
}
END_TEST

START_TEST(a_hostile_file_is_refused_soon)
{
    struct buffer large = {.arena = arena};
    buffer_puts(&large, "[framework.ours]\nrecord = \"");
    while (large.size < (size_t)10 * 1024 * 1024) {
        buffer_puts(&large, "{key} {key} {key} {key} {key} {key} {key} {key} ");
    }
    buffer_puts(&large, "\"\n");
    put("truss.toml", buffer_string(&large));
    ck_assert_ptr_null(read_ours());
    struct buffer words = {.arena = arena};
    while (words.size < 500 * 1024) {
        buffer_puts(&words, "{key} ");
    }
    refused("record", arena_printf(arena, "\"%s\"", buffer_string(&words)), "longer than 8192 bytes");
    struct buffer deep = {.arena = arena};
    while (deep.size < 8000) {
        buffer_puts(&deep, "(");
    }
    refused("read", arena_printf(arena, "\"SELECT %s\"", buffer_string(&deep)), "framework.ours.read: ");
    struct buffer many = {.arena = arena};
    for (int i = 0; i < 100; i++) {
        buffer_printf(&many, "[framework.f%d]\nledger = \"x\"\n", i);
    }
    put("truss.toml", buffer_string(&many));
    ck_assert_ptr_null(read_ours());
    says("no more than 20");
}
END_TEST

int main(void)
{
    TCase *const cases = tcase_create("declared");
    Suite *const suite = suite_create("framework_declared");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_project_without_any_has_those_that_are_compiled_in);
    tcase_add_test(cases, its_facts_are_those_of_a_framework);
    tcase_add_test(cases, its_files_are_listed_and_its_row_is_what_it_declares);
    tcase_add_test(cases, what_it_reads_comes_as_the_core_reads_it);
    tcase_add_test(cases, a_declared_folder_is_nobody_elses);
    tcase_add_test(cases, words_of_a_list_mean_what_the_compiled_ones_mean);
    tcase_add_test(cases, what_is_not_said_is_refused_and_said_so);
    tcase_add_test(cases, what_must_be_said_is_asked_for);
    tcase_add_test(cases, a_name_is_new_and_plain);
    tcase_add_test(cases, a_table_that_says_nothing_is_refused);
    tcase_add_test(cases, several_are_declared);
    tcase_add_test(cases, a_value_is_never_written_where_it_could_become_SQL);
    tcase_add_test(cases, a_column_may_be_changed_where_the_table_is_made);
    tcase_add_test(cases, only_its_table_is_written);
    tcase_add_test(cases, what_is_read_changes_nothing);
    tcase_add_test(cases, a_lock_only_locks);
    tcase_add_test(cases, a_folder_is_in_the_project);
    tcase_add_test(cases, patterns_are_checked);
    tcase_add_test(cases, a_hostile_file_is_refused_soon);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
