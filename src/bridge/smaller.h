/*
 * Answers that need not be sent, or not as they are: what the client has already, by its ETag, and what it takes as
 * gzip.
 */
#ifndef BRIDGE_SMALLER_H
#define BRIDGE_SMALLER_H

#include "bridge/passage.h"

/* The ETag of an answer with this message, in quotes, in the arena. It is made of the message and of what the JSON is
 * made by, so that the JSON need not be made. */
const char *smaller_tag(struct arena *arena, const struct passage *passage, const ProtobufCMessage *message);

/* Is it one of those that the client has (RFC 9110, 13.1.2: a weak one counts, "*" is every one)? */
bool smaller_is_known(const struct passage *passage, const char *tag);

/* The text as gzip, in the arena; false where it is too small to gain, or there is no memory for it. */
bool smaller_gzip(struct arena *arena, struct text text, struct text *packed);

#endif
