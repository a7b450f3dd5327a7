/*
 * Quarkus and Micronaut may have several data sources, each with migrations of its own: what is read is the default
 * one's. The others are told of, and where there is no default, which is meant is a question.
 */
#ifndef FRAMEWORK_CORE_DATA_SOURCES_H
#define FRAMEWORK_CORE_DATA_SOURCES_H

#include "framework/core/framework.h"

/* Looks for those of a tool, "flyway" or "liquibase", in the package's application.properties, .yml and .yaml. Beside
 * the default one they are a note of the folder; without it they make the folder unread. Both in the arena. */
void data_sources_note(struct arena *arena, struct folder *folder, const char *tool);

#endif
