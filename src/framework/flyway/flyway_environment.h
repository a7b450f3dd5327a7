/*
 * FLYWAY_TABLE and its like: what the environment says counts before every file (Flyway 9 and 13).
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_ENVIRONMENT_H
#define FRAMEWORK_FLYWAY_FLYWAY_ENVIRONMENT_H

#include "framework/core/layout.h"

/* What our own environment says, as lines of flyway.conf in the arena; empty: nothing. Only a project's own directory
 * is asked about: Flyway starts there. The connection's variables are not among them. */
struct text flyway_environment(struct arena *arena, const struct folder *folder);

/* The file with these lines behind it, where they count. In a file of another form they cannot: then the folder is a
 * question, which names the first of them. */
struct text flyway_environment_beside(struct arena *arena, struct folder *folder, const char *name,
                                      struct text content);

#endif
