/*
 * The list is searched, not evaluated: an item counts if it is a migration written out in place, or the name of a
 * variable or function that holds one.
 */
#include "framework/coded/go_order.h"

#include "base/search.h"
#include "base/sorting.h"
#include "framework/coded/code.h"
#include "framework/core/listing.h"

#include <stdint.h>
#include <string.h>

#define MOST_SORTED_BY 300 /* bytes behind a call that sorts, among which is what it compares */

#define MOST_LOOKED_AT ((size_t)16 * 1024 * 1024) /* bytes: several times what a program has */

/* ---- declarations ---- */

/* The function or variable that holds a migration. */
struct holder {
    const char *name; /* "": none */
    size_t migration;
};

/* Where the name is that a line declares: "func name(", "func (m *M) name(", "var name", "name = &…". */
static size_t name_start(struct text line)
{
    const size_t receiver = text_starts_with(line, "func (") ? text_find(line, ") ", 0) : SIZE_MAX;
    return receiver != SIZE_MAX              ? receiver + 2
           : text_starts_with(line, "func ") ? strlen("func ")
           : text_starts_with(line, "var ")  ? strlen("var ")
                                             : 0;
}

/* Empty: it declares none. */
static struct text declared_in(struct text line)
{
    const struct text plain = text_trim(line);
    const size_t start = name_start(plain);
    const struct text name = code_word(plain, start);
    const struct text behind = text_slice(plain, code_skip_blanks(plain, name.size), plain.size);
    const bool is_value = (text_starts_with(behind, "=") || text_starts_with(behind, ":=")) &&
                          text_find(behind, "Migration{", 0) != SIZE_MAX;
    return start > 0 || is_value ? name : (struct text){0};
}

/* The name that is declared last in this piece of a source. */
static const char *declared_last(struct arena *arena, struct text piece)
{
    struct text last = {0};
    for (struct text line; text_next_line(&piece, &line);) {
        const struct text name = declared_in(line);
        last = name.size > 0 ? name : last;
    }
    return last.size == 0 ? "" : arena_strndup(arena, last.data, last.size);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct holder *)a)->name, ((const struct holder *)b)->name);
}

static bool is_before(const void *item, const void *name)
{
    return strcmp(((const struct holder *)item)->name, name) < 0;
}

/* ---- items of a list ---- */

struct ordering {
    struct arena *arena;
    const struct go_sources *sources;
    const struct migration_files *files;
    struct holder *holders; /* one for each migration, by name */
    size_t *order;          /* the migrations that were found in lists, in their order */
    size_t count;
    bool *is_listed;  /* of each migration */
    size_t lists;     /* those with items */
    size_t looked_at; /* bytes of the sources, those in nested lists several times */
    bool is_unclear;  /* an item of a list was not found, or there is too much to look at */
};

/* Counts bytes that are looked at. False, and the order is unclear: they are too many. */
static bool may_look_at(struct ordering *ordering, size_t bytes)
{
    ordering->looked_at += bytes;
    ordering->is_unclear = ordering->is_unclear || ordering->looked_at > MOST_LOOKED_AT;
    return ordering->looked_at <= MOST_LOOKED_AT;
}

/* Behind the text, the rune or the comment that begins at this offset; the offset itself: none does. */
static size_t behind_quoted(struct text source, size_t at)
{
    const struct text rest = text_slice(source, at, source.size);
    const char quote = source.data[at];
    if (strchr("/\"`'", quote) == NULL || quote == '\0') {
        return at;
    }
    if (text_starts_with(rest, "//") || text_starts_with(rest, "/*")) {
        const size_t end = text_find(source, rest.data[1] == '*' ? "*/" : "\n", at + 2);
        return end == SIZE_MAX ? source.size : end + 1;
    }
    if (quote != '"' && quote != '`' && quote != '\'') {
        return at;
    }
    for (at++; at < source.size && source.data[at] != quote; at++) {
        at += quote != '`' && source.data[at] == '\\' ? 1 : 0;
    }
    return at < source.size ? at + 1 : source.size;
}

/* The offset of the comma or closing bracket behind the item that begins at this offset. */
static size_t item_end(struct text source, size_t at)
{
    size_t depth = 0;
    while (at < source.size) {
        const size_t behind = behind_quoted(source, at);
        const char c = source.data[at];
        if (behind == at && depth == 0 && (c == ',' || c == '}' || c == ')' || c == ']')) {
            break;
        }
        depth += behind == at && (c == '{' || c == '(' || c == '[') ? 1 : 0;
        depth -= behind == at && (c == '}' || c == ')' || c == ']') ? 1 : 0;
        at = behind == at ? at + 1 : behind;
    }
    return at < source.size ? at : source.size;
}

static size_t skip_comments(struct text source, size_t at)
{
    for (at = code_skip_blanks(source, at); at + 1 < source.size && source.data[at] == '/';) {
        at = code_skip_blanks(source, behind_quoted(source, at));
    }
    return at;
}

static bool is_above(const void *item, const void *at)
{
    const struct go_place *const place = ((const struct migration_file *)item)->own;
    return place->at < *(const size_t *)at;
}

/* The migration that is written out in [from, to) of a source; SIZE_MAX: none. */
static size_t written_in(const struct ordering *ordering, const struct go_source *source, size_t from, size_t to)
{
    const struct migration_file *const items = ordering->files->items;
    const size_t size = sizeof *items;
    const size_t found = source->first + search_first(items + source->first, source->count, size, is_above, &from);
    const bool is_there = found < source->first + source->count && is_above(&items[found], &to);
    return is_there ? found : SIZE_MAX;
}

/* The migration of "&user.Init" or "m.createPosts(db)", where one variable or function has this name. */
static size_t named_by(const struct ordering *ordering, struct text item)
{
    struct text name = {0};
    for (size_t at = text_starts_with(item, "&") ? 1 : 0; at < item.size;) {
        name = code_word(item, at);
        at += name.size;
        if (at < item.size && item.data[at] == '(') {
            break;
        }
        if (name.size == 0 || (at < item.size && item.data[at] != '.')) {
            return SIZE_MAX;
        }
        at++;
    }
    const struct holder *const holders = ordering->holders;
    const size_t count = ordering->files->count;
    const char *const key = arena_strndup(ordering->arena, name.data, name.size);
    const size_t found = search_first(holders, count, sizeof *holders, is_before, key);
    const bool is_one = name.size > 0 && found < count && strcmp(holders[found].name, key) == 0 &&
                        (found + 1 == count || strcmp(holders[found + 1].name, key) != 0);
    return is_one ? holders[found].migration : SIZE_MAX;
}

/* Takes the items from this offset up to the closing bracket; returns how many are migrations. An item that is none is
 * counted in *others. */
static size_t take_items(struct ordering *ordering, const struct go_source *source, size_t at, size_t *others)
{
    const struct text text = source->text;
    size_t taken = 0;
    for (bool goes_on = true; goes_on;) {
        const size_t from = skip_comments(text, at);
        const size_t to = item_end(text, from);
        const struct text item = text_trim(text_slice(text, from, to));
        const size_t written = item.size == 0 ? SIZE_MAX : written_in(ordering, source, from, to);
        const size_t migration = written != SIZE_MAX || item.size == 0 ? written : named_by(ordering, item);
        if (migration != SIZE_MAX && !ordering->is_listed[migration]) {
            ordering->is_listed[migration] = true;
            ordering->order[ordering->count++] = migration;
        }
        taken += migration != SIZE_MAX ? 1 : 0;
        *others += migration == SIZE_MAX && item.size > 0 ? 1 : 0;
        goes_on = may_look_at(ordering, to - at) && to < text.size && text.data[to] == ',';
        at = to + 1;
    }
    return taken;
}

/* Is the word at this offset in a line that is a comment? Also true if there is too much to look at. */
static bool is_commented(struct ordering *ordering, struct text source, size_t at)
{
    const bool may = may_look_at(ordering, 0);
    const char *const before = !may || at == 0 ? NULL : memrchr(source.data, '\n', at);
    const size_t start = before == NULL ? 0 : (size_t)(before - source.data) + 1;
    return !may || !may_look_at(ordering, at - start) ||
           text_starts_with(text_trim(text_slice(source, start, at)), "//");
}

/* `[]*gormigrate.Migration{…}`: all items are migrations, or the order is unclear. */
static void take_lists(struct ordering *ordering, const struct go_source *source)
{
    static const char *const words[] = {"[]*gormigrate.Migration{", "[]*xormigrate.Migration{"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t at = 0; (at = text_find(source->text, words[i], at)) != SIZE_MAX;) {
            size_t others = 0;
            at += strlen(words[i]);
            if (!is_commented(ordering, source->text, at)) {
                const size_t taken = take_items(ordering, source, at, &others);
                ordering->lists += taken + others > 0 ? 1 : 0;
                ordering->is_unclear = ordering->is_unclear || others > 0;
            }
        }
    }
}

/* `all = append(all, …)`, which may also be a list of something else. */
static void take_appended(struct ordering *ordering, const struct go_source *source)
{
    for (size_t at = 0; (at = code_find_word(source->text, "append", at)) != SIZE_MAX;) {
        const bool is_call = at < source->text.size && source->text.data[at] == '(';
        const size_t comma = is_call ? item_end(source->text, at + 1) : at;
        size_t others = 0;
        if (!may_look_at(ordering, comma - at)) {
            return;
        }
        if (is_call && comma < source->text.size && source->text.data[comma] == ',' &&
            !is_commented(ordering, source->text, at)) {
            const size_t taken = take_items(ordering, source, comma + 1, &others);
            ordering->is_unclear = ordering->is_unclear || (taken > 0 && others > 0);
        }
    }
}

/* ---- the order ---- */

/* Does the code sort by IDs? */
static bool sorts_by_id(struct ordering *ordering, struct text source)
{
    static const char *const words[] = {"sort.Slice(", "sort.SliceStable(", "slices.SortFunc("};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t at = 0; (at = text_find(source, words[i], at)) != SIZE_MAX; at++) {
            if (!is_commented(ordering, source, at) &&
                code_find_word(text_slice(source, at, at + MOST_SORTED_BY), "ID", 0) != SIZE_MAX) {
                return true;
            }
        }
    }
    return false;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct migration_file *)a)->name, ((const struct migration_file *)b)->name);
}

static void find_holders(struct ordering *ordering)
{
    ordering->holders = arena_array(ordering->arena, ordering->files->count + 1, sizeof *ordering->holders);
    for (size_t i = 0; i < ordering->sources->count; i++) {
        const struct go_source *const source = &ordering->sources->items[i];
        size_t from = 0;
        for (size_t j = source->first; j < source->first + source->count; j++) {
            const struct go_place *const place = ordering->files->items[j].own;
            const struct text piece = text_slice(source->text, from, place->at);
            ordering->holders[j] = (struct holder){declared_last(ordering->arena, piece), j};
            from = place->at;
        }
    }
    sort_items(ordering->holders, ordering->files->count, sizeof *ordering->holders, by_name);
}

/* Puts what was found in lists first, and the others by their IDs behind. */
static void put(const struct ordering *ordering, struct migration_files *files)
{
    struct migration_file *const items = arena_array(ordering->arena, files->count + 1, sizeof *items);
    size_t count = 0;
    for (; count < ordering->count; count++) {
        items[count] = files->items[ordering->order[count]];
    }
    for (size_t i = 0; i < files->count; i++) {
        if (!ordering->is_listed[i]) {
            items[count++] = files->items[i];
        }
    }
    sort_items(items + ordering->count, files->count - ordering->count, sizeof *items, by_id);
    files->items = items;
}

void go_order(struct arena *arena, const struct go_sources *sources, struct migration_files *files)
{
    struct ordering ordering = {.arena = arena, .sources = sources, .files = files};
    bool is_sorted = false;
    ordering.order = arena_array(arena, files->count + 1, sizeof *ordering.order);
    ordering.is_listed = arena_array(arena, files->count + 1, sizeof *ordering.is_listed);
    find_holders(&ordering);
    for (size_t i = 0; i < sources->count; i++) {
        is_sorted = is_sorted || sorts_by_id(&ordering, sources->items[i].text);
        take_lists(&ordering, &sources->items[i]);
    }
    for (size_t i = 0; i < sources->count; i++) {
        take_appended(&ordering, &sources->items[i]);
    }
    const bool is_clear = !ordering.is_unclear && ordering.lists < 2 && ordering.count == files->count;
    if (is_sorted || (!is_clear && files->count > 1)) {
        ordering.count = 0;
        memset(ordering.is_listed, 0, files->count * sizeof *ordering.is_listed);
    }
    put(&ordering, files);
    if (!is_sorted && !is_clear && files->count > 1) {
        listing_warn(arena, files,
                     "The order in which the program runs these migrations is that of a list in its code, which cannot "
                     "be read here as a whole: they are shown in the order of their IDs.");
    }
}
