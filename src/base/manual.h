/*
 * Parts of manual pages for man(1), on standard output, made from the same table as --help.
 */
#ifndef BASE_MANUAL_H
#define BASE_MANUAL_H

#include "base/options.h"

/* The page's title and its NAME section. */
void manual_head(const char *name, int section, const char *summary);

/* A paragraph of text. */
void manual_text(const char *text);

/* The OPTIONS section, with variables, configuration keys and defaults. */
void manual_options(const enum option_id *taken);

/* The FILES and SEE ALSO sections. */
void manual_foot(void);

#endif
