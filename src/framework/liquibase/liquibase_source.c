/*
 * Liquibase's own file, and those of Spring, Quarkus and Micronaut.
 */
#include "framework/liquibase/liquibase_source.h"

#include "framework/formats/config.h"

#include <stdlib.h>
#include <string.h>

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

#define OF_SPRING    "spring.liquibase."
#define OF_QUARKUS   "quarkus.liquibase."
#define OF_MICRONAUT "liquibase.datasources.default."

const struct liquibase_source liquibase_sources[LIQUIBASE_SOURCES] = {
    {.file = "liquibase.properties",
     .prefixes = {"liquibase.command.update.", "", "liquibase.command.", "liquibase."},
     .parameters = {"parameter."}},
    {.file = "src/main/resources/liquibase.properties",
     .prefixes = {"liquibase.command.update.", "", "liquibase.command.", "liquibase."},
     .parameters = {"parameter."}},
    {.file = "src/main/resources/application.properties",
     .prefixes = {OF_SPRING, OF_QUARKUS, OF_MICRONAUT},
     .parameters = {OF_SPRING "parameters.", OF_QUARKUS "change-log-parameters.", OF_MICRONAUT "parameters."},
     .is_of_application = true},
    {.file = "src/main/resources/application.yml", .is_of_application = true},
    {.file = "src/main/resources/application.yaml", .is_of_application = true},
    {.file = "src/main/resources/config/application.properties",
     .prefixes = {OF_SPRING},
     .parameters = {OF_SPRING "parameters."},
     .is_of_application = true},
    {.file = "src/main/resources/config/application.yml", .is_of_application = true},
    {.file = "src/main/resources/config/application.yaml", .is_of_application = true},
};

/* Of Spring, Quarkus and Micronaut. */
static const char *const yaml_paths[][3] = {
    {"spring", "liquibase", NULL}, {"quarkus", "liquibase", NULL}, {"liquibase", "datasources", "default"}};

#define YAML_PATHS (sizeof yaml_paths / sizeof *yaml_paths)

/* The path of a name below one of these. */
struct yaml_path {
    const char *keys[5];
};

static struct yaml_path yaml_path(size_t which, const char *name)
{
    const char *const *const above = yaml_paths[which];
    return above[2] == NULL ? (struct yaml_path){{above[0], above[1], name, NULL}}
                            : (struct yaml_path){{above[0], above[1], above[2], name, NULL}};
}

/* The value in YAML below the first of these paths that has it. */
static const char *yaml_setting(struct arena *arena, struct text content, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; value == NULL && i < YAML_PATHS; i++) {
        value = config_yaml(arena, content, yaml_path(i, name).keys);
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

/* The parameters in YAML below the first of these paths that has some. */
static const struct config_pair *yaml_parameters(struct arena *arena, struct text content, size_t *count)
{
    static const char *const names[] = {"parameters", "change-log-parameters"};
    const struct config_pair *pairs = NULL;
    *count = 0;
    for (size_t i = 0; *count == 0 && i < 2 * YAML_PATHS; i++) {
        pairs = config_yaml_pairs(arena, content, yaml_path(i / 2, names[i % 2]).keys, count);
    }
    return pairs;
}

/* Quarkus: change-log-parameters."a name". */
static const char *unquoted(struct arena *arena, const char *key)
{
    const size_t size = strlen(key);
    const bool is_quoted = size > 1 && key[0] == '"' && key[size - 1] == '"';
    return is_quoted ? arena_strndup(arena, key + 1, size - 2) : key;
}

void liquibase_parameters_add(struct arena *arena, const struct liquibase_source *source, struct text content,
                              struct liquibase_settings *settings)
{
    size_t count = 0;
    const struct config_pair *pairs = source->parameters[0] == NULL ? yaml_parameters(arena, content, &count) : NULL;
    for (size_t i = 0; count == 0 && i < LIQUIBASE_PARAMETERS && source->parameters[i] != NULL; i++) {
        pairs = config_pairs(arena, content, NULL, source->parameters[i], &count);
    }
    if (count == 0) {
        return;
    }
    struct config_pair *const all = arena_array(arena, count + settings->parameter_count, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        all[i].key = unquoted(arena, pairs[i].key);
        all[i].value = config_is_computed(pairs[i].value) ? NULL : pairs[i].value;
    }
    for (size_t i = 0; i < settings->parameter_count; i++) {
        all[count + i] = settings->parameters[i];
    }
    settings->parameters = all;
    settings->parameter_count += count;
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
