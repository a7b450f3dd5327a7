/*
 * A private PostgreSQL for a project: its data in the user's state directory, on the loopback interface, with a
 * password of its own. Not for production.
 */
#ifndef CLI_LOCAL_POSTGRES_H
#define CLI_LOCAL_POSTGRES_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

struct postgres {
    pid_t pid;
    int lock;             /* descriptor that keeps a second one away; -1: none */
    const char *state;    /* the directory of everything */
    const char *url;      /* with the password */
    const char *masked;   /* without */
    const char *url_file; /* holds the URL, readable by its owner only */
};

/* Which one is wanted. */
struct postgres_wish {
    struct arena *arena;
    const char *project; /* a directory */
    const char *pg_bin;  /* where the programs are; NULL: Debian's newest, then PATH */
    bool reset;          /* throw the data away first */
};

/* The directory of the user's state for truss, in the arena. It may not be there yet. */
const char *postgres_state_home(struct arena *arena);

/* Makes it where there is none, starts it, and waits until it accepts connections. */
bool postgres_start(const struct postgres_wish *wish, struct postgres *postgres, struct status *status);

/* Ends it; what it holds stays on disk. */
void postgres_stop(struct postgres *postgres);

#endif
