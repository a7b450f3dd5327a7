/*
 * What a statement does to a running database: the locks that it takes on existing relations, whom they block, and
 * whether it reads or writes a whole table meanwhile. Measured on PostgreSQL 13 to 18 (tests/service/test_effects.py
 * compares it with the installed servers). It uses only the statement's parse tree (libpg_query) and what the caller
 * tells about the database. What a statement locks without naming it (children, partitions, the other table of a
 * foreign key, everything that CASCADE finds) is in `reaches`, for callers that can query the catalogs; what it does to
 * names is in `changes`, for callers that follow them from statement to statement.
 */
#ifndef SQL_EFFECTS_H
#define SQL_EFFECTS_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/alters.h"
#include "sql/analyzed.h"
#include "sql/bound.h"
#include "sql/demands.h"
#include "sql/needs.h"
#include "sql/replaced.h"
#include "sql/retypes.h"
#include "sql/rights.h"
#include "sql/written.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In order of strength; the values are PostgreSQL's. */
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
    SQL_WORK_UNKNOWN, /* a function, a DO block, something that the parser does not know */
    SQL_WORK_NONE,    /* changes only the catalogs */
    SQL_WORK_SCAN,    /* reads the whole table */
    SQL_WORK_REWRITE, /* rewrites the whole table and its indexes */
    SQL_WORK_INDEX,   /* builds an index */
    SQL_WORK_ROWS,    /* changes rows */
};

struct sql_relation_lock {
    const char *relation; /* as named in the statement, quoted if necessary: public."User" */
    enum sql_lock lock;
    const char *schema; /* the same in unquoted parts; schema NULL: unqualified */
    const char *name;   /* NULL: the catalogs have named it, not the statement */
    bool is_target;     /* the first relation that the statement names, which exists */
    bool is_heir;       /* inherits the change from what the statement names, and ALTER TABLE is for its owner */
    uint32_t oid;       /* if the caller knows it; else 0 */
};

/* What else is locked, starting from something that the statement names; the catalogs have the rest. */
enum sql_reach_kind {
    SQL_REACH_CHILDREN,         /* everything that inherits from the relation, including partitions, at any depth */
    SQL_REACH_PARTITIONS,       /* the same if it is partitioned */
    SQL_REACH_DROP,             /* what is dropped with an object, or with a part of a relation */
    SQL_REACH_CASCADE,          /* … and what depends on it */
    SQL_REACH_KEYS,             /* the other table of a foreign key, by its name */
    SQL_REACH_RETYPE,           /* foreign keys with a column, and its sequence */
    SQL_REACH_TRUNCATE,         /* children */
    SQL_REACH_TRUNCATE_CASCADE, /* … and tables that reference it */
    SQL_REACH_BESIDE_PARTITION, /* the DEFAULT partition of a parent, and the other tables of its foreign keys */
    SQL_REACH_BASES,            /* the tables of a view, or of a materialized one */
    SQL_REACH_TYPE_USERS,       /* tables with columns of a type */
    SQL_REACH_TYPED_TABLES,     /* tables OF a type */
    SQL_REACH_INDEX_TABLE,      /* the table of an index */
    SQL_REACH_INDEXES,          /* of the relation and its partitions; of every table of a schema, or of the database */
    SQL_REACH_SEQUENCES,        /* that belong to the relation, or to one of its columns */
    SQL_REACH_EVERY_TABLE,      /* of a schema, or of the database */
    SQL_REACH_CLUSTERED,        /* every table that was once clustered */
    SQL_REACH_OF_ROLE,          /* every relation of a role */
    SQL_REACH_REFERENCED,       /* the other table of a foreign key that is validated */
    SQL_REACH_PUBLISHED,        /* the tables of a publication */
};

struct sql_reach {
    enum sql_reach_kind kind;
    enum sql_lock lock;
    const char
        *type; /* "relation", "column", "constraint", "trigger", "rule", "policy"; "type", "function", "schema", … */
    const char *schema;  /* NULL: unqualified */
    const char *name;    /* of the relation; of an object that is no relation */
    const char *part;    /* of a relation: the name of a column, a constraint, …; NULL: the whole relation */
    bool may_be_missing; /* the part: IF EXISTS */
};

/* How a statement reads or changes the rows of a relation, which locks others: the tables of a view, partitions, the
 * other tables of foreign keys. The catalogs know these. */
struct sql_touch {
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *how;     /* "r" reads, "i" inserts, "u" updates, "d" deletes; "iu": INSERT … ON CONFLICT DO UPDATE */
    const char *updated; /* columns, with the character 31 between them; NULL: all */
    const char *given;   /* columns of inserted rows that get no default; NULL: none */
    bool only;           /* it says ONLY */
};

/* What a statement does to names. */
enum sql_change_kind {
    SQL_CHANGE_CREATES,
    SQL_CHANGE_CREATES_TEMPORARY,
    SQL_CHANGE_DROPS,
    SQL_CHANGE_RENAMES,        /* to `to` */
    SQL_CHANGE_MOVES,          /* into the schema `to` */
    SQL_CHANGE_RENAMES_SCHEMA, /* `name` to `to` */
    SQL_CHANGE_LINKS, /* by `link`: dropping or changing `name` locks `to_schema.to`, too; name NULL: an unnamed index
                         of it */
    SQL_CHANGE_PATH,  /* the search path becomes `path`; NULL: unknown */
    SQL_CHANGE_RESETS_PATH,
};

/* What makes a change of one relation reach another. */
enum sql_link {
    SQL_LINK_CHILD,  /* inheritance, a partition, an index */
    SQL_LINK_KEY,    /* a foreign key, which hands on no change of columns */
    SQL_LINK_ACTION, /* the same, from the referenced table: it hands on changes of rows */
    SQL_LINK_VIEW,   /* from a view to what it selects from; changing the view itself locks nothing there */
};

struct sql_change {
    enum sql_change_kind kind;
    const char *schema;
    const char *name;
    const char *to_schema;
    const char *to;
    const char *const *path; /* NULL-terminated */
    enum sql_link link;
};

enum sql_storing {
    SQL_STORES_IN_TABLE,
    SQL_STORES_IN_VIEW,
    SQL_STORES_IN_POLICY,   /* of the table */
    SQL_STORES_IN_DOMAIN,   /* this and the next ones are no relations */
    SQL_STORES_IN_OPERATOR, /* its function */
    SQL_STORES_IN_CAST,     /* the same; its name is "::" and that of the type that it leads to */
    SQL_STORES_IN_AGGREGATE,
};

/* What will be called when the rows of a table are changed, those of a view read, values become a domain's, or an
 * operator is used. */
struct sql_stored {
    enum sql_storing in;
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *calls;       /* functions and operators by their names without schemas, with the character 31 between
                                them */
    bool is_unnamed;         /* a cast that is used without being written */
    const char *like_schema; /* LIKE: a table whose defaults and CHECKs it may copy; NULL, NULL: none */
    const char *like;
};

/* What a statement does to the knowledge about NULLs in a column. */
enum sql_proof_kind {
    SQL_PROOF_IS, /* no row has NULL in `column`, by `constraint`; that is NULL if unnamed, "" for a plain NOT NULL */
    SQL_PROOF_PROMISED,  /* the same once the constraint is valid */
    SQL_PROOF_VALIDATED, /* the constraint becomes valid */
    SQL_PROOF_DROPPED,   /* the constraint is dropped, or is_renamed */
    SQL_PROOF_COLUMN,    /* the column is added, dropped, renamed or becomes nullable: earlier knowledge is void */
};

struct sql_proof {
    enum sql_proof_kind kind;
    const char *schema; /* NULL: unqualified */
    const char *table;
    const char *constraint;
    const char *column;
    bool is_renamed; /* DROPPED */
    bool is_shared;  /* IS, PROMISED: the constraint says something about other columns, too */
    bool may_be_row; /* COLUMN: a new one whose type may be composite, for which IS NOT NULL means something else */
};

struct sql_effects {
    struct sql_relation_lock *locks; /* strongest first; without relations that the statement itself creates */
    size_t count;
    enum sql_work work;
    const char *advice; /* a safer way, or a remark; NULL: none */
    bool unknown;       /* it may lock more than listed: it calls something unknown, or could not be read */
    bool unread;        /* the parser does not know it */
    bool is_newer;      /* it was read in the words of our grammar, which is older than its syntax */
    bool computes;      /* it evaluates expressions, whether it names a table or not */
    bool names_new;     /* it names a relation that is new (see is_new), on which no lock is listed */
    bool loses_values;  /* values of a column may not be kept by the change of its type: see retypes */
    bool keeps_rows;    /* existing rows, and the names and types of their columns, stay as they are */
    bool every_row;     /* it changes or deletes all rows of an existing table */
    bool drops_none;    /* the columns that it drops are not there, or the plan has made them */
    bool is_decided;    /* its IF [NOT] EXISTS changes nothing: what it names is there, or is not */
    struct sql_reach *reaches;
    size_t reach_count;
    struct sql_touch *touches;
    size_t touch_count;
    size_t made;     /* at least so many relations are made, each locked: indexes, sequences and TOAST tables count */
    size_t unlisted; /* by the caller: relations that are locked no stronger than by changed rows, and left out */
    struct sql_change *changes;
    size_t change_count;
    struct sql_need *needs; /* must exist; in any schema if unqualified */
    size_t need_count;
    struct sql_need *makes; /* must not exist, in the schema where they are created */
    size_t make_count;
    struct sql_alter *alters;
    size_t alter_count;
    struct sql_made_table *made_table; /* NULL: none */
    struct sql_reference *references;
    size_t reference_count;
    struct sql_demand *demands;
    size_t demand_count;
    const char *wrong;                /* a sentence why it cannot succeed in any database; NULL: nothing known */
    struct sql_bound *bound;          /* of the partition that it creates or attaches; NULL: none */
    struct sql_replaced *passed_over; /* what IF NOT EXISTS … AS would create; NULL: nothing, or not known */
    struct sql_replaced *replaced;    /* NULL: nothing, or not known */
    struct sql_stored *stored;        /* NULL: nothing */
    struct sql_written *written;      /* NULL: nothing, or not known */
    struct sql_analyzed *analyzed;    /* NULL: nothing, or not known */
    struct sql_proof *proofs;         /* in the statement's order */
    size_t proof_count;
    struct sql_retype *retypes; /* of columns of existing tables */
    size_t retype_count;
    struct sql_right *rights; /* besides those on relations that it locks */
    size_t right_count;
};

enum sql_type_kind {
    SQL_TYPE_NOT_KNOWN,
    SQL_TYPE_PLAIN,
    SQL_TYPE_ENUM,
    SQL_TYPE_FREE_DOMAIN,
    SQL_TYPE_CHECKED_DOMAIN, /* it, or a domain below it, has a CHECK or NOT NULL */
};

/* What the caller knows about the database. Every function may be NULL or answer "not known". Names are as in the
 * statement, folded and unquoted; schema NULL: unqualified. */
struct sql_facts {
    int server_version; /* 150018; 0: not known, then the worst of all versions is assumed */
    void *data;
    /* The type of a column by format_type() ("character varying(20)"); NULL: not known. */
    const char *(*column_type)(void *data, const char *schema, const char *table, const char *column);
    /* Did nothing of this name exist before the plan, so that a lock on it blocks nobody? */
    bool (*is_new)(void *data, const char *schema, const char *relation);
    /* Is a function, or an operator, of this name known to change and lock only rows? */
    bool (*is_harmless)(void *data, const char *schema, const char *function);
    void *asked; /* for the following functions */
    /* The kind of a type; for a domain *base is its base type by format_type(). */
    enum sql_type_kind (*type_kind)(void *asked, const char *schema, const char *type, const char **base);
    /* The base type of a type that column_type() returned; NULL: it is no domain. */
    const char *(*base_of)(void *asked, const char *type);
    /* Is the column known to contain no NULL, by NOT NULL or a valid CHECK, so that SET NOT NULL needs no scan? */
    bool (*never_null)(void *asked, const char *schema, const char *table, const char *column);
    /* The same for all columns of an index of the table. */
    bool (*index_never_null)(void *asked, const char *schema, const char *table, const char *index);
    /* Does the column have an index that is rebuilt by every change of its type: on an expression, partial, or on an
     * array's elements? */
    bool (*is_indexed_specially)(void *asked, const char *schema, const char *table, const char *column);
    /* Does the column have a CHECK, which is evaluated for every row again when the type changes? */
    bool (*is_checked)(void *asked, const char *schema, const char *table, const char *column);
    /* Is there a relation of this name in the table's schema, where its indexes are created? */
    bool (*has_beside)(void *asked, const char *schema, const char *table, const char *name);
    /* Is it partitioned? */
    bool (*is_partitioned)(void *asked, const char *schema, const char *relation);
    /* May a function, or an operator, of this name give another value for each row? A new column's default is then
     * computed row by row. */
    bool (*is_volatile)(void *asked, const char *schema, const char *function);
    /* Is the TimeZone one without an offset, now and when the statement runs? Then moments with and without a zone are
     * stored in the same way. */
    bool (*is_zone_utc)(void *asked);
    /* Is the column in any index? */
    bool (*is_indexed)(void *asked, const char *schema, const char *table, const char *column);
    /* Is the column in an index, and has it another collation than its type? A new type without a COLLATE takes that
     * away.
     */
    bool (*is_collated)(void *asked, const char *schema, const char *table, const char *column);
    /* Is the column generated when it is read, and so not stored (PostgreSQL 18)? */
    bool (*is_virtual)(void *asked, const char *schema, const char *table, const char *column);
    /* Do foreign keys refer to it, so that their tables are read when it is detached? */
    bool (*is_referred)(void *asked, const char *schema, const char *relation);
    /* Is the relation as the statement wants it already? what: its "tablespace" or access "method" is called `name`;
     * its "persistence" is `name` (pg_class.relpersistence); its "constraint" `name` is valid; it has "no trigger", "no
     * rule" or "no policy" of this name, or had "no column" of it before the plan. */
    bool (*is_so)(void *asked, const char *schema, const char *relation, const char *what, const char *name);
    /* Has it a DEFAULT partition, which a new partition has read? */
    bool (*has_default)(void *asked, const char *schema, const char *relation);
    /* Would a statement surely find a relation of this name? */
    bool (*is_found)(void *asked, const char *schema, const char *relation);
    /* Is one surely there where a CREATE would make it? */
    bool (*is_made)(void *asked, const char *schema, const char *relation);
    /* Is the name surely free? */
    bool (*is_free)(void *asked, const char *schema, const char *relation);
};

/* Finds the effects of one statement; facts may be NULL. A statement that the parser does not know, or whose effects
 * depend on what it calls, gets SQL_WORK_UNKNOWN and only the locks on what it names; so does one of more than 64 kB,
 * except INSERT … VALUES. At most 1000 relations are listed. `created` are relations that earlier statements of the
 * plan create ("schema.table" or "table"; NULL-terminated; may be NULL): locks on them block nobody and are left
 * out. */
void sql_effects(struct arena *arena, struct text statement, const struct sql_facts *facts, const char *const *created,
                 struct sql_effects *effects);

/* Orders kinds of work: what is not known weighs most, then what takes longest. */
int sql_work_weight(enum sql_work work);

/* Sorts the locks: the strongest first, then by name. */
void sql_effects_sort(struct sql_effects *effects);

/* The same by the statement's first words only, at no cost: INSERT … VALUES is known, everything else is unknown. */
void sql_effects_by_words(struct arena *arena, struct text statement, const struct sql_facts *facts,
                          struct sql_effects *effects);

/* "ACCESS EXCLUSIVE"; "" for SQL_LOCK_NONE. */
const char *sql_lock_name(enum sql_lock lock);

bool sql_lock_blocks_reads(enum sql_lock lock);
bool sql_lock_blocks_writes(enum sql_lock lock);

/* By its words only, at no cost: may this statement wait for a lock while others queue behind it (SHARE or stronger on
 * something that exists)? For DO, CALL and functions it judges by the words in the text. False for CREATE INDEX
 * CONCURRENTLY and similar, and for INSERT, UPDATE, DELETE and SELECT. */
bool sql_may_stall_others(struct text statement);

/* A body of a function: SELECT of one expression whose value is the same for every row, from nothing. The server puts
 * such an expression in the place of a call. */
bool sql_is_steady_select(struct arena *arena, struct text body);

#endif
