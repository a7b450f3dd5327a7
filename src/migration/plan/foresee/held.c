/*
 * Only the strongest lock is remembered. How long a statement takes is not known: what reads or writes a whole table,
 * builds an index, or changes rows that it has not in its own text.
 */
#include "migration/plan/foresee/held.h"

#include "sql/lexer.h"

#include <string.h>

void held_begin(struct held *held)
{
    *held = (struct held){0};
}

static bool takes_its_time(struct text statement, const struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    const bool has_values_only = sql_is_word(&words.token, "insert") && !sql_skip_to(&words, "select");
    return effects->count > 0 && effects->work != SQL_WORK_NONE && effects->work != SQL_WORK_UNKNOWN &&
           !(effects->work == SQL_WORK_ROWS && has_values_only);
}

/* Does it stop the same people itself, so that its own lock says it? */
static bool locks_it_as_well(const struct held *held, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        if (effects->locks[i].lock >= held->lock && strcmp(effects->locks[i].relation, held->relation) == 0) {
            return true;
        }
    }
    return false;
}

/* The script's own BEGIN, COMMIT or ROLLBACK: a new transaction begins there. */
static bool is_boundary(struct text statement)
{
    static const char *const words[] = {"begin", "start", "commit", "end", "abort", "prepare", NULL};
    struct sql_reader reader = sql_read(statement);
    struct sql_reader back = reader;
    return sql_is_any_word(&reader.token, words) || (sql_take(&back, "rollback") && !sql_skip_to(&back, "to"));
}

static const char *advice(const struct held *held, const struct held_place *place, const char *own)
{
    const bool stops_readers = sql_lock_blocks_reads(held->lock);
    return arena_printf(place->arena,
                        "%s%sThe %s lock on %s (line %u) is held until this is done: nobody %s it meanwhile. Do it in "
                        "a migration of its own.",
                        own == NULL ? "" : own, own == NULL ? "" : " ", sql_lock_name(held->lock), held->relation,
                        script_position(place->script, place->parts, held->at, NULL).line,
                        stops_readers ? "reads or writes" : "writes");
}

static void note(struct held *held, struct arena *arena, size_t at, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        const struct sql_relation_lock *const lock = &effects->locks[i];
        if (lock->lock > held->lock && sql_lock_blocks_writes(lock->lock)) {
            *held = (struct held){arena_strdup(arena, lock->relation), lock->lock, at, held->is_told};
        }
    }
}

void held_statement(struct held *held, const struct held_place *place, struct text statement, size_t at,
                    struct sql_effects *effects)
{
    if (is_boundary(statement)) {
        held_begin(held);
    }
    if (held->relation != NULL && !held->is_told && takes_its_time(statement, effects) &&
        !locks_it_as_well(held, effects)) {
        held->is_told = true;
        effects->advice = advice(held, place, effects->advice);
    }
    note(held, place->arena, at, effects);
}
