/*
 * One table [framework.NAME] while it is read. Private to this folder.
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
    struct ledger_shape *shape; /* the framework's; the next one is its end */
    struct status *status;
};

/* "truss.toml, line 3: framework.ours.late: why"; false. */
bool declaration_refuse(const struct declaration *declaration, const struct toml_entry *entry, const char *why);

/* Takes the value of one key, whose type is right, into the framework; false and a status where it cannot be. */
typedef bool declaration_taker(struct declaration *declaration, const struct toml_entry *entry);

/* take_KEY for each of keys.def: facts.c, templates.c. */
#define DECLARED(id, key, type, needed, fallback, meaning, example) declaration_taker take_##id;
#include "framework/declared/keys.def"
#undef DECLARED

/* What several keys say together: a number that no pattern has, a mark without its other half. */
bool declaration_is_whole(const struct declaration *declaration, const struct toml_entry *first);

#endif
