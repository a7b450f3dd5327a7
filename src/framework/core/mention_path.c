/*
 * A path in a command is relative to the package, or to the directory of the file with the command.
 */
#include "framework/core/mention_path.h"

#include "base/files.h"
#include "base/text.h"
#include "framework/core/inner_path.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define CONFIGURATION_LIMIT ((size_t)256 * 1024) /* bytes */
#define MOST_PATH           1024                 /* bytes of a path that is looked for */
#define MOST_HERE           200                  /* bytes of a line whose variables are looked for */
#define MOST_PARTS          32                   /* parts of a path that may be in the project */

/* "sql/real" for "file://./sql/real/", and for "sql/real/x*"; NULL if it is not a path. */
static const char *path_of(struct arena *arena, const char *said)
{
    static const char *const schemes[] = {"file://", "filesystem:", NULL};
    static const char classpath[] = "classpath:";
    said = strncmp(said, classpath, strlen(classpath)) == 0
               ? path_join(arena, "src/main/resources",
                           said + strlen(classpath) + (said[strlen(classpath)] == '/' ? 1 : 0))
               : said;
    for (size_t i = 0; schemes[i] != NULL; i++) {
        said += strncmp(said, schemes[i], strlen(schemes[i])) == 0 ? strlen(schemes[i]) : 0;
    }
    while (strncmp(said, "./", 2) == 0) {
        said += 2;
    }
    size_t size = strlen(said);
    if (size > MOST_PATH) {
        return NULL;
    }
    const char *const star = strchr(said, '*');
    const char *const slash = strrchr(said, '/');
    size = star != NULL && slash != NULL && slash < star ? (size_t)(slash - said) : size;
    while (size > 0 && said[size - 1] == '/') {
        size--;
    }
    const char *const path = arena_strndup(arena, said, size);
    return size == 0 || strpbrk(path, ":*,") != NULL ? NULL : path;
}

/* Is the text before this offset a key ('migrations' => …)? */
static bool is_key(struct text content, size_t at)
{
    const struct text rest = text_trim(text_slice(content, at, content.size));
    return text_starts_with(rest, "=>") || text_starts_with(rest, ":");
}

/* Does the text contain this name between two of these characters? */
static bool has_between(struct text content, const char *name, const char *borders)
{
    for (size_t at = 0; (at = text_find(content, name, at)) != SIZE_MAX; at++) {
        const size_t end = at + strlen(name);
        if (at > 0 && end < content.size && strchr(borders, content.data[at - 1]) != NULL &&
            strchr(borders, content.data[end]) != NULL && !is_key(content, end + 1)) {
            return true;
        }
    }
    return false;
}

/* "migrations" for "db/migrations" in "db"; elsewhere the whole path. */
static const char *seen_from(const char *path, const char *directory)
{
    const size_t size = strlen(directory);
    return size > 0 && path_is_within(directory, path) && path[size] == '/' ? path + size + 1 : path;
}

/* Does another configuration name the same folder, also by path.join(…, "migrations")? */
static bool names_folder(struct arena *arena, const struct folder *folder, const char *path, struct text content)
{
    static const char borders[] = "'\"`/ \t\r\n=";
    static const char quotes[] = "'\"`";
    return has_between(content, seen_from(folder->path, path_above(arena, path)), borders) ||
           has_between(content, seen_from(folder->path, folder->base), borders) ||
           has_between(content, path_name(folder->path), quotes);
}

/* Judges a configuration that was not read. */
static enum named_path judge_file(struct arena *arena, const struct folder *folder, const char *path)
{
    static const char *const says[] = {
        "directory", "migrations", "script_location", "tableName", "locations", "changeLogFile", "out:", NULL};
    const char *const directory = path_above(arena, path);
    const char *const above = path_above(arena, directory);
    struct text content;
    struct status unread = {.arena = arena};
    if (text_ends_with(text_of(path), ".prisma")) { /* migrations are beside it, or beside its directory */
        const bool is_near = (directory[0] != '\0' && path_is_within(directory, folder->path)) ||
                             (above[0] != '\0' && path_is_within(above, folder->path));
        return is_near ? NAMED_IT : NAMED_OTHER;
    }
    if (!file_read(arena, path_join(arena, folder->root, path), CONFIGURATION_LIMIT, &content, &unread)) {
        return NAMED_NOTHING;
    }
    size_t i = 0;
    while (says[i] != NULL && text_find(content, says[i], 0) == SIZE_MAX) {
        i++;
    }
    return names_folder(arena, folder, path, content) ? NAMED_IT : says[i] == NULL ? NAMED_NOTHING : NAMED_OTHER;
}

/* Is it one of the folders that are read, or a parent? */
static bool is_read(const struct folder *folder, const char *path)
{
    bool is = path_is_within(path, folder->path);
    for (const char *const *other = folder->others; !is && other != NULL && *other != NULL; other++) {
        is = path_is_within(path, *other);
    }
    return is;
}

enum named_path mention_judge(struct arena *arena, const struct folder *folder, const char *path)
{
    if (strcmp(path, ".") == 0 || is_read(folder, path) ||
        (folder->evidence != NULL && strcmp(folder->evidence, path) == 0)) {
        return NAMED_IT;
    }
    switch (file_look(path_join(arena, folder->root, path), NULL)) {
    case FILE_REGULAR:
        return judge_file(arena, folder, path);
    case FILE_DIRECTORY:
        return NAMED_OTHER;
    default:
        return NAMED_NOTHING;
    }
}

/* Judges a path relative to a directory of the project. */
static enum named_path judge_from(struct arena *arena, const struct folder *folder, const char *directory,
                                  const char *path)
{
    const char *const whole = inner_path(arena, path_join(arena, directory, path));
    return whole == NULL ? NAMED_NOTHING : mention_judge(arena, folder, whole);
}

/* The last parts of a path: no project is deeper, and each suffix is tried. */
static const char *last_parts(const char *path)
{
    const char *start = path + strlen(path);
    for (size_t parts = 0; start > path && parts < MOST_PARTS; parts += *start == '/' ? 1 : 0) {
        start--;
    }
    return *start == '/' ? start + 1 : start;
}

/* Relative to the project, the package, and the directories above: another package may be meant, in which more of the
 * path exists. */
static enum named_path judge_end(struct arena *arena, const struct folder *folder, const char *end)
{
    enum named_path named = judge_from(arena, folder, "", end);
    for (const char *directory = folder->base; named == NAMED_NOTHING && directory[0] != '\0';
         directory = path_above(arena, directory)) {
        named = judge_from(arena, folder, directory, end);
    }
    return named;
}

/* "/app/db/real", in a container to which the project was copied: the longest suffix of the path that exists in the
 * project. A path in the project itself must match completely. */
static enum named_path judge_absolute(struct arena *arena, const struct folder *folder, const char *path)
{
    const char *const root = folder->root;
    enum named_path named = NAMED_NOTHING;
    if (path_is_within(root, path) && path[strlen(root)] == '/') {
        return judge_from(arena, folder, "", path + strlen(root) + 1);
    }
    for (const char *end = last_parts(path + 1); end != NULL && named == NAMED_NOTHING;
         end = strchr(end, '/'), end += end == NULL ? 0 : 1) {
        named = *end == '\0' ? NAMED_NOTHING : judge_end(arena, folder, end);
    }
    return named;
}

enum named_path mention_path(struct arena *arena, const struct folder *folder, const struct source_file *file,
                             const char *said)
{
    const char *const path = path_of(arena, said);
    if (path == NULL) {
        return NAMED_NOTHING;
    }
    if (path[0] == '/') {
        return judge_absolute(arena, folder, path);
    }
    const char *const own = path_join(arena, folder->base, path_above(arena, file->name));
    const enum named_path first = judge_from(arena, folder, folder->base, path);
    const enum named_path second = judge_from(arena, folder, own, path);
    return first == NAMED_IT || second == NAMED_IT ? NAMED_IT : first == NAMED_NOTHING ? second : first;
}

/* Does this line contain the name, or a path that ends with it, as a text? */
static bool is_text_of(struct arena *arena, struct text line, const char *name)
{
    static const char quotes[] = "\"'`";
    bool is = false;
    for (size_t i = 0; !is && quotes[i] != '\0'; i++) {
        is = text_find(line, arena_printf(arena, "%c%s%c", quotes[i], name, quotes[i]), 0) != SIZE_MAX ||
             text_find(line, arena_printf(arena, "/%s%c", name, quotes[i]), 0) != SIZE_MAX;
    }
    return is;
}

/* Does the line set this variable: "dir := …", "dir = …", "let dir = …"? */
static bool is_set_in(struct text line, struct text variable)
{
    const size_t equals = text_find(line, "=", 0);
    struct text before = text_trim(text_slice(line, 0, equals == SIZE_MAX ? 0 : equals));
    before = text_ends_with(before, ":") ? text_trim(text_slice(before, 0, before.size - 1)) : before;
    const size_t rest = before.size < variable.size ? SIZE_MAX : before.size - variable.size;
    return rest != SIZE_MAX && text_equal(text_slice(before, rest, before.size), variable) &&
           (rest == 0 || isspace((unsigned char)before.data[rest - 1]) != 0);
}

bool mention_has_name(struct arena *arena, const struct folder *folder, const struct source_file *file, size_t at)
{
    const char *const name = path_name(folder->path);
    const struct text line = text_slice(file->content, at, text_find(file->content, "\n", at));
    const struct text here = text_slice(line, 0, MOST_HERE);
    bool has = is_text_of(arena, here, name);
    for (size_t i = 0; !has && i < here.size;) {
        size_t end = i;
        while (end < here.size && (isalnum((unsigned char)here.data[end]) != 0 || here.data[end] == '_')) {
            end++;
        }
        struct text rest = file->content;
        for (struct text one; !has && end > i && text_next_line(&rest, &one);) {
            has = is_set_in(one, text_slice(here, i, end)) && is_text_of(arena, one, name);
        }
        i = end > i ? end : i + 1;
    }
    return has;
}
