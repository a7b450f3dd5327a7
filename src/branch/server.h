/*
 * The databases of a server, as the maintenance database sees them, and the lock of who works on a branch.
 */
#ifndef BRANCH_SERVER_H
#define BRANCH_SERVER_H

#include "branch/branch.h"

/* A pinned session that makes, names and drops databases; for pg_session_free. `copied`: the database that is to be the
 * template of a copy, in which nobody may stand; NULL: none. A pooler is refused: it keeps no lock. */
struct pg_session *server_open(const struct branch_call *call, const char *copied);

/* The lock of a branch, for as long as the session lives: a statement that a killed worker has begun goes on with it.
 * *taken: false where somebody else has it, in whichever database that session stands; then this one is to be freed. */
bool server_lock(struct pg_session *session, const char *token, bool *taken, struct status *status);

/* For who watches: what is done now; and may it go on? False makes the status CANCELLED. */
void server_phase(const struct branch_call *call, const char *phase);
bool server_goes_on(const struct branch_call *call);

struct database {
    bool exists;
    const char *oid;
    const char *comment; /* "": none */
    bool is_template;
    bool is_broken; /* a DROP of it was interrupted: it can only be dropped */
    int64_t size;   /* bytes; -1: it may not be asked */
    const char *owner;
    struct branch_locale locale;
};

bool server_find(const struct branch_call *call, struct pg_session *session, const char *name,
                 struct database *database);

/* Its size alone; -1 where it is gone or may not be asked. */
int64_t server_size(const struct branch_call *call, struct pg_session *session, const char *name);

/* Is it the branch's, by its comment? */
bool database_is_of(const struct database *database, const char *token);

/* Was it filled to its end? By its comment too. */
bool database_is_ready(const struct database *database);

/* Writes the comment of a branch's database. */
bool server_comment(const struct branch_call *call, struct pg_session *session, const struct branch_row *row,
                    const char *name, bool ready);

/* ---- sessions ---- */

struct sessions {
    int64_t count;    /* without those that PostgreSQL itself sends away (autovacuum) */
    const char *list; /* for people, a line each; "": none */
    int64_t own;      /* how many of them are of our role, named truss, without an advisory lock; active or idle */
};

/* Those on a database, and what else keeps it from being copied: prepared transactions. */
bool server_sessions(const struct branch_call *call, struct pg_session *session, const char *name,
                     struct sessions *sessions);

/* Ends the idle ones of workers' pools, which open others when they need some. */
bool server_end_idle_own(const struct branch_call *call, struct pg_session *session, const char *name);

/* Ends its sessions of clients; never a walsender. */
bool server_terminate(const struct branch_call *call, struct pg_session *session, const char *name);

/* "ALTER DATABASE "name" …" and the like: the words, the name, and what follows. */
bool server_alter(const struct branch_call *call, struct pg_session *session, const char *words, const char *name,
                  const char *rest);

/* What the server has written into its log so far, in bytes; -1: unknown. */
int64_t server_wal(const struct branch_call *call, struct pg_session *session);

#endif
