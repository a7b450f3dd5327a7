/*
 * truss dev, also for a command that serves a project of its own (truss demo).
 */
#ifndef CLI_LOCAL_DEV_H
#define CLI_LOCAL_DEV_H

#include "cli/cli.h"

/* Where things are once they run. Borrowed. */
struct dev_place {
    const char *worker; /* the worker's address */
    const char *bridge;
    const char *state; /* a directory beside the private database, removed with it */
};

/* A command that serves a project of its own. */
struct dev_guest {
    /* Writes the project, when no other process can serve it. Returns false with a status. */
    bool (*write)(struct cli *cli, const char *project);
    /* The arguments of an additional child process, NULL-terminated. It starts before the worker, with PGPASSWORD and
     * TRUSS_DEMO_URL (a URL without a password) for the private database and TRUSS_DEMO_STATE (dev_place.state), and
     * ends with us. */
    const char *const *helper;
    /* Called when everything serves. Returns false with a status. */
    bool (*prepare)(struct cli *cli, const struct dev_place *place);
    const char *words; /* printed below the summary */
};

/* Serves a project until a signal arrives; guest NULL: the user's project. Returns the exit code. */
int dev_serve(struct cli *cli, const char *project, const struct dev_guest *guest);

#endif
