/*
 * The files that may contain Liquibase's settings, each with its own spelling.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_SOURCE_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_SOURCE_H

#include "framework/liquibase/liquibase_changelog.h"

enum liquibase_setting {
    SETTING_CHANGELOG,
    SETTING_SEARCH,
    SETTING_CONTEXTS,
    SETTING_LABELS,
    SETTING_TABLE,
    SETTING_LOCK_TABLE,
    SETTING_SCHEMA,
    SETTING_DEFAULT_SCHEMA,
    SETTING_MISSING_PROPERTY, /* PRESERVE, EMPTY or ERROR */
    MOST_SETTINGS,
};

#define LIQUIBASE_PARAMETERS 3

struct liquibase_source {
    const char *file;
    const char *prefixes[4];                      /* NULL: YAML, below one of yaml_paths */
    const char *parameters[LIQUIBASE_PARAMETERS]; /* the beginnings of their keys; of YAML NULL */
    bool is_of_application;
};

#define LIQUIBASE_SOURCES    8
#define LIQUIBASE_PROPERTIES 2 /* the row of application.properties */
#define LIQUIBASE_YAML       3 /* the row of application.yml */
extern const struct liquibase_source liquibase_sources[LIQUIBASE_SOURCES];

/* The value of a setting in a file's content, in any spelling; NULL: none. */
const char *liquibase_setting_of(struct arena *arena, const struct liquibase_source *source, struct text content,
                                 enum liquibase_setting which);

/* Puts the parameters of a changelog that a file has in front of those that the settings have. */
void liquibase_parameters_add(struct arena *arena, const struct liquibase_source *source, struct text content,
                              struct liquibase_settings *settings);

/* The environment's contexts, labels or missing property mode, which take precedence over every file and profile; NULL:
 * none. */
const char *liquibase_environment_of(enum liquibase_setting which);

#endif
