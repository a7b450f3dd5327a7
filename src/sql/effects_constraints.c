/*
 * ADD CONSTRAINT and ALTER CONSTRAINT: what is locked beside the table, and whether its rows are read.
 */
#include "sql/effects_reader.h"

/* PostgreSQL 18 locks everything that inherits from the table, also for a constraint that only partitions have. */
static enum sql_reach_kind of_18(const struct effects_reader *reader)
{
    return effects_since(reader, 18, true) ? SQL_REACH_CHILDREN : SQL_REACH_PARTITIONS;
}

/* Does a change of the referenced rows change those that reference them? */
static bool hands_on(const json_t *constraint)
{
    static const char actions[] = "c n d";
    return word_is_among(actions, tree_string(constraint, "fk_del_action")) ||
           word_is_among(actions, tree_string(constraint, "fk_upd_action"));
}

void effects_foreign_key(struct effects_reader *reader, const json_t *table, const json_t *constraint)
{
    const json_t *const referenced = json_object_get(constraint, "pktable");
    effects_lock(reader, referenced, SQL_LOCK_SHARE_ROW_EXCLUSIVE);
    effects_reach(reader, SQL_REACH_PARTITIONS, referenced, NULL, SQL_LOCK_SHARE_ROW_EXCLUSIVE);
    effects_links(reader, table, referenced, hands_on(constraint) ? SQL_LINK_ACTION : SQL_LINK_KEY);
}

/* A CHECK or foreign key is checked against the existing rows, unless it is NOT VALID. */
static void validate(struct effects_reader *reader, const json_t *constraint)
{
    if (!tree_flag(constraint, "skip_validation")) {
        effects_work(reader, SQL_WORK_SCAN,
                     "Add the constraint NOT VALID, then VALIDATE it in a transaction of its own.");
    }
}

static void add_foreign_key(struct effects_reader *reader, const struct alter *alter, const json_t *constraint)
{
    alter_lock(reader, alter, SQL_LOCK_SHARE_ROW_EXCLUSIVE);
    alter_reach_children(reader, alter, of_18(reader), SQL_LOCK_SHARE_ROW_EXCLUSIVE);
    effects_foreign_key(reader, alter->target, constraint);
    validate(reader, constraint);
}

static void add_check(struct effects_reader *reader, const struct alter *alter, const json_t *constraint)
{
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    /* PostgreSQL 18 locks the children also for a CHECK that they do not inherit. */
    if (!tree_flag(constraint, "is_no_inherit") || effects_since(reader, 18, true)) {
        alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_ACCESS_EXCLUSIVE);
    }
    validate(reader, constraint);
    if (!tree_flag(constraint, "skip_validation")) {
        effects_runs_on_rows(reader, json_object_get(constraint, "raw_expr"));
    }
}

/* A primary key makes the columns of its index NOT NULL. */
static void add_key_columns(struct effects_reader *reader, const struct alter *alter, const char *index)
{
    const struct sql_facts *const facts = reader->facts;
    const char *const schema = tree_string(alter->target, "schemaname");
    const bool asks = facts->index_never_null != NULL;
    if (!asks || alter->takes_away ||
        !facts->index_never_null(facts->asked, schema[0] == '\0' ? NULL : schema, tree_string(alter->target, "relname"),
                                 index)) {
        effects_work(reader, asks ? SQL_WORK_SCAN : SQL_WORK_NONE,
                     "Columns that are not NOT NULL yet are read for it: make them NOT NULL first, by way of a CHECK.");
    }
}

/* The lock on each partition in which the constraint builds an index: since PostgreSQL 18 it blocks readers too. */
static enum sql_lock on_partitions(const struct effects_reader *reader)
{
    return effects_since(reader, 18, true) ? SQL_LOCK_ACCESS_EXCLUSIVE : SQL_LOCK_SHARE;
}

/* ONLY a partitioned table: it has no rows. */
static bool builds_none(const struct effects_reader *reader, const struct alter *alter)
{
    const struct sql_facts *const facts = reader->facts;
    return !tree_flag(alter->target, "inh") && facts->is_partitioned != NULL &&
           facts->is_partitioned(facts->asked, alter_schema(alter), tree_string(alter->target, "relname"));
}

#define BUILT_ONLY_HERE "Its index can only be built under this lock: do it when nobody needs the table."

/* UNIQUE and PRIMARY KEY: with an existing index, or with one that is built under the lock. */
static void add_unique(struct effects_reader *reader, const struct alter *alter, const json_t *constraint)
{
    const char *const index = tree_string(constraint, "indexname");
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    if (tree_is(constraint, "contype", "CONSTR_PRIMARY")) {
        alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_ACCESS_EXCLUSIVE);
    } else {
        alter_reach_children(reader, alter, of_18(reader), on_partitions(reader));
    }
    if (index[0] == '\0' && builds_none(reader, alter)) {
        effects_work(reader, SQL_WORK_NONE, NULL);
        return;
    }
    if (index[0] == '\0') {
        effects_work(
            reader, SQL_WORK_INDEX,
            tree_flag(constraint, "is_overlapping")
                ? BUILT_ONLY_HERE
                : "Build the index with CREATE UNIQUE INDEX CONCURRENTLY, then add the constraint USING INDEX.");
        return;
    }
    /* The index gets the name of its constraint. */
    const bool is_renamed = !tree_is(constraint, "conname", "") && !tree_is(constraint, "conname", index);
    effects_lock_named(reader, tree_string(alter->target, "schemaname"), index,
                       is_renamed ? SQL_LOCK_SHARE_UPDATE_EXCLUSIVE : SQL_LOCK_ACCESS_SHARE);
    if (tree_is(constraint, "contype", "CONSTR_PRIMARY")) {
        add_key_columns(reader, alter, index);
    }
}

static void add_exclusion(struct effects_reader *reader, const struct alter *alter, const json_t *constraint)
{
    (void)constraint;
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_children(reader, alter, of_18(reader), on_partitions(reader));
    effects_work(reader, SQL_WORK_INDEX, BUILT_ONLY_HERE);
}

/* NOT NULL of a table, since PostgreSQL 18. */
static void add_not_null(struct effects_reader *reader, const struct alter *alter, const json_t *constraint)
{
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_ACCESS_EXCLUSIVE);
    if (!tree_flag(constraint, "skip_validation") &&
        !alter_is_filled(reader, alter, tree_name(json_object_get(constraint, "keys"), 0))) {
        effects_work(reader, SQL_WORK_SCAN,
                     "Add the constraint NOT VALID, then VALIDATE it in a transaction of its own.");
    }
}

static const struct {
    const char *type;
    void (*add)(struct effects_reader *reader, const struct alter *alter, const json_t *constraint);
} constraints[] = {
    {"CONSTR_FOREIGN", add_foreign_key}, {"CONSTR_CHECK", add_check},         {"CONSTR_UNIQUE", add_unique},
    {"CONSTR_PRIMARY", add_unique},      {"CONSTR_EXCLUSION", add_exclusion}, {"CONSTR_NOTNULL", add_not_null},
};

void alter_add_constraint(struct effects_reader *reader, const struct alter *alter)
{
    for (size_t i = 0; i < sizeof constraints / sizeof constraints[0]; i++) {
        if (tree_is(alter->definition, "contype", constraints[i].type)) {
            constraints[i].add(reader, alter, alter->definition);
            return;
        }
    }
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_work(reader, SQL_WORK_UNKNOWN, NULL);
}

/* ALTER CONSTRAINT; since PostgreSQL 18 also whether it is enforced, for foreign keys, and inherited, for NOT NULL. */
void alter_constraint(struct effects_reader *reader, const struct alter *alter)
{
    const bool enforces = tree_flag(alter->command, "enforces");
    const bool is_of_children = tree_flag(alter->command, "hands_on") || tree_flag(alter->command, "keeps");
    struct sql_reach key = {.kind = SQL_REACH_KEYS,
                            .lock = enforces ? SQL_LOCK_SHARE_ROW_EXCLUSIVE : SQL_LOCK_ACCESS_EXCLUSIVE,
                            .type = "constraint",
                            .schema = tree_string(alter->target, "schemaname"),
                            .name = tree_string(alter->target, "relname"),
                            .part = tree_string(alter->definition, "conname")};
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_children(reader, alter, is_of_children ? SQL_REACH_CHILDREN : SQL_REACH_PARTITIONS,
                         SQL_LOCK_ACCESS_EXCLUSIVE);
    if (enforces || tree_flag(alter->command, "frees")) {
        effects_reach_object(reader, &key);
    }
    if (enforces || tree_flag(alter->command, "hands_on")) {
        effects_work(reader, SQL_WORK_SCAN, "All rows are held against it again, under the lock.");
    }
}
