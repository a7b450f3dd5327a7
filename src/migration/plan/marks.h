/*
 * Scripts that begin with a byte order mark: to PostgreSQL that is a syntax error. A run here leaves it out; the tool
 * of most frameworks sends it (struct framework, drops_mark), and fails in the next database.
 */
#ifndef MIGRATION_PLAN_MARKS_H
#define MIGRATION_PLAN_MARKS_H

#include "migration/plan/preparation.h"

/* Adds the migration's name if its script begins with one that its own tool sends. */
void marks_note(struct arena *arena, const struct prepared *prepared, const struct loaded *loaded,
                struct words *marked);

/* What is said of preparation->marked, a sentence; NULL: there are none. */
const char *marks_warning(struct arena *arena, const struct preparation *preparation);

#endif
