/*
 * A private PostgreSQL for a project: its data is in the user's state directory; it listens on the loopback interface
 * and has a password of its own. Not for production.
 */
#ifndef CLI_LOCAL_POSTGRES_H
#define CLI_LOCAL_POSTGRES_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

struct postgres {
    pid_t pid;
    int lock;             /* a locked descriptor that excludes a second server; -1: none */
    const char *state;    /* the directory of everything */
    const char *url;      /* with the password */
    const char *masked;   /* without the password */
    const char *url_file; /* contains the URL, readable only by its owner */
};

/* Which server is wanted. */
struct postgres_wish {
    struct arena *arena;
    const char *project; /* a directory */
    const char *pg_bin;  /* the folder of the programs; NULL: Debian's newest, then PATH */
    bool reset;          /* delete the data first */
};

/* The user's state directory for truss, in the arena. It may not exist yet. */
const char *postgres_state_home(struct arena *arena);

/* Creates the database if necessary, starts it, and waits until it accepts connections. */
bool postgres_start(const struct postgres_wish *wish, struct postgres *postgres, struct status *status);

/* Stops it; the data stays on disk. */
void postgres_stop(struct postgres *postgres);

#endif
