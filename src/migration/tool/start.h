/*
 * A framework's own tool, ready to be started: which program, with which words, where, in which environment. Starts
 * nothing itself.
 */
#ifndef MIGRATION_TOOL_START_H
#define MIGRATION_TOOL_START_H

#include "migration/look/detect.h"

struct tool {
    const struct site *site;
    const struct detection *detection;
    const struct delegate *delegate;
    const char *session_name;          /* of its sessions, as far as it lets us name them; NULL: as it likes */
    const struct migration_file *file; /* for {name}, {version} and {file}; NULL: these stay as they are */

    /* What tool_prepare fills in. */
    const char *name;               /* of the program, as the framework has it: "node_modules/.bin/knex" */
    const char *const *argv;        /* begins with its path; NULL-terminated, as is the next */
    const char *const *environment; /* all of it */
    const char *directory;          /* where it is started: the package */
};

/* The tool that runs what this detection found; its delegate is NULL where there is none. */
struct tool tool_of(const struct site *site, const struct detection *detection);

/* Looks for the program in the package, in the project (where a monorepo's tools are) and, if it is one word, on the
 * PATH. Fails with FAILED_PRECONDITION where it is nowhere: the message says where it was looked for. */
bool tool_prepare(struct arena *arena, struct tool *tool, const char *const *arguments, struct status *status);

/* Is its program anywhere? Fails as tool_prepare does. */
bool tool_is_there(struct arena *arena, const struct tool *tool, struct status *status);

/* The same as a line for a shell in the project, as a person would write it. No secret is in it. */
const char *tool_command(struct arena *arena, const struct tool *tool, const char *const *arguments);

/* The command that a person would run for everything that is pending, in the arena; secrets are not in it. */
const char *tool_run_command(struct arena *arena, const struct site *site, const struct detection *detection);

/* How a run's tool calls its sessions (application_name), in the arena: by them the database is asked whether one still
 * lives. */
const char *tool_session_name(struct arena *arena, const struct ledger *ledger);

/* The password of the connection, which nobody is to see; NULL: it has none. */
const char *tool_secret(const struct site *site);

#endif
