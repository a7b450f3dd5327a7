/*
 * Messages as JSON and back.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "bridge/openapi.h"
#include "every_type.pb-c.h"
#include "rpc/json.h"
#include "support/runner.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

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

static const char *written(const ProtobufCMessage *message, enum json_names names)
{
    struct buffer out = {.arena = arena};
    json_write(&out, message, names);
    return buffer_string(&out);
}

START_TEST(every_field_is_written_and_what_is_unset_is_null)
{
    Truss__Migration__V1__Migration migration;
    truss__migration__v1__migration__init(&migration);
    ck_assert_str_eq(written(&migration.base, JSON_SNAKE),
                     "{\"name\":\"\",\"state\":null,\"applied_at\":null,\"stored_hash\":null,\"file_hash\":null,"
                     "\"detail_state\":null,\"duration_ms\":null,\"logs\":null,\"attempts\":[],\"note\":null,"
                     "\"verified\":false,\"is_code\":false,\"filename\":null,\"last_failure\":null,"
                     "\"applied_by\":null,\"applied_in\":null}");
}
END_TEST

START_TEST(values_are_written_in_either_style)
{
    Google__Protobuf__Timestamp time;
    google__protobuf__timestamp__init(&time);
    time.seconds = 1700000000;
    time.nanos = 5000;
    Truss__Migration__V1__Migration migration;
    truss__migration__v1__migration__init(&migration);
    char name[] = "a\"\n\x01\x7F\xC3\xA4";
    migration.name = name;
    migration.state = TRUSS__MIGRATION__V1__STATE__STATE_ORPHANED;
    migration.detail_state = TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_OUT_OF_ORDER;
    migration._applied_at_case = TRUSS__MIGRATION__V1__MIGRATION___APPLIED_AT_APPLIED_AT;
    migration.applied_at = &time;
    migration._duration_ms_case = TRUSS__MIGRATION__V1__MIGRATION___DURATION_MS_DURATION_MS;
    const char *const camel = written(&migration.base, JSON_CAMEL);
    ck_assert_ptr_nonnull(strstr(camel, "\"name\":\"a\\\"\\n\\u0001\\u007f\xC3\xA4\""));
    ck_assert_ptr_nonnull(strstr(camel, "\"state\":\"orphaned\""));
    ck_assert_ptr_nonnull(strstr(camel, "\"detailState\":\"out_of_order\""));
    ck_assert_ptr_nonnull(strstr(camel, "\"appliedAt\":\"2023-11-14T22:13:20.000005Z\""));
    ck_assert_ptr_nonnull(strstr(camel, "\"durationMs\":0"));
    migration.state = (Truss__Migration__V1__State)77;
    time.seconds = INT64_MAX;
    const char *const odd = written(&migration.base, JSON_SNAKE);
    ck_assert_ptr_nonnull(strstr(odd, "\"state\":77"));
    ck_assert_ptr_nonnull(strstr(odd, "\"applied_at\":null"));
}
END_TEST

static const Truss__Migration__V1__RunRequest *read_run(const char *json)
{
    return (const Truss__Migration__V1__RunRequest *)json_read(arena, &truss__migration__v1__run_request__descriptor,
                                                               text_of(json), &status);
}

START_TEST(an_object_becomes_a_message)
{
    const Truss__Migration__V1__RunRequest *const request = read_run(" {\"migrations\": [\"a\", \"\\u00e4\"]} ");
    ck_assert_ptr_nonnull(request);
    ck_assert_uint_eq(request->n_migrations, 2);
    ck_assert_str_eq(request->migrations[1], "\xC3\xA4");
    ck_assert_uint_eq(read_run("")->n_migrations, 0);
    ck_assert_uint_eq(read_run("{\"migrations\": null}")->n_migrations, 0);
}
END_TEST

START_TEST(names_are_taken_in_either_style)
{
    const Truss__Migration__V1__CheckResponse *check = (const Truss__Migration__V1__CheckResponse *)json_read(
        arena, &truss__migration__v1__check_response__descriptor,
        text_of("{\"pendingCount\": 3, \"lock_count\": 4, \"safe\": true}"), &status);
    ck_assert_uint_eq(check->pending_count, 3);
    ck_assert_uint_eq(check->lock_count, 4);
    ck_assert(check->safe);
}
END_TEST

/* What is refused, and a word of why. */
static const struct {
    const char *json;
    const char *word;
} bad[] = {
    {"[]", "object"},
    {"null", "object"},
    {"{\"transaction\": \"both\"}", "\"transaction\" must be \"each\" or \"all\""},
    {"{\"migrations\": \"a\"}", "\"migrations\" must be a list"},
    {"{\"migrations\": [1]}", "must be a string"},
    {"{\"lockTimeoutMs\": true}", "\"lockTimeoutMs\" must be"},
    {"{\"lock_timeout_ms\": true}", "\"lock_timeout_ms\" must be"},
    {"{\"other\": 1}", "\"other\""},
    {"{\"migrations\": [], \"migrations\": []}", "duplicate"},
    {"{\"migrations\": [\"a\\u0000b\"]}", "not JSON"},
    {"{\"migrations\": [\"\xFF\"]}", "not JSON"},
    {"{\"migrations\": [\"\\ud800\"]}", "not JSON"},
    {"{migrations: []}", "line 1"},
    {"{} {}", "not JSON"},
    {"{\"migrations\": [\"a\",]}", "not JSON"},
};

START_TEST(times_are_read_as_rfc_3339_has_them)
{
    static const struct {
        const char *text;
        int64_t us; /* NO_TIME: none */
    } cases[] = {
        {"2023-11-14T22:13:20Z", 1700000000000000},
        {"2023-11-14T22:13:20.000005Z", 1700000000000005},
        {"2023-11-14T23:13:20.5+01:00", 1700000000500000},
        {"2023-11-14T16:43:20-05:30", 1700000000000000},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"2024-02-29T00:00:00Z", 1709164800000000},
        {"2023-02-30T00:00:00Z", NO_TIME},
        {"2023-11-14", NO_TIME},
        {"2023-11-14T22:13:20", NO_TIME},
        {"2023-11-14T22:13:20Zx", NO_TIME},
        {"2023-11-14T22:13:60Z", NO_TIME},
        {"2023-1-14T22:13:20Z", NO_TIME},
        {" 2023-11-14T22:13:20Z", NO_TIME},
        {"2023-11-14T22:13:20+1:00", NO_TIME},
        {"2023-11-14T22:13:20+24:00", NO_TIME},
        {"", NO_TIME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = NO_TIME;
        ck_assert_msg(clock_rfc3339_read(cases[i].text, &us) == (cases[i].us != NO_TIME), "%s", cases[i].text);
        ck_assert_msg(us == cases[i].us, "%s: %lld", cases[i].text, (long long)us);
    }
    static const char json[] = "{\"expiresAt\":\"1969-12-31T23:59:59.999999Z\",\"ttlHours\":null}";
    const Truss__Branch__V1__UpdateBranchRequest *const request =
        (const Truss__Branch__V1__UpdateBranchRequest *)json_read(
            arena, &truss__branch__v1__update_branch_request__descriptor, text_of(json), &status);
    ck_assert_int_eq(request->expires_at->seconds, -1);
    ck_assert_int_eq(request->expires_at->nanos, 999999000);
    ck_assert_ptr_null(json_read(arena, &truss__branch__v1__update_branch_request__descriptor,
                                 text_of("{\"expires_at\":1}"), &status));
    ck_assert_str_eq(status.message, "The field \"expires_at\" must be a time as 2026-11-23T10:34:00Z.");
}
END_TEST

START_TEST(what_is_not_strict_or_not_ours_is_refused_with_a_reason)
{
    ck_assert_ptr_null(read_run(bad[_i].json));
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_msg(strstr(status.message, bad[_i].word) != NULL, "%s: %s", bad[_i].json, status.message);
}
END_TEST

START_TEST(numbers_out_of_range_are_refused)
{
    static const char *const values[] = {"-1", "4294967296", "1.5", "\"x\"", "\"\"", "true"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const char *const json = arena_printf(arena, "{\"lock_count\": %s}", values[i]);
        ck_assert_msg(json_read(arena, &truss__migration__v1__check_response__descriptor, text_of(json), &status) ==
                          NULL,
                      "%s", json);
    }
}
END_TEST

START_TEST(whole_numbers_may_be_strings_as_canonical_json_has_them)
{
    static const struct {
        const char *json;
        bool good;
    } values[] = {
        {"\"7\"", true}, {"7", true}, {"\" 7\"", false}, {"\"+7\"", false}, {"\"-\"", false}, {"\"7 \"", false},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const char *const json = arena_printf(arena, "{\"lock_count\": %s}", values[i].json);
        const ProtobufCMessage *const message =
            json_read(arena, &truss__migration__v1__check_response__descriptor, text_of(json), &status);
        ck_assert_msg((message != NULL) == values[i].good, "%s", json);
    }
}
END_TEST

START_TEST(a_whole_number_beyond_64_bits_is_refused)
{
    const char *const json = "{\"seconds\": \"9223372036854775808\"}";
    ck_assert_ptr_null(json_read(arena, &google__protobuf__timestamp__descriptor, text_of(json), &status));
    ck_assert_ptr_nonnull(strstr(status.message, "\"seconds\" must be a whole number in its range"));
}
END_TEST

static const Truss__Test__EveryType *every_type(const char *json)
{
    return (const Truss__Test__EveryType *)json_read(arena, &truss__test__every_type__descriptor, text_of(json),
                                                     &status);
}

START_TEST(each_type_is_read_and_written_as_canonical_json_has_it)
{
    static const char front[] =
        "{\"a\":-2147483648,\"b\":-2,\"c\":2147483647,\"d\":4294967295,\"e\":5,\"f\":\"-9223372036854775808\","
        "\"g\":\"-7\",\"h\":\"8\",\"i\":\"9223372036854775807\",\"j\":\"10\",\"k\":-0.5,\"l\":0.25,\"m\":true,"
        "\"n\":\"x\"";
    const Truss__Test__EveryType *const message =
        every_type(arena_printf(arena, "%s,\"p\":[1,\"-2\"],\"r\":[1.5],\"s\":[false,true]}", front));
    ck_assert_msg(message != NULL, "%s", status.message);
    ck_assert_str_eq(
        written(&message->base, JSON_SNAKE),
        arena_printf(arena, "%s,\"o\":\"\",\"p\":[\"1\",\"-2\"],\"q\":[],\"r\":[1.5],\"s\":[false,true]}", front));
}
END_TEST

START_TEST(a_value_that_is_not_of_its_type_is_refused)
{
    static const char *const wrong[] = {
        "\"a\":2147483648", "\"b\":-2147483649", "\"d\":-1",   "\"e\":4294967296", "\"f\":1.5",
        "\"i\":-1",         "\"k\":\"1\"",       "\"l\":true", "\"m\":1",          "\"n\":1",
        "\"p\":1",          "\"p\":[true]",      "\"r\":[[]]", "\"o\":\"AA==\"",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(every_type(arena_printf(arena, "{%s}", wrong[i])) == NULL, "%s", wrong[i]);
        ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    }
}
END_TEST

/* What is written of a message; front is its JSON in front of what follows. */
static void is_written(const Truss__Test__EveryType *message, const char *expected)
{
    const char *const json = written(&message->base, JSON_SNAKE);
    ck_assert_msg(strstr(json, expected) != NULL, "%s is not in %s", expected, json);
}

START_TEST(bytes_are_base64_and_what_is_no_number_is_a_word)
{
    uint8_t bytes[] = {0xFF, 0xEE, 0xDD, 0xCC};
    static const char *const encoded[] = {"\"o\":\"\"", "\"o\":\"/w==\"", "\"o\":\"/+4=\"", "\"o\":\"/+7d\"",
                                          "\"o\":\"/+7dzA==\""};
    Truss__Test__EveryType message = TRUSS__TEST__EVERY_TYPE__INIT;
    message.o.data = bytes;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        message.o.len = size;
        is_written(&message, encoded[size]);
    }
    ProtobufCBinaryData pieces[] = {{1, bytes}, {2, bytes}};
    message.q = pieces;
    message.n_q = 2;
    is_written(&message, "\"q\":[\"/w==\",\"/+4=\"]");
    message.k = INFINITY;
    message.l = NAN;
    is_written(&message, "\"k\":\"Infinity\",\"l\":\"NaN\"");
    message.k = -INFINITY;
    is_written(&message, "\"k\":\"-Infinity\"");
    message.i = UINT64_MAX;
    is_written(&message, "\"i\":\"18446744073709551615\"");
}
END_TEST

START_TEST(what_is_not_utf8_is_written_as_the_replacement_character)
{
    struct buffer out = {.arena = arena};
    json_write_string(&out, text_of("a\xFF\xC3\xA4\n\xC3"));
    ck_assert_str_eq(buffer_string(&out), "\"a\xEF\xBF\xBD\xC3\xA4\\n\xEF\xBF\xBD\"");
}
END_TEST

START_TEST(what_would_show_others_in_another_order_is_escaped)
{
    struct buffer out = {.arena = arena};
    json_write_string(&out, text_of("a\u202Eb\u2028\u200F\u2066\xC2\x9B\x7F\u20AC\u00E4\xE2"));
    ck_assert_str_eq(buffer_string(&out), "\"a\\u202eb\\u2028\\u200f\\u2066\\u009b\\u007f\u20AC\u00E4\xEF\xBF\xBD\"");
}
END_TEST

/* {"migrations": ["","",…]} */
static const char *list_of(size_t count)
{
    struct buffer json = {.arena = arena};
    buffer_puts(&json, "{\"migrations\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&json, i == 0 ? "\"\"" : ",\"\"");
    }
    buffer_puts(&json, "]}");
    return buffer_string(&json);
}

START_TEST(values_without_number_are_refused_and_many_are_taken)
{
    ck_assert_uint_eq(read_run(list_of(JSON_VALUES_LIMIT - 2))->n_migrations, JSON_VALUES_LIMIT - 2);
    ck_assert_ptr_null(read_run(list_of(JSON_VALUES_LIMIT + 1)));
    ck_assert_ptr_nonnull(strstr(status.message, "200000 values"));
}
END_TEST

START_TEST(commas_and_brackets_in_strings_are_no_values)
{
    struct buffer json = {.arena = arena};
    buffer_puts(&json, "{\"migrations\":[\"\\\"");
    for (size_t i = 0; i <= JSON_VALUES_LIMIT; i++) {
        buffer_puts(&json, ",[{");
    }
    buffer_puts(&json, "\\\\\"]}");
    ck_assert_ptr_nonnull(read_run(buffer_string(&json)));
}
END_TEST

START_TEST(a_large_body_without_memory_is_no_fault_of_its_client)
{
    struct buffer json = {.arena = arena};
    buffer_puts(&json, "{\"name\":\"");
    for (int i = 0; i < 100000; i++) {
        buffer_puts(&json, "0123456789");
    }
    buffer_puts(&json, "\"}");
    memory_limit_resident(1);
    const ProtobufCMessage *const none =
        json_read(arena, &truss__migration__v1__preview_request__descriptor, buffer_text(&json), &status);
    memory_limit_resident(0);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_ptr_nonnull(
        json_read(arena, &truss__migration__v1__preview_request__descriptor, buffer_text(&json), &status));
}
END_TEST

START_TEST(a_hundred_thousand_nested_lists_do_not_crash)
{
    struct buffer deep = {.arena = arena};
    buffer_puts(&deep, "{\"migrations\":");
    for (int i = 0; i < 100000; i++) {
        buffer_putc(&deep, '[');
    }
    ck_assert_ptr_null(read_run(buffer_string(&deep)));
}
END_TEST

START_TEST(the_openapi_document_is_json_and_its_references_lead_somewhere)
{
    json_error_t error;
    const struct text document = openapi_document();
    json_t *const tree = json_loadb(document.data, document.size, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(tree != NULL, "%s", error.text);
    const json_t *const schemas = json_object_get(json_object_get(tree, "components"), "schemas");
    static const char prefix[] = "\"#/components/schemas/";
    for (size_t at = 0; (at = text_find(document, prefix, at)) != SIZE_MAX;) {
        at += strlen(prefix);
        const size_t end = text_find(document, "\"", at);
        ck_assert_ptr_nonnull(json_object_get(schemas, arena_strndup(arena, document.data + at, end - at)));
    }
    json_decref(tree);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("json");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_field_is_written_and_what_is_unset_is_null);
    tcase_add_test(tests, values_are_written_in_either_style);
    tcase_add_test(tests, times_are_read_as_rfc_3339_has_them);
    tcase_add_test(tests, an_object_becomes_a_message);
    tcase_add_test(tests, names_are_taken_in_either_style);
    tcase_add_loop_test(tests, what_is_not_strict_or_not_ours_is_refused_with_a_reason, 0,
                        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tests, numbers_out_of_range_are_refused);
    tcase_add_test(tests, whole_numbers_may_be_strings_as_canonical_json_has_them);
    tcase_add_test(tests, a_whole_number_beyond_64_bits_is_refused);
    tcase_add_test(tests, each_type_is_read_and_written_as_canonical_json_has_it);
    tcase_add_test(tests, a_value_that_is_not_of_its_type_is_refused);
    tcase_add_test(tests, bytes_are_base64_and_what_is_no_number_is_a_word);
    tcase_add_test(tests, what_is_not_utf8_is_written_as_the_replacement_character);
    tcase_add_test(tests, what_would_show_others_in_another_order_is_escaped);
    tcase_add_test(tests, values_without_number_are_refused_and_many_are_taken);
    tcase_add_test(tests, commas_and_brackets_in_strings_are_no_values);
    tcase_add_test(tests, a_large_body_without_memory_is_no_fault_of_its_client);
    tcase_add_test(tests, a_hundred_thousand_nested_lists_do_not_crash);
    tcase_add_test(tests, the_openapi_document_is_json_and_its_references_lead_somewhere);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
