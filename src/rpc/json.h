/*
 * Messages as JSON and back, by their descriptors: no code for any one message. The rules are at the top of
 * proto/truss/migration/v1/migration.proto. Reading is strict, by jansson; writing is our own, because it need not
 * build a tree.
 */
#ifndef RPC_JSON_H
#define RPC_JSON_H

#include "base/arena.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/text.h"

#include <protobuf-c/protobuf-c.h>

enum json_names { JSON_SNAKE, JSON_CAMEL };

/* Appends the message. Every field is written: unset messages and members of one-member oneofs as null, empty lists as
 * []. */
void json_write(struct buffer *out, const ProtobufCMessage *message, enum json_names names);

/* Paths of fields as protobuf writes them: "summary", "migrations.name". Borrowed; none: every field. */
struct json_fields {
    const struct text *paths;
    size_t count;
};

/* The same with only these fields; one that is a message or a list of them has all of its own where no path goes on
 * behind it. */
void json_write_fields(struct buffer *out, const ProtobufCMessage *message, enum json_names names,
                       const struct json_fields *fields);

/* Is there such a field in messages of this type? */
bool json_has_field(const ProtobufCMessageDescriptor *descriptor, struct arena *arena, struct text path);

/* Appends a field's name as JSON writes it. */
void json_write_name(struct buffer *out, const char *field, enum json_names names);

/* The word for an enum's value, "applied"; NULL for one that is unspecified. In the arena. */
const char *json_enum_word(struct arena *arena, const ProtobufCEnumDescriptor *descriptor,
                           const ProtobufCEnumValue *value);

/* Bytes of one element of a repeated field. */
size_t json_element_size(ProtobufCType type);

#define JSON_VALUES_LIMIT ((size_t)200000)

/* Reads an object into a new message in the arena; field names in either style, null for unset. An empty text is {}.
 * Fails with INVALID_ARGUMENT that names the field, or line and column of what is no JSON, and where it has more values
 * than the limit; with UNAVAILABLE where there is no memory to read it. */
ProtobufCMessage *json_read(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct text json,
                            struct status *status);

#endif
