/*
 * The tables truss.backups and truss.backup_schedule. A copy of the database has copies of their rows: they count only
 * where `home` is the current database of this server, so that no copy's worker deletes the files of its parent.
 */
#ifndef BACKUP_ROWS_H
#define BACKUP_ROWS_H

#include "backup/backup.h"

#define BACKUP_CLAIM "60 seconds"

/* In `verified` of one that was complete and is "failed": it was found not to be what was written. It stays there while
 * it is verified again, so that a worker that dies meanwhile leaves it as it was. */
#define BACKUP_DAMAGED "damaged"

/* SQL: "7212345…/16384", of the current database. */
#define BACKUP_HOME                                                                                                    \
    "(SELECT pg_catalog.concat(c.system_identifier, '/', d.oid) FROM pg_catalog.pg_control_system() c, "               \
    "pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"

/* A session on the database, pinned, with the name that marks what a backup does; for pg_session_free. */
struct pg_session *backup_session(const struct backup_call *call, int64_t id);

bool backup_rows_exist(struct pg_session *session, bool *exist, struct status *status);
bool backup_rows_ensure(struct pg_session *session, struct status *status);

/* What stands behind WHERE, with $1, … */
struct backup_query {
    const char *where;
    int count;
    const char *const *values;
};
bool backup_rows_read(const struct backup_call *call, struct pg_session *session, const struct backup_query *query,
                      struct backup_list *list);

/* The row of an earlier call with this key; *found is false where there is none. */
bool backup_rows_reuse(const struct backup_call *call, struct pg_session *session, const struct backup_new *what,
                       struct backup_row *row, bool *found);

/* Adds a row, "waiting", claimed, or has that of an earlier call: *is_again. RESOURCE_EXHAUSTED where that is too
 * many. */
bool backup_rows_add(const struct backup_call *call, struct pg_session *session, const struct backup_new *what,
                     struct backup_row *row, bool *is_again);

/* How far it is; keeps the claim. *goes_on: it is still ours, and nobody cancelled it. */
struct backup_progress {
    int64_t id;
    const char *state;   /* waiting, running, verifying, restoring */
    const char *message; /* "": none */
    int64_t size;
    uint32_t tables_done;
    bool has_size; /* and tables_done: only of one that is being made */
};
bool backup_rows_tell(const struct backup_call *call, struct pg_session *session,
                      const struct backup_progress *progress, bool *goes_on);

/* completed → verifying or restoring, or a complete one that failed since → verifying; claimed. *moved: false where it
 * was not. */
bool backup_rows_move(const struct backup_call *call, struct pg_session *session, int64_t id, const char *to,
                      bool *moved);

/* A statement with parameters that changes rows; *count of them. */
bool backup_rows_change(struct pg_session *session, const char *sql, const struct backup_query *with, int *count,
                        struct status *status);

/* A row's id as a parameter. */
const char *backup_id(struct arena *arena, int64_t id);

#endif
