/*
 * The table truss.branches of the home database. A branch carries a copy of it: rows count only where home_oid is the
 * current database. All calls are over a pinned session on the home database; times are the database's.
 */
#ifndef BRANCH_REGISTRY_H
#define BRANCH_REGISTRY_H

#include "branch/branch.h"

/* The name of the database that a row "b" was copied from. The home database may have another name since. */
#define REGISTRY_PARENT                                                                                                \
    "CASE WHEN b.parent_db = b.home_db THEN pg_catalog.current_database()::text ELSE b.parent_db END"

/* A session on the home database, for pg_session_free. Where that is not there, the status says what to do. */
struct pg_session *registry_open(const struct branch_call *call);

/* What to do about an error of the server's that its words do not say: a role without rights on the table, a session
 * that takes no writes. An advice that is there stays. */
void registry_advise(struct status *status);

/* Is the table there? PERMISSION_DENIED where the schema has something of a role that is not trusted. */
bool registry_exists(struct pg_session *session, bool *exists, struct status *status);

/* Makes it, and its columns, where they are missing. */
bool registry_ensure(struct pg_session *session, struct status *status);

/* Adds a row, "creating", of the row's members; sets id and times. RESOURCE_EXHAUSTED where there are `most` already.
 */
bool registry_add(const struct branch_call *call, struct pg_session *session, const struct branch_new *what,
                  struct branch_row *row);

/* The branch that was made for a key of `what`. *found: false where it is new. ABORTED while it is being made,
 * INVALID_ARGUMENT where something else was asked for with it; a golden copy is something else than a branch. */
bool registry_reuse(const struct branch_call *call, struct pg_session *session, const struct branch_new *what,
                    struct branch_row *row, bool *found);

/* The same for a branch that was reset with a key. A reset under way, or undone, is not known by it. */
bool registry_reuse_reset(const struct branch_call *call, struct pg_session *session, const struct branch_new *what,
                          struct branch_row *row, bool *found);

/* Adds the row that the comment of a database tells of, which lost its own. */
bool registry_add_found(struct pg_session *session, const char *database, const char *oid, const char *comment,
                        struct status *status);

/* Which rows, and in which order: what stands behind WHERE, with $1, … */
struct registry_query {
    const char *where;
    int count;
    const char *const *values;
};

bool registry_read(const struct branch_call *call, struct pg_session *session, const struct registry_query *query,
                   struct branch_list *list);

/* The row, whatever its status. NOT_FOUND where there is none. */
bool registry_find(const struct branch_call *call, struct pg_session *session, int64_t id, struct branch_row *row);

/* "creating" → "active", with what is known now; twice is as good as once. ABORTED where it is neither "creating" nor
 * active with this database. */
bool registry_activate(const struct branch_call *call, struct pg_session *session, struct branch_row *row);

/* Its database will have another name: that of row->branch. */
bool registry_rename(const struct branch_call *call, struct pg_session *session, const struct branch_row *row);

/* From one of the statuses in `from` ("active,failed") to another, with an error ("": none); claims it for a while.
 * *moved: false where it was in none of them. */
struct registry_move {
    int64_t id;
    const char *from;
    const char *to;
    const char *error;
};
bool registry_move(const struct branch_call *call, struct pg_session *session, const struct registry_move *move,
                   bool *moved);

/* Up to 5 rows whose time is over or whose worker has left them, and golden copies behind which there is a newer one,
 * claimed for this worker. Those that have expired are "expiring" now. */
bool registry_claim(const struct branch_call *call, struct pg_session *session, struct branch_list *list);

#endif
