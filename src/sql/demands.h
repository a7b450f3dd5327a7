/*
 * What ALTER TABLE and similar statements demand of an existing relation that no other list has (alters.h, needs.h):
 * the catalogs tell whether it can be.
 */
#ifndef SQL_DEMANDS_H
#define SQL_DEMANDS_H

#include <stddef.h>

enum sql_demand_kind {
    /* With ONLY: not where children or partitions would need the same. */
    SQL_DEMAND_ONLY_IT,          /* `part` says what, for people */
    SQL_DEMAND_ONLY_CONSTRAINT,  /* it is the CHECK `part`, which is renamed */
    SQL_DEMAND_ONLY_PARTITIONED, /* not where partitions exist; `part` says what */
    SQL_DEMAND_ONLY_FILLED,      /* the column `part`, which becomes NOT NULL, is so in the partitions */
    SQL_DEMAND_OWN_CONSTRAINT,   /* the constraint `part` is not inherited; `other` "rename": if it is a CHECK */
    SQL_DEMAND_OWN_NULLS,        /* the column `part` is not NOT NULL in the table of which this is a partition */
    SQL_DEMAND_NO_PARTITIONS,    /* it is not partitioned; `part` says what, with the SQLSTATE */
    SQL_DEMAND_INHERITS,         /* it can become a child of `other` */
    SQL_DEMAND_IS_CHILD,         /* it is a child of `other`, and no partition */
    SQL_DEMAND_PARENT,           /* it can have children that are no partitions */
    SQL_DEMAND_KEY_INDEX,        /* the index `part` can become the key `other` ("p" or "u") */
    SQL_DEMAND_IDENTITY_INDEX,   /* the index `part` can be the replica identity */
    SQL_DEMAND_CLUSTER_INDEX,    /* the table can be ordered by the index `part` */
    SQL_DEMAND_CLUSTERED,        /* an index by which it is ordered is known */
    SQL_DEMAND_STORAGE,          /* the type of the column `part` can be stored out of line or compressed */
    SQL_DEMAND_LOGGED,           /* SET LOGGED: its foreign keys refer to what is logged */
    SQL_DEMAND_UNLOGGED,         /* SET UNLOGGED: those that refer to it are of unlogged tables; it is not published */
    SQL_DEMAND_REFERABLE,        /* a foreign key of a table with the persistence `part` may refer to it */
    SQL_DEMAND_PERSISTENT,       /* its persistence allows a foreign key to `other` */
    SQL_DEMAND_NO_KEY,           /* it has no primary key */
    SQL_DEMAND_CHANGEABLE,       /* its rows can be changed by a statement */
    SQL_DEMAND_FREE_TYPE,        /* the type `name` is in no column, if it would have to be changed there: `part` */
    SQL_DEMAND_PUBLISHABLE,      /* it is a logged table */
    SQL_DEMAND_NOT_MEMBER,       /* it is not in the publication `part`, which is not of all tables */
    SQL_DEMAND_MEMBER,           /* it is */
    SQL_DEMAND_NUMBERS,          /* the sequence's MINVALUE, MAXVALUE, START and RESTART are in order with those in
                                    `part`, which are separated by the character 31; "": it stays */
    SQL_DEMAND_SECURES,          /* nothing: its row security is enabled ("e") or forced ("f"): `part` */
    SQL_DEMAND_TYPE_KIND,        /* the type `name` is of this kind (pg_type.typtype): `part` */
};

struct sql_demand {
    enum sql_demand_kind kind;
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *part;
    const char *other_schema;
    const char *other;
};

#endif
