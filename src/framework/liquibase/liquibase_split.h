/*
 * What Liquibase sends of a script: without comments, split at its delimiters.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_SPLIT_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_SPLIT_H

#include "framework/liquibase/liquibase_cuts.h"

/* Appends the script with each delimiter replaced by a semicolon; lines stay the same. */
void liquibase_split_add(struct buffer *out, struct text sql, const struct liquibase_cut *cut);

#endif
