/*
 * The pool of sessions, where servers end, refuse, or are wanted by many.
 */
#include "pg/pool.h"
#include "pg/session_state.h"
#include "session_scene.h"

static void refuse(struct fake_client *client, void *data)
{
    const struct fake_error *const error = data;
    fake_error(client, error);
    fake_close(client);
}

static void be_idle(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_wait_gone(client, FOREVER);
}

static void answer_and_end(struct fake_client *client, void *unused)
{
    (void)unused;
    answer_one(client);
}

START_TEST(the_pool_gives_the_same_session_again_and_none_that_is_lost)
{
    start_server(&(struct fake_options){.script = answer_and_end});
    struct pg_pool *const pool = pg_pool_new(&conninfo, 2);
    struct pg_session *const first = pg_pool_take(pool, NO_DEADLINE, &status);
    pg_pool_give(pool, first);
    session = pg_pool_take(pool, NO_DEADLINE, &status);
    ck_assert_ptr_eq(session, first);
    answers_one();
    wait_until(notices_the_end, NULL);
    pg_pool_give(pool, session);
    session = pg_pool_take(pool, NO_DEADLINE, &status);
    answers_one();
    ck_assert_uint_eq(fake_connections(fake), 2);
    pg_pool_give(pool, session);
    session = NULL;
    pg_pool_free(pool);
}
END_TEST

/* How often a session is asked whether it is there depends on how long it was idle, and so on the machine. */
static void answer_life(struct fake_client *client, void *unused)
{
    (void)unused;
    while (fake_take(client, 0, NULL) != NULL && fake_taken_type(client) == 'Q') {
        fake_complete(client, "");
        fake_ready(client, 'I');
    }
}

/* A session that is in the pool, and so old. */
static void give_one_of_age(struct pg_pool *pool, int64_t ms)
{
    session = pg_pool_take(pool, NO_DEADLINE, &status);
    ck_assert_msg(session != NULL, "%s", status.message);
    began = clock_ms();
    session->opened_at = began - ms;
    pg_pool_give(pool, session);
}

START_TEST(a_run_claims_a_session_that_is_new_and_no_other)
{
    start_server(&(struct fake_options){.script = answer_life});
    struct pg_pool *const pool = pg_pool_new(&conninfo, 2);
    ck_assert_ptr_null(pg_pool_claim(pool));
    give_one_of_age(pool, 0);
    struct pg_session *const claimed = pg_pool_claim(pool);
    /* A machine that was busy for so long gives none, and that is right. */
    ck_assert(claimed == session || clock_ms() - began >= 250);
    ck_assert_ptr_null(pg_pool_claim(pool));
    pg_session_free(claimed);

    give_one_of_age(pool, 250);
    ck_assert_ptr_null(pg_pool_claim(pool));
    struct pg_session *const older = pg_pool_take(pool, NO_DEADLINE, &status);
    ck_assert_ptr_eq(older, session);
    pg_pool_give(pool, older);
    session = NULL;
    pg_pool_free(pool);
}
END_TEST

START_TEST(the_pool_opens_no_more_than_the_url_allows)
{
    start_server(&(struct fake_options){.script = be_idle});
    conninfo.pool_limit = 2;
    conninfo.pool_wait_ms = SOON_MS;
    struct pg_pool *const pool = pg_pool_new(&conninfo, 2);
    struct pg_session *const first = pg_pool_take(pool, NO_DEADLINE, &status);
    struct pg_session *const second = pg_pool_take(pool, NO_DEADLINE, &status);
    ck_assert(first != NULL && second != NULL && first != second);
    ck_assert_ptr_null(pg_pool_take(pool, NO_DEADLINE, &status));
    failed_with(STATUS_RESOURCE_EXHAUSTED, "connection_limit=2");
    pg_pool_give(pool, first);
    struct pg_session *const third = pg_pool_take(pool, NO_DEADLINE, &status);
    ck_assert_ptr_eq(third, first);
    pg_pool_give(pool, second);
    pg_pool_give(pool, third);
    pg_pool_free(pool);
}
END_TEST

START_TEST(a_place_in_the_pool_is_given_back_where_the_server_cannot_be_reached)
{
    struct fake_error error = {.severity = "FATAL", .sqlstate = "53300", .message = "sorry, too many clients already"};
    start_server(&(struct fake_options){.greeting = refuse, .data = kept(&error, sizeof error)});
    conninfo.pool_limit = 1;
    conninfo.pool_wait_ms = SOON_MS;
    struct pg_pool *const pool = pg_pool_new(&conninfo, 2);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_null(pg_pool_take(pool, NO_DEADLINE, &status));
        failed_with(STATUS_UNAVAILABLE, "too many clients");
    }
    pg_pool_free(pool);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("pool");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, the_pool_gives_the_same_session_again_and_none_that_is_lost);
    tcase_add_test(all, a_run_claims_a_session_that_is_new_and_no_other);
    tcase_add_test(all, the_pool_opens_no_more_than_the_url_allows);
    tcase_add_test(all, a_place_in_the_pool_is_given_back_where_the_server_cannot_be_reached);
    return run_suite(suite);
}
