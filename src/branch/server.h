/*
 * The databases of a server, seen from the maintenance database, and the lock for working on a branch.
 */
#ifndef BRANCH_SERVER_H
#define BRANCH_SERVER_H

#include "branch/branch.h"

/* Opens a pinned session for creating, renaming and dropping databases; for pg_session_free. `copied`: the database
 * that will be copied, so the session must not be connected to it; NULL: none. Fails behind a pooler, which would lose
 * the lock. */
struct pg_session *server_open(const struct branch_call *call, const char *copied);

/* Takes the lock of a branch, which lasts as long as the session: if a worker is killed, its running statement keeps
 * it. *taken is false if another session, in any database, has it; then free this one. */
bool server_lock(struct pg_session *session, const char *token, bool *taken, struct status *status);

/* Report the phase to whoever follows; ask whether to continue (false with CANCELLED). */
void server_phase(const struct branch_call *call, const char *phase);
bool server_goes_on(const struct branch_call *call);

struct database {
    bool exists;
    const char *oid;
    const char *comment; /* "": none */
    bool is_broken;      /* a DROP was interrupted: it can only be dropped */
    const char *owner;
    struct branch_locale locale;
};

bool server_find(const struct branch_call *call, struct pg_session *session, const char *name,
                 struct database *database);

/* Only its size; -1 if it is gone or may not be asked. */
int64_t server_size(const struct branch_call *call, struct pg_session *session, const char *name);

/* Is it this branch's, according to its comment? */
bool database_is_of(const struct database *database, const char *token);

/* Was it filled completely, according to its comment? */
bool database_is_ready(const struct database *database);

/* Writes the comment of a branch's database. */
bool server_comment(const struct branch_call *call, struct pg_session *session, const struct branch_row *row,
                    const char *name, bool ready);

/* ---- sessions ---- */

struct sessions {
    int64_t count;    /* without those that PostgreSQL ends by itself (autovacuum) */
    const char *list; /* for people, a line each; "": none */
    int64_t own;      /* those of our role, named truss, without an advisory lock; active or idle */
};

/* What prevents a database from being copied: sessions, and prepared transactions. */
bool server_sessions(const struct branch_call *call, struct pg_session *session, const char *name,
                     struct sessions *sessions);

/* Terminates idle sessions of workers' pools, which reconnect when needed. */
bool server_end_idle_own(const struct branch_call *call, struct pg_session *session, const char *name);

/* Terminates client sessions; never a walsender. */
bool server_terminate(const struct branch_call *call, struct pg_session *session, const char *name);

/* Sends "ALTER DATABASE "name" …" or similar: words, name, rest. */
bool server_alter(const struct branch_call *call, struct pg_session *session, const char *words, const char *name,
                  const char *rest);

/* Bytes of WAL that the server has written; -1: not known. */
int64_t server_wal(const struct branch_call *call, struct pg_session *session);

#endif
