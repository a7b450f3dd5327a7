/*
 * What a statement does to a running database: the locks it takes on what is there already, whom they stop, and whether
 * it reads or writes a whole table under them. A catalogue measured on PostgreSQL 13 to 18
 * (tests/service/test_effects.py holds it against the servers that are installed). Looks at the statement's parse tree
 * (libpg_query) and at nothing else, but for what the caller tells of the database: what a statement locks without
 * naming it is only in the advice.
 */
#ifndef SQL_EFFECTS_H
#define SQL_EFFECTS_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

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
};

struct sql_effects {
    struct sql_relation_lock *locks; /* strongest first; relations that the statement itself creates are left out */
    size_t count;
    enum sql_work work;
    const char *advice; /* a safer way, or what to know; NULL where there is nothing to say */
};

/* What the caller knows of the database. Every function may be NULL or answer "not known". Names as the statement has
 * them, folded and unquoted; schema is NULL where the statement gives none. */
struct sql_facts {
    int server_version; /* 150018; 0: not known, then the worst of all versions is said */
    void *data;
    /* The type of a column as format_type() writes it ("character varying(20)"); NULL where it is not known. */
    const char *(*column_type)(void *data, const char *schema, const char *table, const char *column);
};

/* The effects of one statement; facts may be NULL. A statement that the parser does not know, or whose effects depend
 * on what it calls, has SQL_WORK_UNKNOWN, and no locks but on what it names itself; so has one above 64 kB, but for
 * INSERT … VALUES. At most 1000 relations are listed. `created` are relations that earlier statements of the same plan
 * create ("schema.table" or "table", NULL-terminated, may be NULL): locks on them stop nobody and are left out. */
void sql_effects(struct arena *arena, struct text statement, const struct sql_facts *facts, const char *const *created,
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

#endif
