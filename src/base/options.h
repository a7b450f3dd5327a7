/*
 * Options of the command line, of the environment and of configuration files, as data: options.def has one row an
 * option, and all that is known of options is made of it. A program, or a command of one, says which it takes; it gets
 * their values, checked, in a struct with a member each.
 *
 * From the strongest to the weakest: command line, environment (an empty variable counts as unset, but
 * for TRUSS_ENVIRONMENT, which says that there is none), the file of
 * --config, the project's truss.toml, the fallback.
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

/* What values there are, and the type of the member that holds one. Unset are false, NULL and 0. */
enum option_kind {
    OPTION_FLAG,            /* bool: said or not; in the environment 1, 0, yes, no, …; in a file true, false */
    OPTION_TEXT,            /* const char *, borrowed from argv, environ or the arena */
    OPTION_SECRET,          /* the same, blanked in argv once it was read, so that `ps` does not show it */
    OPTION_CHOICE,          /* the same: one of the words of its argument, "each|all" */
    OPTION_SECONDS,         /* uint32_t, milliseconds: "30", "0.5", "500ms", "5m", "2h", up to a week */
    OPTION_SECONDS_OR_NONE, /* the same, where 0 has a meaning of its own */
    OPTION_MILLISECONDS,    /* uint32_t: 1 to LIMIT_LOCK_TIMEOUT_MS */
    OPTION_SIZE,            /* size_t, bytes: "256MiB", "64KiB", "1GiB", "1000000", from 1 to LIMIT_OPTION_SIZE */
    OPTION_NUMBER,          /* uint32_t: 0 to LIMIT_OPTION_NUMBER */
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
    bool by_project[OPTION_COUNT]; /* which of them nobody says but the project's own truss.toml */
};

/* A row of the table. */
struct option {
    const char *name;
    const char *argument;
    const char *environment;
    const char *key;
    const char *fallback;
    const char *help;
    enum option_kind kind;
    unsigned programs; /* of enum option_programs */
    size_t offset;     /* in struct options */
};

/* Never NULL, but for OPTION_NONE. */
const struct option *option_of(enum option_id id);

/* All that a program knows, in the order of the table, ending with OPTION_NONE. */
void options_of(enum option_programs program, enum option_id taken[OPTION_COUNT + 1]);

/* What is read. */
struct options_request {
    struct arena *arena;
    const enum option_id *taken; /* ends with OPTION_NONE */
    int argc;
    char **argv;
    bool ignores_project; /* the project's truss.toml is for another program to read */
    int words;            /* set: how many words of argv are no options. They are put, in their order, at its front */
    const char
        *from[OPTION_COUNT]; /* set: where each value was said, "--lock-wait", "TRUSS_LOCK_WAIT"; NULL: nowhere */
};

/* Reads argv[1…], "--name VALUE", "--name=VALUE" and "--name" for a flag, up to "--", the environment and the
 * configuration files. Fails with INVALID_ARGUMENT that says which is wrong, where it was said, and what it takes. */
bool options_read(struct options_request *request, struct options *options, struct status *status);

/* Prints the options, each with its words beside its name, in lines of 100 columns. */
void options_help(const enum option_id *taken, FILE *out);

/* ---- for the reading of options ---- */

/* A value that was given somewhere. */
struct option_given {
    const char *text; /* NULL: it was not */
    const char *from; /* "--lock-wait", "TRUSS_LOCK_WAIT", "truss.toml, line 3: run.lock-wait" */
};

/* Checks a value and stores it in its member; a fallback is right by a test. */
bool option_store(const struct option *option, const struct option_given *given, struct options *options,
                  struct status *status);

/* Whose configuration file it is. */
enum option_file { OPTION_FILE_OF_OPERATOR, OPTION_FILE_OF_PROJECT };

/* Reads a configuration file: fills what has a key in it. The operator's must be there, a project's may be absent.
 * Fails for what is no TOML, for unknown keys, and for keys that a project may not say. */
bool options_read_file(struct arena *arena, const char *path, enum option_file whose,
                       struct option_given given[OPTION_COUNT], struct status *status);

#endif
