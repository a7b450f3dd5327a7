/*
 * FLYWAY_TABLE and similar variables: the environment takes precedence over every file (Flyway 9 and 13).
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_ENVIRONMENT_H
#define FRAMEWORK_FLYWAY_FLYWAY_ENVIRONMENT_H

#include "framework/core/layout.h"

/* Our own environment's settings as lines of flyway.conf, in the arena; empty: none. Only for the project's own
 * directory, where Flyway would start. Without variables for the connection. */
struct text flyway_environment(struct arena *arena, const struct folder *folder);

/* The file with these lines appended, if they count. In a file of another format they cannot be appended: then the user
 * is asked, with the name of the first one. */
struct text flyway_environment_beside(struct arena *arena, struct folder *folder, const char *name,
                                      struct text content);

#endif
