/*
 * Helpers for filling a reply: messages and fields made in the call's arena.
 */
#ifndef WORKER_MESSAGES_MESSAGES_H
#define WORKER_MESSAGES_MESSAGES_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "migration/look/target.h"
#include "rpc/time_message.h"
#include "truss/rpc/v1/rpc.pb-c.h"

/* Makes an initialised message in the arena: MESSAGE_NEW(arena, Truss__Migration__V1__Summary,
 * truss__migration__v1__summary). */
#define MESSAGE_NEW(arena, type, prefix)                                                                               \
    ({                                                                                                                 \
        type *message_ = arena_alloc(arena, sizeof *message_);                                                         \
        prefix##__init(message_);                                                                                      \
        message_;                                                                                                      \
    })

/* Checks that our enum's value equals the protocol's, since one is cast to the other. */
#define MESSAGE_SAME(ours, theirs)                                                                                     \
    _Static_assert((int)(ours) == (int)TRUSS__MIGRATION__V1__##theirs, #ours " has another number in the contract")

/* Appends bytes as lower-case hex. */
void message_put_hex(struct buffer *out, struct text bytes);

/* The memory that message_put_hex and the SQL around it need for a message of this size. */
#define MESSAGE_HEX_ROOM(size) (8 * (size))

/* Reads a message that the database stores, from the text of encode(…, 'hex'), into the arena. NULL with DATA_LOSS if
 * it is not hex or not such a message; UNAVAILABLE or RESOURCE_EXHAUSTED if there is no memory for it. */
ProtobufCMessage *message_kept(struct arena *arena, const ProtobufCMessageDescriptor *type, const char *hex,
                               struct status *status);

/* NULL if the target is not known. Borrows its strings. */
Truss__Rpc__V1__Target *message_target(struct arena *arena, const struct target *target);

/* A string for a message: protobuf-c's fields are char *, but packing does not change them. NULL becomes "". */
char *message_string(const char *string);

/* Strings for a repeated field: an array in the arena, which borrows them. */
char **message_strings(struct arena *arena, const char *const *strings, size_t count);

/* The most bytes of one text in a message that is stored or shown: a server's error may have megabytes. */
#define MESSAGE_TEXT ((size_t)16 * 1024)

/* Makes each string of a message valid UTF-8 of about `most` bytes at the most (text_clean), in the arena. */
void message_clean(struct arena *arena, ProtobufCMessage *message, size_t most);

/* Sets a string field of a one-member oneof, unless the value is NULL. */
#define MESSAGE_SET_OPTIONAL(message, field, CASE, value)                                                              \
    do {                                                                                                               \
        if ((value) != NULL) {                                                                                         \
            (message)->_##field##_case = CASE;                                                                         \
            (message)->field = message_string(value);                                                                  \
        }                                                                                                              \
    } while (0)

#endif
