/*
 * What is asked of the catalogs while a plan is read. They stay as they are before the plan: what was answered once, or
 * refused, is remembered and not asked again. A plan of thousands of statements asks thousands of questions, of which
 * most are alike: it is read twice. The first time questions are only noted, and have no answer. Then those that are
 * asked by the same query are sent together; the second time they are answered from what came. What the first reading
 * has not asked for is sent by itself.
 */
#ifndef MIGRATION_PLAN_FORESEE_QUESTIONS_H
#define MIGRATION_PLAN_FORESEE_QUESTIONS_H

#include "pg/session.h"

struct questions;

/* Asks on this session, which must stay while the questions do; all is the arena's. */
struct questions *questions_new(struct arena *arena, struct pg_session *session);

/* The session, for what is asked otherwise. */
struct pg_session *questions_session(const struct questions *questions);

/* From now on questions are noted and have no answer. */
void questions_note(struct questions *questions);

/* Sends what was noted; from now on questions are answered. */
void questions_send(struct questions *questions);

/* Are they only noted? */
bool questions_are_noted(const struct questions *questions);

/* Is there an answer already, or will there be? */
bool questions_know(struct questions *questions, const char *sql, int count, const char *const *values);

/* The rows of a query of `count` text values, which is a constant of the program; to be released by the caller. NULL
 * where there is no answer. */
PGresult *questions_ask(struct questions *questions, const char *sql, int count, const char *const *values);

#endif
