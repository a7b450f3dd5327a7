/*
 * Runs pg_dump or pg_restore for a backup: keeps and masks their messages, and ends them when the watch says so.
 */
#ifndef BACKUP_CHILD_H
#define BACKUP_CHILD_H

#include "backup/watch.h"
#include "pg/programs.h"

struct backup_child {
    const struct backup_call *call;
    struct backup_watch *watch;
    const char *name;                /* "pg_dump" */
    const char *const *words;        /* arguments after the connection, NULL-terminated */
    const struct conninfo *conninfo; /* NULL: no connection */
    const char *application;
    bool (*bytes)(void *data, struct text piece); /* receives standard output; NULL: it is dropped */
    void *data;
    bool restores;       /* a pg_restore into a database: errors make it fail (pg/restoring.h) */
    const char *counted; /* the beginning of --verbose lines that each announce a table; NULL: not counted */
};

/* Runs it to its end. Fails if it could not be started, was ended, or failed itself; the status contains its own
 * message. */
bool backup_child_run(const struct backup_child *child, struct status *status);

#endif
