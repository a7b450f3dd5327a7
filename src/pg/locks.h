/*
 * Our advisory locks of two keys in a database: the class, and what the second key says. A run's is a hash of its
 * tracking table's name (migration/look/under_way.c).
 */
#ifndef PG_LOCKS_H
#define PG_LOCKS_H

#define LOCKS_CLASS        "1414681939" /* "TRUS" */
#define LOCKS_CLASS_NUMBER 0x54525553   /* the same */
#define LOCKS_TABLES       "0"          /* our own tables are being made */
#define LOCKS_BRANCH       "1"          /* a branch gets its number */

/* SQL, for a pinned session: is a row `l` of pg_locks the lock of a run? */
#define LOCKS_IS_OF_RUN                                                                                                \
    "(l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = " LOCKS_CLASS " AND l.objid NOT IN (" LOCKS_TABLES    \
    ", " LOCKS_BRANCH "))"

#endif
