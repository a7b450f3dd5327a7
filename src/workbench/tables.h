/*
 * The relations of a database, and the details of one.
 */
#ifndef WORKBENCH_TABLES_H
#define WORKBENCH_TABLES_H

#include "workbench/query.h"

/* Lists schema, name, kind, rows (NULL: never counted), bytes (NULL: not requested), sorted. For PQclear; NULL with the
 * call's status on failure. */
PGresult *tables_list(const struct workbench_call *call, bool sizes, struct workbench_target *target);

enum { TABLES_SCHEMA, TABLES_NAME, TABLES_KIND, TABLES_ROWS, TABLES_BYTES };

/* The details of a relation: four results, for description_release. */
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
    DESCRIBED_OID,
    DESCRIBED_MAY_READ,
};

/* Fails with the call's status if there is no such relation, or it may not be read. Call description_release in either
 * case. */
bool table_describe(const struct workbench_call *call, const char *name, struct description *description);
void description_release(struct description *description);

#endif
