/*
 * A lock that an earlier statement of the same transaction has taken is held until its end: what reads or writes much
 * after it makes others wait for all of that time, though its own locks would stop nobody.
 */
#ifndef MIGRATION_PLAN_FORESEE_HELD_H
#define MIGRATION_PLAN_FORESEE_HELD_H

#include "framework/core/script.h"
#include "sql/effects.h"

/* {0}: nothing is held. */
struct held {
    const char *relation; /* on which the strongest lock is held; NULL: on none that stops others */
    enum sql_lock lock;
    size_t at; /* the byte of the script where the statement that took it begins */
    bool is_told;
};

/* The script of the statements. What is found is in the arena. */
struct held_place {
    struct arena *arena;
    struct text script;
    const struct script_parts *parts;
};

/* Call it at the beginning of each transaction. */
void held_begin(struct held *held);

/* Call it for each statement, in order; `at` is its first byte in the script. If it takes its time while something is
 * held that it does not lock so itself, the statement's advice says so: once in a transaction. */
void held_statement(struct held *held, const struct held_place *place, struct text statement, size_t at,
                    struct sql_effects *effects);

#endif
