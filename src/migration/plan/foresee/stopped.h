/*
 * In words, whom the statements of a plan block.
 */
#ifndef MIGRATION_PLAN_FORESEE_STOPPED_H
#define MIGRATION_PLAN_FORESEE_STOPPED_H

#include <stdbool.h>

/* Without a final period. unknown: for some statements it is not known what they lock. */
const char *stopped_words(bool readers, bool writers, bool unknown);

#endif
