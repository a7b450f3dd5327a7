/*
 * PostgreSQL's own programs as child processes: finds a pg_dump, pg_restore, … that is new enough for a server, and
 * passes the connection to it. The password is in no argument, variable or regular file: it is in memory that only we
 * and the child can open, and that disappears with us.
 */
#ifndef PG_PROGRAMS_H
#define PG_PROGRAMS_H

#include "pg/conninfo.h"

#include <stdbool.h>

struct pg_program {
    const char *path;
    int major; /* its major version: 15 */
};

struct pg_program_wanted {
    const char *name;   /* "pg_dump" */
    const char *folder; /* the only folder to search; NULL: the folder of the program that the variable PG_DUMP names,
                           where packages install them, and PATH */
    int server_version; /* 150018 */
};

/* Finds the oldest such program that is not older than the server; its path is in the status's arena.
 * FAILED_PRECONDITION says which package is missing. */
bool pg_program_find(const struct pg_program_wanted *wanted, struct pg_program *program, struct status *status);

/* How a child connects. */
struct pg_child_access {
    const char *connection;         /* an argument: "host='db' port='5432' …" without a password */
    const char *const *environment; /* NULL-terminated, all of it */
    int secret;                     /* the descriptor of the password's memory; -1: there is no password */
};

/* Makes the access; release it. `application` becomes the application_name of the child's sessions. */
bool pg_child_access_make(struct arena *arena, const struct conninfo *conninfo, const char *application,
                          struct pg_child_access *access, struct status *status);
void pg_child_access_release(struct pg_child_access *access);

/* The password that the child knows, to be masked in its output; NULL: none. */
const char *pg_child_secret(const struct conninfo *conninfo);

#endif
