/*
 * What truss dev does, for a command that serves a project of its own (truss demo).
 */
#ifndef CLI_LOCAL_DEV_H
#define CLI_LOCAL_DEV_H

#include "cli/cli.h"

/* Where things are, once they run. Borrowed. */
struct dev_place {
    const char *worker; /* the worker's address */
    const char *bridge;
    const char *state; /* a directory that goes with the private database */
};

/* Who serves a project of its own. */
struct dev_guest {
    /* Writes the project, once no other can serve it. False: a status tells why. */
    bool (*write)(struct cli *cli, const char *project);
    /* The arguments of a further child, NULL-terminated: it starts before the worker, with PGPASSWORD and
     * TRUSS_DEMO_URL (a URL without a password) of the private database and TRUSS_DEMO_STATE (dev_place.state), and
     * ends with us. */
    const char *const *helper;
    /* Called when all serve. False: a status tells why. */
    bool (*prepare)(struct cli *cli, const struct dev_place *place);
    const char *words; /* printed below the summary */
};

/* Serves a project until a signal comes; guest NULL: somebody's own. Answers what the process exits with. */
int dev_serve(struct cli *cli, const char *project, const struct dev_guest *guest);

#endif
