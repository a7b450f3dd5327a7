/*
 * Reads what a project's configuration says about folder and ledger, as a framework's facts describe it (struct
 * configuration).
 */
#ifndef FRAMEWORK_CORE_CONFIGURATION_H
#define FRAMEWORK_CORE_CONFIGURATION_H

#include "framework/core/framework.h"

/* Reads the configuration in folder->root/folder->base. Returns true if there is one; then evidence is set, and path
 * (relative to root) and ledger as far as it says them. A computed value counts as not given. */
bool configuration_read(struct arena *arena, const struct configuration *configuration, struct folder *folder);

/* Sets the ledger's table, and its schema if the name is "schema.table". Does nothing for NULL. */
void configuration_set_table(struct arena *arena, struct folder *folder, const char *name);

#endif
