/*
 * Four eyes: a change may require another person's approval. The caller knows whether it does and who has approved
 * (worker/approvals.h); here it is asked, under the run's locks, about exactly what would be done.
 */
#ifndef MIGRATION_LOOK_PERMISSION_H
#define MIGRATION_LOOK_PERMISSION_H

#include "base/digest.h"
#include "migration/look/history.h"
#include "migration/look/place.h"

/* What is about to be done. */
struct act {
    const char *hash; /* identifies it: the hash of a plan or of a mark */
    const char *what; /* "run 20250110093012_init" */
    bool is_trial;    /* it will be rolled back */
};

struct permission {
    /* Returns false with a status if it may not be done. */
    bool (*may)(void *data, struct pg_session *session, const struct act *act, struct status *status);
    void *data;
};

/* Asks the request's permission; true if it has none. The session must be outside a transaction. */
bool request_may(const struct request *request, struct pg_session *session, const struct act *act);

/* Returns "run a, b, c and 4 more", in the arena. name(of, i) gives the i-th of `count` names. */
const char *act_words(struct arena *arena, const char *verb, size_t count, const char *(*name)(const void *, size_t),
                      const void *of);

/* Starts the hash of a mark: the verb, and the tracking table as it is now. Add words with hash_add_word. */
void act_hash_start(struct sha256 *hash, const char *verb, const struct catalog *catalog);

/* Finishes the hash: lower-case hex, in the arena. */
const char *act_hash_finish(struct arena *arena, struct sha256 *hash);

/* Adds a word, separated from the next; NULL counts as "". */
void hash_add_word(struct sha256 *hash, const char *word);

/* Add the framework, with the SQL of a declared one, and the tracking table's place; add the table's rows. */
void hash_add_place(struct sha256 *hash, const struct catalog *catalog);
void hash_add_rows(struct arena *arena, struct sha256 *hash, const struct catalog *catalog);

#endif
