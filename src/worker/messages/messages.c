/*
 * Splits timestamps as protobuf requires: nanoseconds are never negative.
 */
#include "worker/messages/messages.h"

#include "base/shortage.h"
#include "rpc/envelope.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

char *message_string(const char *string)
{
    return string == NULL ? (char *)(uintptr_t) "" : (char *)(uintptr_t)string;
}

char **message_strings(struct arena *arena, const char *const *strings, size_t count)
{
    char **const fields = arena_array(arena, count, sizeof *fields);
    for (size_t i = 0; i < count; i++) {
        fields[i] = message_string(strings[i]);
    }
    return fields;
}

void message_put_hex(struct buffer *out, struct text bytes)
{
    char piece[1024];
    size_t used = 0;
    buffer_reserve(out, bytes.size * 2 + 1);
    for (size_t i = 0; i < bytes.size; i++) {
        const unsigned char byte = (unsigned char)bytes.data[i];
        piece[used++] = digits[byte >> 4];
        piece[used++] = digits[byte & 15];
        if (used == sizeof piece || i + 1 == bytes.size) {
            buffer_add(out, (struct text){piece, used});
            used = 0;
        }
    }
}

static bool bytes_of(struct arena *arena, const char *hex, struct text *bytes, struct status *status)
{
    const size_t size = strlen(hex) / 2;
    if (!room_for(size, status, "read", "what is kept in the database")) {
        return false;
    }
    char *const data = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++) {
        const char *const high = strchr(digits, hex[2 * i]);
        const char *const low = strchr(digits, hex[2 * i + 1]);
        if (high == NULL || low == NULL) {
            return status_fail(status, STATUS_INVALID_ARGUMENT, "It is not hexadecimal.");
        }
        data[i] = (char)((high - digits) * 16 + (low - digits));
    }
    *bytes = (struct text){data, size};
    return strlen(hex) % 2 == 0 || status_fail(status, STATUS_INVALID_ARGUMENT, "It is not hexadecimal.");
}

ProtobufCMessage *message_kept(struct arena *arena, const ProtobufCMessageDescriptor *type, const char *hex,
                               struct status *status)
{
    struct text bytes;
    struct status why = {.arena = status->arena};
    ProtobufCMessage *const message = bytes_of(arena, hex, &bytes, &why) ? rpc_unpack(arena, type, bytes, &why) : NULL;
    if (message == NULL && why.code == STATUS_INVALID_ARGUMENT) {
        status_fail(status, STATUS_DATA_LOSS, "What the database keeps of a %s cannot be read: %s", type->short_name,
                    why.message);
    } else if (message == NULL) {
        *status = why;
    }
    return message;
}

static char *cleaned(struct arena *arena, char *string, size_t most)
{
    const bool is_short = string == NULL || strnlen(string, most + 1) <= most;
    return is_short && text_is_utf8(text_of(string), NULL) ? string : text_clean(arena, string, most);
}

static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint32_t *const set = (const uint32_t *)(const void *)((const char *)message + field->quantifier_offset);
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 || *set == field->id;
}

/* Cleans a string or a message, single or in a list. */
static void clean_pointer(struct arena *arena, const ProtobufCFieldDescriptor *field, void *place, size_t most)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(char **)place = cleaned(arena, *(char **)place, most);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(ProtobufCMessage **)place != NULL) {
        message_clean(arena, *(ProtobufCMessage **)place, most);
    }
}

void message_clean(struct arena *arena, ProtobufCMessage *message, size_t most)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *const field = &message->descriptor->fields[i];
        void *const place = (char *)message + field->offset;
        const bool is_pointer = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
        if (!is_pointer || !is_set(message, field)) {
            continue;
        }
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            clean_pointer(arena, field, place, most);
            continue;
        }
        const size_t count = *(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
        for (size_t j = 0; j < count; j++) {
            clean_pointer(arena, field, &(*(void ***)place)[j], most);
        }
    }
}

Truss__Rpc__V1__Target *message_target(struct arena *arena, const struct target *target)
{
    if (target->host == NULL) {
        return NULL;
    }
    Truss__Rpc__V1__Target *const message = MESSAGE_NEW(arena, Truss__Rpc__V1__Target, truss__rpc__v1__target);
    message->host = message_string(target->host);
    message->port = message_string(target->port);
    message->database = message_string(target->database);
    message->user = message_string(target->user);
    message->server_version = message_string(target->server_version);
    message->project = message_string(target->project);
    MESSAGE_SET_OPTIONAL(message, framework, TRUSS__RPC__V1__TARGET___FRAMEWORK_FRAMEWORK, target->framework);
    MESSAGE_SET_OPTIONAL(message, environment, TRUSS__RPC__V1__TARGET___ENVIRONMENT_ENVIRONMENT, target->environment);
    return message;
}
