/*
 * PostgreSQL's own programs as children: which pg_dump, pg_restore, … is new enough for a server, and how it is told
 * the connection. The password is in no argument, no variable and no file of any folder: it is in memory that only we
 * and the child can open, and that ends with us, however we end.
 */
#ifndef PG_PROGRAMS_H
#define PG_PROGRAMS_H

#include "pg/conninfo.h"

#include <stdbool.h>

struct pg_program {
    const char *path;
    int major; /* its version: 15 */
};

struct pg_program_wanted {
    const char *name;   /* "pg_dump" */
    const char *folder; /* looked into alone; NULL: the folder of the program that the variable PG_DUMP names, where
                           packages put them, and PATH */
    int server_version; /* 150018 */
};

/* Finds the oldest program of this name that is not older than the server; its path is in the status's arena.
 * FAILED_PRECONDITION: which package is missing. */
bool pg_program_find(const struct pg_program_wanted *wanted, struct pg_program *program, struct status *status);

/* How a child connects. */
struct pg_child_access {
    const char *connection;         /* an argument: "host='db' port='5432' …" without a password */
    const char *const *environment; /* NULL-terminated, all of it */
    int secret;                     /* -1: there is no password */
};

/* Makes it; to be released. The child's sessions have this application_name. */
bool pg_child_access_make(struct arena *arena, const struct conninfo *conninfo, const char *application,
                          struct pg_child_access *access, struct status *status);
void pg_child_access_release(struct pg_child_access *access);

/* The password that the child knows, to be masked in what it says; NULL: none. */
const char *pg_child_secret(const struct conninfo *conninfo);

#endif
