/*
 * A second session beside a run's, opened when a statement takes its time: it says who holds a lock that we wait for,
 * and how far a long statement is. It is a convenience: a run goes on where it cannot be had.
 */
#ifndef MIGRATION_RUN_OBSERVER_H
#define MIGRATION_RUN_OBSERVER_H

#include "migration/events.h"
#include "migration/look/place.h"

struct observer;

/* For the life of a run. Nothing is opened yet. The work's site, watch and deadline are used; both are borrowed. */
struct observer *observer_new(const struct work *work);
void observer_free(struct observer *observer);

/* Watches over the next statements of this session, until pg_session_on_tick says otherwise: its ticks go to the
 * observer, which also cancels what is running when the run is to end. */
void observer_attach(struct observer *observer, struct pg_session *session);

/* Where the run is, for what is told of it. Borrowed until the next call. */
void observer_at(struct observer *observer, const char *migration, uint32_t step, uint32_t steps);

/* Who held what the last statement waited for, as seen while it waited; their number. Valid until the next statement.
 */
size_t observer_blockers(const struct observer *observer, const struct run_blocker **blockers);

/* Forgets them, before the next statement. */
void observer_forget(struct observer *observer);

/* A session beside the run's, opened where it is not yet; NULL where it cannot be had. Borrowed. */
struct pg_session *observer_session(struct observer *observer);

/* A copy that outlives what was seen. */
const struct run_blocker *blockers_copy(struct arena *arena, const struct run_blocker *blockers, size_t count);

/* "pid 4711 (application "web", user app) idle in transaction for 12 s: SELECT …", all of them in one sentence. */
const char *blockers_text(struct arena *arena, const struct run_blocker *blockers, size_t count);

#endif
