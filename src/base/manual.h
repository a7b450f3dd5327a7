/*
 * Pieces of manual pages, for man(1), on the standard output: made of the same tables as --help.
 */
#ifndef BASE_MANUAL_H
#define BASE_MANUAL_H

#include "base/options.h"

/* The page's title and its NAME. */
void manual_head(const char *name, int section, const char *summary);

/* Words of the text. */
void manual_text(const char *text);

/* OPTIONS, with their variables and defaults. */
void manual_options(const struct option_spec *specs);

/* A whole page of a program that knows options only. */
void manual_of_program(const char *name, int section, const char *summary, const struct option_spec *specs);

#endif
