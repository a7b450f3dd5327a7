/*
 * The parts of an alembic.ini that is for several histories or several databases.
 */
#ifndef FRAMEWORK_CODED_ALEMBIC_SECTIONS_H
#define FRAMEWORK_CODED_ALEMBIC_SECTIONS_H

#include "base/words.h"
#include "framework/core/unread.h"

/* The sections besides [alembic] that are migrations of their own: `alembic -n NAME`. */
struct words alembic_other_sections(struct arena *arena, struct text content);

/* Notes the sections besides [alembic] that are migrations of their own (`alembic -n NAME`). One history is read; where
 * [alembic] has no script_location (has_usual false), nobody knows which of the others is meant. */
void alembic_note_sections(struct arena *arena, struct folder *folder, struct text content, bool has_usual);

/* Notes several databases of the template "multidb": each has a tracking table, and each revision a part for each. */
void alembic_note_databases(struct arena *arena, struct folder *folder, struct text content);

/* Does -n of a command name the section that is read anyway? behind: what stands behind it; content: the whole file. */
bool alembic_names_usual_section(struct text behind, struct text content);

#endif
