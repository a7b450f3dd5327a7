/*
 * Collects the rights that the statements of a plan need, besides those on relations that they lock, and as which role
 * each runs. What an earlier statement of the plan has made, given away or dropped is not in question.
 */
#ifndef MIGRATION_PLAN_PERMITS_H
#define MIGRATION_PLAN_PERMITS_H

#include "base/word_set.h"
#include "migration/plan/foresee/world.h"
#include "sql/effects.h"

/* Needed by some statement, in the words of the database before the plan. */
struct permit {
    struct sql_right right;
    const char *role; /* NULL: the session's own */
    const char *path; /* schemas, with the character 31 between them, in which an unqualified name is looked for */
    bool is_unsure;   /* an earlier statement may have changed rights unseen */
    bool is_possible; /* whether the statement runs is not known */
};

/* Start with {.arena, .world, .login} at a plan's beginning; the arena is the request's. */
struct permits {
    struct arena *arena;
    struct arena *reading; /* for the current statement */
    struct world *world;
    const char *login; /* the session's user */
    struct permit *items;
    size_t count;
    size_t capacity;
    struct word_set seen;       /* of the items */
    struct word_set gone;       /* names of things that the plan has made, dropped, renamed or given away */
    struct word_set granted;    /* and of those on which it has granted something */
    struct word_set schemas;    /* that it may have made */
    const char *role;           /* of the session now: NULL its own, PERMITS_ANY not known */
    const char *role_of_former; /* the same before SET LOCAL, until the transaction ends */
    bool is_local;
    bool is_unsure;      /* the caller's to set: a statement may have changed rights unseen */
    bool is_possible;    /* whether the statement that is noted runs is not known */
    bool has_new_rights; /* the role may have got rights of others: nothing more is collected */
};

/* A role that is not known. */
#define PERMITS_ANY ""

/* Call them at the beginning of a migration, and of a transaction. */
void permits_begin(struct permits *permits);
void permits_begin_transaction(struct permits *permits);

/* Call it for each statement, before its effects are applied to the world; what is only known of it is in `reading`.
 * is_undone: the script rolls it back. */
void permits_note(struct permits *permits, struct arena *reading, struct text statement,
                  const struct sql_effects *effects, bool is_undone);

/* The same for a statement of a DO block, which may not run: what it changes is left open. */
void permits_note_possible(struct permits *permits, struct arena *reading, const struct sql_effects *effects);

#endif
