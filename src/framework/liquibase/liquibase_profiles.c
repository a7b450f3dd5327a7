/*
 * Files next to the usual one, and documents in it.
 */
#include "framework/liquibase/liquibase_profiles.h"

#include "framework/core/spring_profiles.h"
#include "framework/liquibase/liquibase_source.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define FIRST_OF_LEDGER 2 /* the index in `checked` */

/* The settings of the usual configuration, which the callbacks use. */
struct usual {
    const struct liquibase_settings *settings;
};

static const struct liquibase_source *source_of(const struct source_file *file)
{
    return &liquibase_sources[spring_is_yaml(file->name) ? LIQUIBASE_YAML : LIQUIBASE_PROPERTIES];
}

/* If a profile says something that the usual configuration does not, the user is asked: changesets of one context are
 * often only test data. */
static void note_settings(struct arena *arena, struct folder *folder, const struct source_file *file, void *data)
{
    const struct liquibase_settings *const settings = ((const struct usual *)data)->settings;
    const struct text content = file->content;
    const struct {
        enum liquibase_setting setting;
        const char *known;
        const char *usual; /* if nothing is set */
        const char *answer;
    } checked[] = {
        {SETTING_CONTEXTS, settings->contexts, NULL, ": say which by SPRING_LIQUIBASE_CONTEXTS in the environment"},
        {SETTING_LABELS, settings->labels, NULL, ": say which by SPRING_LIQUIBASE_LABEL_FILTER in the environment"},
        {SETTING_TABLE, folder->ledger.table, "databasechangelog", ""},
        {SETTING_SCHEMA, folder->ledger.schema, "public", ""},
        {SETTING_DEFAULT_SCHEMA, settings->default_schema, "public", ""},
    };
    for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
        const char *const said = liquibase_setting_of(arena, source_of(file), content, checked[i].setting);
        const char *const known = checked[i].known == NULL ? checked[i].usual : checked[i].known;
        const size_t found = said == NULL ? SIZE_MAX : text_find(content, said, text_find(content, "liquibase", 0));
        const size_t at = found == SIZE_MAX ? 0 : found;
        if (said == NULL || liquibase_environment_of(checked[i].setting) != NULL ||
            (known != NULL && strcasecmp(said, known) == 0)) {
            continue;
        }
        const char *const why = arena_printf(arena, "says %s for one profile, and others have %s%s", said,
                                             known == NULL ? "none" : known, checked[i].answer);
        folder->evidence = folder->evidence == NULL ? path_join(arena, folder->base, file->name) : folder->evidence;
        if (i < FIRST_OF_LEDGER) {
            unread_folder_because(arena, folder, *file, at, why);
        } else {
            unread_ledger_because(arena, folder, *file, at, why);
        }
    }
}

/* Is a changelog named in a profile the root that was found? */
static bool is_root(struct arena *arena, const struct folder *folder, const struct liquibase_settings *settings,
                    const char *said)
{
    const char *const path = liquibase_path(arena, "", said);
    if (settings == NULL || path == NULL) {
        return false;
    }
    const char *const root = path_join(arena, settings->search, settings->root);
    const char *const resources = path_join(arena, folder->base, LIQUIBASE_RESOURCES);
    return strcmp(root, path_join(arena, folder->base, path)) == 0 ||
           strcmp(root, path_join(arena, resources, path)) == 0;
}

static void note_changelog(struct arena *arena, struct folder *folder, const struct source_file *file, void *data)
{
    const struct liquibase_settings *const settings = ((const struct usual *)data)->settings;
    const char *const said = liquibase_setting_of(arena, source_of(file), file->content, SETTING_CHANGELOG);
    if (said == NULL || is_root(arena, folder, settings, said)) {
        return;
    }
    const size_t at = text_find(file->content, said, 0);
    folder->evidence = folder->evidence == NULL ? path_join(arena, folder->base, file->name) : folder->evidence;
    unread_folder_because(arena, folder, *file, at == SIZE_MAX ? 0 : at,
                          arena_printf(arena, "names the changelog %s for one profile, and others have %s", said,
                                       settings == NULL ? "none" : settings->root));
}

void liquibase_profiles_note(struct arena *arena, struct folder *folder, const struct liquibase_settings *settings)
{
    spring_profiles_each(arena, folder, "liquibase", note_settings, &(struct usual){settings});
}

void liquibase_profiles_note_changelogs(struct arena *arena, struct folder *folder,
                                        const struct liquibase_settings *settings)
{
    spring_profiles_each(arena, folder, "liquibase", note_changelog, &(struct usual){settings});
}
