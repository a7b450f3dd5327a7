/*
 * What a session asks before it uses a schema: its own search path, also behind a pooler, and whose our tables are.
 */
#include "conversation.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/own_write.h"
#include "pg/search.h"
#include "pg/values.h"

static const struct own_tables tables = {.last = "truss.notes", .sql = "CREATE TABLE IF NOT EXISTS truss.notes ();"};
static bool exists;

#define CLEAR "pg_catalog.pg_get_userbyid(n.nspowner)"
#define LOOK  "s.obstacle"
#define MAKE  "CREATE TABLE IF NOT EXISTS truss.notes"
#define HEARD "pg_catalog.pg_event_trigger"
#define THERE                                                                                                          \
    {                                                                                                                  \
        "t", "t", "", "", "t"                                                                                          \
    }
#define OLDER                                                                                                          \
    {                                                                                                                  \
        "t", "t", "", "", "f"                                                                                          \
    }
#define SCHEMA                                                                                                         \
    {                                                                                                                  \
        "f", "t", "", ""                                                                                               \
    }
/* What is asked when there is a schema: is all of it this role's own? It answers with {table, column} if it is. */
#define NOT_CLEAR                                                                                                      \
    {                                                                                                                  \
        .asked = CLEAR                                                                                                 \
    }
#define CLEAR_WITH(table, column)                                                                                      \
    {                                                                                                                  \
        .asked = CLEAR, .has_row = true, .row = { table, column }                                                      \
    }
/* What is asked first: is there a schema of ours? */
#define SCHEMA_IS(answer)                                                                                              \
    {                                                                                                                  \
        .asked = "SELECT pg_catalog.to_regnamespace(", .has_row = true, .row = { answer }                              \
    }

static bool look(void)
{
    status = (struct status){.arena = arena};
    return own_tables_exist(session, &tables, &exists, &status);
}

static bool ensure(void)
{
    status = (struct status){.arena = arena};
    return own_tables_ensure(session, &tables, &status);
}

/* ---- our tables ---- */

START_TEST(tables_are_there_or_not)
{
    have((const struct exchange[]){SCHEMA_IS("t"), NOT_CLEAR, {.asked = LOOK, .has_row = true, .row = THERE}, {0}});
    ck_assert(look() && exists);
    have((const struct exchange[]){SCHEMA_IS("t"), NOT_CLEAR, {.asked = LOOK, .has_row = true, .row = SCHEMA}, {0}});
    ck_assert(look() && !exists);
    have((const struct exchange[]){SCHEMA_IS("f"), {0}});
    ck_assert(look() && !exists);
}
END_TEST

START_TEST(what_is_all_of_this_role_is_looked_at_once)
{
    have((const struct exchange[]){SCHEMA_IS("t"), CLEAR_WITH("t", "t"), {0}});
    ck_assert(look() && exists);
    have((const struct exchange[]){SCHEMA_IS("t"), CLEAR_WITH("f", "t"), {0}});
    ck_assert(look() && !exists);
    have((const struct exchange[]){SCHEMA_IS("t"), CLEAR_WITH("t", "t"), {0}});
    ck_assert(ensure());
    have((const struct exchange[]){SCHEMA_IS("t"),
                                   CLEAR_WITH("t", "f"),
                                   {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                   {.asked = "(1414681939, 0);" MAKE, .is_script = true},
                                   {0}});
    ck_assert(ensure());
    each_place((const struct exchange[]){SCHEMA_IS("t"), CLEAR_WITH("t", "t"), {0}}, look);
}
END_TEST

START_TEST(what_is_a_strangers_is_refused_by_what_it_is)
{
    static const struct {
        const char *kind;
        const char *what;
        const char *said;
    } obstacles[] = {
        {"0", "mallory", "belongs to \"mallory\""},
        {"1", "notes of mallory", "has \"notes of mallory\""},
        {"2", "the trigger spy on truss.notes of mallory", "has the trigger spy on truss.notes of mallory"},
    };
    for (size_t i = 0; i < sizeof obstacles / sizeof obstacles[0]; i++) {
        const struct exchange table[] = {
            SCHEMA_IS("t"),
            NOT_CLEAR,
            {.asked = LOOK, .has_row = true, .row = {"t", "t", obstacles[i].kind, obstacles[i].what}},
            {0},
        };
        exists = true;
        have(table);
        ck_assert(!look() && !exists);
        failed_with(STATUS_PERMISSION_DENIED, obstacles[i].said);
        have(table);
        ck_assert(!ensure());
        failed_with(STATUS_PERMISSION_DENIED, obstacles[i].said);
    }
}
END_TEST

START_TEST(they_are_made_where_they_are_not)
{
    have((const struct exchange[]){SCHEMA_IS("f"),
                                   {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                   {.asked = "CREATE SCHEMA IF NOT EXISTS truss;" MAKE, .is_script = true},
                                   {0}});
    ck_assert(ensure());
}
END_TEST

START_TEST(a_table_that_was_made_earlier_gets_the_column_that_it_lacks)
{
    have((const struct exchange[]){SCHEMA_IS("t"), NOT_CLEAR, {.asked = LOOK, .has_row = true, .row = OLDER}, {0}});
    ck_assert(look() && exists);
    have((const struct exchange[]){SCHEMA_IS("t"),
                                   NOT_CLEAR,
                                   {.asked = LOOK, .has_row = true, .row = OLDER},
                                   {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                   {.asked = "(1414681939, 0);" MAKE, .is_script = true},
                                   {0}});
    ck_assert(ensure());
    have((const struct exchange[]){SCHEMA_IS("t"), NOT_CLEAR, {.asked = LOOK, .has_row = true, .row = THERE}, {0}});
    ck_assert(ensure());
}
END_TEST

START_TEST(the_right_to_make_a_schema_is_not_asked_for_where_it_is_there)
{
    have((const struct exchange[]){SCHEMA_IS("t"),
                                   NOT_CLEAR,
                                   {.asked = LOOK, .has_row = true, .row = SCHEMA},
                                   {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                   {.asked = "(1414681939, 0);" MAKE, .is_script = true},
                                   {0}});
    ck_assert(ensure());
}
END_TEST

START_TEST(what_another_one_makes_at_the_same_time_is_looked_at_again)
{
    static const char *const codes[] = {"23505", "42P06", "42P07"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct fake_error there = {.sqlstate = codes[i], .message = "is there already"};
        const struct fake_error *const kept_there = kept(&there, sizeof there);
        have((const struct exchange[]){SCHEMA_IS("f"),
                                       {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                       {.asked = MAKE, .is_script = true, .error = kept_there, .state = 'E'},
                                       {.asked = "ROLLBACK", .is_script = true},
                                       SCHEMA_IS("t"),
                                       NOT_CLEAR,
                                       {.asked = LOOK, .has_row = true, .row = THERE},
                                       {0}});
        ck_assert_msg(ensure(), "%s", status.message);
    }
}
END_TEST

START_TEST(what_is_there_and_is_not_three_times_is_an_error)
{
    static const struct fake_error there = {.sqlstate = "23505", .message = "is there already"};
    have((const struct exchange[]){SCHEMA_IS("f"),
                                   {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                   {.asked = MAKE, .is_script = true, .error = &there},
                                   SCHEMA_IS("f"),
                                   {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                   {.asked = MAKE, .is_script = true, .error = &there},
                                   SCHEMA_IS("f"),
                                   {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                   {.asked = MAKE, .is_script = true, .error = &there},
                                   {0}});
    ck_assert(!ensure());
}
END_TEST

START_TEST(who_may_not_make_them_is_told_what_to_do)
{
    static const struct fake_error denied = {.sqlstate = "42501", .message = "permission denied for database"};
    have((const struct exchange[]){SCHEMA_IS("f"),
                                   {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                   {.asked = MAKE, .is_script = true, .error = &denied},
                                   {0}});
    ck_assert(!ensure());
    failed_with(STATUS_PERMISSION_DENIED, "permission denied");
    ck_assert_str_eq(status.reason, "NO_STATE_SCHEMA");
    ck_assert_ptr_nonnull(strstr(status.hint, "CREATE SCHEMA truss AUTHORIZATION \"tester\""));
}
END_TEST

START_TEST(an_error_at_any_place_is_the_error)
{
    each_place(
        (const struct exchange[]){SCHEMA_IS("t"), NOT_CLEAR, {.asked = LOOK, .has_row = true, .row = THERE}, {0}},
        look);
    each_place((const struct exchange[]){SCHEMA_IS("f"),
                                         {.asked = HEARD, .has_row = true, .row = {"f", "f"}},
                                         {.asked = MAKE, .is_script = true},
                                         {0}},
               ensure);
}
END_TEST

/* ---- writing to them ---- */

static const struct fake_error found_code = {
    .sqlstate = "22P02",
    .message = "invalid input syntax for type integer: \"truss: code of another role at our table 12\""};

#define GUARDED                                                                                                        \
    "BEGIN ISOLATION LEVEL READ COMMITTED;SET LOCAL search_path TO pg_catalog, pg_temp;"                               \
    "LOCK TABLE truss.notes IN ROW EXCLUSIVE MODE;SELECT CASE WHEN EXISTS"
#define WRITTEN "INSERT INTO truss.notes VALUES ('it''s {truss} $2', NULL, 'truss', '^x$', $3)"

static bool write_row(void)
{
    const char *const values[] = {"it's {truss} $2", NULL};
    const struct own_statement statement = {
        .table = "{truss}.notes",
        .sql = "INSERT INTO {truss}.notes VALUES ($1, $2, '{truss}', '^x$', $3)",
        .count = 2,
        .values = values,
    };
    status = (struct status){.arena = arena};
    PG_RESULT(result) = own_write(session, &statement, &status);
    return result != NULL;
}

START_TEST(a_write_is_one_message_that_looks_under_the_lock)
{
    have((const struct exchange[]){{.asked = GUARDED, .is_script = true, .has_row = true, .row = {""}}, {0}});
    ck_assert_msg(write_row(), "%s", status.message);
    have((const struct exchange[]){{.asked = ";" WRITTEN ";COMMIT;", .is_script = true}, {0}});
    ck_assert_msg(write_row(), "%s", status.message);
    each_place((const struct exchange[]){{.asked = GUARDED, .is_script = true}, {0}}, write_row);
}
END_TEST

START_TEST(a_trigger_with_a_condition_is_looked_at_thoroughly_and_a_strangers_is_named)
{
    const struct fake_error *const code = kept(&found_code, sizeof found_code);
    have((const struct exchange[]){{.asked = GUARDED, .is_script = true, .error = code, .state = 'E'},
                                   {.asked = "ROLLBACK", .is_script = true},
                                   {.asked = "WITH RECURSIVE part", .is_script = true},
                                   {0}});
    ck_assert_msg(write_row(), "%s", status.message);
    have((const struct exchange[]){
        {.asked = GUARDED, .is_script = true, .error = code, .state = 'E'},
        {.asked = "ROLLBACK", .is_script = true},
        {.asked = "WITH RECURSIVE part", .is_script = true, .error = code, .state = 'E'},
        {.asked = "ROLLBACK", .is_script = true},
        NOT_CLEAR,
        {.asked = LOOK, .has_row = true, .row = {"t", "t", "2", "the trigger spy on truss.notes of mallory"}},
        {0}});
    ck_assert(!write_row());
    failed_with(STATUS_PERMISSION_DENIED, "has the trigger spy on truss.notes of mallory");
    have((const struct exchange[]){{.asked = GUARDED, .is_script = true, .error = code, .state = 'E'},
                                   {.asked = "ROLLBACK", .is_script = true},
                                   {.asked = "WITH RECURSIVE part", .is_script = true, .error = code, .state = 'E'},
                                   {.asked = "ROLLBACK", .is_script = true},
                                   NOT_CLEAR,
                                   {.asked = LOOK, .has_row = true, .row = THERE},
                                   {0}});
    ck_assert(!write_row());
    failed_with(STATUS_ABORTED, "changed the table truss.notes");
}
END_TEST

START_TEST(a_write_in_an_open_transaction_is_thorough_at_once)
{
    have((const struct exchange[]){{.asked = "BEGIN", .is_script = true, .state = 'T'},
                                   {.asked = "WITH RECURSIVE part", .is_script = true, .state = 'T'},
                                   {0}});
    ck_assert(exec("BEGIN") && write_row() && pg_session_in_transaction(session));
}
END_TEST

/* ---- their schema ---- */

START_TEST(a_statement_says_where_the_schema_is_meant_and_gets_its_name)
{
    static const struct {
        const char *schema;
        const char *text;
        const char *sent;
    } cases[] = {
        {"truss", "SELECT FROM {truss}.notes", "SELECT FROM truss.notes"},
        {NULL, "SELECT '{truss}'", "SELECT 'truss'"},
        {"Ops", "SELECT FROM {truss}.notes n, {truss}.more", "SELECT FROM \"Ops\".notes n, \"Ops\".more"},
        {"a\"b'c", "{truss}.x WHERE s = '{truss}'", "\"a\"\"b'c\".x WHERE s = 'a\"b''c'"},
        {"{truss}", "'{truss}' {truss}", "'{truss}' \"{truss}\""},
        {"x", "'{truss}.notes' '{}'", "'\"x\".notes' '{}'"},
        {"x", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer sql = {.arena = arena};
        own_put(&sql, cases[i].schema, cases[i].text);
        ck_assert_str_eq(buffer_string(&sql), cases[i].sent);
    }
}
END_TEST

START_TEST(names_that_cannot_be_ours_are_refused)
{
    static const char *const bad[] = {"",        "public",
                                      "pg_ours", "information_schema",
                                      "\xff",    "1234567890123456789012345678901234567890123456789012345678901234"};
    static const char *const good[] = {"truss", "Ops of \"x\"", "publicity",
                                       "123456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        status = (struct status){.arena = arena};
        ck_assert_msg(!own_schema_check(bad[i], &status), "%s", bad[i]);
        failed_with(STATUS_INVALID_ARGUMENT, "--state-schema");
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(own_schema_check(good[i], &status), "%s", good[i]);
    }
}
END_TEST

/* ---- the search path ---- */

#define PATH                                                                                                           \
    {                                                                                                                  \
        "app, public", "app\x1fpublic", "x", "x", "x"                                                                  \
    }

static bool pin(void)
{
    status = (struct status){.arena = arena};
    return pg_session_pin(session, &status);
}

static bool ask_one(void)
{
    PG_RESULT(result) = ask("SELECT 1");
    return result != NULL && strcmp(pg_field(result, 0, 0), "1") == 0;
}

START_TEST(a_session_knows_the_path_that_a_script_has)
{
    have((const struct exchange[]){{.asked = "search_path", .has_row = true, .row = PATH}, {0}});
    ck_assert(!pg_session_is_pinned(session));
    ck_assert(pin() && pg_session_is_pinned(session) && !pg_session_is_pooled(session));
    ck_assert_str_eq(pg_session_script_path(session), "app, public");
    ck_assert_str_eq(pg_session_script_schemas(session), "app\x1fpublic");
}
END_TEST

START_TEST(another_backend_is_a_pooler_and_each_query_gets_a_transaction)
{
    have((const struct exchange[]){{.asked = "search_path"},
                                   {.asked = "BEGIN", .is_script = true, .state = 'T'},
                                   {.asked = "search_path", .has_row = true, .row = PATH, .state = 'T'},
                                   {.asked = "SELECT 1", .has_row = true, .row = {"1"}, .state = 'T'},
                                   {.asked = "COMMIT", .is_script = true},
                                   {0}});
    ck_assert(pin() && pg_session_is_pooled(session));
    ck_assert_str_eq(pg_session_script_path(session), "");
    ck_assert_msg(ask_one(), "%s", status.message);
    ck_assert(pg_session_is_pooled(session));
}
END_TEST

START_TEST(behind_a_pooler_a_query_in_a_transaction_is_asked_as_it_is)
{
    have((const struct exchange[]){{.asked = "search_path"},
                                   {.asked = "BEGIN", .is_script = true, .state = 'T'},
                                   {.asked = "SELECT 1", .has_row = true, .row = {"1"}, .state = 'T'},
                                   {0}});
    ck_assert(pin() && exec("BEGIN") && ask_one());
}
END_TEST

START_TEST(behind_a_pooler_an_error_at_any_place_is_the_error)
{
    static const struct fake_error refused = {.sqlstate = "53200", .message = "out of memory"};
    each_place((const struct exchange[]){{.asked = "search_path", .has_row = true, .row = PATH}, {0}}, pin);
    have((const struct exchange[]){
        {.asked = "search_path"}, {.asked = "BEGIN", .is_script = true, .error = &refused}, {0}});
    ck_assert(pin() && !ask_one());
    failed_with(STATUS_FAILED_PRECONDITION, "out of memory");
    have((const struct exchange[]){{.asked = "search_path"},
                                   {.asked = "BEGIN", .is_script = true, .state = 'T'},
                                   {.asked = "search_path", .error = &refused, .state = 'E'},
                                   {.asked = "COMMIT", .is_script = true},
                                   {0}});
    ck_assert(pin() && !ask_one());
    failed_with(STATUS_FAILED_PRECONDITION, "out of memory");
}
END_TEST

static bool read_by_it(void)
{
    status = (struct status){.arena = arena};
    return pg_session_begin_reading(session, &status);
}

START_TEST(a_reading_is_pinned_and_begun_in_one_message)
{
    static const struct exchange table[] = {
        {.asked = ";COMMIT;BEGIN READ ONLY;SET LOCAL row_security = off",
         .is_script = true,
         .has_row = true,
         .row = PATH,
         .state = 'T'},
        {0},
    };
    have(table);
    ck_assert_msg(read_by_it(), "%s", status.message);
    ck_assert(pg_session_is_pinned(session) && !pg_session_is_pooled(session) && pg_session_in_transaction(session));
    ck_assert_str_eq(pg_session_script_path(session), "app, public");
    each_place(table, read_by_it);
}
END_TEST

START_TEST(a_reading_behind_a_pooler_is_pinned_in_its_transaction)
{
    have((const struct exchange[]){{.asked = "BEGIN READ ONLY", .is_script = true, .state = 'T'},
                                   {.asked = "search_path", .has_row = true, .row = PATH, .state = 'T'},
                                   {.asked = "ROLLBACK", .is_script = true},
                                   {.asked = "BEGIN READ ONLY", .is_script = true, .state = 'T'},
                                   {.asked = "search_path", .has_row = true, .row = PATH, .state = 'T'},
                                   {0}});
    ck_assert_msg(read_by_it(), "%s", status.message);
    ck_assert(pg_session_is_pooled(session));
    ck_assert_str_eq(pg_session_script_path(session), "app, public");
    ck_assert(exec("ROLLBACK") && read_by_it());
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("own_tables");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, tables_are_there_or_not);
    tcase_add_test(all, what_is_all_of_this_role_is_looked_at_once);
    tcase_add_test(all, what_is_a_strangers_is_refused_by_what_it_is);
    tcase_add_test(all, they_are_made_where_they_are_not);
    tcase_add_test(all, a_table_that_was_made_earlier_gets_the_column_that_it_lacks);
    tcase_add_test(all, the_right_to_make_a_schema_is_not_asked_for_where_it_is_there);
    tcase_add_test(all, what_another_one_makes_at_the_same_time_is_looked_at_again);
    tcase_add_test(all, what_is_there_and_is_not_three_times_is_an_error);
    tcase_add_test(all, who_may_not_make_them_is_told_what_to_do);
    tcase_add_test(all, an_error_at_any_place_is_the_error);
    tcase_add_test(all, a_write_is_one_message_that_looks_under_the_lock);
    tcase_add_test(all, a_trigger_with_a_condition_is_looked_at_thoroughly_and_a_strangers_is_named);
    tcase_add_test(all, a_write_in_an_open_transaction_is_thorough_at_once);
    tcase_add_test(all, a_statement_says_where_the_schema_is_meant_and_gets_its_name);
    tcase_add_test(all, names_that_cannot_be_ours_are_refused);
    tcase_add_test(all, a_session_knows_the_path_that_a_script_has);
    tcase_add_test(all, another_backend_is_a_pooler_and_each_query_gets_a_transaction);
    tcase_add_test(all, behind_a_pooler_a_query_in_a_transaction_is_asked_as_it_is);
    tcase_add_test(all, behind_a_pooler_an_error_at_any_place_is_the_error);
    tcase_add_test(all, a_reading_is_pinned_and_begun_in_one_message);
    tcase_add_test(all, a_reading_behind_a_pooler_is_pinned_in_its_transaction);
    return run_suite(suite);
}
