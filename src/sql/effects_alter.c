/*
 * ALTER TABLE and similar statements: a table of subcommands, and a function for each one whose effect depends on more
 * than its name. The lock on the target is the strongest that any subcommand needs (AlterTableGetLockLevel in
 * PostgreSQL's tablecmds.c).
 */
#include "sql/effects_reader.h"

#include <string.h>

void alter_lock(struct effects_reader *reader, const struct alter *alter, enum sql_lock lock)
{
    effects_lock(reader, alter->target, lock);
}

void alter_reach_children(struct effects_reader *reader, const struct alter *alter, enum sql_reach_kind kind,
                          enum sql_lock lock)
{
    if (tree_flag(alter->target, "inh")) {
        effects_reach(reader, kind, alter->target, NULL, lock);
    }
}

static void alter_reach_part(struct effects_reader *reader, const struct alter *alter, enum sql_reach_kind kind,
                             const char *type, enum sql_lock lock)
{
    effects_reach_object(reader, &(struct sql_reach){.kind = kind,
                                                     .lock = lock,
                                                     .type = type,
                                                     .schema = tree_string(alter->target, "schemaname"),
                                                     .name = tree_string(alter->target, "relname"),
                                                     .part = tree_string(alter->command, "name"),
                                                     .may_be_missing = tree_flag(alter->command, "missing_ok")});
}

const char *alter_schema(const struct alter *alter)
{
    const char *const schema = tree_string(alter->target, "schemaname");
    return schema[0] == '\0' ? NULL : schema;
}

bool alter_is_filled(const struct effects_reader *reader, const struct alter *alter, const char *column)
{
    const struct sql_facts *const facts = reader->facts;
    return facts->never_null != NULL && !alter->takes_away &&
           facts->never_null(facts->asked, alter_schema(alter), tree_string(alter->target, "relname"), column);
}

#define COPIED "The whole table is copied under the lock: create a new one so, and fill it in batches."

/* ---- columns ---- */

/* What each part of a new column's declaration adds. */
static void add_column_default(struct effects_reader *reader, const json_t *column)
{
    const json_t *const constraint = effects_constraint_of(column, "CONSTR_DEFAULT");
    if (effects_is_serial(json_object_get(column, "typeName"))) {
        effects_work(reader, SQL_WORK_REWRITE,
                     "Add a bigint column, fill it from a sequence in batches, then make the sequence its default.");
    } else if (constraint != NULL && effects_is_volatile(reader, json_object_get(constraint, "raw_expr"))) {
        effects_runs_on_rows(reader, json_object_get(constraint, "raw_expr"));
        effects_work(reader, SQL_WORK_REWRITE,
                     "Add the column without it, SET DEFAULT, fill the rows in batches, then add what is missing.");
    } else if (constraint == NULL && effects_constraint_of(column, "CONSTR_NOTNULL") != NULL &&
               effects_constraint_of(column, "CONSTR_GENERATED") == NULL) {
        effects_work(reader, SQL_WORK_NONE,
                     "It fails if the table has rows: give the column a DEFAULT, or make it NOT NULL later.");
    }
}

static void add_column_keys(struct effects_reader *reader, const struct alter *alter, const json_t *column)
{
    const json_t *const reference = effects_constraint_of(column, "CONSTR_FOREIGN");
    const json_t *const check = effects_constraint_of(column, "CONSTR_CHECK");
    if (check != NULL && !tree_flag(check, "is_not_enforced")) {
        effects_runs_on_rows(reader, json_object_get(check, "raw_expr"));
        effects_work(reader, SQL_WORK_SCAN, "Add the column alone and its CHECK as NOT VALID, then VALIDATE it.");
    }
    if (effects_constraint_of(column, "CONSTR_UNIQUE") != NULL ||
        effects_constraint_of(column, "CONSTR_PRIMARY") != NULL) {
        effects_work(reader, SQL_WORK_INDEX,
                     "Add the column alone, build the index with CREATE UNIQUE INDEX CONCURRENTLY, then USING INDEX.");
    }
    if (reference != NULL) {
        effects_foreign_key(reader, alter->target, reference);
        const bool checks =
            effects_constraint_of(column, "CONSTR_DEFAULT") != NULL && !tree_flag(reference, "is_not_enforced");
        effects_work(reader, checks ? SQL_WORK_SCAN : SQL_WORK_NONE,
                     "Add the column alone and the foreign key as NOT VALID, then VALIDATE it.");
    }
}

static void add_generated(struct effects_reader *reader, const json_t *column)
{
    const json_t *const generated = effects_constraint_of(column, "CONSTR_GENERATED");
    if (generated == NULL) {
        return;
    }
    if (!tree_flag(generated, "is_virtual")) {
        effects_work(reader, SQL_WORK_REWRITE,
                     "Add a plain column that a trigger fills, and fill old rows in batches.");
    } else if (effects_constraint_of(column, "CONSTR_NOTNULL") != NULL) {
        effects_work(reader, SQL_WORK_SCAN, "All rows are read for its NOT NULL: add that later, as NOT VALID.");
    }
}

static void add_column(struct effects_reader *reader, const struct alter *alter)
{
    const json_t *const column = alter->definition;
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_ACCESS_EXCLUSIVE);
    add_column_default(reader, column);
    add_column_keys(reader, alter, column);
    if (effects_constraint_of(column, "CONSTR_IDENTITY") != NULL) {
        effects_work(reader, SQL_WORK_REWRITE,
                     "Add a bigint column, fill it in batches, then make it NOT NULL and an identity.");
    }
    add_generated(reader, column);
    effects_column_type(reader, json_object_get(column, "typeName"));
}

static void set_not_null(struct effects_reader *reader, const struct alter *alter)
{
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_ACCESS_EXCLUSIVE);
    if (!alter_is_filled(reader, alter, tree_string(alter->command, "name"))) {
        effects_work(
            reader, SQL_WORK_SCAN,
            "Add a CHECK (… IS NOT NULL) NOT VALID and VALIDATE it before: then nothing is read under the lock.");
    }
}

/* Is it known to be so already? what: as for facts. */
static bool is_so(const struct effects_reader *reader, const struct alter *alter, const char *what, const char *name)
{
    const struct sql_facts *const facts = reader->facts;
    return facts->is_so != NULL && name[0] != '\0' &&
           facts->is_so(facts->asked, alter_schema(alter), tree_string(alter->target, "relname"), what, name);
}

/* What is there already is not copied. */
static void set_files(struct effects_reader *reader, const struct alter *alter)
{
    static const struct {
        const char *subtype;
        const char *what;
        const char *name; /* NULL: the command has it */
        const char *advice;
        bool sequences;
    } kinds[] = {
        {"AT_SetTableSpace", "tablespace", NULL, "The files are copied under the lock: do it when nobody needs them.",
         false},
        {"AT_SetAccessMethod", "method", NULL, COPIED, true},
        {"AT_SetLogged", "persistence", "p", COPIED, true},
        {"AT_SetUnLogged", "persistence", "u", COPIED, true},
    };
    size_t i = 0;
    while (i + 1 < sizeof kinds / sizeof kinds[0] && !tree_is(alter->command, "subtype", kinds[i].subtype)) {
        i++;
    }
    const char *const name = kinds[i].name == NULL ? tree_string(alter->command, "name") : kinds[i].name;
    const bool is_there = is_so(reader, alter, kinds[i].what, name);
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    if (kinds[i].sequences) {
        alter_reach_part(reader, alter, SQL_REACH_SEQUENCES, "relation", SQL_LOCK_ACCESS_EXCLUSIVE);
    }
    effects_work(reader, is_there ? SQL_WORK_NONE : SQL_WORK_REWRITE, is_there ? NULL : kinds[i].advice);
}

/* The other table of a foreign key is read, under a lock that stops neither readers nor writers. */
static void validate_constraint(struct effects_reader *reader, const struct alter *alter)
{
    alter_lock(reader, alter, SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
    if (is_so(reader, alter, "constraint", tree_string(alter->command, "name"))) {
        effects_work(reader, SQL_WORK_NONE, NULL);
        return;
    }
    alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
    alter_reach_part(reader, alter, SQL_REACH_REFERENCED, "constraint", SQL_LOCK_ROW_SHARE);
    effects_work(reader, SQL_WORK_SCAN, NULL);
}

/* SET EXPRESSION: what is not stored is not written. */
static void set_expression(struct effects_reader *reader, const struct alter *alter)
{
    const struct sql_facts *const facts = reader->facts;
    const bool is_virtual = facts->is_virtual != NULL &&
                            facts->is_virtual(facts->asked, alter_schema(alter), tree_string(alter->target, "relname"),
                                              tree_string(alter->command, "name"));
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_work(reader, is_virtual ? SQL_WORK_NONE : SQL_WORK_REWRITE, is_virtual ? NULL : COPIED);
}

static void change_type(struct effects_reader *reader, const struct alter *alter)
{
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_children(reader, alter, SQL_REACH_CHILDREN, SQL_LOCK_ACCESS_EXCLUSIVE);
    alter_reach_part(reader, alter, SQL_REACH_RETYPE, "column", SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_retype(reader, alter->target, alter->command);
}

/* ---- partitions and inheritance ---- */

/* The other table of ATTACH and DETACH. */
static const json_t *partition(const struct alter *alter)
{
    return json_object_get(alter->definition, "name");
}

/* No row may leave that a foreign key refers to. */
static bool is_referred(const struct effects_reader *reader, const json_t *partition)
{
    const struct sql_facts *const facts = reader->facts;
    const char *const schema = tree_string(partition, "schemaname");
    return facts->is_referred != NULL &&
           facts->is_referred(facts->asked, schema[0] == '\0' ? NULL : schema, tree_string(partition, "relname"));
}

/* Also ALTER INDEX … ATTACH PARTITION, which opens the tables of both indexes, and DETACH … FINALIZE: these have no
 * bounds and read nothing. */
static void attach(struct effects_reader *reader, const struct alter *alter)
{
    alter_lock(reader, alter, SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
    effects_lock(reader, partition(alter), SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_links(reader, alter->target, partition(alter), SQL_LINK_CHILD);
    if (json_object_get(alter->definition, "bound") != NULL) {
        effects_reach(reader, SQL_REACH_CHILDREN, partition(alter), NULL, SQL_LOCK_ACCESS_EXCLUSIVE);
        effects_reach(reader, SQL_REACH_BESIDE_PARTITION, alter->target,
                      arena_printf(reader->arena, "attached %s", tree_string(partition(alter), "relname")),
                      SQL_LOCK_SHARE_ROW_EXCLUSIVE);
        effects_work(
            reader, SQL_WORK_SCAN,
            "A valid CHECK that implies the bounds spares the scan; a DEFAULT partition is locked and read as well.");
    } else {
        effects_reach(reader, SQL_REACH_INDEX_TABLE, alter->target, NULL, SQL_LOCK_ACCESS_SHARE);
        effects_reach(reader, SQL_REACH_INDEX_TABLE, partition(alter), NULL, SQL_LOCK_ACCESS_SHARE);
    }
}

static void detach_concurrently(struct effects_reader *reader, const struct alter *alter)
{
    alter_lock(reader, alter, SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
    effects_lock(reader, partition(alter), SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_work(reader, SQL_WORK_NONE,
                 "It waits for every query on the table, and cannot be with a DEFAULT partition.");
    if (is_referred(reader, partition(alter))) {
        effects_work(reader, SQL_WORK_SCAN, "Foreign keys refer to its rows: their tables are read for them.");
    }
}

static void detach(struct effects_reader *reader, const struct alter *alter)
{
    if (tree_flag(alter->definition, "concurrent")) {
        detach_concurrently(reader, alter);
        return;
    }
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_reach(reader, SQL_REACH_BESIDE_PARTITION, alter->target, "detached", SQL_LOCK_SHARE_ROW_EXCLUSIVE);
    effects_lock(reader, partition(alter),
                 effects_since(reader, 14, true) || is_referred(reader, partition(alter))
                     ? SQL_LOCK_ACCESS_EXCLUSIVE
                     : SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
    effects_work(reader, SQL_WORK_NONE,
                 effects_since(reader, 14, false)
                     ? "A DEFAULT partition is locked as well; without one, DETACH … CONCURRENTLY stops nobody."
                     : "A DEFAULT partition is locked as well.");
    if (is_referred(reader, partition(alter))) {
        effects_work(reader, SQL_WORK_SCAN,
                     "Foreign keys refer to its rows: their tables are read for them, under the lock. A DEFAULT "
                     "partition is locked as well.");
    }
}

/* For INHERIT and NO INHERIT, the definition itself is the parent. */
static void inherit(struct effects_reader *reader, const struct alter *alter)
{
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_lock(reader, alter->definition, SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
    effects_links(reader, alter->target, alter->definition, SQL_LINK_CHILD);
}

static void disinherit(struct effects_reader *reader, const struct alter *alter)
{
    alter_lock(reader, alter, SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_lock(reader, alter->definition, SQL_LOCK_ACCESS_SHARE);
}

/* ---- options ---- */

/* The options in PostgreSQL's reloptions.c that need more than SHARE UPDATE EXCLUSIVE. */
static void set_options(struct effects_reader *reader, const struct alter *alter)
{
    static const char strong[] =
        "user_catalog_table fastupdate gin_pending_list_limit buffering pages_per_range autosummarize security_barrier "
        "security_invoker check_option";
    const json_t *const options = json_object_get(alter->definition, "items");
    enum sql_lock lock = SQL_LOCK_SHARE_UPDATE_EXCLUSIVE;
    for (size_t i = 0; i < json_array_size(options); i++) {
        if (word_is_among(strong, tree_string(tree_body(json_array_get(options, i), "DefElem"), "defname"))) {
            lock = SQL_LOCK_ACCESS_EXCLUSIVE;
        }
    }
    alter_lock(reader, alter, lock);
}

/* ---- all subcommands ---- */

static const struct subcommand {
    const char *subtypes;
    enum sql_lock lock;
    enum sql_work work;
    const char *advice;
    void (*take)(struct effects_reader *reader, const struct alter *alter); /* used in place of lock, work and advice */
    bool is_alone;              /* tables that inherit from it are not touched */
    bool partitions;            /* … except partitions */
    const char *part;           /* the kind of part that is removed, or the column whose sequences are touched */
    bool sequences;             /* the sequences of the column, or of the whole table, are locked as well */
    enum sql_lock on_sequences; /* NONE: ACCESS EXCLUSIVE */
} subcommands[] = {
    {.subtypes = "AT_AddColumn", .take = add_column},
    {.subtypes = "AT_AddConstraint", .take = alter_add_constraint},
    {.subtypes = "AT_AlterColumnType", .take = change_type},
    {.subtypes = "AT_SetNotNull", .take = set_not_null},
    {.subtypes = "AT_AttachPartition AT_DetachPartitionFinalize", .take = attach},
    {.subtypes = "AT_DetachPartition", .take = detach},
    {.subtypes = "AT_AddInherit", .take = inherit},
    {.subtypes = "AT_DropInherit", .take = disinherit},
    {.subtypes = "AT_SetRelOptions AT_ResetRelOptions", .take = set_options},
    {"AT_DropColumn", SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE,
     "What it holds is lost: drop it when no code names it. If it is part of a foreign key, the other table is locked, "
     "too.",
     .part = "column"},
    {"AT_DropConstraint", SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE,
     "If it is a foreign key, the table that it refers to is locked as strongly.", .part = "constraint"},
    {.subtypes = "AT_ValidateConstraint", .take = validate_constraint},
    {.subtypes = "AT_SetTableSpace AT_SetLogged AT_SetUnLogged AT_SetAccessMethod", .take = set_files},
    {"AT_ChangeOwner", SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE, NULL, .is_alone = true, .sequences = true},
    {.subtypes = "AT_SetExpression", .take = set_expression},
    {.subtypes = "AT_AlterConstraint", .take = alter_constraint},
    {"AT_EnableRowSecurity", SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE,
     "A table with row level security and no policy shows no rows: create the policies first.", .is_alone = true},
    {"AT_DisableRowSecurity AT_ForceRowSecurity AT_NoForceRowSecurity AT_ReplicaIdentity AT_EnableRule "
     "AT_EnableAlwaysRule AT_EnableReplicaRule AT_DisableRule AT_AddOf AT_DropOf AT_GenericOptions",
     SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE, NULL, .is_alone = true},
    {"AT_SetIdentity", SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE, "The column's sequence is locked as well.",
     .partitions = true, .part = "column", .sequences = true, .on_sequences = SQL_LOCK_SHARE_ROW_EXCLUSIVE},
    {"AT_DropIdentity", SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE, "The column's sequence is locked as well.",
     .partitions = true, .part = "column", .sequences = true},
    {"AT_SetStatistics", SQL_LOCK_SHARE_UPDATE_EXCLUSIVE, SQL_WORK_NONE, NULL, .take = NULL},
    {"AT_SetOptions AT_ResetOptions AT_ClusterOn AT_DropCluster", SQL_LOCK_SHARE_UPDATE_EXCLUSIVE, SQL_WORK_NONE, NULL,
     .is_alone = true},
    {"AT_EnableTrig AT_EnableAlwaysTrig AT_EnableReplicaTrig AT_EnableTrigAll AT_EnableTrigUser",
     SQL_LOCK_SHARE_ROW_EXCLUSIVE, SQL_WORK_NONE, NULL, .partitions = true},
    {"AT_DisableTrig AT_DisableTrigAll AT_DisableTrigUser", SQL_LOCK_SHARE_ROW_EXCLUSIVE, SQL_WORK_NONE,
     "What the trigger checks or notes is passed over, for everybody, until it is on again; ALL includes foreign keys.",
     .partitions = true},
    {"AT_DropNotNull", SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE,
     "Running code that expects a value there may meet NULL.", .take = NULL},
};

/* DEFAULT, DROP NOT NULL, STORAGE, COMPRESSION, EXPRESSION, OWNER, REPLICA IDENTITY, row level security, rules, OF, the
 * attributes of a constraint, the options of a foreign table. */
static const struct subcommand any_other = {"", SQL_LOCK_ACCESS_EXCLUSIVE, SQL_WORK_NONE, NULL, .take = NULL};

static const struct subcommand *find_subcommand(const char *subtype)
{
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        if (word_is_among(subcommands[i].subtypes, subtype)) {
            return &subcommands[i];
        }
    }
    return &any_other;
}

/* The other things that a subcommand locks besides its target. */
static void reach_of(struct effects_reader *reader, const struct alter *alter, const struct subcommand *subcommand)
{
    const bool cascade = tree_is(alter->command, "behavior", "DROP_CASCADE");
    if (!subcommand->is_alone) {
        alter_reach_children(reader, alter, subcommand->partitions ? SQL_REACH_PARTITIONS : SQL_REACH_CHILDREN,
                             subcommand->lock);
    }
    if (subcommand->sequences) {
        alter_reach_part(reader, alter, SQL_REACH_SEQUENCES, subcommand->part == NULL ? "relation" : "column",
                         subcommand->on_sequences == SQL_LOCK_NONE ? SQL_LOCK_ACCESS_EXCLUSIVE
                                                                   : subcommand->on_sequences);
    } else if (subcommand->part != NULL) {
        alter_reach_part(reader, alter, cascade ? SQL_REACH_CASCADE : SQL_REACH_DROP, subcommand->part,
                         SQL_LOCK_ACCESS_EXCLUSIVE);
    }
}

static void take_command(struct effects_reader *reader, const struct alter *alter)
{
    const struct subcommand *const subcommand = find_subcommand(tree_string(alter->command, "subtype"));
    if (subcommand->take != NULL) {
        subcommand->take(reader, alter);
        return;
    }
    alter_lock(reader, alter, subcommand->lock);
    reach_of(reader, alter, subcommand);
    const bool is_nothing = reader->effects->drops_none && tree_is(alter->command, "subtype", "AT_DropColumn");
    effects_work(reader, subcommand->work, is_nothing ? NULL : subcommand->advice);
}

/* Does the statement drop columns of which none was there before the plan? A CASCADE may take others along. */
static bool drops_none(const struct effects_reader *reader, struct alter alter, const json_t *commands)
{
    size_t dropped = 0;
    bool is_none = true;
    for (size_t i = 0; is_none && i < json_array_size(commands); i++) {
        alter.command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        if (tree_is(alter.command, "subtype", "AT_DropColumn")) {
            dropped++;
            is_none = !tree_is(alter.command, "behavior", "DROP_CASCADE") &&
                      is_so(reader, &alter, "no column", tree_string(alter.command, "name"));
        }
    }
    return dropped > 0 && is_none;
}

static bool takes_away(const json_t *commands)
{
    static const char those[] = "AT_DropColumn AT_DropConstraint AT_DropNotNull";
    bool takes = false;
    for (size_t i = 0; !takes && i < json_array_size(commands); i++) {
        takes = word_is_among(those, tree_string(tree_body(json_array_get(commands, i), "AlterTableCmd"), "subtype"));
    }
    return takes;
}

void effects_alter_table(struct effects_reader *reader, json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    struct alter alter = {.target = json_object_get(body, "relation"), .takes_away = takes_away(commands)};
    reader->effects->drops_none = tree_is(body, "objtype", "OBJECT_TABLE") && drops_none(reader, alter, commands);
    for (size_t i = 0; i < json_array_size(commands); i++) {
        alter.command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        tree_node(json_object_get(alter.command, "def"), &alter.definition);
        if (tree_is(body, "objtype", "OBJECT_TYPE")) { /* a composite type has no rows */
            alter_lock(reader, &alter, SQL_LOCK_ACCESS_EXCLUSIVE);
            effects_reach_object(reader, &(struct sql_reach){.kind = SQL_REACH_TYPED_TABLES,
                                                             .lock = SQL_LOCK_ACCESS_EXCLUSIVE,
                                                             .type = "type",
                                                             .schema = tree_string(alter.target, "schemaname"),
                                                             .name = tree_string(alter.target, "relname")});
        } else {
            take_command(reader, &alter);
        }
    }
}
