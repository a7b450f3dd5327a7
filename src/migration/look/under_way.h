/*
 * A run that is under way, as the locks tell. Also the one whose worker is gone: its session goes on until its
 * statement ends, and may still commit.
 */
#ifndef MIGRATION_LOOK_UNDER_WAY_H
#define MIGRATION_LOOK_UNDER_WAY_H

#include "migration/look/catalog.h"

/* The second key of the advisory lock that keeps two runs with this ledger apart; the first is LOCKS_CLASS. */
uint32_t under_way_key(const struct ledger *ledger);

/* *sentence becomes who runs, in the request's arena, and what may come of it; NULL if nobody does, or nothing is
 * pending. Nothing is asked then. */
bool under_way_read(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                    const char **sentence);

#endif
