/*
 * Liquibase's own file, and those of Spring, Quarkus and Micronaut.
 */
#include "framework/liquibase/liquibase_source.h"

#include "framework/formats/config.h"

#include <stdlib.h>

#define SPELLINGS 8
#define PREFIXES  4

static const char *const spellings[MOST_SETTINGS][SPELLINGS] = {
    [SETTING_CHANGELOG] = {"changeLogFile", "changelogFile", "changelog-file", "change-log"},
    [SETTING_SEARCH] = {"searchPath", "search-path", "classpath", NULL},
    [SETTING_CONTEXTS] = {"contextFilter", "context-filter", "contexts", NULL},
    [SETTING_LABELS] = {"labelFilter", "label-filter", "labels", NULL},
    [SETTING_TABLE] = {"databaseChangeLogTableName", "databaseChangelogTableName", "database-changelog-table-name",
                       "database-change-log-table"},
    [SETTING_LOCK_TABLE] = {"databaseChangeLogLockTableName", "databaseChangelogLockTableName",
                            "database-changelog-lock-table-name", "database-change-log-lock-table"},
    [SETTING_SCHEMA] = {"liquibaseSchemaName", "liquibase-schema-name", "liquibase-schema", NULL},
    [SETTING_DEFAULT_SCHEMA] = {"defaultSchemaName", "default-schema-name", "default-schema", NULL},
    [SETTING_MISSING_PROPERTY] = {"missingPropertyMode", "missing-property-mode", NULL},
};

const struct liquibase_source liquibase_sources[LIQUIBASE_SOURCES] = {
    {"liquibase.properties", {"liquibase.command.update.", "", "liquibase.command.", "liquibase."}, "parameter."},
    {"src/main/resources/liquibase.properties",
     {"liquibase.command.update.", "", "liquibase.command.", "liquibase."},
     "parameter."},
    {"src/main/resources/application.properties",
     {"spring.liquibase.", "quarkus.liquibase.", "liquibase.datasources.default."},
     "spring.liquibase.parameters."},
    {"src/main/resources/application.yml", {NULL}, NULL},
    {"src/main/resources/application.yaml", {NULL}, NULL},
    {"src/main/resources/config/application.properties", {"spring.liquibase."}, "spring.liquibase.parameters."},
    {"src/main/resources/config/application.yml", {NULL}, NULL},
    {"src/main/resources/config/application.yaml", {NULL}, NULL},
};

/* Of Spring, Quarkus and Micronaut. */
static const char *const yaml_paths[][3] = {
    {"spring", "liquibase", NULL}, {"quarkus", "liquibase", NULL}, {"liquibase", "datasources", "default"}};

/* The value in YAML below the first of these paths that has it. */
static const char *yaml_setting(struct arena *arena, struct text content, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; value == NULL && i < sizeof yaml_paths / sizeof *yaml_paths; i++) {
        const char *const *const above = yaml_paths[i];
        const char *const path[] = {above[0], above[1], above[2] == NULL ? name : above[2],
                                    above[2] == NULL ? NULL : name, NULL};
        value = config_yaml(arena, content, path);
    }
    return value;
}

const char *liquibase_setting_of(struct arena *arena, const struct liquibase_source *source, struct text content,
                                 enum liquibase_setting which)
{
    for (size_t i = 0; i < SPELLINGS && spellings[which][i] != NULL; i++) {
        const char *const name = spellings[which][i];
        const char *value = source->prefixes[0] != NULL ? NULL : yaml_setting(arena, content, name);
        for (size_t j = 0; value == NULL && j < PREFIXES && source->prefixes[j] != NULL; j++) {
            value = config_value(arena, content, NULL, arena_printf(arena, "%s%s", source->prefixes[j], name));
        }
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

const char *liquibase_environment_of(enum liquibase_setting which)
{
    static const char *const variables[MOST_SETTINGS][SPELLINGS] = {
        [SETTING_CONTEXTS] = {"SPRING_LIQUIBASE_CONTEXTS", "QUARKUS_LIQUIBASE_CONTEXTS",
                              "LIQUIBASE_COMMAND_UPDATE_CONTEXT_FILTER", "LIQUIBASE_COMMAND_UPDATE_CONTEXTS",
                              "LIQUIBASE_COMMAND_CONTEXT_FILTER", "LIQUIBASE_COMMAND_CONTEXTS", NULL},
        [SETTING_LABELS] = {"SPRING_LIQUIBASE_LABEL_FILTER", "QUARKUS_LIQUIBASE_LABELS",
                            "LIQUIBASE_COMMAND_UPDATE_LABEL_FILTER", "LIQUIBASE_COMMAND_UPDATE_LABELS",
                            "LIQUIBASE_COMMAND_LABEL_FILTER", "LIQUIBASE_COMMAND_LABELS", NULL},
        [SETTING_MISSING_PROPERTY] = {"LIQUIBASE_MISSING_PROPERTY_MODE", NULL},
    };
    const char *value = NULL;
    for (size_t i = 0; value == NULL && i < SPELLINGS && variables[which][i] != NULL; i++) {
        value = getenv(variables[which][i]);
    }
    return value;
}
