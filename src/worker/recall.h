/*
 * Remembers the last answers to questions that only read, with all that each depends on. The same question is answered
 * from memory if all of that is as it was, and in the usual way if anything differs, or if it cannot be told.
 * Thread-safe.
 *
 * An answer is made of
 * - the project's files: looked at again, each (base/file_trace.h);
 * - what the server said: nothing has been committed or loaded in the whole cluster since (pg/moment.h), or else each
 *   statement is sent again and has the answer that it had (pg/ask_again.h). The first is cheaper, and is asked first
 *   where the server was quiet the last time;
 * - what a session has that no statement asks for: its role, and settings that the server reports. They last as long as
 *   the session, but for what is loaded anew, so that only sessions that have given this answer since then are asked;
 * - what is the same for all questions of a worker: its options, its environment, the role that it connects as.
 * Who asks is not part of an answer, and has been let in before.
 */
#ifndef WORKER_RECALL_H
#define WORKER_RECALL_H

#include "base/file_trace.h"
#include "migration/look/catalog.h"
#include "pg/moment.h"
#include "rpc/service.h"

struct recollections; /* of a worker */
struct recollection;

struct recollections *recollections_new(void);
void recollections_free(struct recollections *all);

/* One question and its means; all borrowed. */
struct recall {
    struct recollections *all;
    struct rpc_call *call;
    const struct request *request;
    struct pg_session *session;
    /* The rest belongs to recall.c; zero at first. */
    struct recollection *known;
    struct pg_moment moment; /* before the work */
    bool is_asked;           /* the server was asked for it */
    bool was_right;          /* what is known was the answer the last time */
    bool is_noting;
};

/* Sets the call's packed response to the remembered one, if it is still the answer. Else returns false, and begins to
 * note what the thread does. Call recall_end afterwards in any case. */
bool recall_begin(struct recall *recall);

/* Ends that. Remembers the response if what it depends on is known; catalog NULL: there is none. */
void recall_end(struct recall *recall, const struct catalog *catalog, struct text packed);

#endif
