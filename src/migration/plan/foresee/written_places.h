/*
 * Rows for which a partitioned table has no partition, or which are written to a partition to which they do not belong.
 */
#ifndef MIGRATION_PLAN_FORESEE_WRITTEN_PLACES_H
#define MIGRATION_PLAN_FORESEE_WRITTEN_PLACES_H

#include "migration/plan/foresee/writing.h"

/* Adds what the bounds of the table's partitions, and its own, demand; nothing if one is not judged: by hash, by
 * expressions, by types or operators of users, or if the plan has mentioned the table before. */
void written_places(struct writing *writing);

#endif
