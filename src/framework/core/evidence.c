/*
 * Nothing is read twice: layout.c caches what a search has read.
 */
#include "framework/core/evidence.h"

#include "framework/core/marked.h"
#include "framework/core/package.h"
#include "framework/core/pattern.h"

#include <string.h>

/* One condition. */
struct condition {
    bool is_denied;
    bool is_inside;    /* about the folder, not about the package */
    bool is_any;       /* any file of the package that fits the pattern */
    const char *place; /* a pattern for entries of the folder, or a file of the package; without its slash */
    bool is_directory;
    struct text words; /* alternatives separated by |, several groups by " : "; empty: none */
};

/* Cuts off what precedes the separator; the last piece is the rest. */
static struct text cut(struct text *rest, const char *separator)
{
    const size_t at = text_find(*rest, separator, 0);
    const struct text piece = text_slice(*rest, 0, at);
    *rest = at == SIZE_MAX ? (struct text){0} : text_slice(*rest, at + strlen(separator), rest->size);
    return piece;
}

static struct condition condition_of(struct arena *arena, struct text line)
{
    struct condition condition = {0};
    if (text_starts_with(line, "!")) {
        condition.is_denied = true;
        line = text_slice(line, 1, line.size);
    }
    condition.words = line;
    struct text place = cut(&condition.words, ": ");
    if (text_ends_with(place, "/")) {
        condition.is_directory = true;
        place.size--;
    }
    condition.is_any = text_starts_with(place, "~");
    place = text_slice(place, condition.is_any ? 1 : 0, place.size);
    condition.is_inside = !condition.is_any && (pattern_is_one(place) || text_starts_with(place, "./"));
    place = text_slice(place, text_starts_with(place, "./") ? strlen("./") : 0, place.size);
    condition.place = arena_strndup(arena, place.data, place.size);
    return condition;
}

/* ---- words ---- */

static bool has_word(struct arena *arena, struct text content, struct text word, bool nocase)
{
    const char *const text = arena_strndup(arena, word.data, word.size);
    if (!text_starts_with(word, "--")) {
        return text_find(content, text, 0) != SIZE_MAX;
    }
    const char *const behind = text + strlen("--");
    return marked_has(content, behind + strspn(behind, " "), nocase);
}

static bool has_one_of(struct arena *arena, struct text content, struct text words, bool nocase)
{
    bool has = false;
    while (!has && words.size > 0) {
        has = has_word(arena, content, cut(&words, "|"), nocase);
    }
    return has;
}

static bool has_all(struct arena *arena, struct text content, struct text words, bool nocase)
{
    bool has = true;
    while (has && words.size > 0) {
        has = has_one_of(arena, content, cut(&words, " : "), nocase);
    }
    return has;
}

/* ---- conditions ---- */

struct search {
    struct arena *arena;
    const struct folder *folder;
    const struct condition *condition;
    bool nocase;
};

/* A directory that is a migration contains its script. */
static bool has_script(const struct search *search, const char *name)
{
    const struct folder *const folder = search->folder;
    const char *const script = folder->framework->folder.script;
    const char *const path = path_join(search->arena, path_join(search->arena, folder->root, folder->path), name);
    return script == NULL || file_look(path_join(search->arena, path, script), NULL) == FILE_REGULAR;
}

static bool is_wanted(const char *name, bool is_directory, struct text head, const void *data)
{
    const struct search *const search = data;
    const struct condition *const condition = search->condition;
    return is_directory == condition->is_directory && pattern_fits(condition->place, text_of(name), NULL) &&
           (!is_directory || has_script(search, name)) &&
           has_all(search->arena, head, condition->words, search->nocase);
}

/* Evidence of a condition that holds: "x.sql has "-- migrate:up"", or the place alone if there are several words. */
static const char *told(struct arena *arena, const char *place, const char *verb, struct text words)
{
    return words.size == 0 || text_find(words, "|", 0) != SIZE_MAX
               ? place
               : arena_printf(arena, "%s %s \"%.*s\"", place, verb, (int)words.size, words.data);
}

static const char *find_in_folder(struct arena *arena, const struct folder *folder, const struct condition *condition)
{
    const struct search search = {
        .arena = arena, .folder = folder, .condition = condition, .nocase = folder->framework->folder.marks.nocase};
    const char *const name = folder_find(arena, folder, is_wanted, &search);
    return name == NULL ? NULL : told(arena, path_join(arena, folder->path, name), "has", condition->words);
}

/* A go.mod without indirect requirements. */
static struct text direct_requirements(struct arena *arena, struct text content)
{
    struct buffer kept = {.arena = arena};
    for (struct text line; text_next_line(&content, &line);) {
        if (text_find(line, "// indirect", 0) == SIZE_MAX) {
            buffer_add(&kept, line);
            buffer_putc(&kept, '\n');
        }
    }
    return buffer_text(&kept);
}

static const char *find_in_package(struct arena *arena, const struct folder *folder, const struct condition *condition)
{
    const char *const shown = path_join(arena, folder->base, condition->place);
    const char *const word =
        arena_strndup(arena, condition->words.data == NULL ? "" : condition->words.data, condition->words.size);
    struct text content;
    if (condition->words.size == 0) {
        const enum file_kind wanted = condition->is_directory ? FILE_DIRECTORY : FILE_REGULAR;
        return folder_look(arena, folder, condition->place) == wanted ? shown : NULL;
    }
    if (strcmp(condition->place, "package.json") == 0) {
        return folder_depends_on(arena, folder, word) ? told(arena, shown, "depends on", condition->words) : NULL;
    }
    if (!folder_read(arena, folder, condition->place, &content)) {
        return NULL;
    }
    content = strcmp(condition->place, "go.mod") == 0 ? direct_requirements(arena, content) : content;
    return has_all(arena, content, condition->words, false) ? told(arena, shown, "names", condition->words) : NULL;
}

/* The first matching file of the package. */
static const char *find_any(struct arena *arena, const struct folder *folder, const struct condition *condition)
{
    const struct words names = folder_matching(arena, folder, condition->place);
    for (size_t i = 0; i < names.count; i++) {
        struct text content;
        if (condition->words.size == 0 || (folder_read(arena, folder, names.items[i], &content) &&
                                           has_all(arena, content, condition->words, false))) {
            return told(arena, path_join(arena, folder->base, names.items[i]), "names", condition->words);
        }
    }
    return NULL;
}

/* Does the folder itself satisfy the condition? */
static bool is_so(struct arena *arena, const struct folder *folder, const char *said)
{
    const struct text path = text_of(arena_printf(arena, "/%s", folder->path));
    if (text_starts_with(text_of(said), "in ")) {
        return text_ends_with(path, arena_printf(arena, "/%s", said + strlen("in ")));
    }
    if (text_starts_with(text_of(said), "below ")) {
        return text_find(path, arena_printf(arena, "/%s/", said + strlen("below ")), 0) != SIZE_MAX;
    }
    return strcmp(said, "configured") == 0 && folder->configured;
}

/* Evidence that the condition holds; NULL: it does not. */
static const char *find(struct arena *arena, const struct folder *folder, const struct condition *condition)
{
    if (is_so(arena, folder, condition->place)) {
        return arena_printf(arena, "the folder %s", folder->path);
    }
    return condition->is_any      ? find_any(arena, folder, condition)
           : condition->is_inside ? find_in_folder(arena, folder, condition)
                                  : find_in_package(arena, folder, condition);
}

/* Do all conditions of the line hold? *evidence names those without "!". */
static bool holds(struct arena *arena, const struct folder *folder, struct text line, const char **evidence)
{
    struct buffer said = {.arena = arena};
    while (line.size > 0) {
        const struct condition condition = condition_of(arena, cut(&line, " & "));
        const char *const found = find(arena, folder, &condition);
        if ((found == NULL) != condition.is_denied) {
            return false;
        }
        if (found != NULL) {
            buffer_printf(&said, "%s%s", said.size == 0 ? "" : " and ", found);
        }
    }
    *evidence = said.size == 0 ? folder->path : buffer_string(&said);
    return true;
}

bool evidence_find(struct arena *arena, struct folder *folder)
{
    const struct folder_facts *const facts = &folder->framework->folder;
    const struct {
        const char *const *lines;
        enum confidence confidence;
    } sorts[] = {
        {facts->sure_by, CONFIDENCE_CERTAIN},
        {facts->doubted_by, CONFIDENCE_LOW},
        {facts->likely_by, CONFIDENCE_LIKELY},
    };
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        for (size_t j = 0; sorts[i].lines != NULL && sorts[i].lines[j] != NULL; j++) {
            const char *evidence;
            if (holds(arena, folder, text_of(sorts[i].lines[j]), &evidence)) {
                folder->confidence = sorts[i].confidence;
                folder->evidence = folder->evidence == NULL ? evidence : folder->evidence;
                return true;
            }
        }
    }
    return false;
}

bool evidence_holds(struct arena *arena, const struct folder *folder, const char *line)
{
    const char *evidence;
    return holds(arena, folder, text_of(line), &evidence);
}
