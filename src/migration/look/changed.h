/*
 * What is said of files that are not as they were when their migrations were applied, and of edits that nobody could
 * see.
 */
#ifndef MIGRATION_LOOK_CHANGED_H
#define MIGRATION_LOOK_CHANGED_H

#include "base/words.h"
#include "migration/look/history.h"

/* Is it applied, so that what is pending before it is late? Repeatable ones have no place in the order; one without a
 * file has one if its tool counts it (habits.missing_counts) and its key is a number. */
bool changed_has_place(const struct catalog *catalog, const struct catalog_item *item);

/* The last of these after the first `from` items. NULL: none. */
const struct catalog_item *changed_last_applied(const struct catalog *catalog, size_t from);

/* A sentence for each kind of change, with its first names: edited, deleted, and late (pending, although a later one is
 * applied). A missing file that its own tool does not mind is none. */
struct words changed_sentences(struct arena *arena, const struct catalog *catalog);

/* Why the edit of an applied file would not be seen: nothing is recorded that the file could be compared with. NULL:
 * each would be. */
const char *changed_unseen(struct arena *arena, const struct catalog *catalog);

#endif
