/*
 * Statement by statement; a foreign table is recognised by its name in any schema, and so is a table with a foreign
 * child.
 */
#include "migration/plan/outside.h"

#include "framework/core/script.h"
#include "migration/plan/plan.h"
#include "pg/query.h"
#include "pg/values.h"
#include "sql/effects.h"
#include "sql/outside.h"
#include "sql/split.h"

#include <string.h>

static const char foreign_sql[] =
    "WITH RECURSIVE f(oid) AS (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind = 'f' UNION "
    "SELECT i.inhparent FROM f JOIN pg_catalog.pg_inherits i ON i.inhrelid = f.oid) "
    "SELECT n.nspname, c.relname FROM f JOIN pg_catalog.pg_class c ON c.oid = f.oid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";

struct looking {
    struct arena *arena;
    const PGresult *foreign;
    const struct prepared *prepared;
    struct words *lines;
};

static bool is_foreign(const PGresult *foreign, const struct sql_relation_lock *lock)
{
    for (int i = 0; lock->name != NULL && i < PQntuples(foreign); i++) {
        if (strcmp(pg_field(foreign, i, 1), lock->name) == 0 &&
            (lock->schema == NULL || strcmp(pg_field(foreign, i, 0), lock->schema) == 0)) {
            return true;
        }
    }
    return false;
}

/* The foreign table that a statement writes to; NULL: none. */
static const char *written_elsewhere(const struct looking *looking, struct text statement)
{
    struct sql_effects effects;
    if (PQntuples(looking->foreign) == 0) {
        return NULL;
    }
    sql_effects(looking->arena, statement, NULL, NULL, &effects);
    for (size_t i = 0; i < effects.count; i++) {
        const struct sql_relation_lock *const lock = &effects.locks[i];
        if (lock->lock >= SQL_LOCK_ROW_EXCLUSIVE && is_foreign(looking->foreign, lock)) {
            return arena_printf(looking->arena, "a write to the foreign table %s", lock->relation);
        }
    }
    return NULL;
}

static void look_at(const struct looking *looking, const struct loaded *loaded, const struct sql_statement *one)
{
    const struct text sql = loaded->script.sql;
    const struct text statement = text_slice(sql, one->start, one->end);
    const char *what = sql_outside(looking->arena, statement);
    what = what != NULL ? what : written_elsewhere(looking, statement);
    if (what != NULL && looking->lines->count < OUTSIDE_MOST) {
        const struct position at = script_position(sql, &loaded->script.parts, one->start, NULL);
        words_add(looking->arena, looking->lines,
                  arena_printf(looking->arena, "%s, line %u: %s", looking->prepared->item->name, at.line, what));
    }
}

static bool look_through(const struct looking *looking, struct status *status)
{
    struct loaded loaded;
    struct sql_statement statement;
    if (!prepared_read(looking->arena, looking->prepared, &loaded, status)) {
        return false;
    }
    struct sql_lexer lexer = {.text = loaded.script.sql};
    while (sql_next_statement(&lexer, &statement)) {
        look_at(looking, &loaded, &statement);
    }
    return true;
}

bool preparation_outside(struct arena *arena, struct pg_session *session, const struct preparation *preparation,
                         struct words *lines, struct status *status)
{
    PG_RESULT(foreign) = pg_query(session, foreign_sql, 0, NULL, status);
    struct looking looking = {.arena = arena, .foreign = foreign, .lines = lines};
    bool ok = foreign != NULL;
    if (ok && preparation->delegate && preparation->count > 0) {
        words_add(arena, lines, "What the framework's own tool does to the server cannot be known in advance.");
        return true;
    }
    for (size_t i = 0; ok && i < preparation->count; i++) {
        looking.prepared = &preparation->items[i];
        ok = look_through(&looking, status);
    }
    return ok;
}
