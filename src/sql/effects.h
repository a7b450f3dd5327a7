/*
 * What a statement does to a running database: the locks it takes on what is there already, whom they stop, and whether
 * it reads or writes a whole table under them. A catalogue measured on PostgreSQL 13 to 18
 * (tests/service/test_effects.py holds it against the servers that are installed). Looks at the statement's parse tree
 * (libpg_query) and at nothing else, but for what the caller tells of the database. What a statement locks without
 * naming it (children, partitions, the other table of a foreign key, all that CASCADE finds) is in `reaches`, for who
 * can ask the catalogs; what it does to names is in `changes`, for who follows them from statement to statement.
 */
#ifndef SQL_EFFECTS_H
#define SQL_EFFECTS_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/alters.h"
#include "sql/bound.h"
#include "sql/needs.h"
#include "sql/replaced.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of strength; the numbers are PostgreSQL's own. */
enum sql_lock {
    SQL_LOCK_NONE,
    SQL_LOCK_ACCESS_SHARE,
    SQL_LOCK_ROW_SHARE,
    SQL_LOCK_ROW_EXCLUSIVE,
    SQL_LOCK_SHARE_UPDATE_EXCLUSIVE,
    SQL_LOCK_SHARE,
    SQL_LOCK_SHARE_ROW_EXCLUSIVE,
    SQL_LOCK_EXCLUSIVE,
    SQL_LOCK_ACCESS_EXCLUSIVE,
};

enum sql_work {
    SQL_WORK_UNKNOWN, /* a function, a DO block, what the parser does not know */
    SQL_WORK_NONE,    /* the catalogs only */
    SQL_WORK_SCAN,    /* reads the whole table */
    SQL_WORK_REWRITE, /* writes the whole table anew, and its indexes */
    SQL_WORK_INDEX,   /* builds an index */
    SQL_WORK_ROWS,    /* changes rows */
};

struct sql_relation_lock {
    const char *relation; /* as the statement names it, quoted where needed: public."User" */
    enum sql_lock lock;
    const char *schema; /* the same in parts, unquoted; schema NULL where the statement gives none */
    const char *name;   /* NULL: the catalogs have named it, not the statement */
    bool is_target;     /* the first that it names, and it is there */
    bool is_heir;       /* inherits from the target what is changed: its owner must be the same */
    uint32_t oid;       /* where the caller knows it; else 0 */
};

/* What else is locked, from where the statement points: the catalogs know. */
enum sql_reach_kind {
    SQL_REACH_CHILDREN,         /* what inherits from the relation, partitions included, at any depth */
    SQL_REACH_PARTITIONS,       /* the same where it is partitioned */
    SQL_REACH_DROP,             /* what goes with an object, or with a part of a relation */
    SQL_REACH_CASCADE,          /* … and what depends on it */
    SQL_REACH_RETYPE,           /* foreign keys over a column, and its sequence */
    SQL_REACH_TRUNCATE,         /* children */
    SQL_REACH_TRUNCATE_CASCADE, /* … and what refers to them */
    SQL_REACH_BESIDE_PARTITION, /* the DEFAULT partition of a parent, and the other tables of its foreign keys */
    SQL_REACH_BASES,            /* the tables of a view */
    SQL_REACH_TYPE_USERS,       /* tables with columns of a type */
    SQL_REACH_TYPED_TABLES,     /* tables OF a type */
    SQL_REACH_INDEX_TABLE,      /* the table of an index */
    SQL_REACH_INDEXES,          /* of the relation and its partitions; of every table of a schema, or of the database */
    SQL_REACH_SEQUENCES,        /* that belong to the relation, or to a column of it */
    SQL_REACH_EVERY_TABLE,      /* of a schema, or of the database */
    SQL_REACH_CLUSTERED,        /* every table that was clustered once */
    SQL_REACH_OF_ROLE,          /* every relation of a role */
};

struct sql_reach {
    enum sql_reach_kind kind;
    enum sql_lock lock;
    const char
        *type; /* "relation", "column", "constraint", "trigger", "rule", "policy"; "type", "function", "schema", … */
    const char *schema; /* NULL where the statement gives none */
    const char *name;   /* of the relation; of the object, where it is none */
    const char *part;   /* of a relation: the column's name, the constraint's, …; NULL: the whole */
};

/* What a statement does to names. */
enum sql_change_kind {
    SQL_CHANGE_CREATES,
    SQL_CHANGE_CREATES_TEMPORARY,
    SQL_CHANGE_DROPS,
    SQL_CHANGE_RENAMES,        /* to `to` */
    SQL_CHANGE_MOVES,          /* into the schema `to` */
    SQL_CHANGE_RENAMES_SCHEMA, /* `name` to `to` */
    SQL_CHANGE_LINKS, /* who drops or changes `name` locks `to_schema.to`, too; name NULL: an index of it without name
                       */
    SQL_CHANGE_PATH,  /* the search path is `path` now; NULL: it cannot be read */
    SQL_CHANGE_RESETS_PATH,
};

struct sql_change {
    enum sql_change_kind kind;
    const char *schema;
    const char *name;
    const char *to_schema;
    const char *to;
    const char *const *path; /* NULL-terminated */
};

/* What a statement does to what is known of NULL in a column. */
enum sql_proof_kind {
    SQL_PROOF_IS,        /* no row has NULL in `column`, by `constraint`: NULL without a name, "" its own NOT NULL */
    SQL_PROOF_PROMISED,  /* the same once the constraint is valid */
    SQL_PROOF_VALIDATED, /* the constraint is valid */
    SQL_PROOF_DROPPED,   /* the constraint goes, or gets another name */
    SQL_PROOF_COLUMN, /* the column is made, goes, gets another name or may have NULL: what was known is so no more */
};

struct sql_proof {
    enum sql_proof_kind kind;
    const char *schema; /* NULL where the statement gives none */
    const char *table;
    const char *constraint;
    const char *column;
    bool may_be_row; /* of COLUMN: a new one whose type may be composite, of which IS NOT NULL says something else */
};

struct sql_effects {
    struct sql_relation_lock *locks; /* strongest first; relations that the statement itself creates are left out */
    size_t count;
    enum sql_work work;
    const char *advice; /* a safer way, or what to know; NULL where there is nothing to say */
    bool unknown;       /* it may lock more than is said: it calls what cannot be read, or was not read itself */
    bool unread;        /* the parser does not know it */
    struct sql_reach *reaches;
    size_t reach_count;
    struct sql_change *changes;
    size_t change_count;
    struct sql_need *needs; /* whatever schema they are in where the statement gives none */
    size_t need_count;
    struct sql_need *makes; /* and must not be there, in the schema where they are made */
    size_t make_count;
    struct sql_alter *alters;
    size_t alter_count;
    struct sql_reference *references;
    size_t reference_count;
    const char *wrong;       /* why it cannot succeed, whatever the database has, as a sentence; NULL: not known */
    struct sql_bound *bound; /* of the partition that it makes or attaches; NULL: none */
    struct sql_replaced *passed_over; /* what IF NOT EXISTS … AS would make; NULL: nothing, or it is not known */
    struct sql_replaced *replaced;    /* NULL: nothing, or it is not known */
    struct sql_proof *proofs;         /* in the statement's order */
    size_t proof_count;
};

/* The major version of PostgreSQL whose grammar is built in: 15. */
int sql_grammar_version(void);

enum sql_type_kind {
    SQL_TYPE_NOT_KNOWN,
    SQL_TYPE_PLAIN,
    SQL_TYPE_FREE_DOMAIN,
    SQL_TYPE_CHECKED_DOMAIN, /* it, or a domain below it, has a CHECK or is NOT NULL */
};

/* What the caller knows of the database. Every function may be NULL or answer "not known". Names as the statement has
 * them, folded and unquoted; schema is NULL where the statement gives none. */
struct sql_facts {
    int server_version; /* 150018; 0: not known, then the worst of all versions is said */
    void *data;
    /* The type of a column as format_type() writes it ("character varying(20)"); NULL where it is not known. */
    const char *(*column_type)(void *data, const char *schema, const char *table, const char *column);
    /* Is nothing of this name there before the plan runs, so that no lock on it stops anybody? */
    bool (*is_new)(void *data, const char *schema, const char *relation);
    /* Is a function of this name known to change and lock nothing but rows? */
    bool (*is_harmless)(void *data, const char *schema, const char *function);
    void *asked; /* for those that follow */
    /* What a type of this name is; of a domain *base is its base type as format_type() writes it. */
    enum sql_type_kind (*type_kind)(void *asked, const char *schema, const char *type, const char **base);
    /* The same of a type as column_type() gives it; NULL: it is no domain. */
    const char *(*base_of)(void *asked, const char *type);
    /* Is it known that no row has NULL there, by NOT NULL or a valid CHECK, so that SET NOT NULL reads nothing? */
    bool (*never_null)(void *asked, const char *schema, const char *table, const char *column);
    /* The same of all columns of an index of the table. */
    bool (*index_never_null)(void *asked, const char *schema, const char *table, const char *index);
    /* Is there an index over the column that every change of its type builds anew: of an expression, with a condition,
     * of an array's elements? */
    bool (*is_indexed_specially)(void *asked, const char *schema, const char *table, const char *column);
    /* Has the column a CHECK, which is held against every row again when its type changes? */
    bool (*is_checked)(void *asked, const char *schema, const char *table, const char *column);
    /* Is there a relation of this name in the schema of the table, where its indexes are made? */
    bool (*has_beside)(void *asked, const char *schema, const char *table, const char *name);
    /* Is it partitioned? */
    bool (*is_partitioned)(void *asked, const char *schema, const char *relation);
};

/* The effects of one statement; facts may be NULL. A statement that the parser does not know, or whose effects depend
 * on what it calls, has SQL_WORK_UNKNOWN, and no locks but on what it names itself; so has one above 64 kB, but for
 * INSERT … VALUES. At most 1000 relations are listed. `created` are relations that earlier statements of the same plan
 * create ("schema.table" or "table", NULL-terminated, may be NULL): locks on them stop nobody and are left out. */
void sql_effects(struct arena *arena, struct text statement, const struct sql_facts *facts, const char *const *created,
                 struct sql_effects *effects);

/* The same by the statement's first words alone, at no cost: INSERT … VALUES is known, everything else is unknown. */
void sql_effects_by_words(struct arena *arena, struct text statement, const struct sql_facts *facts,
                          struct sql_effects *effects);

/* "ACCESS EXCLUSIVE"; "" for SQL_LOCK_NONE. */
const char *sql_lock_name(enum sql_lock lock);

bool sql_lock_blocks_reads(enum sql_lock lock);
bool sql_lock_blocks_writes(enum sql_lock lock);

/* By its words alone and at no cost: might this statement wait for a lock in a way that makes others queue behind it
 * (SHARE and stronger on something that exists)? What it cannot know (DO, CALL, a function) it judges by the words in
 * the text. CREATE INDEX CONCURRENTLY and its kin do not, INSERT, UPDATE, DELETE and SELECT do not. */
bool sql_may_stall_others(struct text statement);

/* False for what libpg_query must not see: it is too long, too deep, broken, or not UTF-8. */
bool sql_may_be_parsed(struct text statement);

/* The same for who has the memory and the stack for more: `most` bytes, a tree of so many `levels`. */
bool sql_may_be_parsed_up_to(struct text statement, size_t most, size_t levels);

#endif
