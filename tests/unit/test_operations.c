/*
 * Operations for who asks where there is no memory, and messages that the database keeps.
 */
#include "base/memory.h"
#include "rpc/envelope.h"
#include "support/runner.h"
#include "truss/health/v1/health.pb-c.h"
#include "worker/messages/messages.h"
#include "worker/operations/operation_store.h"
#include "worker/operations/operations.h"

#include <string.h>

#define EVENTS 400
#define TEXT   1000

static const struct site site;
static const struct telemetry telemetry = {.site = &site};
static struct arena *arena;
static struct status status;
static struct operations *operations;
static struct operation *operation;
static bool has_ended;

static void set_up(void)
{
    const struct story_origin origin = {.started_by = "anna"};
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    operations = operations_new(&site, &telemetry);
    has_ended = false;
    operation = operation_begin(operations, &origin, &status);
    const struct watch *const watch = operation_watch(operation);
    char message[TEXT + 1];
    memset(message, 'x', TEXT);
    message[TEXT] = '\0';
    for (int i = 0; i < EVENTS; i++) {
        watch->event(watch->data, &(struct run_event){.kind = RUN_EVENT_NOTE, .message = message});
    }
}

static void tear_down(void)
{
    memory_limit_resident(0);
    status = (struct status){.arena = arena};
    status_fail(&status, STATUS_ABORTED, "enough");
    if (!has_ended) {
        operation_end(operation, &(struct story_outcome){.error = &status});
    }
    operations_free(operations);
    arena_free(arena);
}

static struct request request(void)
{
    return (struct request){.site = &site, .arena = arena, .deadline = clock_ms() + 10000, .status = &status};
}

/* Ends it with an answer of megabytes. */
static void end_large(void)
{
    static char name[] = "20250110093012_a_migration";
    const size_t count = 50000;
    Truss__Migration__V1__RunResponse *const result =
        MESSAGE_NEW(arena, Truss__Migration__V1__RunResponse, truss__migration__v1__run_response);
    Truss__Migration__V1__AppliedMigration *const applied =
        MESSAGE_NEW(arena, Truss__Migration__V1__AppliedMigration, truss__migration__v1__applied_migration);
    applied->name = name;
    result->ok = true;
    result->n_applied = count;
    result->applied = arena_array(arena, count, sizeof *result->applied);
    for (size_t i = 0; i < count; i++) {
        result->applied[i] = applied;
    }
    operation_end(operation, &(struct story_outcome){.result = result, .error = &status});
    has_ended = true;
}

START_TEST(events_come_in_pieces_that_small_requests_have_memory_for)
{
    const struct request asked = request();
    uint32_t after = 0;
    while (after < EVENTS) {
        const Truss__Migration__V1__WaitOperationResponse *const reply =
            operations_wait(operations, &asked, operation_id(operation), after, 1000);
        ck_assert_ptr_nonnull(reply);
        ck_assert_uint_gt(reply->n_events, 0);
        ck_assert_uint_le(protobuf_c_message_get_packed_size(&reply->base), OPERATION_EVENTS_BYTES + 4096);
        for (size_t i = 0; i < reply->n_events; i++) {
            ck_assert_uint_eq(reply->events[i]->id, ++after);
        }
    }
    ck_assert_uint_eq(after, EVENTS);
}
END_TEST

START_TEST(without_memory_the_events_that_there_is_room_for_are_told)
{
    const struct request asked = request();
    memory_limit_resident(1);
    const Truss__Migration__V1__WaitOperationResponse *const reply =
        operations_wait(operations, &asked, operation_id(operation), 0, 1000);
    ck_assert_ptr_nonnull(reply);
    ck_assert_uint_gt(reply->n_events, 0);
    ck_assert_uint_lt(reply->n_events, EVENTS);
    for (size_t i = 0; i < reply->n_events; i++) {
        ck_assert_uint_eq(reply->events[i]->id, i + 1);
    }
    ck_assert_uint_eq(reply->operation->last_event, EVENTS);
}
END_TEST

START_TEST(an_operation_that_there_is_no_memory_to_tell_of_is_not_unknown)
{
    const struct request asked = request();
    end_large();
    memory_limit_resident(1);
    const char *const id = operation_id(operation);
    ck_assert_ptr_null(operations_wait(operations, &asked, id, 0, 10));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    status = (struct status){.arena = arena};
    ck_assert_ptr_null(operations_get(operations, &asked, id));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    status = (struct status){.arena = arena};
    ck_assert_ptr_null(operations_cancel(operations, &asked, id));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    memory_limit_resident(0);
    status = (struct status){.arena = arena};
    ck_assert(operations_get(operations, &asked, id)->done);
}
END_TEST

/* ---- what the database keeps ---- */

static const ProtobufCMessage *kept(const char *hex)
{
    status = (struct status){.arena = arena};
    return message_kept(arena, &truss__health__v1__check_response__descriptor, hex, &status);
}

START_TEST(a_message_that_the_database_keeps_is_read)
{
    Truss__Health__V1__CheckResponse message = TRUSS__HEALTH__V1__CHECK_RESPONSE__INIT;
    char reason[] = "\xc3\xa4\x01";
    uint8_t packed[64];
    message.reason = reason;
    struct buffer hex = {.arena = arena};
    message_put_hex(&hex, (struct text){(char *)packed, truss__health__v1__check_response__pack(&message, packed)});
    const ProtobufCMessage *const read = kept(buffer_string(&hex));
    ck_assert_ptr_nonnull(read);
    ck_assert_str_eq(((const Truss__Health__V1__CheckResponse *)read)->reason, reason);
    ck_assert_ptr_nonnull(kept(""));
}
END_TEST

START_TEST(what_is_no_message_is_data_loss_and_never_an_empty_one)
{
    static const char *const all[] = {"\\x0801", "zz", "080", "0", "080G", "\\012\\005", "0a05ff", "ffff"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ck_assert_msg(kept(all[i]) == NULL, "%s", all[i]);
        ck_assert_msg(status.code == STATUS_DATA_LOSS, "%s: %d", all[i], (int)status.code);
    }
}
END_TEST

START_TEST(a_large_message_without_memory_is_unavailable)
{
    char *const hex = arena_alloc(arena, 2 * 1024 * 1024 + 1);
    memset(hex, '0', (size_t)2 * 1024 * 1024);
    memory_limit_resident(1);
    ck_assert_ptr_null(kept(hex));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_uint_gt(status.retry_ms, 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("operations");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, events_come_in_pieces_that_small_requests_have_memory_for);
    tcase_add_test(tests, without_memory_the_events_that_there_is_room_for_are_told);
    tcase_add_test(tests, an_operation_that_there_is_no_memory_to_tell_of_is_not_unknown);
    tcase_add_test(tests, a_message_that_the_database_keeps_is_read);
    tcase_add_test(tests, what_is_no_message_is_data_loss_and_never_an_empty_one);
    tcase_add_test(tests, a_large_message_without_memory_is_unavailable);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
