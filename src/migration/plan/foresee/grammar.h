/*
 * Asks the server whether its grammar takes a statement, without running it: for those that our parser, with the
 * grammar of PostgreSQL 15, does not know, and where the server is older than that.
 */
#ifndef MIGRATION_PLAN_FORESEE_GRAMMAR_H
#define MIGRATION_PLAN_FORESEE_GRAMMAR_H

#include "migration/plan/foresee/needs.h"
#include "sql/effects.h"

/* Not known also if nobody was asked. */
enum grammar_answer { GRAMMAR_NOT_KNOWN, GRAMMAR_TAKES, GRAMMAR_REFUSES };

/* What the server's grammar says of a statement. If it refuses it, *status has the error, with its position in the
 * statement, or 0. It is asked about every statement that was not read, and about others only if the server is older
 * than our parser. To be called in order, before needs_note(). */
enum grammar_answer grammar_ask(struct needs *needs, struct text statement, const struct sql_effects *effects,
                                struct status *status);

/* What to say of a statement that our parser does not know and the server's grammar does not refuse. */
const char *grammar_unread(struct needs *needs, enum grammar_answer answer);

#endif
