/*
 * truss.audit: who did what, from where, to what, and what came of it. Rows are only added. Each has the hash of the
 * one before it in its own, so that a row that was changed, taken out or put in between is found. Rows that were cut
 * off at the end are found by who has kept a later hash: the worker's log has each.
 *
 * There is no secret in it and no SQL: of a request that could hold any there is a digest.
 */
#ifndef TRUST_AUDIT_H
#define TRUST_AUDIT_H

#include "base/digest.h"
#include "pg/session.h"

#include <stdbool.h>
#include <stdint.h>

/* What is written of an action. Two rows are of one: the first before anything is done, the second behind it. All are
 * borrowed, UTF-8, and "" where there is nothing to say. */
struct audit_entry {
    const char *request;    /* joins the rows of one action */
    const char *actor;      /* the token's name, the OIDC subject, "uid 1000 (anna)" */
    const char *actor_kind; /* as of principal_kind_name */
    const char *origin;     /* the peer's address */
    const char *action;     /* "truss.migration.v1.MigrationService/Run" */
    const char *target;     /* "user@host:port/database" */
    const char *subject;    /* the migrations, the operation; as the request names them */
    const char *plan_hash;
    const char *digest;  /* SHA-256 of the request's message */
    const char *outcome; /* "BEGUN", or the code that it ended with: "OK", "PERMISSION_DENIED" */
    const char *detail;  /* what was said to the caller, where it failed */
};

/* The most rows that are read at once. */
#define AUDIT_MOST_ROWS 1000

/* A row that is there. */
struct audit_row {
    int64_t number; /* from 1, without a gap */
    int64_t at;     /* microseconds since 1970 */
    struct audit_entry entry;
    char hash[SHA256_HEX_SIZE];
};

/* Is the table there? As own_tables_exist. */
bool audit_exists(struct pg_session *session, bool *exists, struct status *status);

/* Adds a row, and makes the table where it is missing. Who adds one waits for whoever is adding one, so that the chain
 * has one end. The session is outside of a transaction. What was written is in *row, whose entry is the given one. */
bool audit_write(struct pg_session *session, const struct audit_entry *entry, struct audit_row *row,
                 struct status *status);

/* Which rows, and the rows in the status's arena. */
struct audit_page {
    int64_t after;  /* the number that they are behind */
    int64_t before; /* the number that they are in front of; 0: no such */
    bool is_newest_first;
    uint32_t most; /* 0: AUDIT_MOST_ROWS */
    struct audit_row *rows;
    size_t count;
};

/* No table is no row. */
bool audit_read(struct pg_session *session, struct audit_page *page, struct status *status);

/* What verifying found. */
struct audit_verdict {
    int64_t rows;               /* that were looked at */
    int64_t broken;             /* the number of the first row that is wrong; 0: none */
    const char *why;            /* in words, in the status's arena; NULL: none is */
    char hash[SHA256_HEX_SIZE]; /* of the last row that is right; "" where there is none */
};

/* Reads all of it. False where it cannot be read. */
bool audit_verify(struct pg_session *session, struct audit_verdict *verdict, struct status *status);

#endif
