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
    if (wanted->count == 0) {
        return;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        values[i] = pg_array_text(&wanted->columns[i]);
    }
    moment_ask(moment, query->what, query->sql, COLUMNS, values);
}

/* ---- questions ---- */

/* of_grants: only whether these would do nothing. */
static void ask_all(const struct moment *moment, const struct permits *permits, bool of_grants)
{
    const int version = pg_session_server_version(moment->session);
    const struct permitted_query *query;
    for (size_t i = 0; (query = permitted_query(i, version)) != NULL; i++) {
        struct wanted wanted = begin(moment->request->arena);
        for (size_t j = 0; j < permits->count; j++) {
            const struct permit *const permit = &permits->items[j];
            const bool is_asked =
                of_grants ? strcmp(permit->right.needed, RIGHT_GRANT) == 0 : !(moment->only_known && permit->is_unsure);
            if (permit->right.on.kind == query->on && is_asked) {
                add(&wanted, permit, of_grants ? GRANTS_NOTHING : permit->right.needed);
            }
        }
        ask(moment, query, &wanted);
    }
}

void permitted_check(const struct moment *moment, const struct permits *permits)
{
    ask_all(moment, permits, false);
}

void permitted_note(const struct moment *noting, const struct permits *permits)
{
    ask_all(noting, permits, true);
}
