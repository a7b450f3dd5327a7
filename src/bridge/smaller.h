/*
 * Saves bandwidth: answers that the client has already (ETag), and gzip.
 */
#ifndef BRIDGE_SMALLER_H
#define BRIDGE_SMALLER_H

#include "bridge/passage.h"

/* The ETag of an answer with this message, in quotes, in the arena. Computed from the message and the options of its
 * JSON, so that the JSON need not be made. */
const char *smaller_tag(struct arena *arena, const struct passage *passage, const ProtobufCMessage *message);

/* Does the client have it (RFC 9110, 13.1.2: weak tags count, "*" matches all)? */
bool smaller_is_known(const struct passage *passage, const char *tag);

/* Compresses the text with gzip, in the arena; false if it is too small to gain, or there is no memory. */
bool smaller_gzip(struct arena *arena, struct text text, struct text *packed);

#endif
