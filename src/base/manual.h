/*
 * Pieces of manual pages, for man(1), on the standard output: made of the same table as --help.
 */
#ifndef BASE_MANUAL_H
#define BASE_MANUAL_H

#include "base/options.h"

/* The page's title and its NAME. */
void manual_head(const char *name, int section, const char *summary);

/* Words of the text. */
void manual_text(const char *text);

/* OPTIONS, with their variables, their keys in a configuration file, and their defaults. */
void manual_options(const enum option_id *taken);

/* FILES and SEE ALSO. */
void manual_foot(void);

#endif
