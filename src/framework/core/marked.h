/*
 * Files with an up and a down part, told by lines of comment: dbmate, goose, sql-migrate, Rambler.
 */
#ifndef FRAMEWORK_CORE_MARKED_H
#define FRAMEWORK_CORE_MARKED_H

#include "framework/core/package.h"
#include "framework/core/script.h"

/* What stands between the lines of up and down becomes the script; each up part, where there are several. *options (may
 * be NULL) is what follows the words of the first up line. FAILED_PRECONDITION where there is none. */
bool marked_script(const struct script_request *request, const struct marks *marks, struct text *options);

/* Is there such a line (without what may follow it)? */
bool marked_has(struct text content, const char *words, bool nocase);

#endif
