/*
 * What is kept of a plan that was read, and the failures in it.
 */
#include "migration/plan/explained.h"

#include "base/sorting.h"

#define EXCERPT 200 /* characters */

struct sql_effects explained_effects(struct arena *arena, const struct sql_effects *effects)
{
    struct sql_effects kept = {.count = effects->count,
                               .unlisted = effects->unlisted,
                               .work = effects->work,
                               .advice = arena_strdup(arena, effects->advice),
                               .unknown = effects->unknown,
                               .unread = effects->unread,
                               .every_row = effects->every_row};
    kept.locks = arena_array(arena, effects->count, sizeof *kept.locks);
    for (size_t i = 0; i < effects->count; i++) {
        kept.locks[i] = (struct sql_relation_lock){.relation = arena_strdup(arena, effects->locks[i].relation),
                                                   .lock = effects->locks[i].lock,
                                                   .name = effects->locks[i].name == NULL ? NULL : "",
                                                   .is_target = effects->locks[i].is_target,
                                                   .is_heir = effects->locks[i].is_heir,
                                                   .oid = effects->locks[i].oid};
    }
    return kept;
}

static int compare_oids(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

size_t explained_locks(struct arena *arena, const struct explained_step *step)
{
    uint32_t *oids = NULL;
    size_t count = 0;
    size_t capacity = 0;
    size_t unlisted = 0;
    for (size_t i = 0; i < step->listed; i++) {
        const struct sql_effects *const effects = &step->statements[i].effects;
        unlisted = effects->unlisted > unlisted ? effects->unlisted : unlisted;
        for (size_t j = 0; j < effects->count; j++) {
            oids = arena_grow(arena, oids, count, &capacity, sizeof *oids);
            oids[count++] = effects->locks[j].oid;
        }
    }
    sort_items(oids, count, sizeof *oids, compare_oids);
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        distinct += oids[i] != 0 && (i == 0 || oids[i] != oids[i - 1]) ? 1 : 0;
    }
    return distinct + step->made + unlisted;
}

const char *explained_excerpt(struct arena *arena, struct text statement)
{
    const size_t end = text_byte_of_character(statement, EXCERPT + 1);
    return arena_printf(arena, "%.*s%s", (int)end, statement.data, end < statement.size ? "…" : "");
}

const char *explanation_failure(struct arena *arena, const struct explanation *explanation, size_t *at)
{
    size_t seen = 0;
    for (size_t i = 0; i < explanation->count; i++) {
        const struct explained_migration *const migration = &explanation->migrations[i];
        for (size_t j = 0; migration->steps != NULL && j < migration->prepared->plan.count; j++) {
            for (size_t k = 0; k < migration->steps[j].listed; k++) {
                const struct explained_statement *const one = &migration->steps[j].statements[k];
                if (one->fails != NULL && seen++ == *at) {
                    (*at)++;
                    return arena_printf(arena, "Line %u of \"%s\" fails: %s", one->where.line,
                                        migration->prepared->item->name, one->fails);
                }
            }
        }
    }
    return NULL;
}
