/*
 * A session against a server that ends, fails or talks nonsense at every place where it can.
 */
#include "session_scene.h"

#include "pg/kept.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/session_state.h"
#include "pg/values.h"

#include <stdatomic.h>

/* ---- a connection that ends ---- */

/* An answer of which each connection gets one byte more than the one before. */
struct cut {
    void (*answer)(struct fake_client *client);
    void (*end)(struct fake_client *client);
    bool with_parameters;
    atomic_size_t size; /* of the whole answer; the server's thread says it */
};

/* Sends of what was kept as many bytes as it is this connection's turn for, and ends it; false where that is all. */
static bool send_in_part(struct fake_client *client, struct cut *cut)
{
    size_t whole;
    const void *const bytes = fake_kept(client, &whole);
    const size_t size = fake_number(client) < whole ? fake_number(client) : whole;
    cut->size = whole;
    fake_bytes(client, bytes, size);
    if (size == whole) {
        return false;
    }
    cut->end(client);
    return true;
}

static void answer_in_part(struct fake_client *client, void *data)
{
    struct cut *const cut = data;
    if (cut->with_parameters) {
        fake_take_query(client, NULL);
    } else {
        fake_take(client, 'Q', NULL);
    }
    fake_keep(client);
    cut->answer(client);
    if (!send_in_part(client, cut)) {
        fake_wait_gone(client, FOREVER);
    }
}

static void one_row_of_a_query(struct fake_client *client)
{
    fake_parsed(client);
    fake_row_description(client, 2);
    fake_row(client, 2, "1", (const char *)NULL);
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
}

static void two_statements(struct fake_client *client)
{
    fake_complete(client, "BEGIN");
    fake_notice(client, &(struct fake_error){.severity = "NOTICE", .sqlstate = "00000", .message = "n"});
    fake_row_description(client, 1);
    fake_row(client, 1, "x");
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'T');
}

static void check_cuts(const struct cut *given)
{
    struct cut *const cut = kept(given, sizeof *given);
    start_server(&(struct fake_options){.script = answer_in_part, .data = cut});
    for (size_t size = 0;; size++) {
        open_session();
        status = (struct status){.arena = arena};
        PG_RESULT(result) =
            cut->with_parameters ? pg_query(session, "SELECT $1", 1, (const char *const[]){"1"}, &status) : NULL;
        const bool ok = cut->with_parameters ? result != NULL : exec("BEGIN; SELECT 'x'");
        if (size == cut->size) {
            ck_assert_msg(ok, "%s", status.message);
            break;
        }
        ck_assert_msg(!ok, "a success after %zu of %zu bytes", size, cut->size);
        failed_with(STATUS_UNAVAILABLE, "The connection to postgresql://tester@127.0.0.1");
        ck_assert_ptr_null(status.sqlstate);
        is_lost();
    }
    ck_assert_uint_gt(cut->size, 60);
}

START_TEST(a_query_whose_answer_ends_at_any_byte_is_a_lost_connection)
{
    check_cuts(&(struct cut){.answer = one_row_of_a_query, .end = fake_close, .with_parameters = true});
}
END_TEST

START_TEST(a_query_whose_answer_breaks_off_at_any_byte_is_a_lost_connection)
{
    check_cuts(&(struct cut){.answer = one_row_of_a_query, .end = fake_reset, .with_parameters = true});
}
END_TEST

START_TEST(a_script_whose_answer_ends_at_any_byte_is_a_lost_connection)
{
    check_cuts(&(struct cut){.answer = two_statements, .end = fake_close});
}
END_TEST

START_TEST(a_script_whose_answer_breaks_off_at_any_byte_is_a_lost_connection)
{
    check_cuts(&(struct cut){.answer = two_statements, .end = fake_reset});
}
END_TEST

START_TEST(a_server_that_says_its_last_word_is_a_lost_connection)
{
    check_cuts(&(struct cut){.answer = two_statements, .end = fake_half_close});
}
END_TEST

static void greet(struct fake_client *client)
{
    fake_authentication_ok(client);
    fake_parameter(client, "server_version", "16.2");
    fake_key(client, 4711, 42);
    fake_ready(client, 'I');
}

static void greet_in_part(struct fake_client *client, void *data)
{
    struct cut *const cut = data;
    fake_keep(client);
    greet(client);
    send_in_part(client, cut);
}

static void greet_as_cockroach(struct fake_client *client, void *data)
{
    (void)data;
    fake_authentication_ok(client);
    fake_parameter(client, "server_version", "13.0.0");
    fake_parameter(client, "crdb_version", "CockroachDB CCL v23.1.11");
    fake_key(client, 4711, 42);
    fake_ready(client, 'I');
}

START_TEST(a_server_that_is_cockroachdb_is_refused)
{
    start_server(&(struct fake_options){.greeting = greet_as_cockroach});
    ck_assert_ptr_null(pg_session_open(&conninfo, NO_DEADLINE, &status));
    failed_with(STATUS_FAILED_PRECONDITION, "is CockroachDB. Truss is for PostgreSQL only");
}
END_TEST

static void greet_as_eleven(struct fake_client *client, void *data)
{
    (void)data;
    fake_authentication_ok(client);
    fake_parameter(client, "server_version", "11.22 (Debian 11.22-1.pgdg120+1)");
    fake_key(client, 4711, 42);
    fake_ready(client, 'I');
}

START_TEST(a_server_that_is_too_old_is_refused_with_its_version)
{
    start_server(&(struct fake_options){.greeting = greet_as_eleven});
    ck_assert_ptr_null(pg_session_open(&conninfo, NO_DEADLINE, &status));
    failed_with(STATUS_FAILED_PRECONDITION,
                "is PostgreSQL 11.22 (Debian 11.22-1.pgdg120+1). Truss needs PostgreSQL 12 or newer.");
    ck_assert_str_eq(status.hint, "Upgrade the server, or run the framework's own tool there.");
}
END_TEST

START_TEST(a_greeting_that_ends_at_any_byte_is_a_server_that_cannot_be_reached)
{
    struct cut *const cut = kept(&(struct cut){.end = _i == 0 ? fake_close : fake_reset}, sizeof(struct cut));
    start_server(&(struct fake_options){.greeting = greet_in_part, .data = cut});
    for (size_t size = 0; size == 0 || size < cut->size; size++) {
        status = (struct status){.arena = arena};
        ck_assert_ptr_null(pg_session_open(&conninfo, NO_DEADLINE, &status));
        failed_with(STATUS_UNAVAILABLE, "Cannot connect to postgresql://tester@127.0.0.1");
    }
    open_session();
    ck_assert_int_eq(pg_session_server_version(session), 160002);
    ck_assert_int_eq(pg_session_backend_pid(session), 4711);
    ck_assert_str_eq(pg_session_database(session), "fake");
    ck_assert_str_eq(pg_session_user(session), "tester");
}
END_TEST

static void close_when_idle(struct fake_client *client, void *data)
{
    void (*const *const end)(struct fake_client *) = data;
    answer_one(client);
    (*end)(client);
    if (*end == fake_half_close) {
        fake_wait_gone(client, FOREVER);
    }
}

START_TEST(an_idle_connection_that_ends_is_noticed_without_asking)
{
    static void (*const ends[])(struct fake_client *) = {fake_close, fake_reset, fake_half_close};
    serve_with(close_when_idle, &ends[_i], sizeof ends[_i]);
    answers_one();
    wait_until(notices_the_end, NULL);
    is_lost();
}
END_TEST

static void say_farewell(struct fake_client *client, void *unused)
{
    (void)unused;
    answer_one(client);
    fake_error(client, &(struct fake_error){.severity = "FATAL",
                                            .sqlstate = "57P01",
                                            .message = "terminating connection due to administrator command"});
}

START_TEST(an_idle_server_that_says_farewell_is_lost)
{
    serve(say_farewell);
    answers_one();
    wait_until(notices_the_end, NULL);
    is_lost();
}
END_TEST

/* ---- errors ---- */

/* An error at one of the places of an answer. */
enum place { BEFORE_ALL, BEHIND_DESCRIPTION, BEHIND_ROW, BEHIND_COMPLETE, PLACES };

struct fault {
    enum place place;
    struct fake_error error;
};

static void fail_at(struct fake_client *client, const struct fault *fault)
{
    if (fault->place > BEFORE_ALL) {
        fake_row_description(client, 1);
    }
    if (fault->place > BEHIND_DESCRIPTION) {
        fake_row(client, 1, "1");
    }
    if (fault->place > BEHIND_ROW) {
        fake_complete(client, "SELECT 1");
    }
    fake_error(client, &fault->error);
    fake_ready(client, 'I');
}

static void fail_query_and_script(struct fake_client *client, void *data)
{
    const struct fault *const fault = data;
    fake_take_query(client, "SELECT 1");
    if (fault->place > BEFORE_ALL) {
        fake_parsed(client);
    }
    fail_at(client, fault);
    fake_take(client, 'Q', "SELECT 1");
    fail_at(client, fault);
    answer_one(client);
}

START_TEST(an_error_at_any_place_of_an_answer_is_the_error)
{
    struct fault fault = {
        .place = (enum place)_i,
        .error = {NULL, "22012", "division by zero", "a detail", "a hint", "8", "a context"},
    };
    serve_with(fail_query_and_script, &fault, sizeof fault);
    ck_assert_ptr_null(ask("SELECT 1"));
    for (int i = 0; i < 2; i++) {
        failed_with(STATUS_FAILED_PRECONDITION, "division by zero");
        ck_assert_str_eq(status.sqlstate, "22012");
        ck_assert_str_eq(status.detail, "a detail");
        ck_assert_str_eq(status.hint, "a hint");
        ck_assert_uint_eq(status.position, 8);
        if (i == 0) {
            struct pg_failure failure;
            status = (struct status){.arena = arena};
            ck_assert(!pg_script(session, "SELECT 1; SELECT 1/0", &failure, &status));
            ck_assert_uint_eq(failure.statement, fault.place == BEHIND_COMPLETE ? 1 : 0);
            ck_assert_uint_eq(failure.position, 8);
            ck_assert_str_eq(failure.context, "a context");
        }
    }
    answers_one();
}
END_TEST

static const struct {
    const char *message;
    const char *hint;
} cancelled[] = {
    {"canceling statement due to statement timeout", "statement_timeout ended it: SHOW statement_timeout says"},
    {"canceling statement due to user request", "A request to cancel (such as pg_cancel_backend) or statement_timeout"},
    {"storniere Anfrage wegen Zeitüberschreitung der Anfrage", "A request to cancel (such as pg_cancel_backend) or"},
};

START_TEST(a_cancelled_statement_is_explained_in_each_language)
{
    struct fault fault = {.error = {.sqlstate = "57014", .message = cancelled[_i].message}};
    serve_with(fail_query_and_script, &fault, sizeof fault);
    ck_assert_ptr_null(ask("SELECT 1"));
    failed_with(STATUS_FAILED_PRECONDITION, cancelled[_i].message);
    ck_assert_ptr_nonnull(status.hint);
    ck_assert_msg(strncmp(status.hint, cancelled[_i].hint, strlen(cancelled[_i].hint)) == 0, "%s", status.hint);
    ck_assert(!exec("SELECT 1"));
    answers_one();
}
END_TEST

static const struct {
    const char *sqlstate;
    enum status_code code;
} codes[] = {
    {"42501", STATUS_PERMISSION_DENIED},   {"57P01", STATUS_UNAVAILABLE},         {"57P02", STATUS_UNAVAILABLE},
    {"57P03", STATUS_UNAVAILABLE},         {"57P05", STATUS_UNAVAILABLE},         {"08006", STATUS_UNAVAILABLE},
    {"08P01", STATUS_UNAVAILABLE},         {"57014", STATUS_FAILED_PRECONDITION}, {"42601", STATUS_FAILED_PRECONDITION},
    {"40001", STATUS_FAILED_PRECONDITION}, {"55P03", STATUS_FAILED_PRECONDITION}, {"XX000", STATUS_FAILED_PRECONDITION},
    {"4250", STATUS_FAILED_PRECONDITION},  {"", STATUS_FAILED_PRECONDITION},      {NULL, STATUS_UNAVAILABLE},
};

static void has_code(const struct fake_error *error, enum status_code code)
{
    struct fault fault = {.error = *error};
    serve_with(fail_query_and_script, &fault, sizeof fault);
    ck_assert_ptr_null(ask("SELECT 1"));
    failed_with(code, "words");
    ck_assert(!exec("SELECT 1"));
    failed_with(code, "words");
    answers_one();
}

START_TEST(the_code_of_an_error_is_that_of_its_sqlstate)
{
    has_code(&(struct fake_error){.sqlstate = codes[_i].sqlstate, .message = "words", .is_poolers = true},
             codes[_i].code);
}
END_TEST

/* A script's own connection (dblink): the one to the server goes on. */
START_TEST(an_error_about_another_connection_is_none_of_ours)
{
    const bool is_lost = codes[_i].sqlstate != NULL && codes[_i].code == STATUS_UNAVAILABLE;
    has_code(&(struct fake_error){.sqlstate = codes[_i].sqlstate, .message = "words"},
             is_lost ? STATUS_FAILED_PRECONDITION : codes[_i].code);
}
END_TEST

START_TEST(an_error_without_any_field_is_an_error)
{
    struct fault fault = {.error = {.severity = "ERROR"}};
    serve_with(fail_query_and_script, &fault, sizeof fault);
    ck_assert_ptr_null(ask("SELECT 1"));
    failed_with(STATUS_UNAVAILABLE, "");
    ck_assert(!exec("SELECT 1"));
    answers_one();
}
END_TEST

static void fail_second_of_three(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', "SELECT 2");
    fake_complete(client, "BEGIN");
    fake_message(client, 'I', "", 0); /* an empty statement is not one */
    fake_complete(client, "SELECT 1");
    fake_error(client, &(struct fake_error){.sqlstate = "42P01", .message = "first"});
    fake_error(client, &(struct fake_error){.sqlstate = "25P02", .message = "second"});
    fake_ready(client, 'E');
    fake_wait_gone(client, FOREVER);
}

START_TEST(of_two_errors_the_first_is_told_and_counted)
{
    struct pg_failure failure;
    serve(fail_second_of_three);
    ck_assert(!pg_script(session, "BEGIN;; SELECT 1; SELECT 2; SELECT 3", &failure, &status));
    failed_with(STATUS_FAILED_PRECONDITION, "first");
    ck_assert_uint_eq(failure.statement, 2);
    ck_assert(pg_session_in_transaction(session));
}
END_TEST

static void end_with_an_error(struct fake_client *client, void *data)
{
    const struct fake_error *const error = data;
    fake_take(client, 'Q', NULL);
    fake_error(client, error);
}

START_TEST(a_server_that_ends_during_a_statement_says_why)
{
    struct fake_error error = {
        .severity = "FATAL", .sqlstate = "57P01", .message = "terminating connection due to administrator command"};
    serve_with(end_with_an_error, &error, sizeof error);
    ck_assert(!exec("SELECT 1"));
    failed_with(STATUS_UNAVAILABLE, "terminating connection");
    ck_assert_str_eq(status.sqlstate, "57P01");
    is_lost();
}
END_TEST

/* The log found no room at a COMMIT; a limit of the role's; a database that was dropped. */
START_TEST(an_error_that_ends_the_session_is_a_lost_connection_whatever_its_sqlstate)
{
    static const struct fake_error errors[] = {
        {.severity = "PANIC", .sqlstate = "53100", .message = "could not write to log file: No space left on device"},
        {.severity = "FATAL", .sqlstate = "25P04", .message = "terminating connection due to transaction timeout"},
        {.severity = "FATAL", .sqlstate = "57P04", .message = "terminating connection because of a dropped database"},
    };
    serve_with(end_with_an_error, &errors[_i], sizeof errors[_i]);
    ck_assert(!exec("COMMIT"));
    failed_with(STATUS_UNAVAILABLE, errors[_i].message);
    ck_assert_str_eq(status.sqlstate, errors[_i].sqlstate);
    is_lost();
}
END_TEST

static void refuse(struct fake_client *client, void *data)
{
    const struct fake_error *const error = data;
    fake_error(client, error);
    fake_close(client);
}

static const struct {
    const char *sqlstate;
    const char *message;
    enum status_code code;
} refusals[] = {
    {"28P01", "password authentication failed for user \"tester\"", STATUS_UNAUTHENTICATED},
    {"28000", "no pg_hba.conf entry for host \"127.0.0.1\", user \"tester\"", STATUS_UNAUTHENTICATED},
    {"28000", "pg_hba.conf rejects connection for host \"127.0.0.1\", user \"tester\", database \"fake\"",
     STATUS_UNAUTHENTICATED},
    {"28000", "role \"tester\" does not exist", STATUS_UNAUTHENTICATED},
    {"3D000", "database \"fake\" does not exist", STATUS_NOT_FOUND},
    {"57P03", "the database system is starting up", STATUS_UNAVAILABLE},
    {"53300", "sorry, too many clients already", STATUS_UNAVAILABLE},
    {"53300", "too many connections for role \"tester\"", STATUS_UNAVAILABLE},
    {"53300", "too many connections for database \"fake\"", STATUS_UNAVAILABLE},
    {"55000", "database \"fake\" is not currently accepting connections", STATUS_UNAVAILABLE},
    {"42501", "permission denied for database \"fake\"", STATUS_PERMISSION_DENIED},
};

START_TEST(a_refused_connection_has_the_code_of_its_reason)
{
    const struct fake_error error = {
        .severity = "FATAL", .sqlstate = refusals[_i].sqlstate, .message = refusals[_i].message};
    start_server(&(struct fake_options){.greeting = refuse, .data = kept(&error, sizeof error)});
    ck_assert_ptr_null(pg_session_open(&conninfo, NO_DEADLINE, &status));
    failed_with(refusals[_i].code, refusals[_i].message);
    failed_with(refusals[_i].code, "Cannot connect to ");
    ck_assert_ptr_null(strstr(status.message, "FATAL"));
}
END_TEST

/* ---- what no server says ---- */

static const struct {
    char type;
    const char *body;
    size_t size;
} nonsense[] = {
    {'?', "abc", 3},      /* no such message */
    {'T', "\377\377", 2}, /* more columns than bytes */
    {'D', "\0\1", 2},     /* a row without a description */
    {'Z', "I", 1},        /* ready before anything is complete */
    {'S', "name", 4},     /* a parameter without an end */
    {'E', "M", 1},        /* an error without an end */
    {'2', "", 0},         /* bound without being parsed */
    {'\0', "", 0},
};

static void talk_nonsense(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', NULL);
    fake_message(client, nonsense[fake_number(client)].type, nonsense[fake_number(client)].body,
                 nonsense[fake_number(client)].size);
    fake_close(client);
}

START_TEST(nonsense_is_no_success)
{
    start_server(&(struct fake_options){.script = talk_nonsense});
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        open_session();
        ck_assert_msg(!exec("SELECT 1") || nonsense[i].type == 'Z', "%zu", i);
    }
}
END_TEST

static void announce_too_much(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', NULL);
    fake_bytes(client, "T\377\377\377\360", 5);
    fake_wait_gone(client, FOREVER);
}

START_TEST(a_message_of_four_gigabytes_is_not_waited_for)
{
    serve(announce_too_much);
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    ck_assert(!exec("SELECT 1"));
    took_less_than(SOON_MS + LATE_MS);
}
END_TEST

/* ---- states and forms ---- */

static void tell_states(struct fake_client *client, void *unused)
{
    (void)unused;
    for (const char *state = "TEI"; *state != '\0'; state++) {
        fake_take(client, 'Q', NULL);
        fake_complete(client, "BEGIN");
        fake_ready(client, *state);
    }
}

START_TEST(a_failed_transaction_is_a_transaction)
{
    serve(tell_states);
    ck_assert(!pg_session_in_transaction(session));
    ck_assert(exec("BEGIN") && pg_session_in_transaction(session));
    ck_assert(exec("BEGIN") && pg_session_in_transaction(session));
    ck_assert(exec("BEGIN") && !pg_session_in_transaction(session));
}
END_TEST

/* The format of the results is the last word of a Bind message. */
static void want_binary(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'P', "SELECT 1");
    const char *const bind = fake_take(client, 'B', NULL);
    const bool binary = bind != NULL && bind[fake_taken_size(client) - 1] == 1;
    for (const char *type = "DES"; *type != '\0'; type++) {
        fake_take(client, *type, NULL);
    }
    fake_parsed(client);
    fake_row_description(client, 1);
    fake_row(client, 1, binary ? "binary" : "text");
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
}

START_TEST(a_binary_query_asks_for_binary_results)
{
    serve(want_binary);
    PG_RESULT(result) = pg_query_binary(session, "SELECT 1", NULL, &status);
    ck_assert_msg(result != NULL, "%s", status.message);
    ck_assert_str_eq(pg_field(result, 0, 0), "binary");
}
END_TEST

static void note_done(void *data)
{
    *(bool *)data = true;
}

START_TEST(what_is_to_be_done_meanwhile_is_done)
{
    bool is_done = false;
    const struct pg_meanwhile meanwhile = {note_done, &is_done};
    serve(want_binary);
    PG_RESULT(result) = pg_query_binary(session, "SELECT 1", &meanwhile, &status);
    ck_assert_msg(result != NULL, "%s", status.message);
    ck_assert(is_done);
}
END_TEST

static void take_all(struct fake_client *client, const char *types)
{
    for (const char *type = types; *type != '\0'; type++) {
        fake_take(client, *type, NULL);
    }
}

static void one_row_of_what_is_bound(struct fake_client *client, const char *value)
{
    take_all(client, "BDES");
    fake_message(client, '2', NULL, 0);
    fake_row_description(client, 1);
    fake_row(client, 1, value);
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
}

/* In one message: planned once, prepared, and executed. */
static void one_row_of_what_is_prepared(struct fake_client *client, const char *prepared, const char *value)
{
    fake_take(client, 'Q', prepared);
    fake_complete(client, "SELECT 0");
    fake_complete(client, "PREPARE");
    fake_row_description(client, 2);
    fake_row(client, 2, value, "public");
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
}

static void want_one_parse(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take_query(client, "SELECT 2");
    one_row_of_a_query(client);
    one_row_of_what_is_prepared(client, "'force_generic_plan', false) WHERE", "first");
    one_row_of_what_is_bound(client, "second");
    one_row_of_what_is_prepared(client, " AS SELECT 3;EXECUTE truss_", "third");
    one_row_of_what_is_bound(client, "fourth");
}

static void ask_kept(const char *sql, const char *answer)
{
    PG_RESULT(result) = pg_query_kept(session, sql, 0, NULL, &status);
    ck_assert_msg(result != NULL, "%s", status.message);
    ck_assert_str_eq(pg_field(result, 0, 0), answer);
}

/* What a run is given is young: its scripts find no statement of ours. */
START_TEST(a_text_is_kept_by_a_session_that_has_lasted_and_parsed_once)
{
    char sql[] = "SELECT 2"; /* where another text stands later */
    serve(want_one_parse);
    session->path = strdup("public");
    pg_session_let_keep(session, true);
    ask_kept(sql, "1");
    ck_assert(!pg_query_is_kept(session, sql));
    session->opened_at -= 2000;
    ask_kept(sql, "first");
    ck_assert(pg_query_is_kept(session, "SELECT 2"));
    ask_kept("SELECT 2", "second");
    sql[7] = '3';
    ck_assert(!pg_query_is_kept(session, sql));
    ask_kept(sql, "third");
    ask_kept("SELECT 3", "fourth");
}
END_TEST

/* The server has prepared it or not: it is not known. The others are kept. */
static void refuse_once(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', " AS SELECT 2;EXECUTE truss_");
    fake_error(client, &(struct fake_error){.sqlstate = "42501", .message = "permission denied"});
    fake_ready(client, 'I');
    fake_take_query(client, "SELECT 2");
    one_row_of_a_query(client);
    one_row_of_what_is_prepared(client, " AS SELECT 3;EXECUTE truss_", "kept");
}

START_TEST(a_text_that_was_refused_is_sent_as_it_stands_and_the_others_are_kept)
{
    serve(refuse_once);
    session->path = strdup("public");
    session->opened_at -= 2000;
    pg_session_let_keep(session, true);
    ck_assert(pg_query_kept(session, "SELECT 2", 0, NULL, &status) == NULL);
    ck_assert_str_eq(status.sqlstate, "42501");
    ck_assert(!pg_query_is_kept(session, "SELECT 2"));
    status = (struct status){.arena = status.arena};
    ask_kept("SELECT 2", "1");
    ask_kept("SELECT 3", "kept");
}
END_TEST

/* A pooler that nobody noticed has given another backend. */
static void have_prepared_nothing(struct fake_client *client, void *unused)
{
    (void)unused;
    one_row_of_what_is_prepared(client, "of truss", "1");
    take_all(client, "BDES");
    fake_error(client, &(struct fake_error){.sqlstate = "26000", .message = "it does not exist"});
    fake_ready(client, 'I');
    for (int i = 0; i < 2; i++) {
        fake_take_query(client, "of truss");
        one_row_of_a_query(client);
    }
}

START_TEST(a_kept_text_that_is_gone_is_sent_as_it_stands_from_then_on)
{
    serve(have_prepared_nothing);
    session->path = strdup("public");
    session->opened_at -= 2000;
    pg_session_let_keep(session, true);
    ask_kept("SELECT 'of {truss}'", "1"); /* prepares it */
    ask_kept("SELECT 'of {truss}'", "1");
    ask_kept("SELECT 'of {truss}'", "1");
}
END_TEST

/* Another session of ours has prepared it through the same pooler. */
static void have_prepared_it_already(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', " AS SELECT 2;EXECUTE truss_");
    fake_error(client, &(struct fake_error){.sqlstate = "42P05", .message = "it already exists"});
    fake_ready(client, 'I');
    for (int i = 0; i < 2; i++) {
        fake_take_query(client, "SELECT 2");
        one_row_of_a_query(client);
    }
}

START_TEST(a_text_that_another_session_has_prepared_is_sent_as_it_stands)
{
    serve(have_prepared_it_already);
    session->path = strdup("public");
    session->opened_at -= 2000;
    pg_session_let_keep(session, true);
    ask_kept("SELECT 2", "1");
    ask_kept("SELECT 2", "1");
}
END_TEST

static void answer_reading(struct fake_client *client, const char *asked)
{
    fake_take(client, 'Q', asked);
    fake_row_description(client, 2);
    fake_row(client, 2, "app, public", "public");
    fake_complete(client, "SELECT 1");
    fake_complete(client, "SET");
    fake_ready(client, 'T');
}

static void end_reading(struct fake_client *client)
{
    fake_take(client, 'Q', "ROLLBACK");
    fake_complete(client, "ROLLBACK");
    fake_ready(client, 'I');
}

/* It prepares what pins a session, executes it, and then has another backend, which has not got it. */
static void read_four_times(struct fake_client *client, void *unused)
{
    (void)unused;
    one_row_of_what_is_prepared(client, "'truss.path'", "app, public");
    fake_take(client, 'Q', "BEGIN READ ONLY");
    fake_complete(client, "SET");
    fake_ready(client, 'T');
    end_reading(client);
    answer_reading(client, "BEGIN;EXECUTE truss_");
    end_reading(client);
    fake_take(client, 'Q', "BEGIN;EXECUTE truss_");
    fake_error(client, &(struct fake_error){.sqlstate = "26000", .message = "it does not exist"});
    fake_ready(client, 'E');
    end_reading(client);
    answer_reading(client, "BEGIN;SELECT c.path");
    end_reading(client);
    answer_reading(client, "BEGIN;SELECT c.path");
}

START_TEST(a_reading_of_a_session_that_lasts_is_one_message_also_where_it_lost_what_it_kept)
{
    serve(read_four_times);
    session->path = strdup("public");
    session->opened_at -= 2000;
    pg_session_let_keep(session, true);
    for (int i = 0; i < 4; i++) {
        ck_assert_msg(pg_session_begin_reading(session, &status), "%d: %s", i, status.message);
        ck_assert_str_eq(pg_session_script_path(session), "app, public");
        ck_assert(pg_session_in_transaction(session));
        ck_assert(i == 3 || pg_exec(session, "ROLLBACK", &status));
    }
}
END_TEST

static void set_a_path_and_no_more(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', NULL);
    fake_complete(client, "SET");
    fake_ready(client, 'I');
    fake_take_query(client, "search_path");
    fake_error(client, &(struct fake_error){.sqlstate = "57014", .message = "canceled"});
    fake_ready(client, 'I');
}

START_TEST(a_session_whose_path_was_set_and_not_pinned_is_not_pinned)
{
    serve(set_a_path_and_no_more);
    session->path = strdup("public");
    ck_assert(pg_session_is_pinned(session));
    ck_assert(!pg_session_pin_as(session, "SET search_path TO shop;", NULL, &status));
    ck_assert(!pg_session_is_pinned(session));
}
END_TEST

static void want_two_queries(struct fake_client *client, void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        fake_take_query(client, "SELECT 2");
        one_row_of_a_query(client);
    }
}

START_TEST(a_session_that_no_pool_has_keeps_nothing_however_old_it_is)
{
    static const char sql[] = "SELECT 2";
    serve(want_two_queries);
    session->path = strdup("public");
    session->opened_at -= 2000;
    ask_kept(sql, "1");
    ask_kept(sql, "1");
    ck_assert(!pg_query_is_kept(session, sql));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("session");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_query_whose_answer_ends_at_any_byte_is_a_lost_connection);
    tcase_add_test(all, a_query_whose_answer_breaks_off_at_any_byte_is_a_lost_connection);
    tcase_add_test(all, a_script_whose_answer_ends_at_any_byte_is_a_lost_connection);
    tcase_add_test(all, a_script_whose_answer_breaks_off_at_any_byte_is_a_lost_connection);
    tcase_add_test(all, a_server_that_says_its_last_word_is_a_lost_connection);
    tcase_add_test(all, a_server_that_is_cockroachdb_is_refused);
    tcase_add_test(all, a_server_that_is_too_old_is_refused_with_its_version);
    tcase_add_loop_test(all, a_greeting_that_ends_at_any_byte_is_a_server_that_cannot_be_reached, 0, 2);
    tcase_add_loop_test(all, an_idle_connection_that_ends_is_noticed_without_asking, 0, 3);
    tcase_add_test(all, an_idle_server_that_says_farewell_is_lost);
    tcase_add_loop_test(all, an_error_at_any_place_of_an_answer_is_the_error, 0, PLACES);
    tcase_add_loop_test(all, a_cancelled_statement_is_explained_in_each_language, 0,
                        sizeof cancelled / sizeof cancelled[0]);
    tcase_add_loop_test(all, the_code_of_an_error_is_that_of_its_sqlstate, 0, sizeof codes / sizeof codes[0]);
    tcase_add_loop_test(all, an_error_about_another_connection_is_none_of_ours, 0, sizeof codes / sizeof codes[0]);
    tcase_add_test(all, an_error_without_any_field_is_an_error);
    tcase_add_test(all, of_two_errors_the_first_is_told_and_counted);
    tcase_add_test(all, a_server_that_ends_during_a_statement_says_why);
    tcase_add_loop_test(all, an_error_that_ends_the_session_is_a_lost_connection_whatever_its_sqlstate, 0, 3);
    tcase_add_loop_test(all, a_refused_connection_has_the_code_of_its_reason, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_test(all, nonsense_is_no_success);
    tcase_add_test(all, a_message_of_four_gigabytes_is_not_waited_for);
    tcase_add_test(all, a_failed_transaction_is_a_transaction);
    tcase_add_test(all, a_binary_query_asks_for_binary_results);
    tcase_add_test(all, what_is_to_be_done_meanwhile_is_done);
    tcase_add_test(all, a_text_is_kept_by_a_session_that_has_lasted_and_parsed_once);
    tcase_add_test(all, a_text_that_was_refused_is_sent_as_it_stands_and_the_others_are_kept);
    tcase_add_test(all, a_text_that_another_session_has_prepared_is_sent_as_it_stands);
    tcase_add_test(all, a_session_whose_path_was_set_and_not_pinned_is_not_pinned);
    tcase_add_test(all, a_kept_text_that_is_gone_is_sent_as_it_stands_from_then_on);
    tcase_add_test(all, a_reading_of_a_session_that_lasts_is_one_message_also_where_it_lost_what_it_kept);
    tcase_add_test(all, a_session_that_no_pool_has_keeps_nothing_however_old_it_is);
    return run_suite(suite);
}
