/*
 * Objects that a later migration drops, renames or changes are not expected to be as an earlier one made them, and are
 * not judged. A migration without any judged object is not verified, and the proposal never ends with it.
 */
#include "migration/run/baseline_verify.h"

#include "migration/look/catalog.h"
#include "migration/look/content.h"
#include "migration/look/schema.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

/* PARTLY: it exists by name, and a part of it (a CHECK, a generated column) was not compared. */
enum presence { PRESENCE_UNKNOWN, PRESENCE_THERE, PRESENCE_PARTLY, PRESENCE_MISSING };

/* Loads a script; it is empty if it may not be SQL at all. */
static bool load(const struct verification *verification, struct arena *arena, const struct catalog_item *item,
                 struct text *script)
{
    const struct migration_place place = {&verification->run->request->site->project,
                                          &verification->catalog->detection.folder, item->file};
    struct loaded loaded;
    *script = (struct text){0};
    if (item->file->is_code) {
        return true;
    }
    if (!migration_load(arena, &place, &loaded, verification->run->status)) {
        return false;
    }
    *script = loaded.script.sql;
    return true;
}

/* ---- later changes ---- */

/* What a statement does to something of this name. */
struct deed {
    bool drops;   /* DROP … NAME */
    bool alters;  /* ALTER … NAME … */
    bool renames; /* … RENAME, or SET SCHEMA */
    bool names;   /* it mentions the name */
    bool names_behind_drop;
};

static struct deed deed_of(struct arena *arena, struct text statement, const char *name)
{
    struct sql_reader words = sql_read(statement);
    struct deed deed = {.alters = sql_take(&words, "alter")};
    bool is_behind_drop = false;
    deed.drops = !deed.alters && sql_take(&words, "drop");
    for (; (deed.alters || deed.drops) && words.token.kind != SQL_END; sql_advance(&words)) {
        const char *const identifier = sql_identifier(arena, &words.token);
        const bool is_name = identifier != NULL && name != NULL && strcmp(identifier, name) == 0;
        is_behind_drop = is_behind_drop || sql_is_word(&words.token, "drop");
        deed.renames = deed.renames || sql_is_word(&words.token, "rename") || sql_is_word(&words.token, "schema");
        deed.names = deed.names || is_name;
        deed.names_behind_drop = deed.names_behind_drop || (is_behind_drop && is_name);
    }
    return deed;
}

/* May it be the reason why the object is not as it was made? is_there: something of its name exists. */
static bool changes(struct arena *arena, struct text statement, const struct sql_object *object, bool is_there)
{
    const struct deed own = deed_of(arena, statement, object->name);
    const struct deed parent = deed_of(arena, statement, object->parent);
    if (own.drops) {
        return own.names || parent.names;
    }
    if (!own.alters || !(own.names || parent.names)) {
        return false;
    }
    return is_there || own.renames || (object->parent != NULL && own.names_behind_drop);
}

static bool is_changed_in(struct arena *arena, struct text script, const struct sql_object *object, bool is_there)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        if (changes(arena, text_slice(script, statement.start, statement.end), object, is_there)) {
            return true;
        }
    }
    return false;
}

/* Does a later migration in the order of the files, chosen or applied, change it? */
static bool is_changed_later(const struct verification *verification, const struct text *scripts, size_t at,
                             const struct schema_finding *finding)
{
    for (size_t i = at + 1; i < verification->count; i++) {
        struct arena *const arena = arena_new(0);
        const bool is_changed = is_changed_in(arena, scripts[i], finding->object, finding->exists);
        arena_free(arena);
        if (is_changed) {
            return true;
        }
    }
    return false;
}

/* ---- one migration ---- */

static void add_missing(struct baseline_result *result, struct arena *arena, const char *migration,
                        const struct schema_finding *finding)
{
    result->missing =
        arena_grow(arena, result->missing, result->missing_count, &result->missing_capacity, sizeof *result->missing);
    result->missing[result->missing_count++] = (struct baseline_missing){
        .migration = migration,
        .type = finding->type,
        .name = finding->name,
        .difference = finding->exists || finding->flaw != NULL ? finding->difference : NULL,
    };
}

/* Returns false if the catalogs cannot be queried. */
static bool look_at(const struct verification *verification, const struct text *scripts, size_t at,
                    enum presence *presence)
{
    struct run *const run = verification->run;
    const struct objects_place place = {run->arena, run->session, run->request->site->project.schema};
    struct schema_findings findings = {0};
    *presence = PRESENCE_UNKNOWN;
    if (text_trim(scripts[at]).size == 0) {
        return true;
    }
    if (!schema_detect(&place, scripts[at], &findings, run->status)) {
        return false;
    }
    for (size_t i = 0; i < findings.count; i++) {
        const struct schema_finding *const one = &findings.items[i];
        const bool is_wrong = !one->exists || one->comparison == SCHEMA_DIFFERENT;
        const bool is_later = is_wrong && is_changed_later(verification, scripts, at, one);
        if (is_wrong && !is_later) {
            add_missing(verification->result, run->arena, verification->chosen[at]->name, one);
            *presence = PRESENCE_MISSING;
        } else if ((!is_wrong || (one->exists && one->only_adds)) && *presence != PRESENCE_MISSING) {
            const bool is_partly = one->comparison == SCHEMA_UNCOMPARED || findings.unjudged_count > 0;
            *presence = is_partly || *presence == PRESENCE_PARTLY ? PRESENCE_PARTLY : PRESENCE_THERE;
        }
    }
    return true;
}

bool baseline_verify(const struct verification *verification)
{
    struct baseline_result *const result = verification->result;
    struct arena *const arena = verification->run->arena;
    struct text *const scripts = arena_array(arena, verification->count, sizeof *scripts);
    result->unverified = arena_array(arena, verification->count, sizeof *result->unverified);
    result->partly = arena_array(arena, verification->count, sizeof *result->partly);
    for (size_t i = 0; i < verification->count; i++) {
        if (!load(verification, arena, verification->chosen[i], &scripts[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < verification->count; i++) {
        enum presence presence;
        if (!look_at(verification, scripts, i, &presence)) {
            return false;
        }
        if (presence == PRESENCE_UNKNOWN) {
            result->unverified[result->unverified_count++] = verification->chosen[i]->name;
        } else if (presence == PRESENCE_MISSING) {
            result->ok = false;
        } else if (result->ok) {
            result->proposed = verification->chosen[i]->name;
        }
        if (presence == PRESENCE_PARTLY) {
            result->partly[result->partly_count++] = verification->chosen[i]->name;
        }
    }
    result->proposed = result->ok ? NULL : result->proposed;
    return true;
}
