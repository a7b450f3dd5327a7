/*
 * What of a statement lasts longer than the statement, and how long: until the end of its transaction, or of its
 * session. A script that is cut into several transactions, or continued in another session, would lose it.
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
 * | changes that are checked at COMMIT, after steps that stay       | refused               |
 * | changes for which a trigger runs at COMMIT                      | refused               |
 * | savepoints that are named after the cut                         | refused               |
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
 * cases (sql/hidden.h).
 *
 * Settings that change how the rest of the file is parsed (standard_conforming_strings, client_encoding) or how later
 * transactions begin (default_transaction_…) are refused over a cut, too: one query is parsed as a whole, several are
 * not.
 */
#ifndef SQL_LASTING_H
#define SQL_LASTING_H

#include "sql/lexer.h"

#include <stdbool.h>
#include <stddef.h>

enum sql_lasting_kind {
    SQL_LOCAL_SETTING, /* to the end of the transaction; `sql` makes it again, `session_sql` does so for a session */
    SQL_SETTING,       /* to the end of the session; `sql` makes it again */
    SQL_RESET_ALL,     /* every setting but the role gets its initial value; `sql` does it again */
    SQL_ENDS,          /* ends with the transaction and cannot be made again; see `what` */
    SQL_OF_SESSION,    /* belongs to the session and cannot be made again in another; see `what` */
    SQL_READING,       /* changes how later text is parsed; see `what` */
    SQL_SAVEPOINT,     /* has this `name` */
    SQL_ROLLBACK_TO,
    SQL_RELEASE,
    SQL_READS_CLOCK,      /* now() and similar */
    SQL_CHOOSES_BY_CLOCK, /* changes rows that it chooses by now() */
    SQL_CHECKED_LATER,    /* changes a table `name` whose constraints may be checked at COMMIT; the caller must know */
    SQL_FIRES_LATER       /* the same for a trigger that may run at COMMIT */
};

struct sql_lasting {
    enum sql_lasting_kind kind;
    const char *name; /* of a setting or savepoint, folded; else NULL */
    const char *sql;
    const char *session_sql; /* NULL: there is none */
    const char *what;        /* "LOCK TABLE" */
    /* ALTER ROLE or DATABASE … SET: whose sessions are affected; NULL: all, or not known. */
    const char *role;
    const char *database;
};

struct sql_lastings {
    struct sql_lasting *items;
    size_t count;
    size_t capacity;
};

/* Appends what lasts of a statement. `as_written` is the original statement if `statement` was changed for parsing
 * (sql_conforming): both have the same length. */
void sql_lasting(struct arena *arena, struct text statement, struct text as_written, struct sql_lastings *lastings);

/* The same for a function with this body and language: strictly, as for a DO. */
void sql_lasting_of_body(struct arena *arena, struct text body, const char *language, struct sql_lastings *lastings);

/* The modes of SET TRANSACTION, BEGIN and START TRANSACTION ("ISOLATION LEVEL SERIALIZABLE"), as written; empty if
 * there are none, and for other statements. */
struct text sql_transaction_modes(struct text statement);

/* The setting that changes how later text is read, if this token names one: as a word, or inside of a string
 * (set_config('client_encoding', …)). NULL: none. */
const char *sql_reading_setting(const struct sql_token *token);

/* Can the text be read in more than one way, as such settings are? Only a backslash, or what is not ASCII, can. */
bool sql_is_ambiguous(struct text text);

/* Does it take no snapshot, so that SET TRANSACTION may still follow? SET, RESET, SHOW, BEGIN. */
bool sql_is_before_snapshot(struct text statement);

#endif
