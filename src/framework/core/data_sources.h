/*
 * Quarkus and Micronaut may have several data sources, each with its own migrations. We read the default one. The
 * others are reported; if there is no default, the user is asked which one is meant.
 */
#ifndef FRAMEWORK_CORE_DATA_SOURCES_H
#define FRAMEWORK_CORE_DATA_SOURCES_H

#include "framework/core/framework.h"

/* Looks for the data sources of a tool ("flyway" or "liquibase") in the package's application.properties, .yml and
 * .yaml. Besides a default one, the others become a note of the folder; without a default, the folder becomes unread.
 * Strings are the arena's. */
void data_sources_note(struct arena *arena, struct folder *folder, const char *tool);

#endif
