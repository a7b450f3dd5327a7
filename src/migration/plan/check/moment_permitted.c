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

enum asked {
    SURE,     /* what is needed surely */
    POSSIBLE, /* what only a DO block may need */
    GRANTS,   /* only which grants would do nothing */
};

static bool is_asked(const struct moment *moment, const struct permit *permit, enum asked asked)
{
    if (asked == GRANTS) {
        return strcmp(permit->right.needed, RIGHT_GRANT) == 0;
    }
    return permit->is_possible == (asked == POSSIBLE) && !(moment->only_known && permit->is_unsure);
}

static void ask_all(const struct moment *moment, const struct permits *permits, enum asked asked)
{
    const int version = pg_session_server_version(moment->session);
    const struct permitted_query *query;
    for (size_t i = 0; (query = permitted_query(i, version)) != NULL; i++) {
        struct wanted wanted = begin(moment->request->arena);
        for (size_t j = 0; j < permits->count; j++) {
            const struct permit *const permit = &permits->items[j];
            if (permit->right.on.kind == query->on && is_asked(moment, permit, asked)) {
                add(&wanted, permit, asked == GRANTS ? GRANTS_NOTHING : permit->right.needed);
            }
        }
        ask(moment, query, &wanted);
    }
}

void permitted_check(const struct moment *moment, const struct permits *permits)
{
    ask_all(moment, permits, SURE);
}

void permitted_note(const struct moment *noting, const struct permits *permits)
{
    struct moment possible = *noting;
    possible.before = MOMENT_IN_BLOCK;
    ask_all(noting, permits, GRANTS);
    ask_all(&possible, permits, POSSIBLE);
}

/* $1 where the first one is, $2 how many others there are, $3 as which role it runs; "": not known. A superuser may do
 * everything. */
static const char opaque_sql[] =
    "SELECT pg_catalog.format('Not all that %s runs is known (a DO block, a function, or what Truss does not read), so "
    "neither is whether the role \"%s\" may do it.%s', $1::text, r.rolname, CASE WHEN $2::int = 1 THEN ' The same is "
    "so of another statement.' WHEN $2::int > 1 THEN pg_catalog.format(' The same is so of %s other statements.', $2) "
    "ELSE '' END) FROM pg_catalog.pg_roles r WHERE r.rolname = coalesce(nullif($3::text, ''), current_user) AND (NOT "
    "r.rolsuper OR $3 = '')";

void permitted_note_opaque(const struct moment *noting, const struct explanation *explanation)
{
    struct arena *const arena = noting->request->arena;
    const char *values[] = {NULL, NULL, NULL};
    size_t count = 0;
    for (size_t i = 0; i < explanation->count; i++) {
        const struct explained_migration *const migration = &explanation->migrations[i];
        for (size_t j = 0; migration->steps != NULL && j < migration->prepared->plan.count; j++) {
            for (size_t k = 0; k < migration->steps[j].listed; k++) {
                const struct explained_statement *const one = &migration->steps[j].statements[k];
                if (one->is_opaque && count++ == 0) {
                    values[0] =
                        arena_printf(arena, "line %u of \"%s\"", one->where.line, migration->prepared->item->name);
                    values[2] = one->role;
                }
            }
        }
    }
    values[1] = arena_printf(arena, "%zu", count - 1);
    if (count > 0) {
        moment_ask(noting, "Whether the role may do all", opaque_sql, 3, values);
    }
}
