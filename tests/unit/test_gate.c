/*
 * Who may call: the gate says who it is, the method's scope whether he may, and who fails is told late.
 */
#include "unit/rpc_pair.h"

static const struct environment no_environment = {"", false};

#define DELAY_MS 300

#define UNKNOWN_MS 200

/* "Bearer fetched" is known to be a runner from then on. */
static atomic_bool has_keys;

/* "Bearer later" is known to be a runner after a time; "Bearer reader" may read, "Bearer runner" may run; nothing is
 * nobody; all else fails, late. */
static bool by_name(void *context, const struct rpc_visitor *visitor, struct rpc_admitted *admitted,
                    struct status *outcome)
{
    const char *said = rpc_request_metadata(visitor->request, "authorization");
    (void)context;
    struct principal *const principal = &admitted->principal;
    *principal = (struct principal){.name = "", .from = visitor->peer->address};
    if (said == NULL) {
        return true;
    }
    const bool is_later = strcmp(said, "Bearer later") == 0;
    const bool is_fetched = strcmp(said, "Bearer fetched") == 0;
    if ((is_later && clock_ms() - visitor->arrived < UNKNOWN_MS) || (is_fetched && !atomic_load(&has_keys))) {
        admitted->again_ms = 20;
        return false;
    }
    if (is_later || is_fetched) {
        said = "Bearer runner";
    }
    if (strcmp(said, "Bearer reader") == 0 || strcmp(said, "Bearer runner") == 0) {
        principal->name = said + strlen("Bearer ");
        principal->kind = PRINCIPAL_TOKEN;
        principal->scopes = strcmp(principal->name, "runner") == 0 ? SCOPE_RUN : SCOPE_READ | SCOPE_PLAN;
        return true;
    }
    admitted->delay_ms = DELAY_MS;
    return status_fail(outcome, STATUS_UNAUTHENTICATED, "This token is not known.");
}

static bool ask_as(const char *authorization)
{
    char name[] = "x";
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    request.name = name;
    const struct rpc_invocation invocation = {
        MIGRATION, 2, &request.base, {.timeout_ms = 10000, .connect_timeout_ms = 5000, .authorization = authorization}};
    return rpc_call_wait(channel, &invocation, arena, &status) != NULL;
}

static void start_guarded(void)
{
    gate = by_name;
    atomic_store(&handled, 0);
    start_server(2, 4);
}

START_TEST(who_has_the_scope_is_answered)
{
    start_guarded();
    ck_assert_msg(ask_as("Bearer runner"), "%s", status.message);
    ck_assert_int_eq(atomic_load(&handled), 1);
}
END_TEST

START_TEST(who_has_not_the_scope_is_told_which_is_missing_and_nothing_is_done)
{
    start_guarded();
    ck_assert(!ask_as("Bearer reader"));
    ck_assert_int_eq(status.code, STATUS_PERMISSION_DENIED);
    ck_assert_str_eq(status.message, "The token \"reader\" may not do this: it needs the scope run and has read, plan. "
                                     "Ask for a token that has it.");
    ck_assert_int_eq(atomic_load(&handled), 0);
}
END_TEST

START_TEST(who_is_known_only_after_a_time_is_answered_then)
{
    start_guarded();
    const int64_t before = clock_ms();
    ck_assert_msg(ask_as("Bearer later"), "%s", status.message);
    ck_assert_int_ge(clock_ms() - before, UNKNOWN_MS - 20);
    ck_assert_int_eq(atomic_load(&handled), 1);
}
END_TEST

START_TEST(who_is_not_known_is_asked_for_a_login_at_once)
{
    start_guarded();
    const int64_t before = clock_ms();
    ck_assert(!ask_as(NULL));
    ck_assert_int_eq(status.code, STATUS_UNAUTHENTICATED);
    ck_assert_ptr_nonnull(strstr(status.message, "with the scope run"));
    ck_assert_int_lt(clock_ms() - before, DELAY_MS);
    ck_assert_int_eq(atomic_load(&handled), 0);
}
END_TEST

START_TEST(who_fails_is_told_late)
{
    start_guarded();
    const int64_t before = clock_ms();
    ck_assert(!ask_as("Bearer wrong"));
    ck_assert_int_eq(status.code, STATUS_UNAUTHENTICATED);
    ck_assert_str_eq(status.message, "This token is not known.");
    ck_assert_int_ge(clock_ms() - before, DELAY_MS - 20);
    ck_assert_int_eq(atomic_load(&handled), 0);
}
END_TEST

START_TEST(in_an_environment_the_missing_scope_bears_its_name)
{
    environment = "production";
    start_guarded();
    ck_assert(!ask_as("Bearer reader"));
    ck_assert_ptr_nonnull(strstr(status.message, "needs the scope run:production"));
}
END_TEST

static atomic_int told_at_once;

static void count_exhausted(const ProtobufCMessage *reply, const struct status *outcome, void *data)
{
    (void)reply;
    atomic_fetch_add(&told_at_once, outcome->code == STATUS_RESOURCE_EXHAUSTED ? 1 : 0);
    atomic_fetch_add((atomic_int *)data, 1);
}

START_TEST(a_hundred_failures_at_once_keep_nobody_out)
{
    static atomic_int ended;
    char name[] = "x";
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    request.name = name;
    const struct rpc_invocation wrong = {
        MIGRATION,
        2,
        &request.base,
        {.timeout_ms = 10000, .connect_timeout_ms = 5000, .authorization = "Bearer wrong"}};
    start_guarded();
    for (int i = 0; i < 100; i++) {
        rpc_call(channel, &wrong, count_exhausted, &ended);
    }
    ck_assert_msg(ask_as("Bearer later"), "%s", status.message); /* nor of those who are looked at */
    ck_assert_msg(ask_as("Bearer runner"), "%s", status.message);
    for (const int64_t until = deadline_in(20000); atomic_load(&ended) < 100 && !deadline_passed(until);) {
        sleep_ms(5);
    }
    ck_assert_int_eq(atomic_load(&ended), 100);
    ck_assert_int_ge(atomic_load(&told_at_once), 1);
}
END_TEST

/* A call that brings many bytes along. */
static struct rpc_invocation large_call(Truss__Migration__V1__PreviewRequest *request, const char *authorization)
{
    const size_t size = (size_t)7 * MEGABYTE;
    truss__migration__v1__preview_request__init(request);
    request->name = memset(arena_alloc(arena, size + 1), 'x', size);
    return (struct rpc_invocation){MIGRATION,
                                   2,
                                   &request->base,
                                   {.timeout_ms = 60000, .connect_timeout_ms = 5000, .authorization = authorization}};
}

START_TEST(large_requests_of_those_who_are_not_known_yet_keep_nobody_out)
{
    static struct outcomes outcomes;
    Truss__Migration__V1__PreviewRequest requests[2];
    const struct rpc_invocation unknown = large_call(&requests[0], "Bearer fetched");
    const struct rpc_invocation known = large_call(&requests[1], "Bearer runner");
    start_guarded();
    for (int i = 0; i < 5; i++) {
        rpc_call(channel, &unknown, count, &outcomes);
    }
    wait_total(&outcomes, 3); /* two of them are all that has room */
    ck_assert_int_eq(outcomes.refused, 3);
    ck_assert_msg(rpc_call_wait(channel, &known, arena, &status) != NULL, "%s", status.message);
    atomic_store(&has_keys, true);
    wait_total(&outcomes, 5);
    ck_assert_int_eq(outcomes.ok, 2);
    ck_assert_int_eq(atomic_load(&handled), 3);
}
END_TEST

START_TEST(a_server_stops_while_a_refusal_waits)
{
    static atomic_int ended;
    char name[] = "x";
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    request.name = name;
    const struct rpc_invocation wrong = {
        MIGRATION, 2, &request.base, {.timeout_ms = 3000, .connect_timeout_ms = 3000, .authorization = "Bearer wrong"}};
    start_guarded();
    rpc_call(channel, &wrong, count_exhausted, &ended);
    sleep_ms(50);
    ck_assert(rpc_server_stop(server, 1000));
    server = NULL;
}
END_TEST

START_TEST(a_scope_that_was_forgotten_is_given_to_nobody)
{
    const struct principal all = {"", PRINCIPAL_ANONYMOUS, SCOPE_ALL, "?"};
    ck_assert(!principal_may(&all, (enum scope)0, &no_environment, &status));
    ck_assert_int_eq(status.code, STATUS_PERMISSION_DENIED);
}
END_TEST

START_TEST(what_is_open_is_open_to_nobody_and_the_rest_is_not)
{
    const struct principal nobody = {"", PRINCIPAL_NOBODY, 0, "?"};
    const struct principal token = {"t", PRINCIPAL_TOKEN, 0, "?"};
    ck_assert(principal_may(&nobody, SCOPE_OPEN, &no_environment, &status));
    ck_assert(!principal_may(&nobody, SCOPE_ANY, &no_environment, &status));
    ck_assert_int_eq(status.code, STATUS_UNAUTHENTICATED);
    ck_assert(principal_may(&token, SCOPE_ANY, &no_environment, &status));
    for (unsigned scope = 1; scope <= SCOPE_ADMIN; scope *= 2) {
        ck_assert(!principal_may(&nobody, (enum scope)scope, &no_environment, &status));
        ck_assert(!principal_may(&token, (enum scope)scope, &no_environment, &status));
        ck_assert_int_eq(scope_of(text_of(scope_word((enum scope)scope))), scope);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("gate");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, who_has_the_scope_is_answered);
    tcase_add_test(tests, who_has_not_the_scope_is_told_which_is_missing_and_nothing_is_done);
    tcase_add_test(tests, who_is_known_only_after_a_time_is_answered_then);
    tcase_add_test(tests, who_is_not_known_is_asked_for_a_login_at_once);
    tcase_add_test(tests, who_fails_is_told_late);
    tcase_add_test(tests, in_an_environment_the_missing_scope_bears_its_name);
    tcase_add_test(tests, a_hundred_failures_at_once_keep_nobody_out);
    tcase_add_test(tests, large_requests_of_those_who_are_not_known_yet_keep_nobody_out);
    tcase_add_test(tests, a_server_stops_while_a_refusal_waits);
    tcase_add_test(tests, a_scope_that_was_forgotten_is_given_to_nobody);
    tcase_add_test(tests, what_is_open_is_open_to_nobody_and_the_rest_is_not);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
