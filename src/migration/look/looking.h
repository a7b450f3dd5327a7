/*
 * The state of a detection, shared by its parts (ledger_place.c, sources.c, elsewhere.c, choice.c).
 */
#ifndef MIGRATION_LOOK_LOOKING_H
#define MIGRATION_LOOK_LOOKING_H

#include "migration/look/detection.h"

/* session is NULL if there is no database to ask. */
struct looking {
    const struct request *request;
    struct pg_session *session;
    struct detection *detection;
};

/* Adds a warning, which must live as long as the request. More than eight are dropped. */
void looking_warn(const struct looking *looking, const char *warning);

/* Adds evidence to a source. NULL is ignored, and so is more than MOST_EVIDENCE. */
void source_add_evidence(struct source *source, const char *evidence);

/* Makes this table the ledger of the source, to be read as `fit` says. */
void source_take_table(const struct looking *looking, struct source *source, const struct table *table,
                       const struct shape_fit *fit);

#endif
