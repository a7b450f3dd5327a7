/*
 * Catalog queries while a plan is read. They see the catalogs as they are before the plan; each answer, or refusal, is
 * remembered. A plan of thousands of statements asks thousands of mostly similar questions, so some of its scripts at a
 * time are read twice: the first time questions are only noted and get no answer; then those with the same query are
 * sent together; the second time they are answered from the results. A question that was not noted is sent by itself.
 */
#ifndef MIGRATION_PLAN_FORESEE_QUESTIONS_H
#define MIGRATION_PLAN_FORESEE_QUESTIONS_H

#include "pg/session.h"

struct questions;

/* Uses this session, which must live as long as the questions; everything is in the arena. */
struct questions *questions_new(struct arena *arena, struct pg_session *session);

/* The session, for other queries. */
struct pg_session *questions_session(const struct questions *questions);

/* From now on questions are noted and get no answer. */
void questions_note(struct questions *questions);

/* Sends the noted questions; from now on questions are answered. */
void questions_send(struct questions *questions);

/* Are questions only noted now? */
bool questions_are_noted(const struct questions *questions);

/* Is there an answer already, or will there be one? */
bool questions_know(struct questions *questions, const char *sql, int count, const char *const *values);

/* The rows of a query with `count` text parameters; sql must be a constant. Release it with PQclear. NULL: no
 * answer. */
PGresult *questions_ask(struct questions *questions, const char *sql, int count, const char *const *values);

#endif
