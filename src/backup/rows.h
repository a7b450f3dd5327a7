/*
 * The tables truss.backups and truss.backup_schedule. A copy of a database contains copies of their rows: rows count
 * only if their `home` is the current database of this server, so that a copy's worker does not delete its parent's
 * files.
 */
#ifndef BACKUP_ROWS_H
#define BACKUP_ROWS_H

#include "backup/backup.h"

#define BACKUP_CLAIM "60 seconds"

/* The value of `verified` for a backup that was complete and is now "failed": its file is not what was written. It
 * stays while the backup is verified again, so that a worker that dies meanwhile leaves it unchanged. */
#define BACKUP_DAMAGED "damaged"

/* SQL: identifies the current database, "7212345…/16384". */
#define BACKUP_HOME                                                                                                    \
    "(SELECT pg_catalog.concat(c.system_identifier, '/', d.oid) FROM pg_catalog.pg_control_system() c, "               \
    "pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"

/* Opens a pinned session on the database, with the call's deadline and an application_name that marks the backup (0:
 * none in particular); for pg_session_free. */
struct pg_session *backup_session(const struct backup_call *call, int64_t id);

/* The same for a request that reads or writes a few rows, from the worker's pool if there is one; for backup_give, with
 * which NULL is fine. */
struct pg_session *backup_take(const struct backup_call *call);
void backup_give(const struct backup_call *call, struct pg_session *session);

bool backup_rows_exist(struct pg_session *session, bool *exist, struct status *status);
bool backup_rows_ensure(struct pg_session *session, struct status *status);

/* A WHERE condition with $1, … */
struct backup_query {
    const char *where;
    int count;
    const char *const *values;
};
bool backup_rows_read(const struct backup_call *call, struct pg_session *session, const struct backup_query *query,
                      struct backup_list *list);

/* Finds the row of an earlier call with this key; *found is false if there is none. */
bool backup_rows_reuse(const struct backup_call *call, struct pg_session *session, const struct backup_new *what,
                       struct backup_row *row, bool *found);

/* Adds a row, "waiting" and claimed; or returns that of an earlier call (*is_again). RESOURCE_EXHAUSTED if there are
 * too many. */
bool backup_rows_add(const struct backup_call *call, struct pg_session *session, const struct backup_new *what,
                     struct backup_row *row, bool *is_again);

/* Records progress and renews the claim. *goes_on: the row is still ours and not cancelled. */
struct backup_progress {
    int64_t id;
    const char *state;   /* waiting, running, verifying, restoring */
    const char *message; /* "": none */
    int64_t size;
    uint32_t tables_done;
    bool has_size; /* size and tables_done are set: for a backup that is being made */
};
bool backup_rows_tell(const struct backup_call *call, struct pg_session *session,
                      const struct backup_progress *progress, bool *goes_on);

/* Moves a row from completed to verifying or restoring, or a failed one that was complete to verifying, and claims it.
 * *moved is false if it was in another state. */
bool backup_rows_move(const struct backup_call *call, struct pg_session *session, int64_t id, const char *to,
                      bool *moved);

/* Runs a statement that writes to the two tables, with parameters (pg/own_write.h). */
PGresult *backup_rows_write(struct pg_session *session, const char *sql, const struct backup_query *with,
                            struct status *status);

/* The same; *count is the number of rows that it returns. */
bool backup_rows_change(struct pg_session *session, const char *sql, const struct backup_query *with, int *count,
                        struct status *status);

/* A row's id as a parameter. */
const char *backup_id(struct arena *arena, int64_t id);

#endif
