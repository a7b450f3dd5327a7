/*
 * Whom the statements of a plan stop, in words.
 */
#ifndef MIGRATION_PLAN_FORESEE_STOPPED_H
#define MIGRATION_PLAN_FORESEE_STOPPED_H

#include <stdbool.h>

/* Without a point at the end. unknown: what some statements lock is not known. */
const char *stopped_words(bool readers, bool writers, bool unknown);

#endif
