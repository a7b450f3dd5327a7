/*
 * What a statement outside a transaction may leave when it is interrupted or fails: an INVALID index, a half-detached
 * partition. It is looked for before the statement is tried again, and removed; nothing else is touched.
 */
#ifndef MIGRATION_RUN_LEFTOVERS_H
#define MIGRATION_RUN_LEFTOVERS_H

#include "base/text.h"
#include "migration/run/current.h"

/* Call it before such a statement is begun. Sets *before to what is needed later to find its leftovers: an oid[]
 * literal ("{16401}") in the run's arena; behind a 0 in it stand those that leftovers_made adds. For something that is
 * to be dropped or detached: "{}" if it does not exist, so that its absence later does not prove that this statement
 * did it. NULL: nothing is needed. */
bool leftovers_before(struct run *run, struct text statement, const char **before);

/* What an interrupted statement has come to. */
enum leftovers {
    LEFTOVERS_GONE, /* nothing of it is left, or what was left has been removed: it can be sent again */
    LEFTOVERS_DONE, /* it had completed */
    LEFTOVERS_BUSY, /* another session builds an index of its table, so an INVALID one may be that session's: look
                       again later; nothing was removed */
};

struct interrupted {
    struct text statement;
    const char *migration;
    const char *before; /* leftovers_before, and what leftovers_made added */
    bool is_lost;       /* with its session. Otherwise it has failed, and so it has not completed */
};

/* Call it after the statement was interrupted or failed: removes its leftovers. Warns if it counts as completed by an
 * index that may be somebody else's. Fails if the server cannot be asked, or something could not be removed. */
bool leftovers_remove(struct run *run, const struct interrupted *of, enum leftovers *what);

/* Adds to `before` that the statement was seen to build the index of this oid. */
const char *leftovers_made(struct arena *arena, const char *before, const char *oid);

/* Does this SQLSTATE, when the statement is repeated, mean that the interrupted attempt had completed? CREATE DATABASE
 * (42P04), DROP TABLESPACE (42704), … */
bool leftovers_says_done(struct text statement, const char *sqlstate);

#endif
