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

/* 202: it has begun, and is to be asked for where the route says. */
void answer_begun(struct passage *passage, const ProtobufCMessage *begun);

/* An error with the HTTP status that its code or reason stands for. */
void answer_error(struct passage *passage, const struct status *status);

/* The same with another HTTP status; allowed: the methods that the path knows (405), or NULL. */
void answer_error_as(struct passage *passage, unsigned http, const struct status *status, const char *allowed);

/* How a call failed. */
void answer_failure(struct passage *passage, const struct status *status);

#endif
