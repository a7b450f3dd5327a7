/*
 * The state of one reading of a plan: what the statements so far have done.
 */
#ifndef MIGRATION_PLAN_READING_H
#define MIGRATION_PLAN_READING_H

#include "migration/plan/explained.h"
#include "migration/plan/foresee/asked.h"
#include "migration/plan/foresee/fires.h"
#include "migration/plan/foresee/grammar.h"
#include "migration/plan/foresee/heard.h"
#include "migration/plan/foresee/held.h"
#include "migration/plan/foresee/impossible.h"
#include "migration/plan/foresee/needs.h"
#include "migration/plan/foresee/retold.h"
#include "migration/plan/foresee/unseen.h"
#include "migration/plan/permits.h"

/* Bytes that are parsed for their effects: 5 us each at worst. */
#define EXPLAINING_MOST_PARSED ((size_t)2 * 1024 * 1024)

/* Bytes of a script and of what was read of it from which on no more of that is kept for the second reading. */
#define EXPLAINING_MOST_KEPT ((size_t)1024 * 1024)

/* The script of a migration: read once, or twice. */
struct script {
    struct arena *arena; /* NULL: it is not loaded yet */
    struct text content;
    struct text looked_at;    /* as a server without backslash escapes in strings reads it */
    struct retold *retold;    /* of the first reading */
    struct script_mark shown; /* the last statement that was listed */
};

struct explaining {
    const struct request *request;
    struct pg_session *session;
    struct questions *questions;
    struct explanation *explanation;
    struct sql_facts facts;
    struct world *world;
    struct script *script; /* of the current migration */
    struct arena *reading; /* for the current statement; the caller's */
    size_t listed;
    size_t parsed; /* bytes, of EXPLAINING_MOST_PARSED */
    size_t beside; /* relations that statements lock without naming them */
    const struct detection *detection;
    const struct script_parts *parts; /* of the current migration */
    enum grammar_answer grammar;      /* of the current statement */
    const char *delegate;             /* the command, if its own tool runs everything; else NULL */
    /* A relation that the statement names and that neither exists nor was created; NULL: none. */
    const char *absent;
    struct word_set told;          /* already reported names: once is enough */
    bool makes_unseen;             /* earlier statements may have created things unseen */
    bool moves_unseen;             /* … and renamed them: what a statement names then may be anything */
    struct word_set may_be;        /* relations that a DO block makes, if it comes to that */
    struct unseen unseen;          /* the same, through functions that nobody names */
    struct impossible impossible;  /* what the migration cannot do */
    struct asked asked;            /* queries for the effects */
    struct needs needs;            /* what statements need */
    struct permits permits;        /* what the role must be allowed to */
    struct fires fires;            /* what the plan creates that fires something */
    struct heard heard;            /* event triggers */
    struct held held;              /* locks of earlier statements of the transaction */
    bool is_undone;                /* the script itself rolls this back */
    bool is_tried_again;           /* it was interrupted in this statement: the run cleans up */
    const struct relation *ledger; /* as it is before the plan; NULL: none, or its removal was reported */
    bool is_ledger_coming;         /* the run makes it before the first script; its removal was not reported */
};

#endif
