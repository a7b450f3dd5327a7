/*
 * A committed file of graphile-migrate: its header, its hash, and its text with the placeholders replaced.
 */
#ifndef FRAMEWORK_GRAPHILE_GRAPHILE_FILE_H
#define FRAMEWORK_GRAPHILE_GRAPHILE_FILE_H

#include "framework/core/framework.h"

/* The header, lines like "--! Name: value". */
struct graphile_header {
    const char *previous; /* the hash of the previous file; NULL: it is the first */
    const char *hash;
    bool may_be_invalid; /* AllowInvalidHash: the hash need not match the text */
    size_t body;         /* offset of the script */
    const char *problem; /* why the header is invalid: "has no …"; NULL: it is valid */
};

struct graphile_header graphile_header_of(struct arena *arena, struct text content);

/* The hash of the file's text, which includes the previous file's hash. */
const char *graphile_hash_of(struct arena *arena, const struct graphile_header *header, struct text content);

/* Is "--! no-transaction" the first line of the script? */
bool graphile_has_no_transaction(const struct graphile_header *header, struct text content);

/* Sets request->script->sql to the content with the values of :DATABASE_NAME, :DATABASE_OWNER and the configuration's
 * placeholders (config is its source). */
bool graphile_fill(const struct script_request *request, struct text config);

#endif
