/*
 * A second session beside the run's, used when a statement takes long: it finds out who holds a lock that we wait for,
 * and how far a long statement is. The run goes on if there is none.
 */
#ifndef MIGRATION_RUN_OBSERVER_H
#define MIGRATION_RUN_OBSERVER_H

#include "migration/events.h"
#include "pg/session.h"

struct observer;

/* Makes the observer of a run. All arguments are borrowed. beside: an idle session to use; if it is NULL or lost, the
 * observer opens its own when needed. */
struct observer *observer_new(const struct conninfo *conninfo, struct pg_session *beside, const struct watch *watch);
void observer_free(struct observer *observer);

/* Observes this session's next statements, until pg_session_on_tick is called: its ticks go to the observer, which also
 * cancels the statement when the run is to end. */
void observer_attach(struct observer *observer, struct pg_session *session);

/* Only checks that the session's answers arrive: if the server has finished and the network has lost the answer, the
 * call fails like with any lost connection. Until observer_attach. A NULL observer is fine. */
void observer_guard(struct observer *observer, struct pg_session *session);

/* Sets where the run is, for its events. Borrowed until the next call. */
void observer_at(struct observer *observer, const char *migration, uint32_t step, uint32_t steps);

/* Sets *blockers to those that the last statement waited for, as seen while it waited; returns their number. Valid
 * until the next statement. */
size_t observer_blockers(const struct observer *observer, const struct run_blocker **blockers);

/* Called in a tick, with the session beside the run's, for an index that the observed statement has begun to build (an
 * oid). Returns false to be called for it again later. */
typedef bool observer_index_fn(void *data, struct pg_session *beside, const char *oid);

/* Calls fn for each index that a statement builds from now on; NULL: no more. A NULL observer is fine, and calls
 * nothing; nor is anything called behind a pooler, where it is not known which session builds. */
void observer_on_index(struct observer *observer, observer_index_fn *fn, void *data);

/* Forgets the blockers; call it before the next statement. */
void observer_forget(struct observer *observer);

/* Returns a session beside the run's, opened if necessary; NULL: there is none. Borrowed. This is watch.beside; data is
 * the observer. */
struct pg_session *observer_beside(void *data);

#endif
