/*
 * Answers: a message, an error, or that something has begun, as JSON with the headers that belong to it.
 */
#ifndef BRIDGE_ANSWER_H
#define BRIDGE_ANSWER_H

#include "bridge/passage.h"
#include "truss/migration/v1/migration.pb-c.h"

void answer_json(struct passage *passage, unsigned http, struct text json);

/* 200, or what the route says of a message that is not `ok` or new. */
void answer_message(struct passage *passage, const ProtobufCMessage *message);

/* The same to a passage and to its companions, of the same route: what is equal of their answers is made once, and kept
 * until the last of them was sent. The message may be the passage's own, which is answered last. */
void answer_message_all(struct passage *passage, struct passage *companion, const ProtobufCMessage *message);

/* 202: it has begun, and is to be asked for where the route says. */
void answer_begun(struct passage *passage, const ProtobufCMessage *begun);

/* An error with the HTTP status that its code or reason stands for. */
void answer_error(struct passage *passage, const struct status *status);

/* The same with another HTTP status; allowed: the methods that the path knows (405), or NULL. */
void answer_error_as(struct passage *passage, unsigned http, const struct status *status, const char *allowed);

/* How a call failed. */
void answer_failure(struct passage *passage, const struct status *status);

#endif
