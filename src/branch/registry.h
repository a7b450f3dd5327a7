/*
 * The table truss.branches of the home database. A branch contains a copy of the table: rows count only if home_oid is
 * the current database. All calls use a pinned session on the home database; times are the server's.
 */
#ifndef BRANCH_REGISTRY_H
#define BRANCH_REGISTRY_H

#include "branch/branch.h"

/* SQL: the name of the database that row "b" was copied from. The home database may have been renamed since. */
#define REGISTRY_PARENT                                                                                                \
    "CASE WHEN b.parent_db = b.home_db THEN pg_catalog.current_database()::text ELSE b.parent_db END"

/* SQL: true of a row in the home database itself, and not of one in a copy of the table. */
#define REGISTRY_HERE                                                                                                  \
    "home_oid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"

/* Opens a session on the home database, for pg_session_free. If the database does not exist the status says what to
 * do. */
struct pg_session *registry_open(const struct branch_call *call);

/* The same for a request that reads or writes a few rows, from the worker's pool; for registry_give. */
struct pg_session *registry_take(const struct branch_call *call);

/* Gives it back to the pool. With keep false the pool keeps neither this nor another: for who saw a row that is
 * "creating", because no session may stay in the database that another worker may be copying. NULL is fine. */
void registry_give(const struct branch_call *call, struct pg_session *session, bool keep);

/* Is none of these rows "creating"? */
bool registry_is_quiet(const struct branch_list *list);

/* Adds advice to a server error that does not explain itself: missing rights on the table, a read-only session. An
 * existing hint stays. */
void registry_advise(struct status *status);

/* Does the table exist? PERMISSION_DENIED if the schema contains something of an untrusted role. */
bool registry_exists(struct pg_session *session, bool *exists, struct status *status);

/* Creates the table, or missing columns. */
bool registry_ensure(struct pg_session *session, struct status *status);

/* Runs a statement of our own that writes to the table (pg/own_write.h), with the same advice. */
PGresult *registry_write(struct pg_session *session, const char *sql, int count, const char *const *values,
                         struct status *status);

/* Adds a row, "creating", with the row's members; sets id and times. RESOURCE_EXHAUSTED if there are `most` already. */
bool registry_add(const struct branch_call *call, struct pg_session *session, const struct branch_new *what,
                  struct branch_row *row);

/* Finds the branch that was made for the key in `what`. *found is false if there is none. ABORTED while it is being
 * made, INVALID_ARGUMENT if the key belongs to a different request (a golden copy is different from a branch). */
bool registry_reuse(const struct branch_call *call, struct pg_session *session, const struct branch_new *what,
                    struct branch_row *row, bool *found);

/* The same for a branch that was reset with a key. A reset that is running or was undone is not found. */
bool registry_reuse_reset(const struct branch_call *call, struct pg_session *session, const struct branch_new *what,
                          struct branch_row *row, bool *found);

/* Adds the row that the comment of a database describes, after the row was lost. */
bool registry_add_found(struct pg_session *session, const char *database, const char *oid, const char *comment,
                        struct status *status);

/* A WHERE condition with $1, …, and an order. */
struct registry_query {
    const char *where;
    int count;
    const char *const *values;
};

bool registry_read(const struct branch_call *call, struct pg_session *session, const struct registry_query *query,
                   struct branch_list *list);

/* The row, whatever its status. NOT_FOUND if there is none. */
bool registry_find(const struct branch_call *call, struct pg_session *session, int64_t id, struct branch_row *row);

/* Moves "creating" to "active", with what is known now; repeating it is fine. ABORTED if the row is neither "creating"
 * nor active with this database. */
bool registry_activate(const struct branch_call *call, struct pg_session *session, struct branch_row *row);

/* Records the new name of its database, row->branch. */
bool registry_rename(const struct branch_call *call, struct pg_session *session, const struct branch_row *row);

/* Moves a row from one of the statuses in `from` ("active,failed") to another, with an error ("": none), and claims it
 * for a while. *moved is false if it was in none of them. */
struct registry_move {
    int64_t id;
    const char *from;
    const char *to;
    const char *error;
};
bool registry_move(const struct branch_call *call, struct pg_session *session, const struct registry_move *move,
                   bool *moved);

/* Claims for this worker up to 5 rows that have expired or that a worker left, and golden copies that have been
 * superseded. Expired ones become "expiring". */
bool registry_claim(const struct branch_call *call, struct pg_session *session, struct branch_list *list);

#endif
