/*
 * Where the root changelog is: where liquibase.properties, Spring Boot or Quarkus say, else the only matching file in
 * the usual places. Names in the ledger are relative to the search path: the package, or its resources.
 */
#include "framework/liquibase/liquibase_layout.h"

#include "framework/core/data_sources.h"
#include "framework/core/inner_path.h"
#include "framework/core/ledger.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"
#include "framework/formats/spring.h"
#include "framework/liquibase/liquibase_changelog.h"
#include "framework/liquibase/liquibase_commands.h"
#include "framework/liquibase/liquibase_profiles.h"
#include "framework/liquibase/liquibase_source.h"
#include "framework/liquibase/liquibase_sql.h"

#include <string.h>

#define RESOURCES LIQUIBASE_RESOURCES

/* ---- configuration ---- */

static bool is_there(struct arena *arena, const struct folder *folder, const char *search, const char *root)
{
    return file_look(path_join(arena, path_join(arena, folder->root, search), root), NULL) == FILE_REGULAR;
}

/* Finds the root that the configuration names, below one of the search paths. */
static bool find_configured(struct arena *arena, const struct folder *folder, const char *searched, const char *named,
                            struct liquibase_settings *settings)
{
    const char *const usual[] = {folder->base, path_join(arena, folder->base, RESOURCES), NULL};
    char *rest;
    settings->root = liquibase_path(arena, "", named);
    if (settings->root == NULL) {
        return false;
    }
    for (char *one = searched == NULL ? NULL : strtok_r(arena_strdup(arena, searched), ",;", &rest); one != NULL;
         one = strtok_r(NULL, ",;", &rest)) {
        settings->search = liquibase_path(arena, folder->base, one);
        if (settings->search != NULL && is_there(arena, folder, settings->search, settings->root)) {
            return true;
        }
    }
    for (size_t i = 0; usual[i] != NULL; i++) {
        settings->search = usual[i];
        if (is_there(arena, folder, settings->search, settings->root)) {
            return true;
        }
    }
    return false;
}

/* If a configuration names a changelog that does not exist, the user is asked: the one in the usual place may be an old
 * one. */
static void note_absent(struct arena *arena, struct folder *folder, const struct source_file *file, const char *named)
{
    const size_t at = text_find(file->content, named, 0);
    unread_folder_because(arena, folder, *file, at == SIZE_MAX ? 0 : at,
                          arena_printf(arena,
                                       config_is_computed(named)
                                           ? "computes the changelog (%s), which cannot be read without running it"
                                           : "names the changelog %s, which is not in the project",
                                       named));
}

/* What another file said does not count where this one does. */
static void forget(struct liquibase_settings *settings)
{
    settings->contexts = settings->labels = settings->missing_property = settings->lock_table = NULL;
    settings->parameters = NULL;
    settings->parameter_count = 0;
}

static void take_environment(struct liquibase_settings *settings)
{
    const char *const contexts = liquibase_environment_of(SETTING_CONTEXTS);
    const char *const labels = liquibase_environment_of(SETTING_LABELS);
    settings->contexts = contexts != NULL ? contexts : settings->contexts;
    const char *const missing = liquibase_environment_of(SETTING_MISSING_PROPERTY);
    settings->labels = labels != NULL ? labels : settings->labels;
    settings->missing_property = missing != NULL ? missing : settings->missing_property;
}

static void set(const char **place, const char *value)
{
    *place = value == NULL ? *place : value;
}

/* An application has several files: what one does not say, another may have said. */
static void take_settings(struct arena *arena, struct folder *folder, const char *const values[MOST_SETTINGS],
                          struct liquibase_settings *settings)
{
    const char *const schema = values[SETTING_SCHEMA] != NULL ? values[SETTING_SCHEMA] : values[SETTING_DEFAULT_SCHEMA];
    set(&settings->contexts, values[SETTING_CONTEXTS]);
    set(&settings->labels, values[SETTING_LABELS]);
    set(&settings->missing_property, values[SETTING_MISSING_PROPERTY]);
    set(&settings->lock_table, ledger_folded_name(arena, values[SETTING_LOCK_TABLE]));
    set(&settings->default_schema, ledger_folded_name(arena, values[SETTING_DEFAULT_SCHEMA]));
    set(&folder->ledger.table, ledger_folded_name(arena, values[SETTING_TABLE]));
    set(&folder->ledger.schema, ledger_folded_name(arena, schema));
    folder->script_schema = settings->default_schema;
}

/* Reads one configuration. Returns true if it names a root that exists. */
static bool configure_from(struct arena *arena, struct folder *folder, const struct liquibase_source *source,
                           struct liquibase_settings *settings)
{
    struct source_file file = {.name = source->file};
    const char *values[MOST_SETTINGS];
    if (!folder_read(arena, folder, source->file, &file.content)) {
        return false;
    }
    file.content = spring_usual(arena, file.content);
    bool says = false;
    for (size_t j = 0; j < MOST_SETTINGS; j++) {
        values[j] = liquibase_setting_of(arena, source, file.content, (enum liquibase_setting)j);
        says = says || values[j] != NULL;
    }
    if (says && source->is_of_application && !settings->is_of_application) {
        forget(settings);
        settings->is_of_application = true;
    }
    take_settings(arena, folder, values, settings);
    liquibase_parameters_add(arena, source, file.content, settings);
    if (values[SETTING_CHANGELOG] == NULL) {
        return false;
    }
    if (find_configured(arena, folder, values[SETTING_SEARCH], values[SETTING_CHANGELOG], settings)) {
        folder->evidence = path_join(arena, folder->base, source->file);
        return true;
    }
    note_absent(arena, folder, &file, values[SETTING_CHANGELOG]);
    return false;
}

/* Reads the first configuration that has settings of Liquibase. Returns true if it names a root that exists. */
static bool configure(struct arena *arena, struct folder *folder, struct liquibase_settings *settings)
{
    size_t i = 0;
    while (i < LIQUIBASE_SOURCES && !configure_from(arena, folder, &liquibase_sources[i], settings)) {
        i++;
    }
    return i < LIQUIBASE_SOURCES;
}

/* ---- commands ---- */

/* The file of --defaults-file, which is read like liquibase.properties. */
static bool take_defaults(struct arena *arena, struct folder *folder, const struct liquibase_said *said,
                          struct liquibase_settings *settings)
{
    struct liquibase_source source = liquibase_sources[0];
    source.file = said->value[0] == '/' ? NULL : liquibase_path(arena, "", said->value);
    forget(settings);
    const bool is_found = source.file != NULL && configure_from(arena, folder, &source, settings);
    take_environment(settings);
    return is_found;
}

/* One command: the changelog that it names is the root, unless another one is already. A command in a folder of its
 * own, such as a workflow, may be about another package: it can confirm what exists, but raises no question. */
static void take_command(struct arena *arena, struct folder *folder, const struct liquibase_commands *commands,
                         const struct liquibase_said *said, struct liquibase_settings *settings)
{
    struct liquibase_settings own = *settings;
    const char *const said_search = liquibase_command_beside(commands, said, LIQUIBASE_SEARCH);
    const char *const mounted = said_search != NULL ? said_search : liquibase_command_mount(arena, &said->file);
    const bool is_on_top = strchr(said->file.name, '/') == NULL;
    const char *const search = mounted != NULL || is_on_top ? mounted : path_above(arena, said->file.name);
    const bool is_there =
        said->value != NULL && said->value[0] != '/' &&
        (said->option == LIQUIBASE_DEFAULTS ? take_defaults(arena, folder, said, &own)
                                            : find_configured(arena, folder, search, said->value, &own));
    if (said->value == NULL && settings->root == NULL && is_on_top) {
        unread_folder(arena, folder, said->file, said->at, said->word);
    } else if (is_there && settings->root == NULL) {
        *settings = own;
        folder->evidence = path_join(arena, folder->base, said->file.name);
    } else if (is_there && (strcmp(own.root, settings->root) != 0 || strcmp(own.search, settings->search) != 0)) {
        unread_folder_because(
            arena, folder, said->file, said->at,
            arena_printf(arena, "names the changelog %s, and another place %s", own.root, settings->root));
    } else if (said->value != NULL && said->option == LIQUIBASE_CHANGELOG && !is_there && is_on_top) {
        unread_folder_because(
            arena, folder, said->file, said->at,
            arena_printf(arena, "names the changelog %s, which is not in the project under that path", said->value));
    }
}

/* If no configuration names the root, a command may; if it names another than the configuration, the user is asked. */
static bool take_commands(struct arena *arena, struct folder *folder, bool is_configured,
                          struct liquibase_settings *settings)
{
    struct liquibase_commands commands = {0};
    settings->root = is_configured ? settings->root : NULL;
    liquibase_commands_read(arena, folder, &commands);
    for (size_t i = 0; i < commands.count; i++) {
        if (commands.items[i].option != LIQUIBASE_SEARCH) {
            take_command(arena, folder, &commands, &commands.items[i], settings);
        }
    }
    return settings->root != NULL;
}

/* ---- the usual places ---- */

/* Is this a directory for changelogs, in which a root may have any name? */
static bool is_of_changelogs(const char *directory)
{
    return text_ends_with(text_of(directory), "/changelog") || text_ends_with(text_of(directory), "/changelogs") ||
           text_ends_with(text_of(directory), "/liquibase");
}

/* How much a file's name suggests that it is the root; 0: not at all. */
static int rank_of(const char *name, bool is_among_changelogs)
{
    static const char *const endings[] = {".xml", ".yaml", ".yml", ".json", ".sql"};
    bool is_log = false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        is_log = is_log || text_ends_with(text_of(name), endings[i]);
    }
    return !is_log                                                                                                 ? 0
           : strcasestr(name, "master") != NULL                                                                    ? 3
           : strcasestr(name, "root") != NULL && strcasestr(name, "changelog") != NULL                             ? 2
           : strcasestr(name, "changelog") != NULL || strcasestr(name, "liquibase") != NULL || is_among_changelogs ? 1
                                                                                                                   : 0;
}

/* The file of a directory that looks most like a root; one that includes others counts for more. NULL: none, or several
 * are equal. */
static const char *find_root(struct arena *arena, const char *directory)
{
    struct file_list list;
    struct status ignored = {.arena = arena};
    const char *best = NULL;
    int best_rank = 0;
    bool is_alone = false;
    if (file_look(directory, NULL) != FILE_DIRECTORY || !directory_list(arena, directory, &list, &ignored)) {
        return NULL;
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *const name = list.entries[i].name;
        struct text content;
        int rank = list.entries[i].is_directory || !name_is_recordable(name)
                       ? 0
                       : 2 * rank_of(name, is_of_changelogs(directory));
        if (rank == 0 ||
            !file_read(arena, path_join(arena, directory, name), MIGRATION_FILE_LIMIT, &content, &ignored) ||
            (text_find(content, "databaseChangeLog", 0) == SIZE_MAX && !liquibase_sql_is_formatted(content))) {
            continue;
        }
        rank += text_find(content, "include", 0) != SIZE_MAX ? 1 : 0;
        is_alone = rank > best_rank || (rank < best_rank && is_alone);
        best = rank > best_rank ? name : best;
        best_rank = rank > best_rank ? rank : best_rank;
    }
    return is_alone ? best : NULL;
}

static bool look_in(struct arena *arena, struct folder *folder, const char *search, const char *directory,
                    struct liquibase_settings *settings)
{
    settings->search = path_join(arena, folder->base, search);
    const char *const place = path_join(arena, path_join(arena, folder->root, settings->search), directory);
    const char *const name = find_root(arena, place);
    if (name == NULL) {
        return false;
    }
    settings->root = path_join(arena, directory, name);
    folder->evidence = path_join(arena, settings->search, settings->root);
    return true;
}

static bool look_around(struct arena *arena, struct folder *folder, const char *given,
                        struct liquibase_settings *settings)
{
    static const struct {
        const char *search;
        const char *directory;
    } places[] = {
        {RESOURCES, "db/changelog"},
        {RESOURCES, "db"},
        {RESOURCES, "liquibase"},
        {RESOURCES, "config/liquibase"}, /* JHipster */
        {RESOURCES, ""},
        {"", ""},
        {"", "db/changelog"},
        {"", "db"},
        {"", "changelog"},
        {"", "changelogs"},
        {"", "liquibase"},
        {"", "database"},
        {"", "migrations"},
        {"", "db/migrations"},
    };
    if (given != NULL) {
        const char *const inside = path_below(folder->base, given);
        const bool is_resource = text_starts_with(text_of(inside), RESOURCES "/");
        return look_in(arena, folder, is_resource ? RESOURCES : "", inside + (is_resource ? strlen(RESOURCES "/") : 0),
                       settings);
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (look_in(arena, folder, places[i].search, places[i].directory, settings)) {
            return true;
        }
    }
    return false;
}

/* ---- its own tool ---- */

/* Everything is passed in environment variables, which take precedence over its files. */
static const struct delegate *delegate_for(struct arena *arena, const struct folder *folder,
                                           const struct liquibase_settings *settings)
{
    static const char *const programs[] = {"node_modules/.bin/liquibase", "liquibase", NULL};
    static const char *const run[] = {"update", NULL};
    const char **const environment = arena_array(arena, 6, sizeof *environment);
    struct delegate *const delegate = arena_alloc(arena, sizeof *delegate);
    const bool is_within = folder->base[0] == '\0' || path_is_within(folder->base, settings->search);
    const char *const search =
        is_within ? path_below(folder->base, settings->search) : path_seen_from(arena, settings->search, folder->base);
    environment[0] = "LIQUIBASE_COMMAND_URL={jdbc_url}";
    environment[1] = "LIQUIBASE_COMMAND_USERNAME={user}";
    environment[2] = "LIQUIBASE_COMMAND_PASSWORD={password}";
    environment[3] = arena_printf(arena, "LIQUIBASE_COMMAND_CHANGELOG_FILE=%s", settings->root);
    environment[4] = arena_printf(arena, "LIQUIBASE_SEARCH_PATH=%s", search[0] == '\0' ? "." : search);
    *delegate = (struct delegate){.programs = programs, .run = run, .environment = environment};
    return delegate;
}

/* A changelog that is named but found nowhere is reported, as if in the usual place. */
static void add_absent(struct arena *arena, const struct project *project, struct folder *folder,
                       struct folder_list *folders)
{
    if (folder->unread != NULL && project->migrations == NULL) {
        struct liquibase_settings *const settings = arena_alloc(arena, sizeof *settings);
        *settings =
            (struct liquibase_settings){.search = folder->base, .root = "db/changelog/db.changelog-master.yaml"};
        folder->settings = settings;
        folder->path = path_join(arena, folder->base, "db/changelog");
        folder->configured = true;
        layout_add(arena, folders, folder);
    }
}

bool liquibase_find(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
                    struct status *status)
{
    struct folder folder = {
        .framework = &framework_liquibase, .root = project->root, .base = base, .confidence = CONFIDENCE_CERTAIN};
    struct liquibase_settings *const settings = arena_alloc(arena, sizeof *settings);
    (void)status;
    folder.configured = configure(arena, &folder, settings);
    take_environment(settings);
    if (project->migrations == NULL) {
        liquibase_profiles_note(arena, &folder, settings);
        data_sources_note(arena, &folder, "liquibase");
        folder.configured = take_commands(arena, &folder, folder.configured, settings);
    }
    const bool is_found = (folder.configured && project->migrations == NULL) ||
                          look_around(arena, &folder, project->migrations, settings);
    if (project->migrations == NULL) {
        liquibase_profiles_note_changelogs(arena, &folder, is_found ? settings : NULL);
    }
    if (!is_found) {
        add_absent(arena, project, &folder, folders);
        return true;
    }
    folder.unread = project->migrations == NULL ? folder.unread : NULL;
    const char *const path = path_join(arena, settings->search, path_above(arena, settings->root));
    folder.path = path[0] == '\0' ? "." : path;
    folder.settings = settings;
    folder.delegate = delegate_for(arena, &folder, settings);
    layout_add(arena, folders, &folder);
    return true;
}
