/*
 * Writing: one pass over the descriptor, straight into the buffer. Reading is in json_read.c.
 */
#include "rpc/json.h"

#include "base/clock.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/time_message.h"
#include "truss/rpc/v1/rpc.pb-c.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

void json_write_name(struct buffer *out, const char *field, enum json_names names)
{
    buffer_putc(out, '"');
    for (const char *c = field; *c != '\0'; c++) {
        if (names == JSON_CAMEL && c[0] == '_' && c[1] != '\0') {
            c++;
            buffer_putc(out, (char)toupper((unsigned char)*c));
        } else {
            buffer_putc(out, *c);
        }
    }
    buffer_putc(out, '"');
}

/* The length of the prefix that an enum's values share: MIGRATION_STATE_ for MigrationState; 0 if this value lacks
 * it. */
static size_t prefix_size(const char *type, const char *value)
{
    size_t size = 0;
    for (const char *c = type; *c != '\0'; c++) {
        if (c > type && isupper((unsigned char)*c) != 0) {
            if (value[size++] != '_') {
                return 0;
            }
        }
        if (value[size++] != (char)toupper((unsigned char)*c)) {
            return 0;
        }
    }
    return value[size] == '_' ? size + 1 : 0;
}

const char *json_enum_word(struct arena *arena, const ProtobufCEnumDescriptor *descriptor,
                           const ProtobufCEnumValue *value)
{
    char *const word = arena_strdup(arena, value->name + prefix_size(descriptor->short_name, value->name));
    for (char *c = word; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return value->value == 0 && strcmp(word, "unspecified") == 0 ? NULL : word;
}

/* ---- which fields ---- */

struct style {
    enum json_names names;
    struct json_fields fields; /* of the message being written; none: all */
};

/* The rest of "migrations.name" after "migrations"; NULL data if the path starts with another field. */
static struct text behind(struct text path, const char *field)
{
    const size_t size = strlen(field);
    const bool is_its =
        path.size >= size && memcmp(path.data, field, size) == 0 && (path.size == size || path.data[size] == '.');
    return !is_its ? (struct text){0} : text_slice(path, path.size == size ? size : size + 1, path.size);
}

/* Is the field wanted, and which parts of it? Called for each field of each message in a list, so it allocates only if
 * a path goes on. */
static bool wants(struct arena *arena, const struct style *style, const char *field, struct style *inner)
{
    const struct json_fields *const fields = &style->fields;
    size_t count = 0;
    bool is_whole = fields->count == 0;
    *inner = (struct style){.names = style->names};
    for (size_t i = 0; i < fields->count && !is_whole; i++) {
        const struct text rest = behind(fields->paths[i], field);
        is_whole = rest.data != NULL && rest.size == 0;
        count += rest.data != NULL ? 1 : 0;
    }
    if (is_whole || count == 0) {
        return is_whole;
    }
    struct text *const paths = arena_array(arena, count, sizeof *paths);
    for (size_t i = 0; i < fields->count; i++) {
        const struct text rest = behind(fields->paths[i], field);
        if (rest.data != NULL) {
            paths[inner->fields.count++] = rest;
        }
    }
    inner->fields.paths = paths;
    return true;
}

/* Stands for the missing sub-message of other fields: it has no fields. */
static const ProtobufCMessageDescriptor no_message = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC};

static const ProtobufCMessageDescriptor *message_in(const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
                                                    struct text name)
{
    const ProtobufCFieldDescriptor *const field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, arena_strndup(arena, name.data, name.size));
    return field == NULL ? NULL : field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : &no_message;
}

bool json_has_field(const ProtobufCMessageDescriptor *descriptor, struct arena *arena, struct text path)
{
    while (descriptor != NULL && path.size > 0) {
        const size_t end = text_find(path, ".", 0);
        descriptor = message_in(descriptor, arena, text_slice(path, 0, end));
        path = end == SIZE_MAX ? (struct text){0} : text_slice(path, end + 1, path.size);
        if (end != SIZE_MAX && path.size == 0) {
            return false; /* a dot at the end */
        }
    }
    return descriptor != NULL;
}

/* ---- writing ---- */

static void write_timestamp(struct buffer *out, const Google__Protobuf__Timestamp *time)
{
    char text[RFC3339_SIZE];
    const int64_t at = message_time_us(time);
    if (at == NO_TIME) {
        buffer_puts(out, "null");
        return;
    }
    clock_rfc3339(at, text);
    buffer_printf(out, "\"%s\"", text);
}

static void write_double(struct buffer *out, double value)
{
    if (isnan(value)) {
        buffer_puts(out, "\"NaN\"");
    } else if (isinf(value)) {
        buffer_puts(out, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    } else {
        /* The shortest text that is read as the same number. */
        char digits[32];
        int precision = 15;
        do {
            snprintf(digits, sizeof digits, "%.*g", precision, value);
        } while (strtod(digits, NULL) != value && precision++ < 17);
        buffer_puts(out, digits);
    }
}

/* Base64, which canonical JSON uses for bytes. */
static void write_bytes(struct buffer *out, const ProtobufCBinaryData *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buffer_putc(out, '"');
    for (size_t i = 0; i < bytes->len; i += 3) {
        const size_t left = bytes->len - i;
        const uint32_t three = (uint32_t)bytes->data[i] << 16 | (left > 1 ? (uint32_t)bytes->data[i + 1] << 8 : 0) |
                               (left > 2 ? bytes->data[i + 2] : 0);
        buffer_putc(out, digits[three >> 18]);
        buffer_putc(out, digits[three >> 12 & 63]);
        buffer_putc(out, left > 1 ? digits[three >> 6 & 63] : '=');
        buffer_putc(out, left > 2 ? digits[three & 63] : '=');
    }
    buffer_putc(out, '"');
}

static void write_enum(struct buffer *out, const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *const value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    const char *const word = value == NULL ? NULL : json_enum_word(out->arena, descriptor, value);
    if (word != NULL) {
        buffer_printf(out, "\"%s\"", word);
    } else if (value != NULL) {
        buffer_puts(out, "null");
    } else {
        buffer_printf(out, "%d", number); /* from a newer worker */
    }
}

/* Writes JSON made elsewhere; invalid JSON becomes a string. */
static void write_json(struct buffer *out, const char *text)
{
    if (json_is_sound(text_of(text))) {
        buffer_puts(out, text);
    } else {
        json_write_string(out, text_of(text));
    }
}

static void write_members(struct buffer *out, const ProtobufCMessage *message, const struct style *style);

static void write_message(struct buffer *out, const ProtobufCMessage *message, const struct style *style)
{
    if (message == NULL) {
        buffer_puts(out, "null");
    } else if (message->descriptor == &truss__rpc__v1__json__descriptor) {
        write_json(out, ((const Truss__Rpc__V1__Json *)message)->text);
    } else if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        write_timestamp(out, (const Google__Protobuf__Timestamp *)message);
    } else {
        write_members(out, message, style);
    }
}

/* A JSON number: 64-bit ones as strings, for readers that use doubles. Returns false for other types. */
static bool write_number(struct buffer *out, ProtobufCType type, const void *value)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        buffer_printf(out, "%" PRId32, *(const int32_t *)value);
        return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        buffer_printf(out, "%" PRIu32, *(const uint32_t *)value);
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        buffer_printf(out, "\"%" PRId64 "\"", *(const int64_t *)value);
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        buffer_printf(out, "\"%" PRIu64 "\"", *(const uint64_t *)value);
        return true;
    case PROTOBUF_C_TYPE_FLOAT:
        write_double(out, (double)*(const float *)value);
        return true;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_double(out, *(const double *)value);
        return true;
    default:
        return false;
    }
}

/* One value of a field's type. */
static void write_value(struct buffer *out, const ProtobufCFieldDescriptor *field, const void *value,
                        const struct style *style)
{
    if (write_number(out, field->type, value)) {
        return;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        buffer_puts(out, *(const protobuf_c_boolean *)value != 0 ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(out, field->descriptor, *(const int *)value);
        break;
    case PROTOBUF_C_TYPE_STRING:
        json_write_string(out, text_of(*(const char *const *)value));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(out, value);
        break;
    default:
        write_message(out, *(const ProtobufCMessage *const *)value, style);
        break;
    }
}

size_t json_element_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return sizeof(void *);
}

static bool is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

static void write_field(struct buffer *out, const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message,
                        const struct style *style)
{
    const char *const base = (const char *)message;
    const char *const value = base + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        const size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
        const char *const items = *(const char *const *)(const void *)value;
        buffer_putc(out, '[');
        for (size_t i = 0; i < count; i++) {
            buffer_puts(out, i == 0 ? "" : ",");
            write_value(out, field, items + i * json_element_size(field->type), style);
        }
        buffer_putc(out, ']');
    } else if (is_oneof(field) && *(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id) {
        buffer_puts(out, "null");
    } else {
        write_value(out, field, value, style);
    }
}

static void write_members(struct buffer *out, const ProtobufCMessage *message, const struct style *style)
{
    const ProtobufCMessageDescriptor *const descriptor = message->descriptor;
    const char *before = "";
    buffer_putc(out, '{');
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        struct style inner;
        if (wants(out->arena, style, descriptor->fields[i].name, &inner)) {
            buffer_puts(out, before);
            json_write_name(out, descriptor->fields[i].name, style->names);
            buffer_putc(out, ':');
            write_field(out, &descriptor->fields[i], message, &inner);
            before = ",";
        }
    }
    buffer_putc(out, '}');
}

void json_write(struct buffer *out, const ProtobufCMessage *message, enum json_names names)
{
    write_members(out, message, &(struct style){.names = names});
}

void json_write_fields(struct buffer *out, const ProtobufCMessage *message, enum json_names names,
                       const struct json_fields *fields)
{
    write_members(out, message, &(struct style){names, *fields});
}
