/*
 * What branches and their databases are called. PostgreSQL cuts a name at 63 bytes without an error, so that ours are
 * made to fit.
 */
#ifndef BRANCH_NAMES_H
#define BRANCH_NAMES_H

#include "base/text.h"

#include <stdint.h>

#define BRANCH_PREFIX      "truss_branch_"
#define BRANCH_PROVISIONAL BRANCH_PREFIX "new_"

#define BRANCH_LABEL_CHARACTERS 60
#define BRANCH_TOKEN_SIZE       33 /* with the NUL */

/* The label without white space at its ends and of at most 60 characters, control characters as spaces. Sets *is_cut
 * where there were more. "" becomes "branch_" and the time. */
const char *branch_label(struct arena *arena, const char *label, int64_t now_us, bool *is_cut);

/* "truss_branch_{slug}_{suffix}", at most 63 bytes: letters, digits and "_" of the label in lower case, and a suffix of
 * the time and two random characters, so that two names made at once differ. */
const char *branch_database_name(struct arena *arena, const char *label, int64_t now_us);

/* 32 random hex digits. */
void branch_token(char token[BRANCH_TOKEN_SIZE]);

/* The name that a database has until it is complete. */
const char *branch_provisional_name(struct arena *arena, const char *token);

#endif
