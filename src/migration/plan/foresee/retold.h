/*
 * What the statements of a script do, for a plan that is read twice (questions.h). It is a function of the text and of
 * the facts that were told on the way (struct sql_facts). So at the second reading only these facts are asked for: if
 * each is as it was, so is what the statement does, and it is not parsed again.
 */
#ifndef MIGRATION_PLAN_FORESEE_RETOLD_H
#define MIGRATION_PLAN_FORESEE_RETOLD_H

#include "sql/effects.h"

struct retold; /* of one script */

/* Everything is in the arena, also the effects. */
struct retold *retold_new(struct arena *arena);

/* As sql_effects, and notes the facts. Words that these tell must live as long as the arena. */
void retold_note(struct retold *retold, struct text statement, const struct sql_facts *facts,
                 struct sql_effects *effects);

/* As sql_effects for a statement that was noted, the same bytes at the same place, if its facts are as they were. False
 * if they are not, or if it was not noted: statements come in the order of the notes. */
bool retold_give(struct retold *retold, struct text statement, const struct sql_facts *facts,
                 struct sql_effects *effects);

#endif
