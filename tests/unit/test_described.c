/*
 * The protocol as a worker describes it: what is made of that must be what protoc-c made of the same files.
 */
#include "rpc/described.h"
#include "rpc/envelope.h"
#include "rpc/json.h"
#include "support/runner.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "truss/sql/v1/sql.pb-c.h"
#include "worker/descriptors.h"

#include <string.h>

static struct arena *arena;
static struct status status;
static struct described described;
static const struct text set = {(const char *)descriptors, sizeof descriptors};

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    ck_assert_msg(described_read(arena, set, &described, &status), "%s", status.message);
}

static void tear_down(void)
{
    arena_free(arena);
}

static const ProtobufCServiceDescriptor *service_named(const char *name)
{
    for (size_t i = 0; i < described.count; i++) {
        if (strcmp(described.services[i]->name, name) == 0) {
            return described.services[i];
        }
    }
    ck_abort_msg("no service %s", name);
    return NULL;
}

static void same_enum(const ProtobufCEnumDescriptor *made, const ProtobufCEnumDescriptor *right)
{
    ck_assert_str_eq(made->name, right->name);
    ck_assert_uint_eq(made->n_values, right->n_values);
    for (unsigned i = 0; i < right->n_values; i++) {
        const ProtobufCEnumValue *const value = protobuf_c_enum_descriptor_get_value(made, right->values[i].value);
        ck_assert_str_eq(value->name, right->values[i].name);
    }
}

static void same_message(const ProtobufCMessageDescriptor *made, const ProtobufCMessageDescriptor *right, int depth)
{
    ck_assert_str_eq(made->name, right->name);
    ck_assert_uint_eq(made->n_fields, right->n_fields);
    for (unsigned i = 0; i < right->n_fields; i++) {
        const ProtobufCFieldDescriptor *const one = protobuf_c_message_descriptor_get_field(made, right->fields[i].id);
        const ProtobufCFieldDescriptor *const other = &right->fields[i];
        ck_assert_msg(one != NULL, "%s.%s", right->name, other->name);
        ck_assert_str_eq(one->name, other->name);
        ck_assert_msg(one->label == other->label && one->type == other->type, "%s.%s", right->name, other->name);
        ck_assert_msg(one->flags == other->flags, "%s.%s: %u, not %u", right->name, other->name, one->flags,
                      other->flags);
        ck_assert_uint_le(one->offset + sizeof(void *), made->sizeof_message);
        if (other->type == PROTOBUF_C_TYPE_ENUM) {
            same_enum(one->descriptor, other->descriptor);
        } else if (other->type == PROTOBUF_C_TYPE_MESSAGE && depth > 0) {
            same_message(one->descriptor, other->descriptor, depth - 1);
        }
    }
}

START_TEST(every_method_is_as_it_was_compiled)
{
    static const ProtobufCServiceDescriptor *const compiled[] = {
        &truss__migration__v1__migration_service__descriptor,
        &truss__sql__v1__sql_service__descriptor,
        &truss__branch__v1__branch_service__descriptor,
    };
    for (size_t i = 0; i < sizeof compiled / sizeof compiled[0]; i++) {
        const ProtobufCServiceDescriptor *const made = service_named(compiled[i]->name);
        ck_assert_str_eq(made->short_name, compiled[i]->short_name);
        ck_assert_uint_eq(made->n_methods, compiled[i]->n_methods);
        for (unsigned j = 0; j < compiled[i]->n_methods; j++) {
            const ProtobufCMethodDescriptor *const right = &compiled[i]->methods[j];
            const ProtobufCMethodDescriptor *const one =
                protobuf_c_service_descriptor_get_method_by_name(made, right->name);
            ck_assert_ptr_nonnull(one);
            same_message(one->input, right->input, 6);
            same_message(one->output, right->output, 6);
        }
    }
}
END_TEST

static struct text packed(const ProtobufCMessage *message)
{
    uint8_t *const bytes = arena_alloc(arena, protobuf_c_message_get_packed_size(message) + 1);
    return (struct text){(const char *)bytes, protobuf_c_message_pack(message, bytes)};
}

static const char *as_json(const ProtobufCMessage *message)
{
    struct buffer json = {.arena = arena};
    json_write(&json, message, JSON_SNAKE);
    return buffer_string(&json);
}

/* The same JSON by both descriptors, over the same bytes. */
static void both_ways(const char *service, const char *method, const char *json)
{
    const ProtobufCServiceDescriptor *const made = service_named(service);
    const ProtobufCMessageDescriptor *const theirs =
        protobuf_c_service_descriptor_get_method_by_name(made, method)->input;
    const ProtobufCMessage *const sent = json_read(arena, theirs, text_of(json), &status);
    ck_assert_msg(sent != NULL, "%s", status.message);
    const ProtobufCServiceDescriptor *const own = strcmp(made->short_name, "SqlService") == 0
                                                      ? &truss__sql__v1__sql_service__descriptor
                                                      : &truss__migration__v1__migration_service__descriptor;
    const ProtobufCMessageDescriptor *const ours = protobuf_c_service_descriptor_get_method_by_name(own, method)->input;
    const ProtobufCMessage *const got = rpc_unpack(arena, ours, packed(sent), &status);
    ck_assert_msg(got != NULL, "%s", status.message);
    ck_assert_str_eq(as_json(got), as_json(sent));
    ck_assert_str_eq(as_json(json_read(arena, ours, text_of(json), &status)), as_json(sent));
    ck_assert_str_eq(as_json(rpc_unpack(arena, theirs, packed(got), &status)), as_json(sent));
}

START_TEST(messages_go_both_ways_by_json_and_by_bytes)
{
    static const char run[] = "truss.migration.v1.MigrationService";
    both_ways(run, "Run", "{}");
    both_ways(run, "Run",
              "{\"migrations\":[\"a\",\"\"],\"target\":\"ü\",\"dry_run\":true,\"lock_retry_ms\":4294967295}");
    both_ways(run, "Run", "{\"transaction\":\"all\",\"allow_out_of_order\":false}");
    both_ways(run, "Approve", "{\"plan_hash\":\"x\",\"plan\":{\"migrations\":[\"b\"],\"allow_out_of_order\":true}}");
    both_ways("truss.sql.v1.SqlService", "Query",
              "{\"sql\":\"SELECT $1\",\"params\":[\"1\",\"2\"],\"row_mode\":\"array\"}");
}
END_TEST

START_TEST(a_description_that_is_cut_off_or_changed_is_refused_or_read)
{
    char *const copy = arena_alloc(arena, set.size);
    for (size_t i = 0; i < set.size; i += 97) {
        struct arena *const own = arena_new(0);
        struct status ignored = {.arena = own};
        struct described result;
        memcpy(copy, set.data, set.size);
        copy[i] = (char)(copy[i] ^ 0x55);
        described_read(own, (struct text){copy, set.size}, &result, &ignored);
        described_read(own, (struct text){set.data, i}, &result, &ignored);
        arena_free(own);
    }
    ck_assert(!described_read(arena, text_of("not a description"), &described, &status));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("described");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    suite_add_tcase(suite, all);
    tcase_add_test(all, every_method_is_as_it_was_compiled);
    tcase_add_test(all, messages_go_both_ways_by_json_and_by_bytes);
    tcase_add_test(all, a_description_that_is_cut_off_or_changed_is_refused_or_read);
    return run_suite(suite);
}
