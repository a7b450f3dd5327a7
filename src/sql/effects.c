#include "sql/effects.h"

#include "base/sorting.h"
#include "sql/effects_reader.h"
#include "sql/lexer.h"
#include "sql/newer.h"
#include "sql/parse.h"

#include <string.h>

/* ---- locks ---- */

static const struct {
    const char *name;
    bool blocks_reads;
    bool blocks_writes;
} locks[] = {
    [SQL_LOCK_NONE] = {"", false, false},
    [SQL_LOCK_ACCESS_SHARE] = {"ACCESS SHARE", false, false},
    [SQL_LOCK_ROW_SHARE] = {"ROW SHARE", false, false},
    [SQL_LOCK_ROW_EXCLUSIVE] = {"ROW EXCLUSIVE", false, false},
    [SQL_LOCK_SHARE_UPDATE_EXCLUSIVE] = {"SHARE UPDATE EXCLUSIVE", false, false},
    [SQL_LOCK_SHARE] = {"SHARE", false, true},
    [SQL_LOCK_SHARE_ROW_EXCLUSIVE] = {"SHARE ROW EXCLUSIVE", false, true},
    [SQL_LOCK_EXCLUSIVE] = {"EXCLUSIVE", false, true},
    [SQL_LOCK_ACCESS_EXCLUSIVE] = {"ACCESS EXCLUSIVE", true, true},
};

const char *sql_lock_name(enum sql_lock lock)
{
    return locks[lock].name;
}

bool sql_lock_blocks_reads(enum sql_lock lock)
{
    return locks[lock].blocks_reads;
}

bool sql_lock_blocks_writes(enum sql_lock lock)
{
    return locks[lock].blocks_writes;
}

/* ---- without the parser ---- */

/* True if the rest can contain neither a query nor a second statement. */
static bool has_values_only(struct sql_lexer lexer)
{
    struct sql_token token = sql_next(&lexer);
    while (!sql_is_end(&token) && !sql_is_word(&token, "select") && !sql_is_word(&token, "table") &&
           !sql_is_symbol(&token, ';')) {
        token = sql_next(&lexer);
    }
    return token.kind == SQL_END;
}

/* INSERT INTO name … VALUES …, the usual statement that is too large for the parser. */
static bool take_large_insert(struct effects_reader *reader, struct text statement)
{
    struct sql_lexer lexer = {.text = statement};
    const struct sql_token insert = sql_next(&lexer);
    const struct sql_token into = sql_next(&lexer);
    struct sql_token token = sql_next(&lexer);
    const char *name = sql_identifier(reader->arena, &token);
    const char *schema = NULL;
    struct sql_lexer rest = lexer;
    token = sql_next(&rest);
    if (sql_is_symbol(&token, '.')) {
        token = sql_next(&rest);
        schema = name;
        name = sql_identifier(reader->arena, &token);
    }
    if (sql_is_word(&insert, "insert") && sql_is_word(&into, "into") && name != NULL && has_values_only(lexer)) {
        effects_lock_named(reader, schema, name, SQL_LOCK_ROW_EXCLUSIVE);
        effects_touches_insert(reader, schema, name);
        reader->effects->work = SQL_WORK_ROWS;
        return true;
    }
    return false;
}

void sql_effects_by_words(struct arena *arena, struct text statement, const struct sql_facts *facts,
                          struct sql_effects *effects)
{
    struct effects_reader reader = {.arena = arena, .statement = statement, .facts = facts, .effects = effects};
    *effects = (struct sql_effects){0};
    if (!take_large_insert(&reader, statement)) {
        effects->unknown = true;
        effects_by_words(&reader, statement);
    }
}

static int by_strength(const void *a, const void *b)
{
    const struct sql_relation_lock *const left = a;
    const struct sql_relation_lock *const right = b;
    return left->lock != right->lock ? (left->lock < right->lock ? 1 : -1) : strcmp(left->relation, right->relation);
}

void sql_effects_sort(struct sql_effects *effects)
{
    sort_items(effects->locks, effects->count, sizeof *effects->locks, by_strength);
}

/* A statement that our grammar does not know, in its words; NULL: not known either. */
static json_t *parse_newer(struct effects_reader *reader)
{
    const int major = reader->facts->server_version / 10000;
    struct newer newer;
    if (major <= sql_grammar_version() || !sql_may_be_parsed(reader->statement) ||
        !newer_rewrite(reader->arena, reader->statement, major, &newer)) {
        return NULL;
    }
    json_t *const tree = sql_parse(reader->arena, newer.text);
    newer_mark_tree(&newer, tree);
    reader->statement = tree == NULL ? reader->statement : newer.text;
    reader->is_reworded = newer.is_reworded;
    return tree;
}

void sql_effects(struct arena *arena, struct text statement, const struct sql_facts *facts, const char *const *created,
                 struct sql_effects *effects)
{
    static const struct sql_facts nothing = {0};
    struct effects_reader reader = {
        .arena = arena,
        .statement = statement,
        .facts = facts == NULL ? &nothing : facts,
        .created = created,
        .effects = effects,
    };
    json_t *const known = sql_parse(arena, statement);
    json_t *const tree = known != NULL ? known : parse_newer(&reader);
    json_t *const node = tree_only_statement(tree);
    *effects = (struct sql_effects){.is_newer = known == NULL && tree != NULL};
    if (node != NULL) {
        effects->work = SQL_WORK_NONE;
        const enum effects_passes passes = effects_pass_over(&reader, node);
        if (passes != PASSES_ALL) {
            effects_statement(&reader, node);
            effects_touches(&reader, node);
        }
        if (passes == PASSES_WORK) { /* the tables of its query are locked when it is analyzed */
            effects->work = SQL_WORK_NONE;
            effects->advice = NULL;
            effects->reach_count = effects->touch_count = effects->change_count = 0;
        }
        effects_needs(&reader, node);
        effects_proofs(&reader, node);
        effects_stored(&reader, node);
        effects_rights(&reader, node);
    } else if (statement.size <= SQL_PARSE_LIMIT || !take_large_insert(&reader, statement)) {
        effects->unknown = effects->unread = true;
        effects_by_words(&reader, statement);
    }
    effects->names_new = reader.left_out > 0;
    if (effects->count > 0) {
        sql_effects_sort(effects);
    } else if (effects->names_new) {
        effects->advice = NULL;
    }
    json_decref(tree);
}
