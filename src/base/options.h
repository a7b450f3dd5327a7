/*
 * Options of the command line, the environment and configuration files, as data: options.def has one row for each
 * option, and everything else is generated from it. A program, or a command of one, lists the options that it takes,
 * and gets their checked values in a struct with a member for each.
 *
 * Precedence: command line, environment (an empty variable counts as unset, except TRUSS_ENVIRONMENT, where it means
 * that there is no environment), the file of --config, the project's truss.toml, the default.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_programs { OF_WORKER = 1, OF_BRIDGE = 2, OF_TRUSS = 4 };

/* The kinds of values, and the type of their members. Unset values are false, NULL and 0. */
enum option_kind {
    OPTION_FLAG,            /* bool; in the environment 1, 0, yes, no, …; in a file true, false */
    OPTION_TEXT,            /* const char *, borrowed from argv, environ or the arena */
    OPTION_SECRET,          /* the same, overwritten in argv after reading, so that `ps` does not show it */
    OPTION_CHOICE,          /* the same: one of the words in its argument, "each|all" */
    OPTION_SECONDS,         /* uint32_t, milliseconds: "30", "0.5", "500ms", "5m", "2h", up to a week */
    OPTION_SECONDS_OR_NONE, /* the same, but 0 is a valid value */
    OPTION_MILLISECONDS,    /* uint32_t: 1 to LIMIT_LOCK_TIMEOUT_MS */
    OPTION_SIZE,            /* size_t, bytes: "256MiB", "64KiB", "1GiB", "1000000", from 1 to LIMIT_OPTION_SIZE */
    OPTION_NUMBER,          /* uint32_t: 0 to LIMIT_OPTION_NUMBER */
    OPTION_HOURS,           /* uint32_t, hours: "48", "48h", "2d", "2w", from 0 to LIMIT_OPTION_NUMBER */
};

#define OPTION_TYPE_FLAG            bool
#define OPTION_TYPE_TEXT            const char *
#define OPTION_TYPE_SECRET          const char *
#define OPTION_TYPE_CHOICE          const char *
#define OPTION_TYPE_SECONDS         uint32_t
#define OPTION_TYPE_SECONDS_OR_NONE uint32_t
#define OPTION_TYPE_MILLISECONDS    uint32_t
#define OPTION_TYPE_SIZE            size_t
#define OPTION_TYPE_NUMBER          uint32_t
#define OPTION_TYPE_HOURS           uint32_t

enum option_id {
    OPTION_NONE, /* ends a list */
#define OPTION(id, programs, kind, name, argument, environment, key, fallback, help) OPTION_##id,
#include "base/options.def"
#undef OPTION
    OPTION_COUNT
};

/* The values. */
struct options {
#define OPTION(id, programs, kind, name, argument, environment, key, fallback, help) OPTION_TYPE_##kind id;
#include "base/options.def"
#undef OPTION
    bool by_project[OPTION_COUNT]; /* those set only by the project's own truss.toml */
};

/* A row of options.def. */
struct option {
    const char *name;
    const char *argument;
    const char *environment;
    const char *key;
    const char *fallback;
    const char *help;
    enum option_kind kind;
    unsigned programs; /* a set of enum option_programs */
    size_t offset;     /* of the member in struct options */
};

/* The row of an option; never NULL, except for OPTION_NONE. */
const struct option *option_of(enum option_id id);

/* All options of a program, in the order of the table, ended by OPTION_NONE. */
void options_of(enum option_programs program, enum option_id taken[OPTION_COUNT + 1]);

/* What to read. */
struct options_request {
    struct arena *arena;
    const enum option_id *taken; /* the options to accept; ended by OPTION_NONE */
    int argc;
    char **argv;
    bool ignores_project; /* leave the project's truss.toml to another program */
    int words; /* result: the number of words in argv that are no options; they are moved to its front, in order */
    const char *from[OPTION_COUNT]; /* result: the source of each value, "--lock-wait", "TRUSS_LOCK_WAIT"; NULL: none */
};

/* Reads argv[1…] ("--name VALUE", "--name=VALUE", "--name" for a flag, up to "--"), the environment and the
 * configuration files. Fails with INVALID_ARGUMENT that says which option is wrong, where it was set, and what is
 * allowed. */
bool options_read(struct options_request *request, struct options *options, struct status *status);

/* Prints the help of the options, in lines of 100 columns. */
void options_help(const enum option_id *taken, FILE *out);

/* ---- for the code that reads options ---- */

/* A value and its source. */
struct option_given {
    const char *text; /* NULL: not given */
    const char *from; /* "--lock-wait", "TRUSS_LOCK_WAIT", "truss.toml, line 3: run.lock-wait" */
};

/* Checks a value and stores it in its member. (A test checks the defaults.) */
bool option_store(const struct option *option, const struct option_given *given, struct options *options,
                  struct status *status);

/* The owner of a configuration file. */
enum option_file { OPTION_FILE_OF_OPERATOR, OPTION_FILE_OF_PROJECT };

/* Reads a configuration file into `given`. The operator's file must exist, a project's may be missing. Fails for
 * invalid TOML, unknown keys, and keys that a project may not set. */
bool options_read_file(struct arena *arena, const char *path, enum option_file whose,
                       struct option_given given[OPTION_COUNT], struct status *status);

#endif
