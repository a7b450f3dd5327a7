#include "migration/plan/foresee/undo.h"

#include "sql/lexer.h"

#include <string.h>

#define MOST_BYTES 8

struct undo_change {
    void *at;
    size_t size;
    char was[MOST_BYTES];
};

struct undo_savepoint {
    const char *name;
    size_t count; /* number of changes before it */
};

void undo_remember(struct undo *undo, void *at, size_t size)
{
    if (undo->savepoint_count > 0 && size <= MOST_BYTES) {
        undo->changes = arena_grow(undo->arena, undo->changes, undo->count, &undo->capacity, sizeof *undo->changes);
        struct undo_change *const change = &undo->changes[undo->count++];
        change->at = at;
        change->size = size;
        memcpy(change->was, at, size);
    }
}

/* The number of the latest savepoint of this name, from 1; 0: none. */
static size_t number_of(const struct undo *undo, const char *name)
{
    size_t i = undo->savepoint_count;
    while (i > 0 && strcmp(undo->savepoints[i - 1].name, name) != 0) {
        i--;
    }
    return i;
}

static void add(struct undo *undo, const char *name)
{
    undo->savepoints = arena_grow(undo->arena, undo->savepoints, undo->savepoint_count, &undo->savepoint_capacity,
                                  sizeof *undo->savepoints);
    undo->savepoints[undo->savepoint_count++] = (struct undo_savepoint){name, undo->count};
}

/* The savepoint itself stays. */
static void roll_back_to(struct undo *undo, const char *name)
{
    const size_t number = number_of(undo, name);
    while (number > 0 && undo->count > undo->savepoints[number - 1].count) {
        const struct undo_change *const change = &undo->changes[--undo->count];
        memcpy(change->at, change->was, change->size);
    }
    undo->savepoint_count = number > 0 ? number : undo->savepoint_count;
}

/* Its changes may still be undone by an earlier savepoint. */
static void release(struct undo *undo, const char *name)
{
    const size_t number = number_of(undo, name);
    undo->savepoint_count = number > 0 ? number - 1 : undo->savepoint_count;
}

static void forget(struct undo *undo)
{
    undo->count = undo->savepoint_count = 0;
}

/* ROLLBACK [WORK | TRANSACTION] TO, or anything else that begins or ends a transaction. */
static bool goes_back(struct sql_reader *words)
{
    const bool is_rollback = sql_take(words, "rollback");
    if (!sql_take(words, "work")) {
        sql_take(words, "transaction");
    }
    return is_rollback && sql_take(words, "to");
}

void undo_statement(struct undo *undo, struct text statement)
{
    static const char *const ends[] = {"begin", "start", "commit", "end", "rollback", "abort", NULL};
    struct sql_reader words = sql_read(statement);
    const bool is_end = sql_is_any_word(&words.token, ends);
    const bool is_made = sql_take(&words, "savepoint");
    const bool is_released = !is_made && sql_take(&words, "release");
    if (!is_end && !is_made && !is_released) {
        return;
    }
    if (is_end && !goes_back(&words)) {
        forget(undo);
        return;
    }
    if (!is_made) {
        sql_take(&words, "savepoint");
    }
    const char *const name = sql_identifier(undo->arena, &words.token);
    if (name != NULL) {
        (is_made ? add : is_released ? release : roll_back_to)(undo, name);
    }
}
