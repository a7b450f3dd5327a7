/*
 * Answers as JSON with their headers: a message, an error, or that something was started.
 */
#ifndef BRIDGE_ANSWER_H
#define BRIDGE_ANSWER_H

#include "bridge/passage.h"
#include "truss/migration/v1/migration.pb-c.h"

void answer_json(struct passage *passage, unsigned http, struct text json);

/* Answers 200, or the route's status for a message with `ok: false` or for something created. */
void answer_message(struct passage *passage, const ProtobufCMessage *message);

/* The same for a passage and its companions (share.h), which have the same route. Common parts of the answers are made
 * once and kept until the last was sent. The message may be owned by the passage, which is therefore answered last. */
void answer_message_all(struct passage *passage, struct passage *companion, const ProtobufCMessage *message);

/* Answers 202: the work was started; the route says where to ask for it. */
void answer_begun(struct passage *passage, const ProtobufCMessage *begun);

/* Answers an error with the HTTP status of its code or reason. */
void answer_error(struct passage *passage, const struct status *status);

/* The same with another HTTP status; allowed: the methods of the path, for 405; else NULL. */
void answer_error_as(struct passage *passage, unsigned http, const struct status *status, const char *allowed);

/* Answers a call that failed. */
void answer_failure(struct passage *passage, const struct status *status);

#endif
