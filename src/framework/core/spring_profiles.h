/*
 * Spring's configuration for profiles: files beside the usual one, and documents in each (formats/spring.h). Whether a
 * profile counts is up to how the program is started.
 */
#ifndef FRAMEWORK_CORE_SPRING_PROFILES_H
#define FRAMEWORK_CORE_SPRING_PROFILES_H

#include "framework/core/unread.h"

/* file: what it says for one profile, the lines of others blank; its name is from the folder's base, and its content is
 * the arena's. */
typedef void spring_profile(struct arena *arena, struct folder *folder, const struct source_file *file, void *data);

/* Hands over each, but for those that are for "test". */
void spring_profiles_each(struct arena *arena, struct folder *folder, spring_profile *read, void *data);

/* YAML? Else it has properties. */
bool spring_is_yaml(const char *name);

#endif
