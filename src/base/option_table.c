/*
 * The rows of options.def, and what is printed of them.
 */
#include "base/options.h"

#include <string.h>

static const struct option options_table[OPTION_COUNT] = {
#define OPTION(id, programs, kind, name, argument, environment, key, fallback, help)                                   \
    [OPTION_##id] = {                                                                                                  \
        name, argument, environment, key, fallback, help, OPTION_##kind, programs, offsetof(struct options, id)},
#include "base/options.def"
#undef OPTION
};

const struct option *option_of(enum option_id id)
{
    return id == OPTION_NONE ? NULL : &options_table[id];
}

void options_of(enum option_programs program, enum option_id taken[OPTION_COUNT + 1])
{
    size_t count = 0;
    for (size_t i = OPTION_NONE + 1; i < OPTION_COUNT; i++) {
        if ((options_table[i].programs & program) != 0) {
            taken[count++] = (enum option_id)i;
        }
    }
    taken[count] = OPTION_NONE;
}

void options_help(const enum option_id *taken, FILE *out)
{
    int width = 0;
    for (size_t i = 0; taken[i] != OPTION_NONE; i++) {
        const struct option *const option = &options_table[taken[i]];
        const int size = (int)(strlen(option->name) + (option->argument == NULL ? 0 : strlen(option->argument) + 1));
        width = size > width ? size : width;
    }
    for (size_t i = 0; taken[i] != OPTION_NONE; i++) {
        const struct option *const option = &options_table[taken[i]];
        const int used = fprintf(out, "  --%s%s%s", option->name, option->argument == NULL ? "" : " ",
                                 option->argument == NULL ? "" : option->argument);
        /* "…" is three bytes and one character. */
        const int more = option->argument != NULL && strstr(option->argument, "…") != NULL ? 2 : 0;
        fprintf(out, "%*s%s", width + 6 - used + more, "", option->help);
        if (option->environment != NULL) {
            fprintf(out, " [%s]", option->environment);
        }
        if (option->fallback != NULL) {
            fprintf(out, " (default %s)", option->fallback);
        }
        fputc('\n', out);
    }
}
