/*
 * Any bytes as a statement: the locks are sorted, named and each relation's own, and what takes a strong one is known
 * by its words too.
 */
#include "sql/effects.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool what)
{
    if (!what) {
        abort();
    }
}

static const char *column_type(void *data, const char *schema, const char *table, const char *column)
{
    (void)schema;
    require(table[0] != '\0' && column != NULL);
    return data;
}

static void look(struct arena *arena, struct text statement, const struct sql_facts *facts)
{
    const char *const created[] = {"t", "s.u", NULL};
    struct sql_effects effects;
    sql_effects(arena, statement, facts, created, &effects);
    require(effects.work <= SQL_WORK_ROWS && (effects.advice == NULL || effects.advice[0] != '\0'));
    for (size_t i = 0; i < effects.count; i++) {
        const struct sql_relation_lock *const one = &effects.locks[i];
        require(one->lock > SQL_LOCK_NONE && one->lock <= SQL_LOCK_ACCESS_EXCLUSIVE && one->relation[0] != '\0');
        require(i == 0 || one[-1].lock >= one->lock);
        require(i == 0 || strcmp(one[-1].relation, one->relation) != 0);
    }
    /* DETACH CONCURRENTLY takes its strong lock when nobody can wait behind it any more. A script with a NUL is refused
     * before it comes here: its words are looked for up to there, and read beyond. */
    const bool has_nul = statement.size > 0 && memchr(statement.data, '\0', statement.size) != NULL;
    const bool strong = effects.count > 0 && effects.locks[0].lock >= SQL_LOCK_SHARE;
    require(!strong || has_nul || sql_may_stall_others(statement) ||
            strcasestr(arena_strndup(arena, statement.data, statement.size), "detach") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char type[] = "character varying(20)";
    struct arena *const arena = arena_new(0);
    /* A block of its own, so that a byte read behind it is seen. */
    char *const copy = memory_alloc(size == 0 ? 1 : size);
    memcpy(copy, data, size);
    const struct sql_facts facts = {.server_version = 130000, .data = type, .column_type = column_type};
    look(arena, (struct text){copy, size}, &facts);
    look(arena, (struct text){copy, size}, NULL);
    look(arena, (struct text){copy, size}, &(struct sql_facts){.server_version = 180004});
    sql_may_stall_others((struct text){copy, size});
    free(copy);
    arena_free(arena);
    return 0;
}
