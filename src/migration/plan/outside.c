/*
 * Statement by statement; a foreign table is recognised by its name in any schema, and so are a table with a foreign
 * child and a view that reads one. What a function or a trigger of the database does is judged as in a dry run
 * (escaping.h).
 */
#include "migration/plan/outside.h"

#include "framework/core/script.h"
#include "migration/plan/escaping.h"
#include "migration/plan/plan.h"
#include "pg/query.h"
#include "pg/values.h"
#include "sql/effects.h"
#include "sql/outside.h"
#include "sql/split.h"
#include "sql/take.h"

#include <string.h>

static const char foreign_sql[] =
    "WITH RECURSIVE f(oid) AS (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind = 'f' UNION SELECT o.oid FROM f "
    "CROSS JOIN LATERAL (SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = f.oid UNION SELECT "
    "r.ev_class FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE d.classid = "
    "'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND "
    "d.refobjid = f.oid AND r.ev_class <> f.oid) o(oid)) "
    "SELECT c.relname FROM f JOIN pg_catalog.pg_class c ON c.oid = f.oid";

struct looking {
    struct arena *arena;
    struct escaping known;
    struct words foreign;  /* relations of the database and of the scripts, without their schemas */
    struct words imported; /* schemas that IMPORT FOREIGN SCHEMA fills */
    struct words *lines;
};

static bool find_foreign(struct looking *looking, struct pg_session *session, struct status *status)
{
    PG_RESULT(foreign) = pg_query(session, foreign_sql, 0, NULL, status);
    for (int i = 0; foreign != NULL && i < PQntuples(foreign); i++) {
        words_add(looking->arena, &looking->foreign, arena_strdup(looking->arena, pg_field(foreign, i, 0)));
    }
    return foreign != NULL;
}

/* ---- a statement ---- */

static bool is_foreign(const struct looking *looking, const struct sql_relation_lock *lock)
{
    return lock->name != NULL && (words_have(&looking->foreign, lock->name) ||
                                  (lock->schema != NULL && words_have(&looking->imported, lock->schema)));
}

/* The foreign table that a statement writes to; NULL: none. */
static const char *written_elsewhere(const struct looking *looking, struct text statement)
{
    struct sql_effects effects;
    if (looking->foreign.count == 0 && looking->imported.count == 0) {
        return NULL;
    }
    const char *const named = escaping_named_in_block(looking->arena, statement, &looking->foreign);
    if (named != NULL) {
        return arena_printf(looking->arena, "a DO block that names the foreign table %s", named);
    }
    sql_effects(looking->arena, statement, NULL, NULL, &effects);
    for (size_t i = 0; i < effects.count; i++) {
        const struct sql_relation_lock *const lock = &effects.locks[i];
        if (lock->lock >= SQL_LOCK_ROW_EXCLUSIVE && is_foreign(looking, lock)) {
            return arena_printf(looking->arena, "a write to the foreign table %s", lock->relation);
        }
    }
    return NULL;
}

/* Notes what later statements may use: a function that acts beyond the database, and foreign tables. */
static void note_made(struct looking *looking, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    struct sql_reader function = reader;
    const char *name;
    if (sql_take_create_function(&function)) {
        name = sql_take_name(looking->arena, &function, NULL);
        if (name != NULL && sql_outside_of_body(looking->arena, statement) != NULL) {
            words_add(looking->arena, &looking->known.functions, name);
        }
    } else if (sql_take_words(&reader, "create foreign table")) {
        sql_take_if(&reader);
        name = sql_take_name(looking->arena, &reader, NULL);
        if (name != NULL) {
            words_add(looking->arena, &looking->foreign, name);
        }
    } else if (sql_take_words(&reader, "import foreign schema") && sql_skip_to_outside(&reader, "into")) {
        name = sql_take_name(looking->arena, &reader, NULL);
        if (name != NULL) {
            words_add(looking->arena, &looking->imported, name);
        }
    }
}

/* ---- a script ---- */

static void look_at(struct looking *looking, const char *script, const struct loaded *loaded,
                    const struct sql_statement *one)
{
    const struct text sql = loaded->script.sql;
    const struct text statement = text_slice(sql, one->start, one->end);
    const char *what = written_elsewhere(looking, statement);
    what = what != NULL ? what : escaping_in(looking->arena, statement, &looking->known);
    what = what != NULL ? what : sql_outside(looking->arena, statement);
    note_made(looking, statement);
    if (what != NULL && looking->lines->count < OUTSIDE_MOST) {
        const struct position at = script_position(sql, &loaded->script.parts, one->start, NULL);
        words_add(looking->arena, looking->lines,
                  arena_printf(looking->arena, "%s, line %u: %s", script, at.line, what));
    }
}

static void look_through(struct looking *looking, const char *script, const struct loaded *loaded)
{
    struct sql_statement statement;
    struct sql_lexer lexer = {.text = loaded->script.sql};
    while (sql_next_statement(&lexer, &statement)) {
        look_at(looking, script, loaded, &statement);
    }
}

/* Callbacks are sent with whatever migrations are pending, and define what these use. */
static bool look_through_callbacks(const struct request *request, struct looking *looking,
                                   const struct preparation *preparation)
{
    const struct catalog *const catalog = &preparation->catalog;
    bool ok = true;
    for (size_t i = 0; ok && i < catalog->files.around_count; i++) {
        const struct migration_file *const file = &catalog->files.around[i].file;
        const struct migration_place place = {&request->site->project, &catalog->detection.folder, file};
        struct arena *const reading = arena_new(0);
        struct loaded loaded;
        ok = migration_load(reading, &place, &loaded, request->status);
        if (ok) {
            look_through(looking, file->filename, &loaded);
        }
        arena_free(reading);
    }
    return ok;
}

bool preparation_outside(const struct request *request, struct pg_session *session,
                         const struct preparation *preparation, struct words *lines)
{
    struct looking looking = {.arena = request->arena, .lines = lines};
    if (preparation->delegate) {
        if (preparation->count > 0) {
            words_add(request->arena, lines,
                      "What the framework's own tool does to the server cannot be known in advance.");
        }
        return true;
    }
    bool ok = escaping_find_outside(request, session, &looking.known) &&
              find_foreign(&looking, session, request->status) &&
              look_through_callbacks(request, &looking, preparation);
    for (size_t i = 0; ok && i < preparation->count; i++) {
        struct arena *const reading = arena_new(0); /* contents go again, as in plan.c */
        struct loaded loaded;
        ok = prepared_read(reading, &preparation->items[i], &loaded, request->status);
        if (ok) {
            look_through(&looking, preparation->items[i].item->name, &loaded);
        }
        arena_free(reading);
    }
    return ok;
}
