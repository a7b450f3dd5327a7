/*
 * man's format: lines that begin with a dot are commands, a backslash begins an escape.
 */
#include "base/manual.h"

#include <ctype.h>
#include <stdio.h>

void manual_text(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\' || *c == '-') {
            putchar('\\');
        }
        putchar(*c);
    }
}

void manual_head(const char *name, int section, const char *summary)
{
    printf(".TH ");
    for (const char *c = name; *c != '\0'; c++) {
        putchar(toupper((unsigned char)*c));
    }
    printf(" %d \"\" \"Truss " TRUSS_VERSION "\" \"%s\"\n.SH NAME\n", section,
           section == 1 ? "User commands" : "System administration");
    manual_text(name);
    printf(" \\- ");
    manual_text(summary);
    putchar('\n');
}

static void put_line(const char *label, const char *text)
{
    printf("%s", label);
    manual_text(text);
    printf(".\n");
}

void manual_options(const enum option_id *taken)
{
    printf(".SH OPTIONS\n");
    for (size_t i = 0; taken[i] != OPTION_NONE; i++) {
        const struct option *const option = option_of(taken[i]);
        printf(".TP\n.B \\-\\-");
        manual_text(option->name);
        if (option->argument != NULL) {
            printf(" \\fI");
            manual_text(option->argument);
            printf("\\fR");
        }
        putchar('\n');
        put_line("", option->help);
        if (option->environment != NULL) {
            put_line("Environment: ", option->environment);
        }
        if (option->key != NULL) {
            put_line("Configuration file: ", option->key);
        }
        if (option->fallback != NULL) {
            put_line("Default: ", option->fallback);
        }
    }
}

void manual_foot(void)
{
    printf(".SH FILES\n"
           ".TP\n.I truss.toml\nIn the project, what it says itself: the tables [project] and [run].\n"
           ".TP\n.I /etc/truss/truss.conf\nThe variables with which the packaged services are started.\n"
           ".SH SEE ALSO\n.BR truss (1),\n.BR truss\\-worker (8),\n.BR truss\\-bridge (8)\n");
}
