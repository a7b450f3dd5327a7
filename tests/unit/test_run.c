/*
 * A run on a server by script, where its own session fails before the first migration.
 */
#include "migration/run/run.h"
#include "pg/session_state.h"
#include "session_scene.h"

#include <stdatomic.h>

struct watched {
    bool is_slow;            /* answers when it is cancelled */
    struct fake_error error; /* of the statement that sets the session up */
    atomic_bool is_closed;   /* by the run, whose process lives on */
};

static void fail_first(struct fake_client *client, void *data)
{
    struct watched *const watched = data;
    fake_take(client, 'Q', "idle_in_transaction_session_timeout");
    if (watched->is_slow) {
        fake_wait_cancel(client, 1, FOREVER);
    }
    fake_error(client, &watched->error);
    fake_ready(client, 'I');
    atomic_store(&watched->is_closed, fake_wait_gone(client, FOREVER));
}

static bool has_closed(void *data)
{
    return atomic_load(&((struct watched *)data)->is_closed);
}

/* A run of whatever there is, which cannot begin. Its session does not outlive it. */
static void run_in_vain(struct watched *watched, uint32_t ms)
{
    start_server(&(struct fake_options){.script = fail_first, .data = watched});
    const struct site site = {.conninfo = &conninfo};
    const struct request request = {.site = &site, .arena = arena, .status = &status, .deadline = deadline_in(ms)};
    const struct run_options options = {0};
    struct run_result result;
    ck_assert(!run_migrations(&request, &(struct run_task){.options = &options}, &result));
    wait_until(has_closed, watched);
}

START_TEST(a_run_whose_time_is_over_as_it_begins_leaves_no_session)
{
    static struct watched watched = {.is_slow = true, .error = {.sqlstate = "57014", .message = "canceling statement"}};
    run_in_vain(&watched, SOON_MS);
    failed_with(STATUS_DEADLINE_EXCEEDED, "The time for this request is over");
}
END_TEST

START_TEST(a_run_whose_session_cannot_be_set_up_leaves_no_session)
{
    static struct watched watched = {.error = {.sqlstate = "53200", .message = "out of memory"}};
    run_in_vain(&watched, FOREVER);
    failed_with(STATUS_FAILED_PRECONDITION, "out of memory");
}
END_TEST

/* The first dies of what the run says to it. */
static void end_or_fail(struct fake_client *client, void *data)
{
    fake_take(client, 'Q', "idle_in_transaction_session_timeout");
    if (fake_number(client) == 0) {
        fake_close(client);
        return;
    }
    fake_error(client, data);
    fake_ready(client, 'I');
    fake_wait_gone(client, FOREVER);
}

START_TEST(a_session_of_the_pool_that_is_lost_by_then_is_replaced)
{
    static struct fake_error full = {.sqlstate = "53200", .message = "out of memory"};
    start_server(&(struct fake_options){.script = end_or_fail, .data = &full});
    const struct site site = {.conninfo = &conninfo, .pool = pg_pool_new(&conninfo, 1)};
    const struct request request = {.site = &site, .arena = arena, .status = &status, .deadline = deadline_in(FOREVER)};
    const struct run_options options = {0};
    struct run_result result;
    struct pg_session *const one = pg_pool_take(site.pool, NO_DEADLINE, &status);
    one->opened_at = clock_ms() + FOREVER; /* however busy the machine is */
    pg_pool_give(site.pool, one);
    ck_assert(!run_migrations(&request, &(struct run_task){.options = &options}, &result));
    failed_with(STATUS_FAILED_PRECONDITION, "out of memory");
    ck_assert_uint_eq(fake_connections(fake), 2);
    pg_pool_free(site.pool);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("run");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_run_whose_time_is_over_as_it_begins_leaves_no_session);
    tcase_add_test(all, a_run_whose_session_cannot_be_set_up_leaves_no_session);
    tcase_add_test(all, a_session_of_the_pool_that_is_lost_by_then_is_replaced);
    return run_suite(suite);
}
