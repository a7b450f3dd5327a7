/*
 * Measured with Drizzle, Postgrator, postgres-migrations, db-migrate, yoyo and Prisma.
 */
#include "migration/plan/marks.h"

#define MOST_NAMED 5

void marks_note(struct arena *arena, const struct prepared *prepared, const struct loaded *loaded, struct words *marked)
{
    const bool is_sent = !prepared->item->file->is_code && !prepared->place.folder->framework->drops_mark;
    if (is_sent && text_without_mark(loaded->content).size < loaded->content.size) {
        words_add(arena, marked, prepared->item->name);
    }
}

const char *marks_warning(struct arena *arena, const struct preparation *preparation)
{
    const struct words *const marked = &preparation->marked;
    return marked->count == 0
               ? NULL
               : arena_printf(
                     arena,
                     "%s %s with a byte order mark, which a run here leaves out. %s itself sends it, and fails "
                     "at it: save the file as UTF-8 without one.",
                     words_some(arena, marked, MOST_NAMED), marked->count == 1 ? "begins" : "begin",
                     preparation->catalog.detection.framework->display_name);
}
