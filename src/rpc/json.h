/*
 * Writes messages as JSON and reads them back, by their descriptors, without code for any particular message. The rules
 * are at the top of proto/truss/migration/v1/migration.proto. Reading is strict and uses jansson; writing is our own,
 * since it needs no tree.
 */
#ifndef RPC_JSON_H
#define RPC_JSON_H

#include "base/arena.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/text.h"

#include <protobuf-c/protobuf-c.h>

enum json_names { JSON_SNAKE, JSON_CAMEL };

/* Appends the message. Every field is written: unset messages and unset members of one-member oneofs as null, empty
 * lists as []. */
void json_write(struct buffer *out, const ProtobufCMessage *message, enum json_names names);

/* Field paths in protobuf's form: "summary", "migrations.name". Borrowed; an empty list means every field. */
struct json_fields {
    const struct text *paths;
    size_t count;
};

/* Appends the message with only these fields. A path that ends at a message, or at a list of messages, includes all of
 * its fields. */
void json_write_fields(struct buffer *out, const ProtobufCMessage *message, enum json_names names,
                       const struct json_fields *fields);

/* Do messages of this type have such a field? */
bool json_has_field(const ProtobufCMessageDescriptor *descriptor, struct arena *arena, struct text path);

/* Appends the name of a field in this style. */
void json_write_name(struct buffer *out, const char *field, enum json_names names);

/* The JSON word of an enum value ("applied"), in the arena; NULL for the unspecified value. */
const char *json_enum_word(struct arena *arena, const ProtobufCEnumDescriptor *descriptor,
                           const ProtobufCEnumValue *value);

/* The size in bytes of one element of a repeated field. */
size_t json_element_size(ProtobufCType type);

#define JSON_VALUES_LIMIT ((size_t)200000)

/* Reads an object into a new message in the arena. Field names may have either style; null leaves a field unset; an
 * empty text is read as {}. Fails with INVALID_ARGUMENT that names the field, or the line and column of invalid JSON,
 * also if it has more values than the limit; with UNAVAILABLE if there is no memory to read it. */
ProtobufCMessage *json_read(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct text json,
                            struct status *status);

#endif
