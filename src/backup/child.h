/*
 * pg_dump and pg_restore as they are run for a backup: what they say is kept and masked, and a watch ends them.
 */
#ifndef BACKUP_CHILD_H
#define BACKUP_CHILD_H

#include "backup/watch.h"
#include "pg/programs.h"

struct backup_child {
    const struct backup_call *call;
    struct backup_watch *watch;
    const char *name;                /* "pg_dump" */
    const char *const *words;        /* behind the connection, NULL-terminated */
    const struct conninfo *conninfo; /* NULL: it needs none */
    const char *application;
    bool (*bytes)(void *data, struct text piece); /* NULL: its output is thrown away */
    void *data;
    bool restores;       /* it is a pg_restore into a database: errors make it fail (pg/restoring.h) */
    const char *counted; /* what a line of --verbose begins with that says a table is being done; NULL: none */
};

/* Runs it to its end. False where it could not be started, was ended or failed: status says why, with its own words. */
bool backup_child_run(const struct backup_child *child, struct status *status);

#endif
