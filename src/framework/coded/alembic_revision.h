/*
 * What a migration of Alembic says about its place in the history, read as text.
 */
#ifndef FRAMEWORK_CODED_ALEMBIC_REVISION_H
#define FRAMEWORK_CODED_ALEMBIC_REVISION_H

#include "base/status.h"
#include "base/words.h"

/* What a program says about itself. */
struct alembic_revision {
    const char *id;       /* NULL: not written as text */
    struct words parents; /* down_revision and depends_on */
    size_t down_count;    /* the first of them, which are of down_revision */
    struct words labels;  /* branch_labels, by which others may depend on it */
    bool is_computed;     /* what is before it is not written as text */
};

/* Reads a program; NULL if it cannot be read. */
struct alembic_revision *alembic_revision_read(struct arena *arena, const char *path, struct status *status);

#endif
