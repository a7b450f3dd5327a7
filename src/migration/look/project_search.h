/*
 * Inside project_database: a search under way.
 */
#ifndef MIGRATION_LOOK_PROJECT_SEARCH_H
#define MIGRATION_LOOK_PROJECT_SEARCH_H

#include "base/arena.h"
#include "base/text.h"
#include "migration/look/named_database.h"

#include <stdbool.h>

struct search {
    struct arena *arena;
    const char *root;
    const char *base;
    struct named_databases *found;
};

void search_add(struct search *search, const struct named_database *named);

/* What a connection URL or string names, as found at the place of `named`; false where it is none. */
bool search_add_url(struct search *search, struct named_database named, const char *url);

/* What an environment variable holds; place is where it is named, NULL: its tool reads it by itself. False where it is
 * not set, or holds no database of ours. */
bool search_add_variable(struct search *search, const char *name, const struct named_database *place);

/* All that the text of a file says. */
void search_text(struct search *search, const char *file, struct text content);

#endif
