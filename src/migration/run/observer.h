/*
 * A second session beside a run's, for when a statement takes its time: it says who holds a lock that we wait for,
 * and how far a long statement is. It is a convenience: a run goes on where it cannot be had.
 */
#ifndef MIGRATION_RUN_OBSERVER_H
#define MIGRATION_RUN_OBSERVER_H

#include "migration/events.h"
#include "pg/session.h"

struct observer;

/* For the life of a run. All are borrowed. beside: the session to use, where the caller has one that is idle; NULL, or
 * lost: the observer opens its own when it is needed. */
struct observer *observer_new(const struct conninfo *conninfo, struct pg_session *beside, const struct watch *watch);
void observer_free(struct observer *observer);

/* Watches over the next statements of this session, until pg_session_on_tick says otherwise: its ticks go to the
 * observer, which also cancels what is running when the run is to end. */
void observer_attach(struct observer *observer, struct pg_session *session);

/* Watches only that the session's answers come: where the server is done with what was asked and the network has lost
 * the answer, the call fails as with any lost connection. Until observer_attach. observer: NULL is fine. */
void observer_guard(struct observer *observer, struct pg_session *session);

/* Where the run is, for what is told of it. Borrowed until the next call. */
void observer_at(struct observer *observer, const char *migration, uint32_t step, uint32_t steps);

/* Who held what the last statement waited for, as seen while it waited; their number. Valid until the next statement.
 */
size_t observer_blockers(const struct observer *observer, const struct run_blocker **blockers);

/* Forgets them, before the next statement. */
void observer_forget(struct observer *observer);

/* A session beside the run's, opened where it is not yet; NULL where it cannot be had. Borrowed. For watch.beside,
 * which knows nothing of observers. */
struct pg_session *observer_beside(void *data);

#endif
