/*
 * Files of Spring, which may have several documents: one after "---" (YAML) or "#---" (properties) counts for one
 * profile alone where it says so.
 */
#ifndef FRAMEWORK_FORMATS_SPRING_H
#define FRAMEWORK_FORMATS_SPRING_H

#include "base/arena.h"
#include "base/text.h"

#define SPRING_MOST_PROFILES 50 /* documents of one file that are looked at */

/* The content as it counts without a profile. The lines of other documents are blank, so that offsets hold. */
struct text spring_usual(struct arena *arena, struct text content);

/* Finds the next document that is for one profile alone, at or behind *at (0 at first), which moves on. *document is
 * the content in which all others are blank. False: there is none. One for "test" is passed over. */
bool spring_next_profile(struct arena *arena, struct text content, size_t *at, struct text *document);

#endif
