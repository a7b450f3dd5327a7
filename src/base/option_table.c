/*
 * The rows of options.def, and their help.
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

#define HELP_COLUMN 30  /* where descriptions begin; a longer name has its own line */
#define HELP_WIDTH  100 /* where descriptions are wrapped */

/* The columns that a text takes: continuation bytes do not count. */
static int columns_of(const char *text, size_t size)
{
    int columns = 0;
    for (size_t i = 0; i < size; i++) {
        columns += ((unsigned char)text[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return columns;
}

/* Prints words from the column `at` on, with further lines below the first. Returns the column after them. */
static int print_words(FILE *out, const char *words, int at)
{
    for (const char *word = words; *word != '\0';) {
        const size_t size = strcspn(word, " ");
        const int columns = columns_of(word, size);
        if (at > HELP_COLUMN && at + 1 + columns > HELP_WIDTH) {
            fprintf(out, "\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        }
        at += fprintf(out, "%s", at > HELP_COLUMN ? " " : "") + columns;
        fprintf(out, "%.*s", (int)size, word);
        word += size + strspn(word + size, " ");
    }
    return at;
}

static void print_option(FILE *out, const struct option *option)
{
    const char *const argument = option->argument == NULL ? "" : option->argument;
    fprintf(out, "  --%s%s%s", option->name, argument[0] == '\0' ? "" : " ", argument);
    const int used = 4 + columns_of(option->name, strlen(option->name)) + columns_of(argument, strlen(argument)) +
                     (argument[0] == '\0' ? 0 : 1);
    const bool fits = used + 2 <= HELP_COLUMN;
    fprintf(out, "%s%*s", fits ? "" : "\n", HELP_COLUMN - (fits ? used : 0), "");
    int at = print_words(out, option->help, HELP_COLUMN);
    char more[128];
    if (option->environment != NULL) {
        snprintf(more, sizeof more, "[%s]", option->environment);
        at = print_words(out, more, at);
    }
    if (option->fallback != NULL) {
        snprintf(more, sizeof more, "(default %s)", option->fallback);
        print_words(out, more, at);
    }
    fputc('\n', out);
}

void options_help(const enum option_id *taken, FILE *out)
{
    for (size_t i = 0; taken[i] != OPTION_NONE; i++) {
        print_option(out, &options_table[taken[i]]);
    }
}
