/*
 * Sections of an alembic.ini with several histories or several databases.
 */
#ifndef FRAMEWORK_CODED_ALEMBIC_SECTIONS_H
#define FRAMEWORK_CODED_ALEMBIC_SECTIONS_H

#include "base/words.h"
#include "framework/core/unread.h"

/* The sections besides [alembic] that are separate histories: `alembic -n NAME`. */
struct words alembic_other_sections(struct arena *arena, struct text content);

/* Notes such sections. Only one history is read; if [alembic] has no script_location (has_usual false), the user is
 * asked which one is meant. */
void alembic_note_sections(struct arena *arena, struct folder *folder, struct text content, bool has_usual);

/* Notes the databases of the template "multidb": each has its own tracking table, and each revision a part for each
 * database. */
void alembic_note_databases(struct arena *arena, struct folder *folder, struct text content);

/* Does a command's -n name the section that is read anyway? behind: the text after it; content: the whole file. */
bool alembic_names_usual_section(struct text behind, struct text content);

#endif
