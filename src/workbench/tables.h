/*
 * What there is to read: the relations of a database, and one of them in full.
 */
#ifndef WORKBENCH_TABLES_H
#define WORKBENCH_TABLES_H

#include "workbench/query.h"

/* schema, name, kind, rows (NULL: never counted), bytes (NULL: not asked for), sorted. For PQclear; NULL and the call's
 * status where it cannot be had. */
PGresult *tables_list(const struct workbench_call *call, bool sizes, struct workbench_target *target);

enum { TABLES_SCHEMA, TABLES_NAME, TABLES_KIND, TABLES_ROWS, TABLES_BYTES };

/* Of one relation, four results for PQclear. */
struct description {
    PGresult *relation;    /* enum below */
    PGresult *columns;     /* name, type, nullable, default, identity, generated, comment */
    PGresult *indexes;     /* name, definition, unique, primary, valid, bytes */
    PGresult *constraints; /* name, kind, definition, validated */
    struct workbench_target target;
};

enum {
    DESCRIBED_SCHEMA,
    DESCRIBED_NAME,
    DESCRIBED_KIND,
    DESCRIBED_ROWS,
    DESCRIBED_BYTES,
    DESCRIBED_OWNER,
    DESCRIBED_TABLE_BYTES,
    DESCRIBED_INDEX_BYTES,
    DESCRIBED_TOAST_BYTES,
    DESCRIBED_DEFINITION,
};

/* False and the call's status where there is no such relation, or it may not be read. What was filled in is to be
 * released either way. */
bool table_describe(const struct workbench_call *call, const char *name, struct description *description);
void description_release(struct description *description);

#endif
