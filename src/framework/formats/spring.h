/*
 * Spring's files, which may contain several documents: one after "---" (YAML) or "#---" (properties) may apply to one
 * profile only.
 */
#ifndef FRAMEWORK_FORMATS_SPRING_H
#define FRAMEWORK_FORMATS_SPRING_H

#include "base/arena.h"
#include "base/text.h"

/* How many profiles of a file of this size are read: for each of them it is read as a whole. */
size_t spring_most_profiles(size_t size);

/* The content that applies without a profile, with the lines of other documents blanked, so that offsets stay valid. */
struct text spring_usual(struct arena *arena, struct text content);

/* Finds the next document for one profile only, at or after *at (start with 0), which is advanced. *document is the
 * content with all others blanked. Skips the profile "test". Returns false if there is none. */
bool spring_next_profile(struct arena *arena, struct text content, size_t *at, struct text *document);

#endif
