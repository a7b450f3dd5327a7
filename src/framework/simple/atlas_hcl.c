/*
 * Values are taken line by line: locals are followed, variables, functions and choices are not.
 */
#include "framework/simple/atlas_hcl.h"

#include "framework/core/package.h"
#include "framework/core/unread.h"

#include <stdint.h>
#include <string.h>

/* The text after "key =" on a line of its own; empty if there is none. */
static struct text hcl_said(struct text content, const char *key)
{
    struct text rest = content;
    for (struct text line; text_next_line(&rest, &line);) {
        const struct text name = text_trim(line);
        const struct text value = text_trim(text_slice(name, strlen(key), name.size));
        if (text_starts_with(name, key) && text_starts_with(value, "=")) {
            return text_trim(text_slice(value, 1, value.size));
        }
    }
    return (struct text){0};
}

/* The same for a local; the block of locals may come after its use. */
static struct text hcl_local(struct text content, const char *name)
{
    const size_t at = text_find(content, "locals {", 0);
    return hcl_said(text_slice(content, at == SIZE_MAX ? content.size : at, content.size), name);
}

#define MOST_LOCALS 16 /* of which a value is put together */

/* The text of a value, with the locals that it names ("file://${local.dir}", local.dir); NULL: it is a variable, a
 * function or a choice. */
static const char *hcl_text(struct arena *arena, struct text content, struct text said)
{
    static const char local[] = "local.";
    if (text_starts_with(said, local)) {
        const char *const name = arena_strndup(arena, said.data + strlen(local), said.size - strlen(local));
        said = strpbrk(name, ".[( ?") == NULL ? hcl_local(content, name) : said;
    }
    const size_t end = text_starts_with(said, "\"") ? text_find(said, "\"", 1) : SIZE_MAX;
    if (end == SIZE_MAX) {
        return NULL;
    }
    const char *text = arena_strndup(arena, said.data + 1, end - 1);
    for (int i = 0; i < MOST_LOCALS && strstr(text, "${local.") != NULL; i++) {
        const char *const open = strstr(text, "${local.");
        const char *const name = open + strlen("${local.");
        const size_t size = strcspn(name, "}");
        const struct text value = hcl_local(content, arena_strndup(arena, name, size));
        const size_t close = text_starts_with(value, "\"") ? text_find(value, "\"", 1) : SIZE_MAX;
        if (name[size] == '\0' || close == SIZE_MAX) {
            return NULL;
        }
        text = arena_printf(arena, "%.*s%.*s%s", (int)(open - text), text, (int)(close - 1), value.data + 1,
                            name + size + 1);
    }
    return strstr(text, "${") != NULL ? NULL : text;
}

/* A value; if it cannot be read, *at is its offset. */
static const char *hcl_value(struct arena *arena, struct text content, const char *key, size_t *at)
{
    const struct text said = hcl_said(content, key);
    const char *const text = said.size == 0 ? NULL : hcl_text(arena, content, said);
    *at = said.size == 0 || text != NULL ? SIZE_MAX : (size_t)(said.data - content.data);
    return text;
}

/* Where another environment gives a value that differs from the first, which was taken; SIZE_MAX: none does. Users
 * choose an environment with --env. Addresses of another kind ("atlas://app") are not folders of the project. */
static size_t hcl_otherwise(struct arena *arena, struct text content, const char *key, const char *taken)
{
    static const char scheme[] = "file://";
    const bool is_folder = text_starts_with(text_of(taken), scheme);
    struct text said = hcl_said(content, key);
    for (int i = 0; said.size != 0; i++) {
        const size_t at = (size_t)(said.data - content.data);
        const char *const text = i < MOST_LOCALS ? hcl_text(arena, content, said) : NULL;
        const bool counts = text == NULL || !is_folder || text_starts_with(text_of(text), scheme);
        if (counts && (text == NULL || strcmp(text, taken) != 0)) {
            return at;
        }
        said = hcl_said(text_slice(content, at + said.size, content.size), key);
    }
    return SIZE_MAX;
}

/* The directory's format, which is in its URL or next to it, as a text or a bare word (format = golang-migrate); NULL:
 * nothing is said. */
static const char *format_of(struct arena *arena, struct text content, const char *directory)
{
    static const char parameter[] = "format=";
    const struct text said = hcl_said(content, "format");
    const char *const query = directory == NULL ? NULL : strchr(directory, '?');
    const char *const in_url = query == NULL ? NULL : strstr(query, parameter);
    if (in_url != NULL) {
        return arena_strndup(arena, in_url + strlen(parameter), strcspn(in_url + strlen(parameter), "&"));
    }
    const char *const text = said.size == 0 ? NULL : hcl_text(arena, content, said);
    const char *const word = arena_strndup(arena, said.data, said.size == 0 ? 0 : strcspn(said.data, " \t\r\n#/"));
    return text != NULL ? text : word[strcspn(word, ".\"")] != '\0' || word[0] == '\0' ? NULL : word;
}

/* "baseline" in the block migration. */
static void read_baseline(struct arena *arena, struct folder *folder, struct source_file file,
                          struct atlas_settings *settings)
{
    size_t at;
    settings->baseline = hcl_value(arena, file.content, "baseline", &at);
    if (settings->baseline != NULL) {
        folder->baseline = arena_printf(arena, "%s says baseline, by which atlas records a baseline of version %s",
                                        file.name, settings->baseline);
    }
}

/* exec_order of the block migration (cmdapi/project.go). */
static const struct {
    const char *said;
    struct habits habits;
} orders[] = {
    {"NON_LINEAR",
     {.late = LATE_RUNS,
      .late_note = "atlas runs it, behind those that are applied already (exec_order in atlas.hcl).",
      .edited_note = ATLAS_EDITED_NOTE,
      .missing_note = ATLAS_MISSING_NOTE,
      .missing_counts = true}},
    {"LINEAR_SKIP",
     {.late = LATE_SKIPPED,
      .late_note = "atlas never runs it (exec_order in atlas.hcl).",
      .edited_note = ATLAS_EDITED_NOTE,
      .missing_note = ATLAS_MISSING_NOTE,
      .missing_counts = true}},
};

/* If several environments set it, the default applies, which refuses. */
static void read_order(struct folder *folder, struct text content)
{
    const struct text said = hcl_said(content, "exec_order");
    if (said.size == 0 ||
        hcl_said(text_slice(content, (size_t)(said.data - content.data) + said.size, content.size), "exec_order")
                .size != 0) {
        return;
    }
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        const size_t size = strlen(orders[i].said);
        if (text_starts_with(said, orders[i].said) && (said.size == size || strchr(" \t#/", said.data[size]) != NULL)) {
            folder->habits = &orders[i].habits;
        }
    }
}

bool atlas_configure(struct arena *arena, struct folder *folder)
{
    struct source_file file = {.name = "atlas.hcl"};
    size_t at;
    if (!folder_read(arena, folder, file.name, &file.content)) {
        return false;
    }
    const char *directory = hcl_value(arena, file.content, "dir", &at);
    const char *const format = format_of(arena, file.content, directory);
    if (format != NULL && strcmp(format, "atlas") != 0) {
        return false; /* the files are another tool's, for which atlas usually only writes them */
    }
    struct atlas_settings *const settings = arena_alloc(arena, sizeof *settings);
    *settings = (struct atlas_settings){.is_own_format = format != NULL};
    folder->settings = settings;
    read_baseline(arena, folder, file, settings);
    read_order(folder, file.content);
    unread_folder(arena, folder, file, at, "dir");
    if (directory != NULL && folder->unread == NULL && text_starts_with(text_of(directory), "file://")) {
        unread_folder_because(arena, folder, file, hcl_otherwise(arena, file.content, "dir", directory),
                              "has another dir than an environment before it");
        directory += strlen("file://");
        directory += directory[0] == '.' && directory[1] == '/' ? 2 : 0;
        folder->path = path_join(arena, folder->base, arena_strndup(arena, directory, strcspn(directory, "?")));
    }
    folder->ledger.schema = hcl_value(arena, file.content, "revisions_schema", &at);
    unread_ledger(arena, folder, file, at, "revisions_schema");
    if (folder->ledger.schema != NULL) {
        unread_ledger_because(arena, folder, file,
                              hcl_otherwise(arena, file.content, "revisions_schema", folder->ledger.schema),
                              "has another revisions_schema than an environment before it");
    }
    folder->evidence = path_join(arena, folder->base, file.name);
    return true;
}
