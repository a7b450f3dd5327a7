/*
 * Four eyes: what changes something may need that another person has approved it. Whether it does, and who has, is for
 * the caller to know (worker/approvals.h); here it is asked, under the run's locks, of exactly what would be done.
 */
#ifndef MIGRATION_LOOK_PERMISSION_H
#define MIGRATION_LOOK_PERMISSION_H

#include "base/digest.h"
#include "migration/look/history.h"
#include "migration/look/place.h"

/* What is about to be done. */
struct act {
    const char *hash; /* of all that decides it: a plan's, or that of a mark */
    const char *what; /* "run 20250110093012_init" */
    bool is_trial;    /* it would be rolled back */
};

struct permission {
    /* False and a status where it may not be done. */
    bool (*may)(void *data, struct pg_session *session, const struct act *act, struct status *status);
    void *data;
};

/* May it be done? True where the request has no permission to ask. The session is outside of a transaction. */
bool request_may(const struct request *request, struct pg_session *session, const struct act *act);

/* "run a, b, c and 4 more", in the arena: names are taken one by one from `name`. */
const char *act_words(struct arena *arena, const char *verb, size_t count, const char *(*name)(const void *, size_t),
                      const void *of);

/* A mark's hash begins here: what it is, and the tracking table as it stands. Words are added by hash_add_word. */
void act_hash_start(struct sha256 *hash, const char *verb, const struct catalog *catalog);

/* Ends it: lower-case hex, in the arena. */
const char *act_hash_finish(struct arena *arena, struct sha256 *hash);

/* A word, kept apart from the next; NULL is "". */
void hash_add_word(struct sha256 *hash, const char *word);

/* The framework, the tracking table's place and its rows. */
void hash_add_place(struct sha256 *hash, const struct catalog *catalog);
void hash_add_rows(struct arena *arena, struct sha256 *hash, const struct catalog *catalog);

#endif
