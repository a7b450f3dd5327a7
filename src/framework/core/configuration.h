/*
 * What a project's configuration says of folder and ledger, read as a framework's facts say (struct configuration).
 */
#ifndef FRAMEWORK_CORE_CONFIGURATION_H
#define FRAMEWORK_CORE_CONFIGURATION_H

#include "framework/core/framework.h"

/* Reads the configuration in folder->root/folder->base. True where one is there: then evidence is set, and what it says
 * of path (relative to root) and ledger. A value that is computed is not found, which is the truth. */
bool configuration_read(struct arena *arena, const struct configuration *configuration, struct folder *folder);

/* Sets the ledger's table, and its schema where the name has one in front of a dot. Nothing for NULL. */
void configuration_set_table(struct arena *arena, struct folder *folder, const char *name);

#endif
