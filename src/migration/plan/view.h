/*
 * A preparation shown to a person: statement by statement, with the locks each takes and whom they stop.
 */
#ifndef MIGRATION_PLAN_VIEW_H
#define MIGRATION_PLAN_VIEW_H

#include "migration/plan/plan.h"
#include "sql/effects.h"

struct explained_statement {
    const char *sql; /* shortened */
    size_t start;    /* bytes of the file */
    size_t end;
    struct position where;
    struct sql_effects effects;
    bool loses_data;   /* it throws away what is stored */
    const char *fails; /* why it cannot succeed; NULL: nothing is known against it */
};

struct explained_step {
    const struct step *step;
    struct position where;
    bool finished;
    bool was_begun; /* an earlier run was interrupted in it */
    size_t statement_count;
    struct explained_statement *statements; /* what touches what is there; of the others the first */
    size_t listed;
    size_t capacity;
    size_t unlisted_notable; /* that touch what is there, and are one too many */
};

struct explained_migration {
    const struct prepared *prepared;
    const char *checksum; /* the framework's own */
    const char *delegate; /* the command that runs it, where only its own tool can; else NULL */
    struct explained_step *steps;
};

struct explanation {
    struct explained_migration *migrations; /* as many as the preparation has, but for what comes behind an unfit one */
    size_t count;
    uint32_t transactions;
    bool blocks_reads;
    bool blocks_writes;
    bool loses_data;     /* there are statements that throw away what is stored */
    bool unknown;        /* there are statements that may lock more than is said */
    bool is_nobodys;     /* nothing is in the database: whatever they lock stops nobody */
    const char *refusal; /* why a run would be refused; NULL: it would begin */
    const char *summary;
};

/* Every statement of it that fails, as "Line 3 of "init": …"; the next one behind *at (0 at first), NULL at the end. */
const char *explanation_failure(struct arena *arena, const struct explanation *explanation, size_t *at);

/* Reads the scripts again, and asks the database for the types of columns that change theirs. */
bool explain(const struct request *request, struct pg_session *session, const struct run_options *options,
             const struct preparation *preparation, struct explanation *explanation);

#endif
