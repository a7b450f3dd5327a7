/*
 * A committed file of graphile-migrate: its head, its hash, and its text with the placeholders filled in.
 */
#ifndef FRAMEWORK_GRAPHILE_GRAPHILE_FILE_H
#define FRAMEWORK_GRAPHILE_GRAPHILE_FILE_H

#include "framework/core/framework.h"

/* What a file's "--! Name: value" lines say. */
struct graphile_header {
    const char *previous; /* the hash of the one before it; NULL: it is the first */
    const char *hash;
    bool may_be_invalid; /* AllowInvalidHash: the hash need not be that of the text */
    size_t body;         /* where the script begins */
    const char *problem; /* why it is none: "has no …"; NULL: it is one */
};

struct graphile_header graphile_header_of(struct arena *arena, struct text content);

/* The hash of the file's text behind the one that the header names. */
const char *graphile_hash_of(struct arena *arena, const struct graphile_header *header, struct text content);

/* True for "--! no-transaction" as the first line of the script. */
bool graphile_has_no_transaction(const struct graphile_header *header, struct text content);

/* Sets request->script->sql: the content with the values of :DATABASE_NAME, :DATABASE_OWNER and those of the
 * configuration (its source). */
bool graphile_fill(const struct script_request *request, struct text config);

#endif
