/*
 * Names of branches and their databases. PostgreSQL silently cuts names at 63 bytes, so ours are made to fit.
 */
#ifndef BRANCH_NAMES_H
#define BRANCH_NAMES_H

#include "base/text.h"
#include "base/uuid.h"

#include <stdint.h>

#define BRANCH_PREFIX      "truss_branch_"
#define BRANCH_PROVISIONAL BRANCH_PREFIX "new_"

#define BRANCH_LABEL_CHARACTERS 60
#define BRANCH_TOKEN_SIZE       UUID_DIGITS_SIZE

/* The label without surrounding white space and with control characters replaced by spaces, cut to 60 characters
 * (*is_cut). "" becomes "branch_" and the time. */
const char *branch_label(struct arena *arena, const char *label, int64_t now_us, bool *is_cut);

/* "truss_branch_{slug}_{suffix}", at most 63 bytes: the label's letters, digits and "_" in lower case, and a suffix of
 * the time and two random characters, so that names made at the same time differ. */
const char *branch_database_name(struct arena *arena, const char *label, int64_t now_us);

/* Makes 32 random hex digits. */
void branch_token(char token[BRANCH_TOKEN_SIZE]);

/* The name of a database until it is complete. */
const char *branch_provisional_name(struct arena *arena, const char *token);

#endif
