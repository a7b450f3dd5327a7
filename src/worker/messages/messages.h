/*
 * Small things that every handler needs to fill a reply: messages and fields made in the call's arena.
 */
#ifndef WORKER_MESSAGES_MESSAGES_H
#define WORKER_MESSAGES_MESSAGES_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "migration/look/target.h"
#include "truss/rpc/v1/rpc.pb-c.h"

/* A message in the arena, initialised: MESSAGE_NEW(arena, Truss__Migration__V1__Summary,
 * truss__migration__v1__summary). */
#define MESSAGE_NEW(arena, type, prefix)                                                                               \
    ({                                                                                                                 \
        type *message_ = arena_alloc(arena, sizeof *message_);                                                         \
        prefix##__init(message_);                                                                                      \
        message_;                                                                                                      \
    })

/* Our enum's value has the number of the contract's, so that one is cast to the other. */
#define MESSAGE_SAME(ours, theirs)                                                                                     \
    _Static_assert((int)(ours) == (int)TRUSS__MIGRATION__V1__##theirs, #ours " has another number in the contract")

/* NULL for NO_TIME. */
Google__Protobuf__Timestamp *message_time(struct arena *arena, int64_t wall_us);

/* Appends bytes as lower-case hex. */
void message_put_hex(struct buffer *out, struct text bytes);

/* What message_put_hex and the SQL around it take at the most for a message of so many bytes. */
#define MESSAGE_HEX_ROOM(size) (8 * (size))

/* A message that the database keeps, out of what encode(…, 'hex') gives of it, in the arena. NULL: DATA_LOSS where it
 * is no hex or no such message, UNAVAILABLE or RESOURCE_EXHAUSTED where there is no memory to read it. */
ProtobufCMessage *message_kept(struct arena *arena, const ProtobufCMessageDescriptor *type, const char *hex,
                               struct status *status);

/* NULL where nothing is known of it. Borrows its strings. */
Truss__Rpc__V1__Target *message_target(struct arena *arena, const struct target *target);

/* A string field: protobuf-c's are char *, never changed by packing. NULL becomes "". */
char *message_string(const char *string);

/* Bytes of one text of a message that is kept or shown: a server's error may have megabytes. */
#define MESSAGE_TEXT ((size_t)16 * 1024)

/* Makes each string of a message UTF-8 of at most about `most` bytes (text_clean), in the arena. */
void message_clean(struct arena *arena, ProtobufCMessage *message, size_t most);

/* A field of a one-member oneof: absent, or there. */
#define MESSAGE_SET_OPTIONAL(message, field, CASE, value)                                                              \
    do {                                                                                                               \
        if ((value) != NULL) {                                                                                         \
            (message)->_##field##_case = CASE;                                                                         \
            (message)->field = message_string(value);                                                                  \
        }                                                                                                              \
    } while (0)

#endif
