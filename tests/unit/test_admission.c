/*
 * How many callers whom the gate refuses, or cannot decide about yet, may wait for their answer.
 */
#include "rpc/admission.h"
#include "support/runner.h"

#include <stdio.h>
#include <string.h>

#define OF_ALL      256
#define OF_ONE_HOST 64
#define UNDECIDED   64

static struct arena *arena;
static struct admission admission;
static struct rpc_admitted answer; /* what the gate says */

static bool refuse(void *context, const struct rpc_visitor *visitor, struct rpc_admitted *admitted,
                   struct status *status)
{
    (void)context;
    (void)visitor;
    admitted->delay_ms = answer.delay_ms;
    admitted->again_ms = answer.again_ms;
    return status_fail(status, STATUS_UNAUTHENTICATED, "Who are you?");
}

static void set_up(void)
{
    arena = arena_new(0);
    memset(&admission, 0, sizeof admission);
    admission.gate = refuse;
    answer = (struct rpc_admitted){.delay_ms = 500};
}

static void tear_down(void)
{
    arena_free(arena);
}

static struct rpc_peer from(const char *host)
{
    struct rpc_peer peer = {0};
    snprintf(peer.host, sizeof peer.host, "%s", host);
    return peer;
}

/* The code with which somebody from there is refused. */
static enum status_code ask(const char *host, struct rpc_admitted *admitted, uint32_t *retry_ms)
{
    const struct rpc_peer peer = from(host);
    const struct rpc_visitor visitor = {.arena = arena, .peer = &peer};
    struct status status = {.arena = arena};
    ck_assert(!admission_decide(&admission, &visitor, SCOPE_READ, admitted, &status));
    *retry_ms = status.retry_ms;
    return status.code;
}

static void told(const char *host, bool was_failure)
{
    const struct rpc_peer peer = from(host);
    admission_told(&admission, &peer, was_failure);
}

/* So many from there wait, and the next one is refused at once. */
static void only_so_many_wait(const char *host, unsigned most, enum status_code code)
{
    struct rpc_admitted admitted;
    uint32_t retry_ms;
    for (unsigned i = 0; i < most; i++) {
        ck_assert_int_eq(ask(host, &admitted, &retry_ms), code);
        ck_assert(admitted.delay_ms == answer.delay_ms && admitted.again_ms == answer.again_ms);
    }
    ck_assert_int_eq(ask(host, &admitted, &retry_ms), STATUS_RESOURCE_EXHAUSTED);
    ck_assert(admitted.delay_ms == 0 && admitted.again_ms == 0);
    ck_assert_uint_eq(retry_ms, answer.delay_ms + answer.again_ms);
}

START_TEST(one_host_has_a_part_of_the_places_for_failed_logins)
{
    struct rpc_admitted admitted;
    uint32_t retry_ms;
    only_so_many_wait("10.0.0.1", OF_ONE_HOST, STATUS_UNAUTHENTICATED);
    ck_assert_int_eq(ask("10.0.0.2", &admitted, &retry_ms), STATUS_UNAUTHENTICATED);
    told("10.0.0.1", true);
    only_so_many_wait("10.0.0.1", 1, STATUS_UNAUTHENTICATED);
}
END_TEST

START_TEST(all_hosts_together_have_no_more_than_all_places)
{
    char host[32];
    struct rpc_admitted admitted;
    uint32_t retry_ms;
    for (int i = 0; i < OF_ALL; i++) {
        snprintf(host, sizeof host, "10.0.1.%d", i % 32);
        ck_assert_int_eq(ask(host, &admitted, &retry_ms), STATUS_UNAUTHENTICATED);
    }
    ck_assert_int_eq(ask("10.0.0.2", &admitted, &retry_ms), STATUS_RESOURCE_EXHAUSTED);
    told("10.0.1.7", true);
    ck_assert_int_eq(ask("10.0.0.2", &admitted, &retry_ms), STATUS_UNAUTHENTICATED);
    ck_assert_int_eq(ask("10.0.0.2", &admitted, &retry_ms), STATUS_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(who_is_not_decided_yet_has_places_of_his_own)
{
    struct rpc_admitted admitted;
    uint32_t retry_ms;
    only_so_many_wait("10.0.0.1", OF_ONE_HOST, STATUS_UNAUTHENTICATED);
    answer = (struct rpc_admitted){.again_ms = 20};
    only_so_many_wait("10.0.0.1", UNDECIDED, STATUS_UNAUTHENTICATED);
    told("10.0.0.1", false);
    ck_assert_int_eq(ask("10.0.0.1", &admitted, &retry_ms), STATUS_UNAUTHENTICATED);
    answer = (struct rpc_admitted){.delay_ms = 500};
    ck_assert_int_eq(ask("10.0.0.1", &admitted, &retry_ms), STATUS_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(a_refusal_at_once_takes_no_place)
{
    struct rpc_admitted admitted;
    uint32_t retry_ms;
    answer = (struct rpc_admitted){0};
    for (int i = 0; i < 2 * OF_ALL; i++) {
        ck_assert_int_eq(ask("10.0.0.1", &admitted, &retry_ms), STATUS_UNAUTHENTICATED);
    }
}
END_TEST

START_TEST(who_finds_no_room_is_told_whose_requests_take_it)
{
    struct status status = {.arena = arena};
    admission_full(true, &status);
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(status.message, "This connection has more requests waiting than its share"));
    admission_full(false, &status);
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_uint_gt(status.retry_ms, 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("admission");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, one_host_has_a_part_of_the_places_for_failed_logins);
    tcase_add_test(all, all_hosts_together_have_no_more_than_all_places);
    tcase_add_test(all, who_is_not_decided_yet_has_places_of_his_own);
    tcase_add_test(all, a_refusal_at_once_takes_no_place);
    tcase_add_test(all, who_finds_no_room_is_told_whose_requests_take_it);
    return run_suite(suite);
}
