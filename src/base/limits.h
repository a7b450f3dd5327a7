/*
 * Limits that several places use, or that the protocol documents (a test compares those). Limits of a single file are
 * in that file.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* ---- sizes in bytes ---- */

#define LIMIT_SCRIPT        ((size_t)8 * 1024 * 1024)   /* the SQL in a request; an HTTP body */
#define LIMIT_MIGRATION     ((size_t)256 * 1024 * 1024) /* a pending migration, unless --migration-limit says otherwise */
#define LIMIT_OPTION_SIZE   ((size_t)1024 * 1024 * 1024) /* PostgreSQL takes no query of more than 1 GiB */
#define LIMIT_SHOWN         ((size_t)4 * 1024 * 1024)    /* of a file, or its SQL, in a preview */
#define LIMIT_MESSAGE       ((size_t)16 * 1024 * 1024) /* an RPC message: room for a script and what is said about it */
#define LIMIT_HISTORY_FILE  ((size_t)16 * 1024 * 1024) /* a version of a file in git */
#define LIMIT_HISTORY_BYTES ((uint64_t)256 * 1024 * 1024) /* all versions that are examined */
#define LIMIT_KEY           255                           /* an idempotency key */
#define LIMIT_REQUEST_ID    128
#define LIMIT_NAME          63 /* PostgreSQL cuts a longer name (NAMEDATALEN - 1) */

#define LIMIT_OPTION_NUMBER 1000000 /* an option that is a count */

/* ---- times in milliseconds ---- */

#define LIMIT_OPTION_MS       604800000 /* an option that is a time limit: a week */
#define LIMIT_LOCK_TIMEOUT_MS 10000     /* the first attempt for a lock: a longer one would not be a ladder */
#define LIMIT_HISTORY_MS      10000     /* time for searching git */
#define LIMIT_WAIT_MS         60000     /* a long poll */

/* ---- counts ---- */

#define LIMIT_HISTORY_COMMITS 100000 /* commits that are examined */
#define LIMIT_EVENTS          500    /* events in one answer */
#define LIMIT_LISTED          100    /* operations in one answer */
#define LIMIT_LISTED_USUALLY  20
#define LIMIT_LISTENERS       8  /* addresses of a worker */
#define LIMIT_WORKERS         16 /* workers of a bridge */
#define LIMIT_HOSTS           32 /* host names of a bridge */
#define LIMIT_PROXIES         32 /* addresses and networks of proxies in front of it */

#endif
