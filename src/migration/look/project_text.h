/*
 * Reads one file for the databases that it names. project_database.c knows which files to read for which framework.
 */
#ifndef MIGRATION_LOOK_PROJECT_TEXT_H
#define MIGRATION_LOOK_PROJECT_TEXT_H

#include "base/text.h"
#include "migration/look/project_search.h"

/* Adds everything that the text of a file says. */
void search_text(struct search *search, const char *file, struct text content);

#endif
