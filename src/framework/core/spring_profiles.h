/*
 * Spring's configuration for profiles: files beside the usual one, and documents in each (formats/spring.h). Which
 * profile is active depends on how the program is started.
 */
#ifndef FRAMEWORK_CORE_SPRING_PROFILES_H
#define FRAMEWORK_CORE_SPRING_PROFILES_H

#include "framework/core/unread.h"

/* Receives what a file says for one profile, with the lines of others blanked. The file's name is relative to the
 * folder's base; its content is the arena's. */
typedef void spring_profile(struct arena *arena, struct folder *folder, const struct source_file *file, void *data);

/* Calls `read` for each profile but "test" that may say something of the tool ("flyway"). If a file has too many of
 * them, that is noted in folder->unread. */
void spring_profiles_each(struct arena *arena, struct folder *folder, const char *tool, spring_profile *read,
                          void *data);

/* Is it a YAML file? Otherwise it has properties. */
bool spring_is_yaml(const char *name);

#endif
