/*
 * Command-line options and environment variables as data: one table gives parsing, defaults, help and validation, so
 * that they cannot disagree.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One option, written "--name VALUE" or "--name=VALUE" (or "--name" alone for a flag). */
struct option_spec {
    const char *name;        /* without dashes */
    const char *argument;    /* what the value is, for help: "URL"; NULL: a flag */
    const char *environment; /* the variable that gives it too; NULL: none */
    const char *fallback;    /* the value where neither is given; NULL: unset */
    const char *help;        /* one line */
    const char **value; /* set to the value; a flag is set to "1"; NULL where unset. Borrowed from argv or environ */
    bool secret;        /* a value given on the command line is blanked in argv once it was read, so that `ps` does
                           not show it */
};

/* Reads argv[1…] against a table that ends with a NULL name. Words that are not options are put, in order, at the front
 * of argv and counted in *words; "--" ends the options. The order of precedence is command line, environment, fallback.
 * An empty environment variable counts as unset. Fails with INVALID_ARGUMENT that names the option. */
bool options_parse(struct arena *arena, const struct option_spec *specs, int argc, char **argv, int *words,
                   struct status *status);

/* A number of seconds, also a fraction or with a unit ("500ms", "5m", "2h"), up to a week, as milliseconds. Fails with
 * INVALID_ARGUMENT that names the option; so does 0 unless zero_too. */
bool option_seconds(const char *word, const char *name, bool zero_too, uint32_t *ms, struct status *status);

/* Prints one aligned line an option. */
void options_help(const struct option_spec *specs, FILE *out);

#endif
