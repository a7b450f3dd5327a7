/*
 * Envelopes as bytes: what goes in comes out, and what no honest peer would send is refused with the right code.
 */
#include "base/memory.h"
#include "rpc/envelope.h"
#include "support/runner.h"
#include "truss/health/v1/health.pb-c.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stddef.h>
#include <string.h>

#define MEGABYTE       (1024 * 1024)
#define BYTES(literal) ((struct text){literal, sizeof(literal) - 1})

static const ProtobufCMessageDescriptor *const run_request = &truss__migration__v1__run_request__descriptor;

static struct arena *arena;
static struct status status;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    arena_free(arena);
}

/* ---- requests ---- */

static const struct rpc_request preview_request = {
    .method = "/truss.migration.v1.MigrationService/Preview",
    .timeout_ms = 1500,
    .metadata = {{"request-id", "r-1"}, {"authorization", "Bearer t"}},
    .metadata_count = 2,
};

static struct text pack_preview(const char *name)
{
    Truss__Migration__V1__PreviewRequest message = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    struct text bytes;
    message.name = arena_strdup(arena, name);
    ck_assert_msg(rpc_request_pack(arena, &preview_request, &message.base, &bytes, &status), "%s", status.message);
    return bytes;
}

START_TEST(a_request_comes_out_as_it_went_in)
{
    struct rpc_request request;
    ck_assert(rpc_request_unpack(arena, pack_preview("naïve"), &request, &status));
    ck_assert_str_eq(request.method, preview_request.method);
    ck_assert_uint_eq(request.timeout_ms, 1500);
    ck_assert_uint_eq(request.metadata_count, 2);
    ck_assert_str_eq(rpc_request_metadata(&request, "request-id"), "r-1");
    ck_assert_str_eq(rpc_request_metadata(&request, "authorization"), "Bearer t");
    ck_assert_ptr_null(rpc_request_metadata(&request, "traceparent"));
    const Truss__Migration__V1__PreviewRequest *const message =
        (const Truss__Migration__V1__PreviewRequest *)rpc_unpack(
            arena, &truss__migration__v1__preview_request__descriptor, request.payload, &status);
    ck_assert_ptr_nonnull(message);
    ck_assert_str_eq(message->name, "naïve");
}
END_TEST

START_TEST(a_request_beyond_the_limit_is_not_packed)
{
    Truss__Migration__V1__PreviewRequest message = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    struct text bytes;
    message.name = memset(arena_alloc(arena, RPC_MESSAGE_LIMIT + 1), 'x', RPC_MESSAGE_LIMIT);
    ck_assert(!rpc_request_pack(arena, &preview_request, &message.base, &bytes, &status));
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(a_large_request_without_memory_is_unavailable)
{
    Truss__Migration__V1__PreviewRequest message = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    struct text bytes;
    message.name = memset(arena_alloc(arena, MEGABYTE + 1), 'x', MEGABYTE);
    memory_limit_resident(1);
    const bool ok = rpc_request_pack(arena, &preview_request, &message.base, &bytes, &status);
    memory_limit_resident(0);
    ck_assert(!ok);
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_uint_gt(status.retry_ms, 0);
}
END_TEST

static bool unpack_with(const char *key, size_t size)
{
    Truss__Migration__V1__PreviewRequest message = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    struct rpc_request request = preview_request;
    struct text bytes;
    request.metadata[0] = (struct rpc_metadata){key, memset(arena_alloc(arena, size + 1), 'x', size)};
    status = (struct status){.arena = arena};
    ck_assert(rpc_request_pack(arena, &request, &message.base, &bytes, &status));
    return rpc_request_unpack(arena, bytes, &request, &status);
}

START_TEST(metadata_of_a_request_is_short)
{
    ck_assert(unpack_with("request-id", LIMIT_REQUEST_ID));
    ck_assert(!unpack_with("request-id", LIMIT_REQUEST_ID + 1));
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert(unpack_with("authorization", RPC_METADATA_SIZE));
    ck_assert(!unpack_with("authorization", RPC_METADATA_SIZE + 1));
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert(!unpack_with(memset(arena_alloc(arena, MEGABYTE + 1), 'k', MEGABYTE), 1));
    ck_assert_uint_lt(strlen(status.message), 200);
}
END_TEST

START_TEST(metadata_counts_towards_the_limit)
{
    Truss__Migration__V1__PreviewRequest message = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    struct rpc_request request = preview_request;
    struct text bytes;
    request.metadata[0].value = memset(arena_alloc(arena, RPC_MESSAGE_LIMIT + 1), 'x', RPC_MESSAGE_LIMIT);
    ck_assert(!rpc_request_pack(arena, &request, &message.base, &bytes, &status));
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(every_truncation_of_a_request_is_invalid_or_a_smaller_request)
{
    const struct text whole = pack_preview("a name of some length");
    struct rpc_request request;
    size_t refused = 0;
    for (size_t size = 0; size < whole.size; size++) {
        status.code = STATUS_OK;
        if (!rpc_request_unpack(arena, text_slice(whole, 0, size), &request, &status)) {
            ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
            refused++;
        }
    }
    ck_assert_uint_ge(refused, whole.size - 8); /* whole are only those that end between two of its fields */
}
END_TEST

static const struct {
    const char *what;
    struct text bytes;
} no_envelopes[] = {
    {"text", BYTES("GET / HTTP/1.1\r\n\r\n")},
    {"a varint without an end", BYTES("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
    {"a tag without a value", BYTES("\x18")},
    {"field number 0", BYTES("\x00\x01")},
    {"a length beyond the end", BYTES("\x0a\x7fxy")},
    {"a length near 2^64", BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xy")},
    {"a group", BYTES("\x0b\x0c")},
    {"wire type 7", BYTES("\x0f")},
    {"a method that is a number", BYTES("\x08\x01")},
    {"a method that is not UTF-8", BYTES("\x0a\x02/\xff")},
    {"a method with a NUL", BYTES("\x0a\x03/\x00x")},
    {"an overlong character", BYTES("\x0a\x02\xc0\xaf")},
    {"a surrogate", BYTES("\x0a\x03\xed\xa0\x80")},
    {"a metadata key that is not UTF-8", BYTES("\x22\x03\x0a\x01\xff")},
    {"a metadata value with a NUL", BYTES("\x22\x04\x12\x02x\x00")},
    {"a line feed in metadata", BYTES("\x22\x05\x12\x03x\ny")},
    {"a DEL in metadata", BYTES("\x22\x03\x0a\x01\x7f")},
    {"metadata that is cut short", BYTES("\x22\x02\x12\x05")},
};

START_TEST(bytes_that_are_no_envelope_are_invalid_argument)
{
    struct rpc_request request;
    ck_assert_msg(!rpc_request_unpack(arena, no_envelopes[_i].bytes, &request, &status), "%s", no_envelopes[_i].what);
    ck_assert_msg(status.code == STATUS_INVALID_ARGUMENT, "%s: %s", no_envelopes[_i].what, status.message);
    ck_assert_msg(text_is_utf8(text_of(status.message), NULL), "%s", no_envelopes[_i].what);
}
END_TEST

START_TEST(metadata_beyond_the_limit_is_invalid_argument)
{
    struct buffer bytes = {.arena = arena};
    struct rpc_request request;
    for (int i = 0; i < RPC_METADATA_LIMIT; i++) {
        buffer_add(&bytes, BYTES("\x22\x03\x0a\x01k"));
    }
    ck_assert(rpc_request_unpack(arena, buffer_text(&bytes), &request, &status));
    ck_assert_uint_eq(request.metadata_count, RPC_METADATA_LIMIT);
    buffer_add(&bytes, BYTES("\x22\x03\x0a\x01k"));
    ck_assert(!rpc_request_unpack(arena, buffer_text(&bytes), &request, &status));
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
}
END_TEST

START_TEST(unknown_fields_are_passed_over)
{
    struct rpc_request request;
    ck_assert(rpc_request_unpack(arena, BYTES("\x0a\x02/x\x7a\x02\xff\xff\x70\x01"), &request, &status));
    ck_assert_str_eq(request.method, "/x");
}
END_TEST

/* ---- messages of any type ---- */

START_TEST(a_message_that_takes_too_much_memory_is_resource_exhausted)
{
    const size_t count = 6 * MEGABYTE; /* two bytes each on the wire, ten times that as pointers and strings */
    char *const names = arena_alloc(arena, count * 2);
    for (size_t i = 0; i < count; i++) {
        names[2 * i] = 0x0a;
    }
    ck_assert_ptr_null(rpc_unpack(arena, run_request, (struct text){names, count * 2}, &status));
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(an_arena_may_allow_less)
{
    struct arena *const small = arena_new(1000);
    char bytes[400];
    memset(bytes, 0, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i += 2) {
        bytes[i] = 0x0a;
    }
    ck_assert_ptr_null(rpc_unpack(small, run_request, (struct text){bytes, sizeof bytes}, &status));
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
    arena_free(small);
}
END_TEST

/* message Nested { Nested inner = 1; }: none of ours is recursive, but the walk must not rely on that. */
struct nested {
    ProtobufCMessage base;
    struct nested *inner;
};

static const ProtobufCMessageDescriptor nested_descriptor;
static const unsigned nested_by_name[] = {0};
static const ProtobufCIntRange nested_ranges[] = {{1, 0}, {0, 1}};
static const ProtobufCFieldDescriptor nested_fields[] = {{
    .name = "inner",
    .id = 1,
    .label = PROTOBUF_C_LABEL_NONE,
    .type = PROTOBUF_C_TYPE_MESSAGE,
    .offset = offsetof(struct nested, inner),
    .descriptor = &nested_descriptor,
}};
static const ProtobufCMessageDescriptor nested_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "Nested",
    .short_name = "Nested",
    .c_name = "Nested",
    .package_name = "",
    .sizeof_message = sizeof(struct nested),
    .n_fields = 1,
    .fields = nested_fields,
    .fields_sorted_by_name = nested_by_name,
    .n_field_ranges = 1,
    .field_ranges = nested_ranges,
};

/* A Nested with so many within. */
static struct text nest(int levels)
{
    struct text bytes = {0};
    for (int i = 0; i < levels; i++) {
        struct buffer outer = {.arena = arena};
        buffer_putc(&outer, 0x0a);
        size_t size = bytes.size;
        for (; size > 127; size >>= 7) {
            buffer_putc(&outer, (char)(0x80 | (size & 0x7F)));
        }
        buffer_putc(&outer, (char)size);
        buffer_add(&outer, bytes);
        bytes = buffer_text(&outer);
    }
    return bytes;
}

START_TEST(a_message_nests_no_deeper_than_32)
{
    const ProtobufCMessage *message = rpc_unpack(arena, &nested_descriptor, nest(32), &status);
    ck_assert_msg(message != NULL, "%s", status.message);
    int levels = 0;
    for (const struct nested *one = (const struct nested *)message; one->inner != NULL; one = one->inner) {
        levels++;
    }
    ck_assert_int_eq(levels, 32);
    ck_assert_ptr_null(rpc_unpack(arena, &nested_descriptor, nest(33), &status));
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_ptr_null(rpc_unpack(arena, &nested_descriptor, nest(5000), &status));
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(status.message, "deep"));
}
END_TEST

/* ---- responses ---- */

/* Packs an outcome without a message and reads it as the other side would. */
static struct status send_outcome(const struct status *outcome)
{
    struct status arrived = {.arena = arena};
    const struct text bytes = rpc_failure_pack(arena, outcome);
    ck_assert_uint_le(bytes.size, RPC_MESSAGE_LIMIT);
    ck_assert_ptr_null(rpc_response_unpack(arena, &truss__health__v1__check_response__descriptor, bytes, &arrived));
    return arrived;
}

START_TEST(a_reply_comes_out_as_it_went_in)
{
    Truss__Health__V1__CheckResponse reply = TRUSS__HEALTH__V1__CHECK_RESPONSE__INIT;
    char version[] = "1.2";
    reply.version = version;
    const struct text bytes = rpc_reply_pack(arena, &reply.base, &status);
    const Truss__Health__V1__CheckResponse *const arrived =
        (const Truss__Health__V1__CheckResponse *)rpc_response_unpack(
            arena, &truss__health__v1__check_response__descriptor, bytes, &status);
    ck_assert_ptr_nonnull(arrived);
    ck_assert_str_eq(arrived->version, "1.2");
    ck_assert_int_eq(status.code, STATUS_OK);
}
END_TEST

START_TEST(an_outcome_arrives_whole)
{
    const struct status outcome = {
        .code = STATUS_FAILED_PRECONDITION,
        .message = "No.",
        .sqlstate = "42P01",
        .hint = "Try.",
        .migration = "1_init",
        .position = 7,
        .suggestions = {"a", "b", "c"},
    };
    const struct status arrived = send_outcome(&outcome);
    ck_assert_int_eq(arrived.code, STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(arrived.message, "No.");
    ck_assert_str_eq(arrived.sqlstate, "42P01");
    ck_assert_ptr_null(arrived.detail);
    ck_assert_str_eq(arrived.hint, "Try.");
    ck_assert_str_eq(arrived.migration, "1_init");
    ck_assert_uint_eq(arrived.position, 7);
    ck_assert_str_eq(arrived.suggestions[2], "c");
}
END_TEST

START_TEST(an_outcome_that_is_not_utf8_arrives_with_marks_in_its_place)
{
    const struct status outcome = {.code = STATUS_NOT_FOUND, .message = "caf\xe9 \xc3", .detail = "\xff"};
    const struct status arrived = send_outcome(&outcome);
    ck_assert_int_eq(arrived.code, STATUS_NOT_FOUND);
    ck_assert_str_eq(arrived.message, "caf\uFFFD \uFFFD");
    ck_assert_str_eq(arrived.detail, "\uFFFD");
}
END_TEST

START_TEST(an_outcome_as_long_as_a_book_is_cut)
{
    char *const book = memset(arena_alloc(arena, 20 * MEGABYTE + 1), 'x', 20 * MEGABYTE);
    const struct status outcome = {.code = STATUS_ABORTED, .message = book, .hint = book, .suggestions = {book, book}};
    const struct status arrived = send_outcome(&outcome);
    ck_assert_int_eq(arrived.code, STATUS_ABORTED);
    ck_assert_uint_ge(strlen(arrived.message), 1000);
}
END_TEST

START_TEST(no_reply_with_ok_is_internal)
{
    ck_assert_int_eq(send_outcome(&status).code, STATUS_INTERNAL);
}
END_TEST

START_TEST(a_reply_beyond_the_limit_is_resource_exhausted)
{
    Truss__Health__V1__CheckResponse reply = TRUSS__HEALTH__V1__CHECK_RESPONSE__INIT;
    reply.reason = memset(arena_alloc(arena, RPC_MESSAGE_LIMIT + 1), 'x', RPC_MESSAGE_LIMIT);
    const struct text bytes = rpc_reply_pack(arena, &reply.base, &status);
    ck_assert_ptr_null(rpc_response_unpack(arena, &truss__health__v1__check_response__descriptor, bytes, &status));
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(a_large_reply_without_memory_is_unavailable)
{
    Truss__Health__V1__CheckResponse reply = TRUSS__HEALTH__V1__CHECK_RESPONSE__INIT;
    reply.reason = memset(arena_alloc(arena, MEGABYTE + 1), 'x', MEGABYTE);
    memory_limit_resident(1);
    const struct text bytes = rpc_reply_pack(arena, &reply.base, &status);
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_uint_gt(status.retry_ms, 0);
    status = (struct status){.arena = arena};
    ck_assert_ptr_null(rpc_response_unpack(arena, &truss__health__v1__check_response__descriptor, bytes, &status));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    status = (struct status){.arena = arena};
    reply.reason[1000] = '\0'; /* what is small has the reserve */
    ck_assert_uint_gt(rpc_reply_pack(arena, &reply.base, &status).size, 1000);
    ck_assert_int_eq(status.code, STATUS_OK);
    memory_limit_resident(0);
}
END_TEST

START_TEST(a_reply_to_a_request_that_has_taken_much_memory_is_sent)
{
    struct arena *const request = arena_new(RPC_ARENA_BUDGET);
    Truss__Health__V1__CheckResponse reply = TRUSS__HEALTH__V1__CHECK_RESPONSE__INIT;
    reply.reason = memset(arena_alloc(request, MEGABYTE + 1), 'x', MEGABYTE);
    arena_alloc(request, RPC_ARENA_BUDGET);
    ck_assert_uint_gt(rpc_reply_pack(request, &reply.base, &status).size, MEGABYTE);
    ck_assert_int_eq(status.code, STATUS_OK);
    arena_free(request);
}
END_TEST

START_TEST(bytes_that_are_no_response_are_internal)
{
    static const struct text all[] = {BYTES("\xff"), BYTES("\x12\x02\x0a\x05"), BYTES("\x0a\x03\x12\x01\xff")};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        status = (struct status){.arena = arena};
        ck_assert_ptr_null(rpc_response_unpack(arena, &truss__health__v1__check_response__descriptor, all[i], &status));
        ck_assert_int_eq(status.code, STATUS_INTERNAL);
    }
}
END_TEST

START_TEST(a_code_that_is_none_is_unknown)
{
    const struct status outcome = {.code = (enum status_code)77, .message = "?"};
    ck_assert_int_eq(send_outcome(&outcome).code, STATUS_UNKNOWN);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("envelope");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_request_comes_out_as_it_went_in);
    tcase_add_test(tests, a_request_beyond_the_limit_is_not_packed);
    tcase_add_test(tests, a_large_request_without_memory_is_unavailable);
    tcase_add_test(tests, metadata_of_a_request_is_short);
    tcase_add_test(tests, metadata_counts_towards_the_limit);
    tcase_add_test(tests, every_truncation_of_a_request_is_invalid_or_a_smaller_request);
    tcase_add_loop_test(tests, bytes_that_are_no_envelope_are_invalid_argument, 0,
                        sizeof no_envelopes / sizeof no_envelopes[0]);
    tcase_add_test(tests, metadata_beyond_the_limit_is_invalid_argument);
    tcase_add_test(tests, unknown_fields_are_passed_over);
    tcase_add_test(tests, a_message_that_takes_too_much_memory_is_resource_exhausted);
    tcase_add_test(tests, an_arena_may_allow_less);
    tcase_add_test(tests, a_message_nests_no_deeper_than_32);
    tcase_add_test(tests, a_reply_comes_out_as_it_went_in);
    tcase_add_test(tests, an_outcome_arrives_whole);
    tcase_add_test(tests, an_outcome_that_is_not_utf8_arrives_with_marks_in_its_place);
    tcase_add_test(tests, an_outcome_as_long_as_a_book_is_cut);
    tcase_add_test(tests, no_reply_with_ok_is_internal);
    tcase_add_test(tests, a_reply_beyond_the_limit_is_resource_exhausted);
    tcase_add_test(tests, a_large_reply_without_memory_is_unavailable);
    tcase_add_test(tests, a_reply_to_a_request_that_has_taken_much_memory_is_sent);
    tcase_add_test(tests, bytes_that_are_no_response_are_internal);
    tcase_add_test(tests, a_code_that_is_none_is_unknown);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
