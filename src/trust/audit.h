/*
 * truss.audit: who did what, from where, to what, and the outcome. Rows are only added. Each row's hash includes the
 * previous row's, so that changed, removed or inserted rows are detected. Rows missing at the end are detected by
 * whoever has a later hash: the worker logs each one.
 *
 * Rows contain no secrets and no SQL: requests that could contain any are represented by a digest.
 */
#ifndef TRUST_AUDIT_H
#define TRUST_AUDIT_H

#include "base/digest.h"
#include "pg/session.h"

#include <stdbool.h>
#include <stdint.h>

/* One record of an action. Each action has two rows: one before anything is done, one afterwards. Strings are borrowed,
 * UTF-8, and "" if there is nothing to say. */
struct audit_entry {
    const char *request;    /* joins the rows of an action */
    const char *actor;      /* the token's name, the OIDC subject, "uid 1000 (anna)" */
    const char *actor_kind; /* from principal_kind_name */
    const char *origin;     /* the peer's address */
    const char *action;     /* "truss.migration.v1.MigrationService/Run" */
    const char *target;     /* "user@host:port/database" */
    const char *subject;    /* the migrations or the operation, as named in the request */
    const char *plan_hash;
    const char *digest;  /* SHA-256 of the request's message */
    const char *outcome; /* "BEGUN", or the final code: "OK", "PERMISSION_DENIED" */
    const char *detail;  /* the caller's error message */
};

/* The most rows that are read at once. */
#define AUDIT_MOST_ROWS 1000

/* A stored row. */
struct audit_row {
    int64_t number; /* from 1, without gaps */
    int64_t at;     /* microseconds since 1970 */
    struct audit_entry entry;
    char hash[SHA256_HEX_SIZE];
};

/* Does the table exist? As own_tables_exist. */
bool audit_exists(struct pg_session *session, bool *exists, struct status *status);

/* Adds a row; creates the table if necessary. Concurrent calls wait for each other, so that the chain has a single end.
 * The session must be outside a transaction. *row is what was written, with the given entry. */
bool audit_write(struct pg_session *session, const struct audit_entry *entry, struct audit_row *row,
                 struct status *status);

/* Which rows to read; the rows are in the status's arena. */
struct audit_page {
    int64_t after;  /* only rows with a greater number */
    int64_t before; /* only rows with a smaller number; 0: no limit */
    bool is_newest_first;
    uint32_t most; /* 0: AUDIT_MOST_ROWS */
    struct audit_row *rows;
    size_t count;
};

/* A missing table counts as empty. */
bool audit_read(struct pg_session *session, struct audit_page *page, struct status *status);

/* The result of a verification. */
struct audit_verdict {
    int64_t rows;               /* examined */
    int64_t broken;             /* the number of the first wrong row; 0: none */
    bool is_kept;               /* a correct row has the hash that was kept; true if none was given */
    const char *why;            /* a sentence, in the status's arena; NULL: nothing is wrong */
    char hash[SHA256_HEX_SIZE]; /* of the last correct row; "" if there is none */
};

/* Verifies the whole table. kept: a hash that some row must have, kept elsewhere since that row was written; "": none.
 * The chain alone does not reveal that its end was cut off, or that somebody with the right to write the table has
 * rewritten it from some row on. Fails if the table cannot be read or `kept` is no hash. */
bool audit_verify(struct pg_session *session, const char *kept, struct audit_verdict *verdict, struct status *status);

#endif
