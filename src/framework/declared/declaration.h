/*
 * A table [framework.NAME] while it is read. Private to this folder.
 */
#ifndef FRAMEWORK_DECLARED_DECLARATION_H
#define FRAMEWORK_DECLARED_DECLARATION_H

#include "base/toml.h"
#include "framework/core/framework.h"

struct declaration {
    struct arena *arena;
    const struct toml *toml;
    const char *root; /* the project */
    const char *name; /* "ours" */
    struct framework *framework;
    struct ledger_shape *shape; /* of the framework; the next one ends the list */
    struct status *status;
};

/* Fails with "truss.toml, line 3: framework.ours.late: why". Returns false. */
bool declaration_refuse(const struct declaration *declaration, const struct toml_entry *entry, const char *why);

/* Stores the value of one key, whose type was checked, in the framework; fails if the value is invalid. */
typedef bool declaration_taker(struct declaration *declaration, const struct toml_entry *entry);

/* take_KEY for each key in keys.def: facts.c, templates.c. */
#define DECLARED(id, key, type, needed, fallback, meaning, example) declaration_taker take_##id;
#include "framework/declared/keys.def"
#undef DECLARED

/* Checks the keys together, for example a number without a pattern for it, or a mark without its counterpart. */
bool declaration_is_whole(const struct declaration *declaration, const struct toml_entry *first);

#endif
