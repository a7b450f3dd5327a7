/*
 * Code and commands of a project, read as text: what is found lies in the file, the search goes on, and a name that is
 * taken is a plain one. The first line is the file's name, which tells how it is written.
 */
#include "framework/coded/code.h"
#include "framework/core/layout.h"
#include "framework/core/mention.h"
#include "framework/core/pattern.h"
#include "framework/formats/properties.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void find_all(struct arena *arena, const struct mention *mention, const struct source_file *file)
{
    struct mentioned found;
    size_t before = 0;
    for (size_t at = 0; mention_next(arena, mention, file, &at, &found); before = at) {
        must(at > before && found.at < file->content.size && found.word != NULL);
        must(found.kind != MENTION_LITERAL || (found.value != NULL && text_is_utf8(text_of(found.value), NULL)));
    }
}

static void find_mentions(struct arena *arena, const struct source_file *file)
{
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        for (const struct mention *one = frameworks[i]->mentions; one != NULL && one->words != NULL; one++) {
            find_all(arena, one, file);
        }
    }
}

static void find_properties(struct arena *arena, struct text content)
{
    const char *const path[] = {"a", "b", NULL};
    size_t count = 0;
    size_t before = 0;
    const size_t unread = property_unread(content, path);
    must(unread == SIZE_MAX || unread <= content.size);
    for (size_t at = 0, value; (value = property_find(content, path, &at)) != SIZE_MAX; before = at) {
        must(value <= content.size && at > before);
    }
    property_string(arena, content, path);
    property_is_set(content, path);
    const struct config_pair *const pairs = property_pairs(arena, content, path, &count);
    for (size_t i = 0; i < count; i++) {
        must(pairs[i].key != NULL);
    }
}

static void read_code(struct arena *arena, const struct source_file *file)
{
    const char *const path[] = {"a", "b", NULL};
    struct folder folder = {.framework = frameworks[0], .root = "/nowhere", .base = "", .path = "m"};
    code_string(arena, file->content, "a");
    code_path(arena, file->content, path);
    code_directory(arena, &folder, file->name, file->content, "a");
    code_ledger_name(arena, &folder, file->name, file->content, path);
    must(code_behind(file->content, "a").size <= file->content.size);
    for (size_t at = 0; (at = code_find_word(file->content, "a", at)) != SIZE_MAX;) {
        must(at <= file->content.size);
    }
}

static void fit_patterns(struct text name)
{
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        for (const struct file_rule *rule = frameworks[i]->folder.files; rule != NULL && rule->pattern != NULL;
             rule++) {
            struct pattern_match match;
            if (pattern_fits(rule->pattern, name, &match)) {
                must(match.number.size <= name.size && match.title.size <= name.size && match.stem.size <= name.size);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *const end = size == 0 ? NULL : memchr(data, '\n', size);
    if (end == NULL || memchr(data, '\0', (size_t)(end - data)) != NULL) {
        return 0;
    }
    struct arena *const arena = arena_new(0);
    const size_t length = (size_t)(end - data);
    const struct source_file file = {
        .name = arena_strndup(arena, (const char *)data, length),
        .content = {arena_strndup(arena, (const char *)end + 1, size - length - 1), size - length - 1},
    };
    fit_patterns(text_of(file.name));
    if (text_is_utf8(file.content, NULL)) {
        find_mentions(arena, &file);
        find_properties(arena, file.content);
        read_code(arena, &file);
    }
    arena_free(arena);
    return 0;
}
