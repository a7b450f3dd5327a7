/*
 * Remembers the last answers to questions that only read, with all that each depends on: what was seen of the project's
 * files (base/file_trace.h) and at which moment of the server (pg/moment.h). The same question is answered from memory
 * if all of that is looked at again and is as it was, and in the usual way if anything differs, or if it cannot be
 * told. Thread-safe.
 *
 * The rest is the same for all questions of a worker: its options, its environment, the role that it connects as. Who
 * asks is not part of an answer, and has been let in before.
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
    const struct rpc_call *call;
    const struct request *request;
    struct pg_session *session;
    /* The rest belongs to recall.c; zero at first. */
    struct recollection *known;
    struct pg_moment moment; /* before the work */
    bool is_asked;           /* the server was asked for it */
    bool was_right;          /* what is known was the answer the last time */
    bool is_noting;
};

/* Sets *packed to the remembered response, in the call's arena, if it is still the answer. Else returns false, and
 * begins to note what the thread does. Call recall_end afterwards in any case. */
bool recall_begin(struct recall *recall, struct text *packed);

/* Ends that. Remembers the response if what it depends on is known; catalog NULL: there is none. */
void recall_end(struct recall *recall, const struct catalog *catalog, struct text packed);

#endif
