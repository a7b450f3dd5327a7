/*
 * Three sources, read from the weakest to the strongest: the fallback, the environment, the command line.
 */
#include "base/options.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_SECONDS 604800

static const struct option_spec *find(const struct option_spec *specs, struct text name)
{
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        if (text_is(name, spec->name)) {
            return spec;
        }
    }
    return NULL;
}

/* The environment first, then the fallback; the command line writes over both. */
static void set_defaults(const struct option_spec *specs)
{
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        const char *const given = spec->environment == NULL ? NULL : getenv(spec->environment);
        *spec->value = given != NULL && given[0] != '\0' ? given : spec->fallback;
    }
}

/* A secret is copied before it is blanked where `ps` would show it. */
static const char *take_value(struct arena *arena, const struct option_spec *spec, char *value)
{
    if (!spec->secret) {
        return value;
    }
    const char *const copy = arena_strdup(arena, value);
    memset(value, '*', strlen(value));
    return copy;
}

/* Reads the option at argv[*i], and its value behind it where it takes one. */
static bool parse_one(struct arena *arena, const struct option_spec *specs, int argc, char **argv, int *i,
                      struct status *status)
{
    char *const word = argv[*i] + 2;
    char *const equals = strchr(word, '=');
    const size_t size = equals == NULL ? strlen(word) : (size_t)(equals - word);
    const struct option_spec *const spec = find(specs, (struct text){word, size});
    if (spec == NULL) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "There is no option --%.*s; see --help.", (int)size, word);
    }
    if (spec->argument == NULL) {
        if (equals != NULL) {
            return status_fail(status, STATUS_INVALID_ARGUMENT, "--%s takes no value.", spec->name);
        }
        *spec->value = "1";
        return true;
    }
    if (equals == NULL && *i + 1 >= argc) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--%s needs a value (%s).", spec->name, spec->argument);
    }
    *spec->value = take_value(arena, spec, equals != NULL ? equals + 1 : argv[++*i]);
    return true;
}

bool options_parse(struct arena *arena, const struct option_spec *specs, int argc, char **argv, int *words,
                   struct status *status)
{
    bool only_words = false;
    *words = 0;
    set_defaults(specs);
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && strncmp(argv[i], "--", 2) == 0) {
            if (!parse_one(arena, specs, argc, argv, &i, status)) {
                return false;
            }
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            return status_fail(status, STATUS_INVALID_ARGUMENT, "There is no option %s; see --help.", argv[i]);
        } else {
            argv[(*words)++] = argv[i];
        }
    }
    return true;
}

/* Seconds in the unit; 0 for what is none. */
static double unit_of(const char *word)
{
    static const struct {
        const char *word;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 0.001}, {"m", 60}, {"min", 60}, {"h", 3600}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(word, units[i].word) == 0) {
            return units[i].seconds;
        }
    }
    return 0;
}

bool option_seconds(const char *word, const char *name, bool zero_too, uint32_t *ms, struct status *status)
{
    char *end;
    const double number = strtod(word, &end);
    const double unit = unit_of(end);
    const double seconds = number * unit;
    if (end == word || unit == 0 || !(seconds >= 0 && seconds <= LONGEST_SECONDS) || (seconds == 0 && !zero_too)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "--%s takes a number of seconds, or 500ms, 5m, 2h, not \"%s\".", name, word);
    }
    *ms = (uint32_t)(seconds * 1000);
    return true;
}

void options_help(const struct option_spec *specs, FILE *out)
{
    int width = 0;
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        const int size = (int)(strlen(spec->name) + (spec->argument == NULL ? 0 : strlen(spec->argument) + 1));
        width = size > width ? size : width;
    }
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        const int used = fprintf(out, "  --%s%s%s", spec->name, spec->argument == NULL ? "" : " ",
                                 spec->argument == NULL ? "" : spec->argument);
        fprintf(out, "%*s%s", width + 6 - used, "", spec->help);
        if (spec->environment != NULL) {
            fprintf(out, " [%s]", spec->environment);
        }
        if (spec->fallback != NULL) {
            fprintf(out, " (default %s)", spec->fallback);
        }
        fputc('\n', out);
    }
}
