/*
 * What alembic.ini and pyproject.toml say of Alembic: an option of the section in alembic.ini comes before the one in
 * [tool.alembic] (get_alembic_option of 1.16).
 */
#ifndef FRAMEWORK_CODED_ALEMBIC_OPTIONS_H
#define FRAMEWORK_CODED_ALEMBIC_OPTIONS_H

#include "framework/core/unread.h"

#include "base/words.h"

struct alembic_options {
    struct source_file ini;  /* empty where there is none */
    struct source_file toml; /* the same, also where it has no [tool.alembic] */
    const char *section;     /* of alembic.ini: "alembic" */
};

/* False where neither is there. */
bool alembic_options_read(struct arena *arena, const struct folder *folder, struct alembic_options *options);

/* The value of an option; NULL: it is not set. file (may be NULL) is where it stands. */
const char *alembic_option(struct arena *arena, const struct alembic_options *options, const char *key,
                           struct source_file *file);

/* The items of one that is a list. */
struct words alembic_option_list(struct arena *arena, const struct alembic_options *options, const char *key);

#endif
