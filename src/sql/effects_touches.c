/*
 * How a statement reads and changes the rows of each relation that it names. A relation is changed as INSERT, UPDATE,
 * DELETE, MERGE and COPY say; everything else that a query names is read.
 */
#include "sql/effects_reader.h"

#include <string.h>

/* ---- collecting ---- */

static bool is_like(const struct sql_touch *a, const struct sql_touch *b)
{
    const char *const schemas[] = {a->schema == NULL ? "" : a->schema, b->schema == NULL ? "" : b->schema};
    return a->only == b->only && strcmp(a->how, b->how) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(schemas[0], schemas[1]) == 0;
}

/* Is the same already noted of the relation? Each change has columns of its own, so only for reading. */
static bool is_noted(const struct sql_effects *effects, const struct sql_touch *touch)
{
    size_t i = 0;
    while (i < effects->touch_count && !is_like(&effects->touches[i], touch)) {
        i++;
    }
    return strcmp(touch->how, "r") == 0 && i < effects->touch_count;
}

static void add(struct effects_reader *reader, const json_t *range, struct sql_touch touch)
{
    struct sql_effects *const effects = reader->effects;
    touch.schema = effects_kept(reader->arena, tree_string(range, "schemaname"));
    touch.name = effects_kept(reader->arena, tree_string(range, "relname"));
    touch.only = !tree_flag(range, "inh");
    if (touch.name == NULL || is_noted(effects, &touch)) {
        return;
    }
    if (effects->touch_count == EFFECTS_NAMES_LIMIT) {
        effects_unknown(reader);
        return;
    }
    effects->touches = arena_grow(reader->arena, effects->touches, effects->touch_count, &reader->touch_capacity,
                                  sizeof *effects->touches);
    effects->touches[effects->touch_count++] = touch;
}

/* ---- columns ---- */

static bool find_default(void *data, const char *key, json_t *object)
{
    bool *const found = data;
    (void)object;
    *found = *found || strcmp(key, "SetToDefault") == 0;
    return true;
}

/* The names in a list of ResTargets. NULL if there are none, or if one of the values is DEFAULT. */
static const char *columns_of(struct effects_reader *reader, const json_t *targets, json_t *values)
{
    struct buffer names = {.arena = reader->arena};
    bool has_default = false;
    tree_walk(values, find_default, &has_default);
    for (size_t i = 0; i < json_array_size(targets); i++) {
        effects_put_name(&names, i, tree_string(tree_body(json_array_get(targets, i), "ResTarget"), "name"));
    }
    return has_default || json_array_size(targets) == 0 ? NULL : buffer_string(&names);
}

/* ---- changes ---- */

static void add_insert(struct effects_reader *reader, json_t *body)
{
    const json_t *const conflict = json_object_get(body, "onConflictClause");
    const bool updates = tree_is(conflict, "action", "ONCONFLICT_UPDATE");
    add(reader, json_object_get(body, "relation"),
        (struct sql_touch){
            .how = updates ? "iu" : "i",
            .given = columns_of(reader, json_object_get(body, "cols"), json_object_get(body, "selectStmt")),
            .updated = updates ? columns_of(reader, json_object_get(conflict, "targetList"), NULL) : NULL});
}

/* With a DEFAULT it may read the sequence of that column. */
static void add_update(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const targets = json_object_get(body, "targetList");
    add(reader, range, (struct sql_touch){.how = "u", .updated = columns_of(reader, targets, NULL)});
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *const target = tree_body(json_array_get(targets, i), "ResTarget");
        if (json_object_get(json_object_get(target, "val"), "SetToDefault") != NULL) {
            effects_reach(reader, SQL_REACH_SEQUENCES, range, tree_string(target, "name"), SQL_LOCK_ROW_EXCLUSIVE);
        }
    }
}

static void add_merge(struct effects_reader *reader, const json_t *body)
{
    static const struct {
        const char *command;
        const char *how;
    } commands[] = {{"CMD_INSERT", "i"}, {"CMD_UPDATE", "u"}, {"CMD_DELETE", "d"}};
    const json_t *const clauses = json_object_get(body, "mergeWhenClauses");
    for (size_t i = 0; i < json_array_size(clauses); i++) {
        const json_t *const clause = tree_body(json_array_get(clauses, i), "MergeWhenClause");
        const json_t *const targets = json_object_get(clause, "targetList");
        for (size_t j = 0; j < sizeof commands / sizeof commands[0]; j++) {
            if (tree_is(clause, "commandType", commands[j].command)) {
                add(reader, json_object_get(body, "relation"),
                    (struct sql_touch){.how = commands[j].how,
                                       .given = columns_of(reader, targets, json_object_get(clause, "values")),
                                       .updated = columns_of(reader, targets, NULL)});
            }
        }
    }
}

static void add_copy(struct effects_reader *reader, const json_t *body)
{
    const json_t *const columns = json_object_get(body, "attlist");
    const bool is_from = tree_flag(body, "is_from");
    add(reader, json_object_get(body, "relation"),
        (struct sql_touch){.how = is_from ? "i" : "r",
                           .given = is_from && json_array_size(columns) > 0 ? effects_names_of(reader->arena, columns)
                                                                            : NULL});
}

/* The relations that a locking clause names are those of the FROM clause; the one after INTO is made, not read. */
static bool take_part(void *data, const char *key, json_t *object)
{
    struct effects_reader *const reader = data;
    if (strcmp(key, "CopyStmt") == 0) {
        add_copy(reader, object);
    } else if (strcmp(key, "InsertStmt") == 0) {
        add_insert(reader, object);
    } else if (strcmp(key, "UpdateStmt") == 0) {
        add_update(reader, object);
    } else if (strcmp(key, "DeleteStmt") == 0) {
        add(reader, json_object_get(object, "relation"), (struct sql_touch){.how = "d"});
    } else if (strcmp(key, "MergeStmt") == 0) {
        add_merge(reader, object);
    } else if (strcmp(key, "RangeVar") == 0 && !tree_is_cte(object)) {
        add(reader, object, (struct sql_touch){.how = "r"});
    }
    return !word_is_among("LockingClause intoClause", key);
}

/* ---- statements ---- */

/* What is planned, but not run, locks the relations of the changed ones' plans: children, and the tables of views. */
static void only_plan(struct effects_reader *reader)
{
    struct sql_effects *const effects = reader->effects;
    size_t kept = 0;
    for (size_t i = 0; i < effects->touch_count; i++) {
        struct sql_touch touch = effects->touches[i];
        if (strcmp(touch.how, "i") != 0 && strcmp(touch.how, "iu") != 0) {
            touch.how = "r";
            effects->touches[kept++] = touch;
        }
    }
    effects->touch_count = kept;
}

void effects_touches(struct effects_reader *reader, json_t *node)
{
    static const char runs[] = "SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CopyStmt DeclareCursorStmt";
    json_t *body;
    const char *const kind = tree_node(node, &body);
    if (strcmp(kind, "ExplainStmt") == 0 || strcmp(kind, "PrepareStmt") == 0) {
        effects_touches(reader, json_object_get(body, "query"));
        if (!tree_option_on(json_object_get(body, "options"), "analyze")) {
            only_plan(reader);
        }
    } else if (word_is_among(runs, kind) ||
               (strcmp(kind, "CreateTableAsStmt") == 0 && !tree_flag(json_object_get(body, "into"), "skipData"))) {
        tree_walk(node, take_part, reader);
    }
}

void effects_touches_insert(struct effects_reader *reader, const char *schema, const char *name)
{
    json_t *const range =
        json_pack("{s:s, s:s, s:b}", "schemaname", schema == NULL ? "" : schema, "relname", name, "inh", 1);
    add(reader, range, (struct sql_touch){.how = "i"});
    json_decref(range);
}
