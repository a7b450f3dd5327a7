#include "migration/plan/check/moment_permitted.h"

#include "migration/plan/check/permitted_queries.h"
#include "pg/values.h"

#include <string.h>

#define COLUMNS 8

/* Instead of GRANT: where it would do nothing. */
#define GRANTS_NOTHING "GRANTS NOTHING"

/* ---- arrays ---- */

struct wanted {
    struct buffer columns[COLUMNS];
    size_t count;
};

static void add(struct wanted *wanted, const struct permit *permit, const char *needed)
{
    const struct sql_need *const on = &permit->right.on;
    const char *const values[COLUMNS] = {permit->role, needed,    on->schema,       on->name,
                                         on->part,     on->types, permit->right.to, permit->path};
    for (size_t i = 0; i < COLUMNS; i++) {
        pg_put_element(&wanted->columns[i], values[i]);
    }
    wanted->count++;
}

static struct wanted begin(struct arena *arena)
{
    struct wanted wanted = {.count = 0};
    for (size_t i = 0; i < COLUMNS; i++) {
        wanted.columns[i] = (struct buffer){.arena = arena};
    }
    return wanted;
}

static void ask(const struct moment *moment, const struct permitted_query *query, struct wanted *wanted)
{
    const char *values[COLUMNS];
    for (size_t i = 0; wanted->count > 0 && i < COLUMNS; i++) {
        values[i] = pg_array_text(&wanted->columns[i]);
    }
    if (wanted->count > 0) {
        moment_ask(moment, query->what, query->sql, COLUMNS, values);
    }
}

/* ---- questions ---- */

void permitted_check(const struct moment *moment, const struct permits *permits)
{
    const int version = pg_session_server_version(moment->session);
    const struct permitted_query *query;
    for (size_t i = 0; (query = permitted_query(i, version)) != NULL; i++) {
        struct wanted wanted = begin(moment->request->arena);
        for (size_t j = 0; j < permits->count; j++) {
            const struct permit *const permit = &permits->items[j];
            if (permit->right.on.kind == query->on && !(moment->only_known && permit->is_unsure)) {
                add(&wanted, permit, permit->right.needed);
            }
        }
        ask(moment, query, &wanted);
    }
}

void permitted_note(const struct moment *noting, const struct permits *permits)
{
    const int version = pg_session_server_version(noting->session);
    const struct permitted_query *query;
    for (size_t i = 0; (query = permitted_query(i, version)) != NULL; i++) {
        struct wanted wanted = begin(noting->request->arena);
        for (size_t j = 0; j < permits->count; j++) {
            const struct permit *const permit = &permits->items[j];
            if (permit->right.on.kind == query->on && strcmp(permit->right.needed, RIGHT_GRANT) == 0) {
                add(&wanted, permit, GRANTS_NOTHING);
            }
        }
        ask(noting, query, &wanted);
    }
}
