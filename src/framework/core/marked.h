/*
 * Files with an up and a down part, divided by comment lines: dbmate, goose, sql-migrate, Rambler.
 */
#ifndef FRAMEWORK_CORE_MARKED_H
#define FRAMEWORK_CORE_MARKED_H

#include "framework/core/package.h"
#include "framework/core/script.h"

/* The script becomes the text between the lines of up and down, of all up parts. *options (may be NULL) is what follows
 * the words of the first up line. FAILED_PRECONDITION if there is none. */
bool marked_script(const struct script_request *request, const struct marks *marks, struct text *options);

/* Is there such a line, whatever follows the words? */
bool marked_has(struct text content, const char *words, bool nocase);

#endif
