/*
 * The graph of Django's migrations, as far as their programs say it as text: what Django refuses to migrate at all.
 */
#ifndef FRAMEWORK_CODED_DJANGO_GRAPH_H
#define FRAMEWORK_CODED_DJANGO_GRAPH_H

#include "framework/coded/django_replaces.h"

/* Reads `dependencies = [("blog", "0001_initial"), …]` of a program into own->needs and own->is_unclear. */
void django_needs(struct arena *arena, struct text source, struct django_migration *own);

/* Notes in files->stops_tool what Django stops at: a dependency without a file, in an app of these files
 * (NodeNotFoundError), and an app with several migrations that none follows ("Conflicting migrations detected"). */
void django_note_graph(struct arena *arena, struct migration_files *files);

/* Notes in reading->entries.stops_tool a migration that is applied before one that it needs
 * (InconsistentMigrationHistory). */
void django_note_history(struct ledger_reading *reading);

#endif
