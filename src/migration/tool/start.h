/*
 * A framework's own tool, ready to be started: its program, arguments, directory and environment. Starts nothing.
 */
#ifndef MIGRATION_TOOL_START_H
#define MIGRATION_TOOL_START_H

#include "migration/look/detect.h"

struct tool {
    const struct site *site;
    const struct detection *detection;
    const struct delegate *delegate;
    const char *session_name; /* application_name of its sessions, if the tool allows setting it; NULL: not set */
    const struct migration_file *file; /* for {name}, {version} and {file}; NULL: these are not replaced */

    /* Set by tool_prepare. */
    const char *name;               /* of the program, as the framework names it: "node_modules/.bin/knex" */
    const char *const *argv;        /* begins with the program's path; NULL-terminated, like the next */
    const char *const *environment; /* the whole environment */
    const char *directory;          /* the working directory: the package */
};

/* The tool for what this detection found; its delegate is NULL if there is none. */
struct tool tool_of(const struct site *site, const struct detection *detection);

/* Looks for the program in the package, in the project (where a monorepo keeps its tools) and, if it is a single word,
 * on the PATH. Fails with FAILED_PRECONDITION if it is in none of them; the message lists them. */
bool tool_prepare(struct arena *arena, struct tool *tool, const char *const *arguments, struct status *status);

/* Does its program exist? Fails as tool_prepare does. */
bool tool_is_there(struct arena *arena, const struct tool *tool, struct status *status);

/* The command as a shell line in the project, as a person would type it; without secrets. */
const char *tool_command(struct arena *arena, const struct tool *tool, const char *const *arguments);

/* The shell line for everything that is pending, in the arena; without secrets. */
const char *tool_run_command(struct arena *arena, const struct site *site, const struct detection *detection);

/* The application_name of a run's tool, in the arena: the database is asked by it whether one of its sessions still
 * lives. */
const char *tool_session_name(struct arena *arena, const struct ledger *ledger);

/* The connection's password, which must be masked; NULL: it has none. */
const char *tool_secret(const struct site *site);

#endif
