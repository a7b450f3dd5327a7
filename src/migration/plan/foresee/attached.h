/*
 * What ATTACH PARTITION reads: nothing, if the table's constraints say what its bound says, and it has the indexes and
 * foreign keys of the partitioned table.
 */
#ifndef MIGRATION_PLAN_FORESEE_ATTACHED_H
#define MIGRATION_PLAN_FORESEE_ATTACHED_H

#include "migration/plan/foresee/needs.h"

/* The two tables, and the bound over the key's one column. */
struct attached {
    const struct sql_alter *alter; /* the statement's ATTACH */
    const struct relation *parent;
    const char *column;         /* of the key */
    const char *within;         /* the bound as a condition over it */
    const char *default_schema; /* NULL: there is none */
    const char *default_name;
};

/* Corrects the effects' work and advice if less is done than reading the table. */
void attached_note(struct needs *needs, const struct attached *attached, struct sql_effects *effects);

#endif
