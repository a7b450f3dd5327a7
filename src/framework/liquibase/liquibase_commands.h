/*
 * Liquibase's changelog in the commands of a package: flags and variables in Dockerfiles, compose files, scripts.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_COMMANDS_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_COMMANDS_H

#include "framework/core/mention.h"

enum liquibase_option {
    LIQUIBASE_CHANGELOG, /* --changelog-file */
    LIQUIBASE_SEARCH,    /* --search-path */
    LIQUIBASE_DEFAULTS,  /* --defaults-file */
};

struct liquibase_said {
    enum liquibase_option option;
    const char *value; /* NULL: computed */
    const char *word;
    struct source_file file;
    size_t at;
};

struct liquibase_commands {
    struct liquibase_said *items;
    size_t count;
    size_t capacity;
};

void liquibase_commands_read(struct arena *arena, const struct folder *folder, struct liquibase_commands *commands);

/* The value of this option in the same file; NULL: not given. */
const char *liquibase_command_beside(const struct liquibase_commands *commands, const struct liquibase_said *said,
                                     enum liquibase_option option);

/* The directory of the project that the file mounts or copies to the container's /liquibase/changelog, where the image
 * looks first; NULL: none. */
const char *liquibase_command_mount(struct arena *arena, const struct source_file *file);

#endif
