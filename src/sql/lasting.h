/*
 * What of a statement lasts longer than the statement, and how long: to the end of its transaction, or of its session.
 * A script that is cut into several transactions, or gone on with in another session, loses it unless somebody knows.
 *
 * | To the end of the transaction                                   | over a cut            |
 * |-----------------------------------------------------------------|-----------------------|
 * | SET LOCAL, set_config(…, true), of constants                    | made again            |
 * | SET CONSTRAINTS … IMMEDIATE                                     | made again            |
 * | the same inside DO, or of a value that is computed              | refused               |
 * | SET CONSTRAINTS … DEFERRED                                      | refused               |
 * | LOCK TABLE, SELECT … FOR UPDATE, pg_advisory_xact_lock()        | refused               |
 * | temporary tables ON COMMIT DROP or DELETE ROWS                  | refused               |
 * | cursors without HOLD, large objects that are open               | refused               |
 * | isolation level, READ ONLY, a snapshot                          | refused               |
 * | changes that are checked at COMMIT, behind steps that stay       | refused               |
 * | changes for which a trigger runs at COMMIT                      | refused               |
 * | savepoints that are named behind the cut                        | refused               |
 * | the transaction's time, where rows are chosen by it later       | refused               |
 * | NOTIFY                                                          | sent with its part    |
 *
 * | To the end of the session                                       | in another session    |
 * |-----------------------------------------------------------------|-----------------------|
 * | SET, SET ROLE, SET SESSION AUTHORIZATION, set_config(…, false)  | made again            |
 * | temporary objects, cursors WITH HOLD, PREPARE, advisory locks   | refused               |
 * | settings made inside DO, or computed                            | refused               |
 * | what a session begins with: ALTER ROLE or DATABASE … SET        | refused               |
 *
 * The same inside a function that is called, or that a trigger, a default, a policy or a view calls, is refused in both
 * (sql/hidden.h).
 *
 * Settings that change how the rest of the file is read (standard_conforming_strings, client_encoding) or how later
 * transactions begin (default_transaction_…) are refused over a cut, too: one query is read at once, several are not.
 */
#ifndef SQL_LASTING_H
#define SQL_LASTING_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum sql_lasting_kind {
    SQL_LOCAL_SETTING, /* to the end of the transaction; `sql` makes it again, `session_sql` for a session */
    SQL_SETTING,       /* to the end of the session; `sql` makes it again */
    SQL_RESET_ALL,     /* every setting but the role is as the session began; `sql` does it again */
    SQL_ENDS,          /* ends with the transaction, and cannot be made again; `what` it is */
    SQL_OF_SESSION,    /* is the session's, and cannot be made again in another; `what` it is */
    SQL_READING,       /* changes how what comes behind it is read; `what` it is */
    SQL_SAVEPOINT,     /* of this `name` */
    SQL_ROLLBACK_TO,
    SQL_RELEASE,
    SQL_READS_CLOCK,      /* now() and its kin */
    SQL_CHOOSES_BY_CLOCK, /* changes rows that it chooses by now() */
    SQL_CHECKED_LATER,    /* changes a table of this `name`, which is checked at COMMIT: for who knows the tables */
    SQL_FIRES_LATER       /* the same of one for which a trigger runs at COMMIT */
};

struct sql_lasting {
    enum sql_lasting_kind kind;
    const char *name; /* of a setting or savepoint, folded; NULL for others */
    const char *sql;
    const char *session_sql; /* NULL: there is no such thing */
    const char *what;        /* "LOCK TABLE" */
    /* Whose sessions begin otherwise by ALTER ROLE or DATABASE … SET; NULL: anybody's, or it is not known. */
    const char *role;
    const char *database;
};

struct sql_lastings {
    struct sql_lasting *items;
    size_t count;
    size_t capacity;
};

/* Appends what lasts of a statement. `as_written` is the statement as it is written, where `statement` was made to be
 * looked at (sql_conforming): both have the same length. */
void sql_lasting(struct arena *arena, struct text statement, struct text as_written, struct sql_lastings *lastings);

/* The same of what a function does whose body this is, in a language of this name: severely, as of a DO. */
void sql_lasting_of_body(struct arena *arena, struct text body, const char *language, struct sql_lastings *lastings);

/* The modes of SET TRANSACTION, BEGIN and START TRANSACTION ("ISOLATION LEVEL SERIALIZABLE"), as written; empty where
 * there are none, or the statement is another. */
struct text sql_transaction_modes(struct text statement);

/* True for what needs no snapshot, so that SET TRANSACTION may still follow: SET, RESET, SHOW, BEGIN. */
bool sql_is_before_snapshot(struct text statement);

#endif
