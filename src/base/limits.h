/*
 * Limits that more than one place must know, or that the protocol states (a test compares those). What only one file
 * needs is in that file.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* ---- sizes, bytes ---- */

#define LIMIT_SCRIPT        ((size_t)8 * 1024 * 1024)    /* the SQL of a request, a body over HTTP */
#define LIMIT_MIGRATION     ((size_t)256 * 1024 * 1024)  /* of a pending one, where --migration-limit says no other */
#define LIMIT_OPTION_SIZE   ((size_t)1024 * 1024 * 1024) /* PostgreSQL takes no query of more than 1 GiB */
#define LIMIT_SHOWN         ((size_t)4 * 1024 * 1024)    /* of a file or of its SQL in a preview */
#define LIMIT_MESSAGE       ((size_t)16 * 1024 * 1024) /* an RPC message: a script and what is said of it fit, with room */
#define LIMIT_HISTORY_FILE  ((size_t)16 * 1024 * 1024)    /* a version of a file that is looked for in git */
#define LIMIT_HISTORY_BYTES ((uint64_t)256 * 1024 * 1024) /* all that are looked at */
#define LIMIT_KEY           255                           /* an idempotency key */
#define LIMIT_REQUEST_ID    128
#define LIMIT_NAME          63 /* PostgreSQL cuts a longer name (NAMEDATALEN - 1) */

#define LIMIT_OPTION_NUMBER 1000000 /* an option that counts something */

/* ---- times, milliseconds ---- */

#define LIMIT_OPTION_MS       604800000 /* a time limit that is an option: a week */
#define LIMIT_LOCK_TIMEOUT_MS 10000     /* the first try for a lock: longer than that is no ladder */
#define LIMIT_HISTORY_MS      10000     /* how long git is looked through */
#define LIMIT_WAIT_MS         60000     /* a long poll */

/* ---- numbers ---- */

#define LIMIT_HISTORY_COMMITS 100000 /* of a repository that are looked at */
#define LIMIT_EVENTS          500    /* events in one answer */
#define LIMIT_LISTED          100    /* operations in one answer */
#define LIMIT_LISTED_USUALLY  20
#define LIMIT_LISTENERS       8  /* addresses of a worker */
#define LIMIT_WORKERS         16 /* of a bridge */
#define LIMIT_HOSTS           32 /* names of a bridge */
#define LIMIT_PROXIES         32 /* in front of it: addresses and networks */

#endif
