/*
 * A plan as a person reads it: its migrations, steps and statements.
 */
#ifndef MIGRATION_PLAN_EXPLAINED_H
#define MIGRATION_PLAN_EXPLAINED_H

#include "migration/plan/permits.h"
#include "migration/plan/plan.h"
#include "sql/effects.h"

/* A statement of a DO block. */
struct explained_part {
    const char *sql; /* shortened */
    struct sql_effects effects;
};

struct explained_statement {
    const char *sql; /* shortened */
    size_t start;    /* bytes of the script: [start, end) */
    size_t end;
    struct position where;
    struct sql_effects effects;
    const char *role; /* as which it runs (struct permits) */
    bool loses_data;  /* it deletes stored data, or cuts it */
    bool is_opaque;   /* not all that it runs is known, so neither is what the role must be allowed to */
    const struct explained_part *parts; /* what a DO block may run, if all of that is known */
    size_t part_count;
    const char *fails; /* why it cannot succeed; NULL: nothing known */
};

struct explained_step {
    const struct step *step;
    struct position where;
    bool finished;
    bool was_begun; /* an earlier run was interrupted in it */
    size_t statement_count;
    struct explained_statement *statements; /* all that touch existing objects, and the first of the others */
    size_t listed;
    size_t capacity;
    size_t made;             /* at least so many relations are made by all of its statements */
    size_t unlisted_notable; /* statements that touch existing objects and are left out because there are too many */
};

struct explained_migration {
    const struct prepared *prepared;
    const char *checksum; /* the framework's own */
    const char *delegate; /* if only the framework's tool can run it, the command; else NULL */
    struct explained_step *steps;
};

struct explanation {
    struct explained_migration *migrations; /* one for each item of the preparation, but none after an unfit one */
    size_t count;
    uint32_t transactions; /* all of these: */
    uint32_t alone;        /* statements outside of any transaction */
    uint32_t own;          /* parts of scripts that have their own transaction control */
    bool blocks_reads;
    bool blocks_writes;
    bool loses_data;               /* some statements delete stored data, or cut it */
    bool unknown;                  /* some statements may lock more than is shown */
    bool is_nobodys;               /* the database is empty: their locks block nobody */
    const struct permits *permits; /* what the role must be allowed to */
    const char *refusal;           /* why a run would be refused; NULL: it would start */
    const char *summary;
};

/* Returns the next statement that fails, as "Line 3 of "init": …", and advances *at (start with 0); NULL at the end. */
const char *explanation_failure(struct arena *arena, const struct explanation *explanation, size_t *at);

/* The beginning of a statement, in the arena. */
const char *explained_excerpt(struct arena *arena, struct text statement);

/* A copy, in the arena, of what is shown of a statement's effects. Of a lock's name only remains whether the statement
 * has it in its text (check/moment_needs.c). */
struct sql_effects explained_effects(struct arena *arena, const struct sql_effects *effects);

/* How many relations a step locks at least, as far as its statements are listed: those that exist, once each, and those
 * that it makes. */
size_t explained_locks(struct arena *arena, const struct explained_step *step);

#endif
