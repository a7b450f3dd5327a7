/*
 * A detection under way: what its parts (ledger_place.c, sources.c, elsewhere.c, choice.c) share.
 */
#ifndef MIGRATION_LOOK_LOOKING_H
#define MIGRATION_LOOK_LOOKING_H

#include "migration/look/detection.h"

/* session NULL: there is no database to ask. */
struct looking {
    const struct request *request;
    struct pg_session *session;
    struct detection *detection;
};

/* Adds a warning, which must live as long as the request; beyond the eighth they are dropped. */
void looking_warn(const struct looking *looking, const char *warning);

/* Adds what a source was recognised by; NULL, and what comes behind the third, adds nothing. */
void source_add_evidence(struct source *source, const char *evidence);

/* Makes this table, as `fit` says it is read, the ledger of the source. */
void source_take_table(const struct looking *looking, struct source *source, const struct table *table,
                       const struct shape_fit *fit);

#endif
