/*
 * Reads frameworks from truss.toml: which tables there are, which keys each has, and their names. What a key means is
 * in facts.c and templates.c.
 */
#include "framework/declared/declared.h"

#include "base/near.h"
#include "framework/declared/declaration.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME  "truss.toml"
#define FILE_LIMIT ((size_t)1024 * 1024)
#define PREFIX     "framework."
#define MOST       20 /* frameworks */
#define NAME_LIMIT 40

enum key_type { STRING, STRINGS, NUMBERS, BOOLEAN };

static const struct {
    const char *name;
    enum key_type type;
    bool needed;
    const char *meaning;
    const char *example;
    declaration_taker *take;
} keys[] = {
#define DECLARED(id, key, type, needed, fallback, meaning, example) {key, type, needed, meaning, example, take_##id},
#include "framework/declared/keys.def"
#undef DECLARED
};

enum { KEYS_COUNT = sizeof keys / sizeof keys[0] };

bool declaration_refuse(const struct declaration *declaration, const struct toml_entry *entry, const char *why)
{
    return status_fail(declaration->status, STATUS_INVALID_ARGUMENT, "%s: %s.%s: %s",
                       toml_place(declaration->arena, declaration->toml, entry), entry->table, entry->key, why);
}

/* ---- finding a project's own folder ---- */

/* The place is declared; the folder may not exist yet. */
static bool configure(struct arena *arena, struct folder *folder)
{
    const struct framework *const framework = folder->framework;
    (void)arena;
    if (folder->base[0] != '\0') {
        return false;
    }
    folder->path = framework->folder.places[0];
    folder->ledger.schema = framework->ledger.schema;
    folder->ledger.table = framework->ledger.shapes[0].table;
    folder->evidence = framework->declared_at;
    return true;
}

static bool recognise(struct arena *arena, struct folder *folder)
{
    (void)arena;
    folder->confidence = CONFIDENCE_CERTAIN;
    return folder->base[0] == '\0' && strcmp(folder->path, folder->framework->folder.places[0]) == 0;
}

/* ---- keys ---- */

static bool has_type(const struct toml_entry *entry, enum key_type type)
{
    switch (type) {
    case STRING:
        return entry->kind == TOML_STRING;
    case STRINGS:
        return entry->kind == TOML_STRING || entry->kind == TOML_LIST;
    case NUMBERS:
        return entry->kind == TOML_INTEGER || entry->kind == TOML_LIST;
    case BOOLEAN:
        return entry->kind == TOML_BOOLEAN;
    }
    return false;
}

static const char *const type_names[] = {
    [STRING] = "this is a text, in quotes.",
    [STRINGS] = "this is a text, or a list of texts.",
    [NUMBERS] = "this is a number, or a list of numbers.",
    [BOOLEAN] = "this is true or false.",
};

static bool fail_unknown(const struct declaration *declaration, const struct toml_entry *entry)
{
    struct near near = {.wanted = text_of(entry->key)};
    for (size_t i = 0; i < KEYS_COUNT; i++) {
        near_try(&near, keys[i].name);
    }
    return declaration_refuse(
        declaration, entry,
        near.name == NULL
            ? "a framework has no such key."
            : arena_printf(declaration->arena, "a framework has no such key; did you mean %s?", near.name));
}

static bool is_key(const char *name)
{
    for (size_t i = 0; i < KEYS_COUNT; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool knows_all_keys(const struct declaration *declaration, const char *table)
{
    for (size_t i = 0; i < declaration->toml->count; i++) {
        const struct toml_entry *const entry = &declaration->toml->entries[i];
        if (strcmp(entry->table, table) == 0 && !is_key(entry->key)) {
            return fail_unknown(declaration, entry);
        }
    }
    return true;
}

static bool take_keys(struct declaration *declaration, const struct toml_entry *first)
{
    for (size_t i = 0; i < KEYS_COUNT; i++) {
        const struct toml_entry *const entry = toml_find(declaration->toml, first->table, keys[i].name);
        if (entry == NULL && keys[i].needed) {
            return status_fail(declaration->status, STATUS_INVALID_ARGUMENT,
                               "%s: [%s] does not say its %s: %s. For example: %s = %s",
                               toml_place(declaration->arena, declaration->toml, first), first->table, keys[i].name,
                               keys[i].meaning, keys[i].name, keys[i].example);
        }
        if (entry != NULL && !has_type(entry, keys[i].type)) {
            return declaration_refuse(declaration, entry, type_names[keys[i].type]);
        }
        if (entry != NULL && !keys[i].take(declaration, entry)) {
            return false;
        }
    }
    return declaration_is_whole(declaration, first);
}

/* ---- one framework ---- */

/* "ours refuses to run it."; if the declaration says nothing, the behaviour is unknown, and such a run is refused. */
static const char *note(const struct declaration *declaration, const char *key, const char *words)
{
    const char *const name = declaration->name;
    const char *const table = arena_printf(declaration->arena, PREFIX "%s", name);
    return toml_find(declaration->toml, table, key) != NULL
               ? arena_printf(declaration->arena, "%s %s", name, words)
               : arena_printf(declaration->arena, FILE_NAME " does not say what %s does then ([%s] %s): it is refused.",
                              name, table, key);
}

/* What the framework does with history out of order. */
static void say_habits(const struct declaration *declaration)
{
    static const char *const late[] = {
        [LATE_RUNS] = "runs it, after those that are applied already.",
        [LATE_REFUSED] = "refuses to run it.",
        [LATE_SKIPPED] = "never runs it.",
    };
    static const char *const others[] = {"says nothing of it.", "refuses to run anything then."};
    struct habits *const habits = &declaration->framework->habits;
    habits->late_note = note(declaration, "late", late[habits->late]);
    habits->edited_note = note(declaration, "edited", others[habits->edited_blocks ? 1 : 0]);
    habits->missing_note = note(declaration, "missing", others[habits->missing_blocks ? 1 : 0]);
}

static struct framework *framework_new(struct arena *arena, const char *name, const struct toml *toml,
                                       const struct toml_entry *first)
{
    struct framework *const framework = arena_alloc(arena, sizeof *framework);
    struct ledger_shape *const shapes = arena_array(arena, 2, sizeof *shapes);
    *framework = (struct framework){
        .id = name,
        .display_name = arena_printf(arena, "%s (declared in " FILE_NAME ")", name),
        .tool = "its own runner",
        .declared_at = arena_printf(arena, "%s, declares it", toml_place(arena, toml, first)),
        .sent_unwrapped = SENT_EACH,
        .drops_mark = true, /* not known */
        .ledger = {.shapes = shapes, .lock = LOCK_LEDGER},
        .folder = {.counts_before_it_exists = true},
        .habits = {.late = LATE_REFUSED, .edited_blocks = true, .missing_blocks = true, .missing_counts = true},
        .hooks = {.configure = configure, .recognise = recognise},
    };
    return framework;
}

static bool has_fit_name(const char *name)
{
    const size_t size = strlen(name);
    return name[0] >= 'a' && name[0] <= 'z' && size <= NAME_LIMIT &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == size;
}

static bool check_name(const struct toml *toml, const struct toml_entry *first, const char *name, struct status *status)
{
    const char *const place = toml_place(status->arena, toml, first);
    if (!has_fit_name(name)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "%s: [%s]: a framework's name is made of small letters, digits, - and _, begins with a "
                           "letter, and has no more than %d.",
                           place, first->table, NAME_LIMIT);
    }
    const struct framework *const built_in = framework_find(text_of(name));
    return built_in == NULL || status_fail(status, STATUS_INVALID_ARGUMENT,
                                           "%s: [%s]: Truss knows a framework of this name (%s); call yours otherwise.",
                                           place, first->table, built_in->display_name);
}

static struct framework *read_one(struct arena *arena, const char *root, const struct toml *toml,
                                  const struct toml_entry *first, struct status *status)
{
    const char *const name = first->table + strlen(PREFIX);
    if (!check_name(toml, first, name, status)) {
        return NULL;
    }
    struct framework *const framework = framework_new(arena, name, toml, first);
    struct declaration declaration = {
        .arena = arena,
        .toml = toml,
        .root = root,
        .name = name,
        .framework = framework,
        .status = status,
    };
    if (!knows_all_keys(&declaration, first->table) || !take_keys(&declaration, first)) {
        return NULL;
    }
    say_habits(&declaration);
    return framework;
}

/* ---- all frameworks ---- */

/* The first entry of each table [framework.NAME]. */
static bool find_tables(const struct toml *toml, const struct toml_entry *firsts[MOST], size_t *count,
                        struct status *status)
{
    *count = 0;
    for (size_t i = 0; i < toml->count; i++) {
        const struct toml_entry *const entry = &toml->entries[i];
        bool is_new = strncmp(entry->table, PREFIX, strlen(PREFIX)) == 0;
        for (size_t j = 0; is_new && j < *count; j++) {
            is_new = strcmp(firsts[j]->table, entry->table) != 0;
        }
        if (is_new && *count == MOST) {
            return status_fail(status, STATUS_INVALID_ARGUMENT, "%s: a project declares no more than %d frameworks.",
                               toml_place(status->arena, toml, entry), MOST);
        }
        if (is_new) {
            firsts[(*count)++] = entry;
        }
    }
    return true;
}

/* An empty table is an error: it was surely meant to say something. */
static bool check_empty(const struct toml *toml, const struct toml_entry *const firsts[MOST], size_t count,
                        struct status *status)
{
    for (size_t i = 0; i < toml->header_count; i++) {
        const struct toml_entry *const header = &toml->headers[i];
        bool is_said = strncmp(header->table, PREFIX, strlen(PREFIX)) != 0;
        for (size_t j = 0; j < count && !is_said; j++) {
            is_said = strcmp(firsts[j]->table, header->table) == 0;
        }
        if (!is_said) {
            return status_fail(status, STATUS_INVALID_ARGUMENT,
                               "%s: [%s] is empty: it declares no framework. Say what it is (create, read, record, "
                               "folder, pattern, …), or remove it.",
                               toml_place(status->arena, toml, header), header->table);
        }
    }
    return true;
}

static bool read_all(struct arena *arena, const char *root, const struct toml *toml,
                     const struct framework *const **all, struct status *status)
{
    const struct toml_entry *firsts[MOST];
    size_t count;
    size_t built_in = 0;
    if (!find_tables(toml, firsts, &count, status) || !check_empty(toml, firsts, count, status)) {
        return false;
    }
    while (frameworks[built_in] != NULL) {
        built_in++;
    }
    const struct framework **const list = arena_array(arena, count + built_in + 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i] = read_one(arena, root, toml, firsts[i], status);
        if (list[i] == NULL) {
            return false;
        }
    }
    memcpy(list + count, frameworks, (built_in + 1) * sizeof *list);
    *all = list;
    return true;
}

bool declared_frameworks(struct arena *arena, const char *root, const struct framework *const **all,
                         struct status *status)
{
    const char *const path = path_join(arena, root, FILE_NAME);
    struct text content;
    struct toml toml;
    *all = frameworks;
    if (file_look(path, NULL) == FILE_NONE) {
        return true;
    }
    return file_read(arena, path, FILE_LIMIT, &content, status) &&
           toml_read(arena, FILE_NAME, content, &toml, status) && read_all(arena, root, &toml, all, status);
}
