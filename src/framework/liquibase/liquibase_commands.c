/*
 * Looks only at files at the top of the package and in the usual places of commands, because every package is checked.
 */
#include "framework/liquibase/liquibase_commands.h"

#include "framework/core/pattern.h"

#include <stdint.h>
#include <string.h>

#define COMMAND_LIMIT ((size_t)256 * 1024)
#define MOST_PATH     1024 /* bytes of a directory that is mounted */

static const char *const files[] = {"Dockerfile*",
                                    "*.Dockerfile",
                                    "docker-compose*.{yml|yaml}",
                                    "compose*.{yml|yaml}",
                                    "Makefile",
                                    "package.json",
                                    "*.sh",
                                    ".env",
                                    ".gitlab-ci.yml",
                                    NULL};

/* Where a package has its commands; workflow files may have any name. */
static const struct {
    const char *directory;
    bool is_of_workflows;
} places[] = {{"", false},       {"scripts", false}, {"script", false},
              {"bin", false},    {"docker", false},  {"ci", false},
              {"deploy", false}, {"build", false},   {".github/workflows", true}};

static const struct mention options[] = {
    [LIQUIBASE_CHANGELOG] = {.words = "--changelog-file|--changeLogFile|--changelogFile|"
                                      "LIQUIBASE_COMMAND_CHANGELOG_FILE|LIQUIBASE_COMMAND_CHANGELOGFILE"},
    [LIQUIBASE_SEARCH] = {.words = "--search-path|--searchPath|LIQUIBASE_SEARCH_PATH"},
    [LIQUIBASE_DEFAULTS] = {.words = "--defaults-file|--defaultsFile|LIQUIBASE_DEFAULTS_FILE"},
};

static bool is_command_file(const char *name, bool is_of_workflows)
{
    size_t i = 0;
    if (is_of_workflows) {
        return pattern_fits("*.{yml|yaml}", text_of(name), NULL);
    }
    while (files[i] != NULL && !pattern_fits(files[i], text_of(name), NULL)) {
        i++;
    }
    return files[i] != NULL;
}

static void read_options(struct arena *arena, const struct source_file *file, struct liquibase_commands *commands)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct mentioned said;
        for (size_t at = 0; mention_next(arena, &options[i], file, &at, &said);) {
            if (said.kind == MENTION_NOTHING) {
                continue;
            }
            commands->items =
                arena_grow(arena, commands->items, commands->count, &commands->capacity, sizeof *commands->items);
            commands->items[commands->count++] =
                (struct liquibase_said){.option = (enum liquibase_option)i,
                                        .value = said.kind == MENTION_LITERAL ? said.value : NULL,
                                        .word = said.word,
                                        .file = *file,
                                        .at = said.at};
        }
    }
}

static void read_place(struct arena *arena, const char *package, size_t place, struct liquibase_commands *commands)
{
    struct status unread = {.arena = arena};
    struct file_list list;
    const char *const directory = places[place].directory;
    const char *const whole = path_join(arena, package, directory);
    if (file_look(whole, NULL) != FILE_DIRECTORY || !directory_list(arena, whole, &list, &unread)) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        struct source_file file = {.name = path_join(arena, directory, list.entries[i].name)};
        if (!list.entries[i].is_directory && !list.entries[i].is_link &&
            is_command_file(list.entries[i].name, places[place].is_of_workflows) &&
            file_read(arena, path_join(arena, package, file.name), COMMAND_LIMIT, &file.content, &unread) &&
            (text_find(file.content, "iquibase", 0) != SIZE_MAX ||
             text_find(file.content, "LIQUIBASE_", 0) != SIZE_MAX) &&
            text_is_utf8(file.content, NULL)) {
            read_options(arena, &file, commands);
        }
    }
}

void liquibase_commands_read(struct arena *arena, const struct folder *folder, struct liquibase_commands *commands)
{
    const char *const package = path_join(arena, folder->root, folder->base);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        read_place(arena, package, i, commands);
    }
}

const char *liquibase_command_beside(const struct liquibase_commands *commands, const struct liquibase_said *said,
                                     enum liquibase_option option)
{
    for (size_t i = 0; i < commands->count; i++) {
        if (commands->items[i].option == option && strcmp(commands->items[i].file.name, said->file.name) == 0) {
            return commands->items[i].value;
        }
    }
    return NULL;
}

/* "db/log" for "- ./db/log:/liquibase/changelog:ro", and for "COPY db/log /liquibase/changelog". */
const char *liquibase_command_mount(struct arena *arena, const struct source_file *file)
{
    static const char place[] = "/liquibase/changelog";
    const struct text content = file->content;
    for (size_t at = 0; (at = text_find(content, place, at)) != SIZE_MAX; at++) {
        size_t end = at;
        while (end > 0 && at - end < MOST_PATH && strchr(": \t", content.data[end - 1]) != NULL) {
            end--;
        }
        size_t start = end;
        while (start > 0 && end - start < MOST_PATH && strchr(" \t\n\"'", content.data[start - 1]) == NULL) {
            start--;
        }
        const struct text host = text_slice(content, start, end);
        if (end < at && host.size > 0 && host.data[0] != '/' && memchr(host.data, '$', host.size) == NULL &&
            memchr(host.data, '=', host.size) == NULL) {
            return arena_strndup(arena, host.data, host.size);
        }
    }
    return NULL;
}
