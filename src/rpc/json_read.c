/*
 * Reading: jansson makes a tree of the text and refuses what is not strict JSON, the descriptor says what each value
 * must be.
 */
#include "rpc/json.h"

#include "base/clock.h"
#include "base/near.h"
#include "base/shortage.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/time_message.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define READING    4   /* times its size: a string is in jansson's buffer, in its tree and in the message */
#define VALUE_ROOM 128 /* memory of a value in tree and message, besides its text */

struct reading {
    struct arena *arena;
    struct status *status;
    const char *key; /* of the field that is being read, as the sender writes it; NULL: none yet */
};

static bool fail_type(const struct reading *reading, const char *field, const char *expected)
{
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The field \"%s\" must be %s.",
                       reading->key != NULL ? reading->key : field, expected);
}

/* Is this JSON name the field's, in either style? */
static bool is_name_of(struct arena *arena, const char *name, const char *field)
{
    struct buffer camel = {.arena = arena};
    if (strcmp(name, field) == 0) {
        return true;
    }
    json_write_name(&camel, field, JSON_CAMEL);
    return text_is(text_slice(buffer_text(&camel), 1, camel.size - 1), name);
}

static const ProtobufCFieldDescriptor *find_field(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                                  const char *name)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (is_name_of(arena, name, descriptor->fields[i].name)) {
            return &descriptor->fields[i];
        }
    }
    return NULL;
}

struct bounds {
    int64_t least;
    int64_t most;
};

/* An integer within the bounds, as a number, or as a string, which canonical JSON uses for 64-bit ones. */
static bool read_integer(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                         struct bounds bounds, int64_t *value)
{
    char *end;
    errno = 0;
    if (json_is_integer(json)) {
        *value = json_integer_value(json);
    } else if (json_is_string(json) && strchr("-0123456789", json_string_value(json)[0]) != NULL) {
        *value = strtoll(json_string_value(json), &end, 10);
        if (end == json_string_value(json) || *end != '\0' || errno != 0) {
            return fail_type(reading, field->name, "a whole number in its range");
        }
    } else {
        return fail_type(reading, field->name, "a whole number");
    }
    return (*value >= bounds.least && *value <= bounds.most) ||
           fail_type(reading, field->name, "a whole number in its range");
}

/* "a", "b" or "c" */
static const char *list_words(struct arena *arena, const ProtobufCEnumDescriptor *descriptor)
{
    struct buffer list = {.arena = arena};
    const char *last = NULL;
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const char *const word = json_enum_word(arena, descriptor, &descriptor->values[i]);
        if (word != NULL && last != NULL) {
            buffer_printf(&list, "%s\"%s\"", list.size == 0 ? "" : ", ", last);
        }
        last = word != NULL ? word : last;
    }
    buffer_printf(&list, "%s\"%s\"", list.size == 0 ? "" : " or ", last == NULL ? "" : last);
    return buffer_string(&list);
}

static bool read_enum(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                      int *value)
{
    const ProtobufCEnumDescriptor *const descriptor = field->descriptor;
    for (unsigned i = 0; json_is_string(json) && i < descriptor->n_values; i++) {
        const char *const word = json_enum_word(reading->arena, descriptor, &descriptor->values[i]);
        if (word != NULL && strcmp(word, json_string_value(json)) == 0) {
            *value = descriptor->values[i].value;
            return true;
        }
    }
    return fail_type(reading, field->name, list_words(reading->arena, descriptor));
}

static ProtobufCMessage *read_object(const struct reading *reading, const ProtobufCMessageDescriptor *descriptor,
                                     const json_t *json, const char *name);

static bool read_time(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                      ProtobufCMessage **value)
{
    int64_t wall_us;
    if (!json_is_string(json) || !clock_rfc3339_read(json_string_value(json), &wall_us)) {
        return fail_type(reading, field->name, "a time as 2026-11-23T10:34:00Z");
    }
    *value = &message_time(reading->arena, wall_us)->base;
    return true;
}

static bool read_int32(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                       int32_t *value)
{
    int64_t integer = 0;
    const bool ok = read_integer(reading, field, json, (struct bounds){INT32_MIN, INT32_MAX}, &integer);
    *value = ok ? (int32_t)integer : 0;
    return ok;
}

static bool read_uint32(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                        uint32_t *value)
{
    int64_t integer = 0;
    const bool ok = read_integer(reading, field, json, (struct bounds){0, UINT32_MAX}, &integer);
    *value = ok ? (uint32_t)integer : 0;
    return ok;
}

static bool read_double(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                        double *value)
{
    *value = json_number_value(json);
    return json_is_number(json) || fail_type(reading, field->name, "a number");
}

static bool read_float(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                       float *value)
{
    double number = 0;
    const bool ok = read_double(reading, field, json, &number);
    *value = (float)number;
    return ok;
}

static bool read_bool(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                      protobuf_c_boolean *value)
{
    *value = json_is_true(json);
    return json_is_boolean(json) || fail_type(reading, field->name, "true or false");
}

static bool read_string(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                        char **value)
{
    *value = arena_strdup(reading->arena, json_string_value(json));
    return json_is_string(json) || fail_type(reading, field->name, "a string");
}

static bool read_message(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                         ProtobufCMessage **value)
{
    if (field->descriptor == &google__protobuf__timestamp__descriptor) {
        return read_time(reading, field, json, value);
    }
    *value = read_object(reading, field->descriptor, json, field->name);
    return *value != NULL;
}

/* Reads one value of the field's type. Our requests have no bytes fields. */
static bool read_value(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                       void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return read_int32(reading, field, json, value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return read_uint32(reading, field, json, value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return read_integer(reading, field, json, (struct bounds){INT64_MIN, INT64_MAX}, value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_integer(reading, field, json, (struct bounds){0, INT64_MAX}, value);
    case PROTOBUF_C_TYPE_FLOAT:
        return read_float(reading, field, json, value);
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_double(reading, field, json, value);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(reading, field, json, value);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(reading, field, json, value);
    case PROTOBUF_C_TYPE_STRING:
        return read_string(reading, field, json, value);
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(reading, field, json, value);
    case PROTOBUF_C_TYPE_BYTES:
        break;
    }
    return fail_type(reading, field->name, "left out here");
}

static bool read_field(const struct reading *reading, const ProtobufCFieldDescriptor *field, const json_t *json,
                       ProtobufCMessage *message)
{
    char *const base = (char *)message;
    void *const value = base + field->offset;
    void *const quantifier = base + field->quantifier_offset;
    if (json_is_null(json)) {
        return true;
    }
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            *(uint32_t *)quantifier = field->id;
        }
        return read_value(reading, field, json, value);
    }
    if (!json_is_array(json)) {
        return fail_type(reading, field->name, "a list");
    }
    const size_t count = json_array_size(json);
    const size_t size = json_element_size(field->type);
    char *const items = arena_array(reading->arena, count, size);
    for (size_t i = 0; i < count; i++) {
        if (!read_value(reading, field, json_array_get(json, i), items + i * size)) {
            return false;
        }
    }
    *(size_t *)quantifier = count;
    *(void **)value = items;
    return true;
}

/* An empty message. Types made at run time (described.h) have no init function. */
static ProtobufCMessage *begin_message(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *const message = arena_alloc(arena, descriptor->sizeof_message);
    if (descriptor->message_init != NULL) {
        protobuf_c_message_init(descriptor, message);
        return message;
    }
    message->descriptor = descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *const field = &descriptor->fields[i];
        if (field->default_value != NULL) {
            *(const void **)(void *)((char *)message + field->offset) = field->default_value;
        }
    }
    return message;
}

/* Names the field that was probably meant; if none is similar, all that there are, unless they are many. */
static void fail_unknown(const struct reading *reading, const ProtobufCMessageDescriptor *descriptor, const char *key)
{
    enum { MOST_NAMED = 8 };
    struct near near = {.wanted = text_of(key)};
    const char *all = "";
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        near_try(&near, descriptor->fields[i].name);
        all = descriptor->n_fields > MOST_NAMED
                  ? ""
                  : arena_printf(reading->arena, "%s%s%s", all, i == 0 ? "; there is: " : ", ",
                                 descriptor->fields[i].name);
    }
    status_fail(reading->status, STATUS_INVALID_ARGUMENT, "There is no field \"%.100s\" here%s%s%s", key,
                near.name == NULL ? all : "; did you mean \"", near.name == NULL ? "" : near.name,
                near.name == NULL ? "." : "\"?");
}

static ProtobufCMessage *read_object(const struct reading *reading, const ProtobufCMessageDescriptor *descriptor,
                                     const json_t *json, const char *name)
{
    const char *key;
    json_t *value;
    if (!json_is_object(json)) {
        fail_type(reading, name, "an object");
        return NULL;
    }
    ProtobufCMessage *const message = begin_message(reading->arena, descriptor);
    /* jansson's iterator takes a non-const object but does not change it. */
    json_t *const object = (json_t *)(uintptr_t)json;
    json_object_foreach(object, key, value)
    {
        const ProtobufCFieldDescriptor *const field = find_field(reading->arena, descriptor, key);
        if (field == NULL) {
            fail_unknown(reading, descriptor, key);
            return NULL;
        }
        const struct reading inner = {.arena = reading->arena, .status = reading->status, .key = key};
        if (!read_field(&inner, field, value, message)) {
            return NULL;
        }
    }
    return message;
}

/* Counts the beginnings of values. jansson takes a hundred times the size of "{},{},…": 700 MB for a body of 8 MB. */
static size_t count_values(struct text json)
{
    size_t values = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.size && values <= JSON_VALUES_LIMIT; i++) {
        const char c = json.data[i];
        if (in_string && c == '\\') {
            i++;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == ',' || c == '[' || c == '{')) {
            values++;
        }
    }
    return values;
}

static json_t *parse(struct text json, struct status *status)
{
    json_error_t error;
    json_t *const tree = json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (tree == NULL && json_error_code(&error) == json_error_out_of_memory) {
        shortage(status, "read", "the body");
    } else if (tree == NULL) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "The body is not JSON: %s (line %d, column %d).", error.text,
                    error.line, error.column);
    }
    return tree;
}

ProtobufCMessage *json_read(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct text json,
                            struct status *status)
{
    const struct reading reading = {.arena = arena, .status = status};
    if (text_trim(json).size == 0) {
        json = text_of("{}");
    }
    const size_t values = count_values(json);
    if (values > JSON_VALUES_LIMIT) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "The body has more than %zu values.", JSON_VALUES_LIMIT);
        return NULL;
    }
    if (!room_for(READING * json.size + VALUE_ROOM * values, status, "read", "the body")) {
        return NULL;
    }
    json_t *const tree = parse(json, status);
    if (tree == NULL) {
        return NULL;
    }
    ProtobufCMessage *const message = read_object(&reading, descriptor, tree, "body");
    json_decref(tree);
    return message;
}
