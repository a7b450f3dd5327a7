/*
 * What a script would pass over without a word: CREATE INDEX IF NOT EXISTS is content with an index of that name that
 * is INVALID, and a block that catches duplicate_object with a constraint that is NOT VALID. Found before a run, which
 * is refused, or repairs them first where that is asked for.
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
    const char *repair; /* the statement that mends it, or makes room for the script's own; NULL: a person must */
    const char *advice; /* what a person can do */
};

struct flaws {
    struct flaw *items;
    size_t count;
    size_t capacity;
    struct words others;     /* sentences: what is there by a name is another thing than the script would make */
    struct words uncompared; /* sentences: whether it is, cannot be told */
    /* Names in statements that drop, build anew, validate or rename: what they are about is not passed over. */
    struct words handled;
    struct words passed;      /* names that statements with IF NOT EXISTS make, of those that are put together */
    struct words compared;    /* of these, what needs no comparison any more */
    struct passing_path path; /* of the script that is read */
    size_t asked;             /* names of relations that were asked for one by one */
    struct word_set names;    /* of all relations, behind that many; empty where they are too many */
};

/* A script that is looked through. */
struct flaws_script {
    const char *migration;
    struct text sql;
    size_t from; /* what is before this byte was done before */
};

/* Adds those of one script. What cannot be asked adds nothing: the run will say it. */
void flaws_find(const struct request *request, struct pg_session *session, const struct flaws_script *script,
                struct flaws *flaws);

/* Why a run is refused; NULL where there are none. */
const char *flaws_refusal(struct arena *arena, const struct flaws *flaws);

#endif
