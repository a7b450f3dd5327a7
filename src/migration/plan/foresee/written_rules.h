/*
 * What a table demands of its rows, asked of the catalogs.
 */
#ifndef MIGRATION_PLAN_FORESEE_WRITTEN_RULES_H
#define MIGRATION_PLAN_FORESEE_WRITTEN_RULES_H

#include "pg/trust.h"

/* $1 the table, $2 the columns, separated by the character 31, or '', $3 how many of the first ones then. Each in the
 * order of the list. */
extern const char written_columns_sql[];
enum {
    WRITTEN_NAME,
    WRITTEN_QUOTED,
    WRITTEN_TYPE, /* to which a constant is cast; NULL: it is not compared */
    WRITTEN_MOST, /* characters; NULL: no limit */
    WRITTEN_NOT_NULL,
    WRITTEN_HAS_CHECKS,   /* the table, or the column's domain */
    WRITTEN_HAS_PLACES,   /* the table is partitioned, or a partition */
    WRITTEN_HAS_SPECIALS, /* the table has unique indexes over expressions, or of some rows */
};

/* $1 the table: its unique indexes over columns: these, its name, are NULLs equal in it. */
extern const char written_uniques_sql[];

/* A format for the table's oid: the statements that would make its other unique indexes, and their names. */
#define WRITTEN_SPECIAL                                                                                                \
    "SELECT pg_catalog.pg_get_indexdef(i.indexrelid), x.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class "  \
    "x ON x.oid = i.indexrelid WHERE i.indrelid = %u AND i.indisunique AND i.indisvalid AND i.indimmediate AND "       \
    "(i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)"

/* $1 the table: its foreign keys that are checked at once. */
extern const char written_keys_sql[];
enum { WRITTEN_TO_SCHEMA, WRITTEN_TO, WRITTEN_OWN, WRITTEN_REFERRED, WRITTEN_FULL, WRITTEN_KEY };

/* $1 the table: a row if a trigger or rule of it, or of its partitions, may write other rows than those that are given.
 */
extern const char written_otherwise_sql[];

/* $1 the table: a row if adding rows to it may change others: triggers and rules, also of its partitions, functions of
 * users in defaults, CHECKs and indexes, and what no table is. */
extern const char written_more_sql[];

/* A format for the table's oid, twice: its CHECKs, and those of the domains of its columns: the statement that would
 * add it, its name, the column of a domain or NULL. A domain's are code of its owner. */
#define WRITTEN_CHECKS                                                                                                 \
    "SELECT pg_catalog.format('ALTER TABLE x ADD CHECK (%%s)', pg_catalog.pg_get_expr(k.conbin, k.conrelid)), "        \
    "k.conname, NULL FROM pg_catalog.pg_constraint k WHERE k.conrelid = %u AND k.contype = 'c' AND "                   \
    "coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true' UNION ALL SELECT pg_catalog.format('ALTER "   \
    "DOMAIN x ADD CHECK (%%s)', pg_catalog.pg_get_expr(k.conbin, 0)), k.conname, a.attname FROM "                      \
    "pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd' JOIN "              \
    "pg_catalog.pg_roles r ON r.oid = t.typowner AND " PG_IS_TRUSTED(                                                  \
        "r") " JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid AND k.contype = 'c' WHERE a.attrelid = %u AND "   \
             "a.attnum > 0 "                                                                                           \
             "AND NOT a.attisdropped"
enum { WRITTEN_ADDING, WRITTEN_CHECK, WRITTEN_OF };

#endif
