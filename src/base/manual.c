/*
 * man's own language: lines that begin with a dot are commands, a backslash begins an escape.
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

void manual_options(const struct option_spec *specs)
{
    printf(".SH OPTIONS\n");
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        printf(".TP\n.B \\-\\-");
        manual_text(spec->name);
        if (spec->argument != NULL) {
            printf(" \\fI");
            manual_text(spec->argument);
            printf("\\fR");
        }
        putchar('\n');
        put_line("", spec->help);
        if (spec->environment != NULL) {
            put_line("Environment: ", spec->environment);
        }
        if (spec->fallback != NULL) {
            put_line("Default: ", spec->fallback);
        }
    }
}

void manual_of_program(const char *name, int section, const char *summary, const struct option_spec *specs)
{
    manual_head(name, section, summary);
    printf(".SH SYNOPSIS\n.B ");
    manual_text(name);
    printf("\n[\\fIOPTION\\fR...]\n");
    manual_options(specs);
    printf(".SH FILES\n.TP\n.I /etc/truss/truss.conf\nThe variables that the packaged services are started with.\n"
           ".SH SEE ALSO\n.BR truss (1),\n.BR truss\\-worker (8),\n.BR truss\\-bridge (8)\n");
}
