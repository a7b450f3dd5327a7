/*
 * Rows that are in the way of a new partition: those of the DEFAULT partition that belong to it, and those of an
 * attached table that do not.
 */
#ifndef MIGRATION_PLAN_FORESEE_UNPLACED_H
#define MIGRATION_PLAN_FORESEE_UNPLACED_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Rows that the plan may have changed before are not judged, nor
 * are partitions by expressions, by several columns, by hash, and bounds that are computed. Corrects the effects of an
 * ATTACH that reads nothing. */
const char *unplaced_why(struct needs *needs, struct sql_effects *effects);

#endif
