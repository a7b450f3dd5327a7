/*
 * Migrations of Django that take the place of others (squashed ones): which they are, and when they count as applied.
 */
#ifndef FRAMEWORK_CODED_DJANGO_REPLACES_H
#define FRAMEWORK_CODED_DJANGO_REPLACES_H

#include "base/words.h"
#include "framework/core/framework.h"

/* migration_file.own of Django's. */
struct django_migration {
    const char *app;
    const char *const *replaces; /* keys, "blog.0001_initial", NULL-terminated; NULL: it replaces none */
    const char *const *needs;    /* its dependencies likewise, as far as they are written as text */
    bool is_unclear;             /* it has others */
};

/* What follows "NAME =" or "NAME: type =" at the beginning of a line of a class, to the end of the source; empty: there
 * is none. */
struct text django_value(struct text source, const char *name);

/* Reads the list of pairs with which the text begins, [("blog", "0001_initial"), …], and appends "blog.0001_initial" of
 * each to the keys. *is_unclear becomes true if it has anything else, such as a constant or a call. Returns false if
 * the list does not end, or goes on behind its bracket ("[…] + others"). */
bool django_pairs(struct arena *arena, struct text list, struct words *keys, bool *is_unclear);

/* Reads `replaces = [("blog", "0001_initial"), …]` of a program; NULL: there is none. *is_computed: there is one that
 * cannot be read without running it. */
const char *const *django_replaces(struct arena *arena, struct text source, bool *is_computed);

/* Changes the rows as Django does after reading them (build_graph of its loader.py): a migration that replaces others
 * is applied if all of those are, whatever its own row says. */
void django_settle_replaced(struct ledger_reading *reading);

/* Appends INSERTs of those that the record's migration replaces and that have no row: Django records these, too, and
 * without them it takes no notice of the migration's own row. */
void django_put_replaced(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);

#endif
