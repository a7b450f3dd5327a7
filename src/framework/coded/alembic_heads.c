/*
 * What alembic says at several heads, and at rows of one branch, was measured with Alembic 1.8.1.
 */
#include "framework/coded/alembic_heads.h"

#include "framework/coded/alembic_revision.h"
#include "framework/core/file_index.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#define MOST_NAMED 5

/* ---- of the files ---- */

const struct migration_file *alembic_unread(const struct migration_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct alembic_revision *const revision = files->items[i].own;
        if (revision->id == files->items[i].filename) {
            return &files->items[i];
        }
    }
    return NULL;
}

/* Marks what others follow. Returns a file that follows one that is not there; NULL: there is none. */
static const struct migration_file *find_followed(const struct migration_files *files, struct file_index *index,
                                                  bool *followed, const char **absent)
{
    const struct migration_file *lonely = NULL;
    for (size_t i = 0; i < files->count; i++) {
        const struct alembic_revision *const revision = files->items[i].own;
        for (size_t j = 0; j < revision->down_count; j++) {
            const struct migration_file *const down = file_index_find(index, revision->parents.items[j]);
            if (down == NULL) {
                lonely = &files->items[i];
                *absent = revision->parents.items[j];
            } else if (down != &files->items[i]) {
                followed[down - files->items] = true;
            }
        }
    }
    return lonely;
}

/* A file that comes before one that it follows or depends on, although all are sorted: the history has a circle. */
static const struct migration_file *find_circle(const struct migration_files *files, struct file_index *index)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct alembic_revision *const revision = files->items[i].own;
        for (size_t j = 0; j < revision->parents.count; j++) {
            const struct migration_file *const parent = file_index_find(index, revision->parents.items[j]);
            if (parent != NULL && parent >= &files->items[i]) {
                return &files->items[i];
            }
        }
    }
    return NULL;
}

/* Can the heads be told from the files, and are several of them an accident? */
static bool counts(const struct migration_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct alembic_revision *const revision = files->items[i].own;
        if (revision->is_computed || revision->labels.count > 0) {
            return false;
        }
    }
    return files->unrecordable == NULL && alembic_unread(files) == NULL;
}

void alembic_note_heads(struct arena *arena, struct migration_files *files)
{
    struct file_index index = file_index_of(arena, files);
    bool *const followed = arena_array(arena, files->count + 1, sizeof *followed);
    const char *absent = NULL;
    const struct migration_file *const lonely = find_followed(files, &index, followed, &absent);
    const struct migration_file *const circle = files->unrecordable == NULL ? find_circle(files, &index) : NULL;
    struct words heads = {0};
    for (size_t i = 0; i < files->count; i++) {
        const struct migration_file *const file = &files->items[i];
        if (!followed[i] && file_index_find(&index, file->key) == file) { /* not a copy */
            words_add(arena, &heads, file->key);
        }
    }
    if (lonely != NULL && alembic_unread(files) == NULL) { /* else the revision may be that one's */
        files->stops_tool =
            arena_printf(arena,
                         "%s follows the revision %s, which no file has: alembic stops at that, whatever "
                         "it is asked for. Restore that file, or correct the down_revision.",
                         lonely->filename, absent);
    } else if (circle != NULL) {
        files->stops_tool =
            arena_printf(arena,
                         "%s follows itself, perhaps by way of others: alembic stops at that (\"Cycle is detected in "
                         "revisions\"). Correct its down_revision or depends_on.",
                         circle->filename);
    } else if (heads.count > 1 && counts(files)) {
        files->stops_tool = arena_printf(
            arena,
            "The files have %zu heads (%s): \"alembic upgrade head\" stops at that (\"Multiple head revisions are "
            "present\"). Join them with \"alembic merge heads\", or give each branch a label and use \"alembic upgrade "
            "heads\".",
            heads.count, words_some(arena, &heads, MOST_NAMED));
    }
    if (files->stops_tool != NULL) {
        listing_warn(arena, files, files->stops_tool);
    }
}

/* ---- of the rows ---- */

/* Notes the row at which alembic stops; true: there is one. */
static bool note_overlap(struct ledger_reading *reading, const bool *is_row, const bool *followed)
{
    const struct migration_files *const files = reading->files;
    for (size_t i = 0; i < files->count; i++) {
        if (is_row[i] && followed[i]) {
            const char *const key = migration_file_key(&files->items[i]);
            reading->entries.stops_tool = arena_printf(
                reading->arena,
                "The tracking table has %s and what comes after it: alembic stops at that (\"overlaps with other "
                "requested revisions\"). Delete the row of %s.",
                key, key);
            ledger_warn(reading, reading->entries.stops_tool);
            return true;
        }
    }
    return false;
}

void alembic_mark_applied(struct ledger_reading *reading, const bool *is_row, bool *applied)
{
    const struct migration_files *const files = reading->files;
    struct file_index index = file_index_of(reading->arena, files);
    bool *const followed = arena_array(reading->arena, files->count + 1, sizeof *followed); /* on a branch of a row */
    size_t rows = 0;
    for (size_t i = files->count; i-- > 0;) {
        const struct alembic_revision *const revision = files->items[i].own;
        rows += is_row[i] ? 1 : 0;
        applied[i] = applied[i] || is_row[i];
        for (size_t j = 0; applied[i] && j < revision->parents.count; j++) {
            const struct migration_file *const parent = file_index_find(&index, revision->parents.items[j]);
            if (parent != NULL && parent < &files->items[i]) {
                applied[parent - files->items] = true;
                followed[parent - files->items] =
                    followed[parent - files->items] || (j < revision->down_count && (is_row[i] || followed[i]));
            }
        }
    }
    if (!note_overlap(reading, is_row, followed) && rows > 1) {
        ledger_warn(reading, arena_printf(reading->arena,
                                          "The tracking table has %zu heads: the branches were not merged.", rows));
    }
}
