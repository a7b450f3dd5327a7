/*
 * What IF EXISTS and IF NOT EXISTS mean where the caller knows what is there: the statement is read without them, or it
 * is passed over.
 */
#include "sql/effects_reader.h"

#include <string.h>

struct named {
    const char *schema; /* NULL: unqualified */
    const char *name;
};

static struct named named(const json_t *range)
{
    const char *const schema = tree_string(range, "schemaname");
    return (struct named){schema[0] == '\0' ? NULL : schema, tree_string(range, "relname")};
}

static bool is(const struct effects_reader *reader, bool (*fact)(void *, const char *, const char *),
               struct named relation)
{
    return fact != NULL && relation.name[0] != '\0' && fact(reader->facts->asked, relation.schema, relation.name);
}

/* ALTER … IF EXISTS of a relation. */
static void decide_altered(struct effects_reader *reader, json_t *body)
{
    if (is(reader, reader->facts->is_found, named(json_object_get(body, "relation")))) {
        json_object_del(body, "missing_ok");
        reader->effects->is_decided = true;
    }
}

/* An index is made in the schema of its table. */
static void decide_index(struct effects_reader *reader, json_t *body)
{
    struct named index = named(json_object_get(body, "relation"));
    index.name = tree_string(body, "idxname");
    if (is(reader, reader->facts->is_free, index)) {
        json_object_del(body, "if_not_exists");
        reader->effects->is_decided = true;
    }
}

/* holder: has the flag. passes: if the relation is there. */
static enum effects_passes decide_made(struct effects_reader *reader, json_t *holder, const json_t *range,
                                       enum effects_passes passes)
{
    const struct named relation = named(range);
    const bool is_free = tree_flag(holder, "if_not_exists") && is(reader, reader->facts->is_free, relation);
    if (is_free) {
        json_object_del(holder, "if_not_exists");
        reader->effects->is_decided = true;
    }
    return tree_flag(holder, "if_not_exists") && is(reader, reader->facts->is_made, relation) ? passes : PASSES_NOTHING;
}

enum effects_passes effects_pass_over(struct effects_reader *reader, json_t *node)
{
    json_t *body;
    const char *const kind = tree_node(node, &body);
    json_t *const base = json_object_get(body, "base");
    if (word_is_among("AlterTableStmt RenameStmt AlterObjectSchemaStmt", kind) && tree_flag(body, "missing_ok")) {
        decide_altered(reader, body);
    } else if (strcmp(kind, "IndexStmt") == 0 && tree_flag(body, "if_not_exists")) {
        decide_index(reader, body);
    }
    return strcmp(kind, "CreateStmt") == 0 ? decide_made(reader, body, json_object_get(body, "relation"), PASSES_ALL)
           : strcmp(kind, "CreateTableAsStmt") == 0
               ? decide_made(reader, body, json_object_get(json_object_get(body, "into"), "rel"), PASSES_WORK)
           : strcmp(kind, "CreateForeignTableStmt") == 0
               ? decide_made(reader, base, json_object_get(base, "relation"), PASSES_ALL)
               : PASSES_NOTHING;
}
