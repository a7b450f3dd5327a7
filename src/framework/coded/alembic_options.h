/*
 * Reads Alembic's configuration in alembic.ini and pyproject.toml: an option in alembic.ini's section takes precedence
 * over one in [tool.alembic] (get_alembic_option of 1.16).
 */
#ifndef FRAMEWORK_CODED_ALEMBIC_OPTIONS_H
#define FRAMEWORK_CODED_ALEMBIC_OPTIONS_H

#include "framework/core/unread.h"

#include "base/words.h"

struct alembic_options {
    struct source_file ini;  /* empty if there is none */
    struct source_file toml; /* likewise, also if it has no [tool.alembic] */
    const char *section;     /* in alembic.ini: "alembic" */
};

/* Returns false if neither exists. */
bool alembic_options_read(struct arena *arena, const struct folder *folder, struct alembic_options *options);

/* The value of an option; NULL: not set. file (may be NULL) becomes the file that sets it. */
const char *alembic_option(struct arena *arena, const struct alembic_options *options, const char *key,
                           struct source_file *file);

/* The items of an option that is a list. */
struct words alembic_option_list(struct arena *arena, const struct alembic_options *options, const char *key);

#endif
