/*
 * Flaws that a script would silently pass over: CREATE INDEX IF NOT EXISTS accepts an existing INVALID index, and a
 * block that catches duplicate_object accepts a NOT VALID constraint. They are found before a run, which is then
 * refused, or repairs them first if requested.
 */
#ifndef MIGRATION_PLAN_FLAWS_H
#define MIGRATION_PLAN_FLAWS_H

#include "base/word_set.h"
#include "base/words.h"
#include "migration/look/place.h"
#include "migration/plan/passing.h"
#include "pg/session.h"

struct flaw {
    const char *migration;
    const char *what;   /* "the index public.users_email is INVALID" */
    const char *repair; /* a statement that mends it, or removes it so that the script can create its own; NULL: a
                           person must do it */
    const char *advice; /* what a person can do */
};

struct flaws {
    struct flaw *items;
    size_t count;
    size_t capacity;
    struct words others;     /* sentences: an existing object differs from what the script would create */
    struct words uncompared; /* sentences: an existing object could not be compared */
    /* Names in statements that drop, rebuild, validate or rename: their objects are not passed over. */
    struct words handled;
    struct words passed;      /* names that IF NOT EXISTS statements create */
    struct words compared;    /* those of them that need no comparison */
    struct passing_path path; /* of the current script */
    size_t asked;             /* how many relation names were queried one by one */
    struct word_set names;    /* of all relations, queried after that; empty if they are too many */
};

/* A script to examine. */
struct flaws_script {
    const char *migration;
    struct text sql;
    size_t from; /* bytes before this were executed earlier */
};

/* Adds the flaws of one script. What cannot be queried is ignored: the run will report it. Fails with UNAVAILABLE if
 * there is not enough memory to look. */
bool flaws_find(const struct request *request, struct pg_session *session, const struct flaws_script *script,
                struct flaws *flaws, struct status *status);

/* Why a run is refused; NULL: there are no flaws. */
const char *flaws_refusal(struct arena *arena, const struct flaws *flaws);

#endif
