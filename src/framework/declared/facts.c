/*
 * The keys that are not SQL: words from a list, patterns, the folder.
 */
#include "framework/declared/declaration.h"

#include "base/words.h"
#include "framework/core/inner_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_LIMIT    200 /* bytes of a pattern, a marker, a name */
#define LIST_LIMIT    20
#define MOST_OPEN     2 /* "*" and {title}: each further one multiplies the time for matching by a name's length */
#define CONTENT_LIMIT 8192

/* ---- texts ---- */

/* The values of a text or a list of texts. */
static size_t values_of(const struct toml_entry *entry, const char *const **values)
{
    *values = entry->kind == TOML_LIST ? entry->items : &entry->value;
    return entry->kind == TOML_LIST ? entry->item_count : 1;
}

static bool is_line(const char *text)
{
    return text[0] != '\0' && strlen(text) <= WORD_LIMIT && strpbrk(text, "\r\n\t") == NULL;
}

static bool take_line(const struct declaration *declaration, const struct toml_entry *entry, const char **line)
{
    *line = entry->value;
    return is_line(entry->value) || declaration_refuse(declaration, entry, "this is one line of at most 200 bytes.");
}

static bool is_true(const struct toml_entry *entry)
{
    return strcmp(entry->value, "true") == 0;
}

/* ---- words from a list ---- */

struct choice {
    const char *word;
    int value;
};

static bool choose(const struct declaration *declaration, const struct toml_entry *entry, const struct choice *choices,
                   int *value)
{
    struct buffer words = {.arena = declaration->arena};
    for (size_t i = 0; choices[i].word != NULL; i++) {
        if (strcmp(choices[i].word, entry->value) == 0) {
            *value = choices[i].value;
            return true;
        }
        buffer_printf(&words, "%s%s", i == 0 ? "" : ", ", choices[i].word);
    }
    return declaration_refuse(declaration, entry,
                              arena_printf(declaration->arena, "this is one of %s.", buffer_string(&words)));
}

static const struct choice orders[] = {
    {"name", ORDER_OF_NAMES}, {"number", ORDER_OF_NUMBERS}, {"key", ORDER_OF_KEYS}, {0}};

bool take_order(struct declaration *declaration, const struct toml_entry *entry)
{
    int order = ORDER_OF_NAMES;
    const bool ok = choose(declaration, entry, orders, &order);
    declaration->framework->folder.order = (enum file_order)order;
    return ok;
}

enum { KEY_FILE = KEY_OF_HOOK + 1 }; /* the name with its suffix */

static const struct choice key_rules[] = {
    {"name", KEY_NAME}, {"file", KEY_FILE}, {"number", KEY_NUMBER}, {"number-as-written", KEY_NUMBER_AS_WRITTEN}, {0}};

bool take_key(struct declaration *declaration, const struct toml_entry *entry)
{
    struct folder_facts *const folder = &declaration->framework->folder;
    int rule = KEY_NAME;
    const bool ok = choose(declaration, entry, key_rules, &rule);
    folder->whole_names = rule == KEY_FILE;
    folder->key = rule == KEY_FILE ? KEY_NAME : (enum key_rule)rule;
    return ok;
}

static const struct choice sendings[] = {{"in-transaction", SENT_IN_TRANSACTION},
                                         {"in-transaction-each", SENT_IN_TRANSACTION_EACH},
                                         {"whole", SENT_WHOLE},
                                         {"each", SENT_EACH},
                                         {0}};

static bool take_sending(const struct declaration *declaration, const struct toml_entry *entry,
                         enum script_sending *sending)
{
    int chosen = SENT_IN_TRANSACTION;
    const bool ok = choose(declaration, entry, sendings, &chosen);
    *sending = (enum script_sending)chosen;
    return ok;
}

bool take_sent(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_sending(declaration, entry, &declaration->framework->sent);
}

bool take_sent_unwrapped(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_sending(declaration, entry, &declaration->framework->sent_unwrapped);
}

static const struct choice late_rules[] = {{"run", LATE_RUNS}, {"refuse", LATE_REFUSED}, {"skip", LATE_SKIPPED}, {0}};

bool take_late(struct declaration *declaration, const struct toml_entry *entry)
{
    int rule = LATE_REFUSED;
    const bool ok = choose(declaration, entry, late_rules, &rule);
    declaration->framework->habits.late = (enum late_rule)rule;
    return ok;
}

static bool take_refusal(const struct declaration *declaration, const struct toml_entry *entry, bool *refuses)
{
    static const struct choice rules[] = {{"run", false}, {"refuse", true}, {0}};
    int rule = true;
    const bool ok = choose(declaration, entry, rules, &rule);
    *refuses = rule != 0;
    return ok;
}

bool take_edited(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_refusal(declaration, entry, &declaration->framework->habits.edited_blocks);
}

bool take_missing(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_refusal(declaration, entry, &declaration->framework->habits.missing_blocks);
}

bool take_checksum(struct declaration *declaration, const struct toml_entry *entry)
{
    static const char *const digests[] = {NULL, "MD5", "SHA1", "SHA256", "SHA384", "SHA512"};
    static const struct choice names[] = {{"none", 0},   {"md5", 1},    {"sha1", 2}, {"sha256", 3},
                                          {"sha384", 4}, {"sha512", 5}, {0}};
    int name = 0;
    const bool ok = choose(declaration, entry, names, &name);
    declaration->framework->folder.checksum = digests[name];
    return ok;
}

/* ---- the folder ---- */

static bool climbs(struct text path)
{
    while (path.size > 0) {
        const size_t slash = text_find(path, "/", 0);
        if (text_is(text_slice(path, 0, slash), "..")) {
            return true;
        }
        path = slash == SIZE_MAX ? (struct text){0} : text_slice(path, slash + 1, path.size);
    }
    return false;
}

/* Does a link in it lead out of the project? A path that does not exist yet leads nowhere. */
static bool leads_out(const struct declaration *declaration, const char *path)
{
    const char *const whole = path_join(declaration->arena, declaration->root, path);
    return file_look(whole, NULL) != FILE_NONE && !file_is_within(declaration->root, whole);
}

bool take_folder(struct declaration *declaration, const struct toml_entry *entry)
{
    const char **const places = arena_array(declaration->arena, 2, sizeof *places);
    if (!is_line(entry->value) || entry->value[0] == '/' || climbs(text_of(entry->value)) ||
        leads_out(declaration, entry->value)) {
        return declaration_refuse(declaration, entry, "this is a folder of the project, as seen from truss.toml.");
    }
    places[0] = plain_path(declaration->arena, entry->value); /* as in layout.c */
    declaration->framework->folder.places = places;
    return true;
}

bool take_script(struct declaration *declaration, const struct toml_entry *entry)
{
    declaration->framework->folder.script = entry->value;
    return (is_line(entry->value) && strchr(entry->value, '/') == NULL && entry->value[0] != '.') ||
           declaration_refuse(declaration, entry, "this is the name of a file.");
}

bool take_recursive(struct declaration *declaration, const struct toml_entry *entry)
{
    declaration->framework->folder.recursive = is_true(entry);
    return true;
}

/* ---- patterns ---- */

/* "number", "number:4", "number:1-4"; a number cannot be longer than a name. */
static bool is_number_word(struct text word)
{
    const size_t dash = text_find(word, "-", 0);
    const struct text first = text_slice(word, strlen("number:"), dash == SIZE_MAX ? word.size : dash);
    const struct text second = dash == SIZE_MAX ? first : text_slice(word, dash + 1, word.size);
    if (text_is(word, "number")) {
        return true;
    }
    for (size_t i = 0; i < first.size + second.size; i++) {
        const char c = i < first.size ? first.data[i] : second.data[i - first.size];
        if (c < '0' || c > '9') {
            return false;
        }
    }
    return text_starts_with(word, "number:") && first.size > 0 && first.size <= 3 && second.size > 0 &&
           second.size <= 3;
}

/* What is wrong with the word that begins at this brace; NULL: nothing. */
static const char *word_fault(struct text pattern, size_t brace, size_t *end, size_t *numbers, size_t *open)
{
    *end = text_find(pattern, "}", brace);
    if (*end == SIZE_MAX) {
        return "a brace is not closed.";
    }
    const struct text word = text_slice(pattern, brace + 1, *end);
    const bool is_number = text_starts_with(word, "number");
    *numbers += is_number ? 1 : 0;
    *open += text_is(word, "title") ? 1 : 0;
    return (is_number && is_number_word(word)) || text_is(word, "title") || text_find(word, "|", 0) != SIZE_MAX
               ? NULL
               : "in braces stand number, number:4, number:1-4, title, or words like sql|ddl.";
}

static const char *pattern_fault(struct text pattern)
{
    size_t numbers = 0;
    size_t open = 0;
    const char *fault = pattern.size == 0 || pattern.size > WORD_LIMIT || text_find(pattern, "/", 0) != SIZE_MAX
                            ? "this is a pattern of a file's name, of at most 200 bytes and without a slash."
                            : NULL;
    for (size_t i = 0; fault == NULL && i < pattern.size; i++) {
        open += pattern.data[i] == '*' ? 1 : 0;
        fault = pattern.data[i] == '{' ? word_fault(pattern, i, &i, &numbers, &open) : NULL;
    }
    return fault != NULL                     ? fault
           : numbers > 1 || open > MOST_OPEN ? "this has one {number} at most, and two of * and {title}."
                                             : NULL;
}

/* Rules for files that are passed over come first. */
static bool add_rules(const struct declaration *declaration, const struct toml_entry *entry, bool passed_over)
{
    struct folder_facts *const folder = &declaration->framework->folder;
    const char *const *patterns;
    const size_t count = values_of(entry, &patterns);
    size_t had = 0;
    while (folder->files != NULL && folder->files[had].pattern != NULL) {
        had++;
    }
    if (count == 0 || count > LIST_LIMIT) {
        return declaration_refuse(declaration, entry, "this is one pattern, or up to 20.");
    }
    struct file_rule *const rules = arena_array(declaration->arena, had + count + 1, sizeof *rules);
    for (size_t i = 0; i < count; i++) {
        const char *const fault = pattern_fault(text_of(patterns[i]));
        if (fault != NULL) {
            return declaration_refuse(declaration, entry, fault);
        }
        rules[i] = (struct file_rule){.pattern = patterns[i], .passed_over = passed_over};
    }
    for (size_t i = 0; i < had; i++) {
        rules[count + i] = folder->files[i];
    }
    folder->files = rules;
    return true;
}

bool take_pattern(struct declaration *declaration, const struct toml_entry *entry)
{
    return add_rules(declaration, entry, false);
}

bool take_ignore(struct declaration *declaration, const struct toml_entry *entry)
{
    return add_rules(declaration, entry, true);
}

/* ---- markers ---- */

/* The words of a comment, without its dashes. */
static bool take_marker(const struct declaration *declaration, const struct toml_entry *entry, const char **words)
{
    return take_line(declaration, entry, words) &&
           (!text_starts_with(text_of(*words), "--") ||
            declaration_refuse(declaration, entry, "this is said without the dashes."));
}

bool take_up(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_marker(declaration, entry, &declaration->framework->folder.marks.up);
}

bool take_down(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_marker(declaration, entry, &declaration->framework->folder.marks.down);
}

bool take_no_transaction(struct declaration *declaration, const struct toml_entry *entry)
{
    declaration->framework->folder.alone.place = ALONE_LINE;
    return take_marker(declaration, entry, &declaration->framework->folder.alone.words);
}

/* ---- new files ---- */

/* %Y, %m, …, and what is between them. */
static bool is_time_format(struct text format)
{
    for (size_t i = 0; i < format.size; i++) {
        const bool is_percent = format.data[i] == '%';
        i += is_percent ? 1 : 0;
        if (i >= format.size || strchr(is_percent ? "YmdHMSjy" : "-_.", format.data[i]) == NULL) {
            return false;
        }
    }
    return format.size > 0 && format.size <= 40;
}

static bool is_making_word(struct text word)
{
    static const char *const words[] = {"unix:s", "unix:ms", "slug", "slug:-", "slug:_", NULL};
    return word_is_one_of(word, words) ||
           (text_starts_with(word, "utc:") && is_time_format(text_slice(word, strlen("utc:"), word.size)));
}

bool take_new_file(struct declaration *declaration, const struct toml_entry *entry)
{
    const struct text name = text_of(entry->value);
    bool ok = is_line(entry->value) && name.data[0] != '/' && name.data[0] != '.' && !climbs(name) &&
              text_find(name, "{slug", 0) != SIZE_MAX;
    for (size_t open, end = 0; ok && (open = text_find(name, "{", end)) != SIZE_MAX;) {
        end = text_find(name, "}", open);
        ok = end != SIZE_MAX && is_making_word(text_slice(name, open + 1, end));
    }
    declaration->framework->folder.makes.file = entry->value;
    declaration->framework->folder.makes.content =
        declaration->framework->folder.makes.content == NULL ? "" : declaration->framework->folder.makes.content;
    return ok || declaration_refuse(declaration, entry,
                                    "this is a file's name with {slug} or {slug:-}, and optionally {utc:%Y%m%d%H%M%S}, "
                                    "{unix:s} or {unix:ms}.");
}

bool take_new_content(struct declaration *declaration, const struct toml_entry *entry)
{
    declaration->framework->folder.makes.content = entry->value;
    return strlen(entry->value) <= CONTENT_LIMIT ||
           declaration_refuse(declaration, entry, "this has no more than 8192 bytes.");
}

/* ---- the other keys ---- */

bool take_command(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_line(declaration, entry, &declaration->framework->tool);
}

bool take_only_last(struct declaration *declaration, const struct toml_entry *entry)
{
    declaration->framework->ledger.knows_only_last = is_true(entry);
    declaration->framework->ledger.records_in_order = is_true(entry);
    return true;
}

bool take_advisory_lock(struct declaration *declaration, const struct toml_entry *entry)
{
    const char *const *numbers;
    const size_t count = values_of(entry, &numbers);
    int64_t *const keys = arena_array(declaration->arena, MOST_ADVISORY_KEYS + 1, sizeof *keys);
    for (size_t i = 0; i < count && i < MOST_ADVISORY_KEYS; i++) {
        char *end;
        errno = 0;
        keys[i] = strtoll(numbers[i], &end, 10);
        if (errno != 0 || *end != '\0' || end == numbers[i] || keys[i] == 0) {
            return declaration_refuse(declaration, entry, "a key of pg_advisory_lock is a whole number, not 0.");
        }
    }
    declaration->framework->ledger.advisory_locks = keys;
    if (toml_find(declaration->toml, entry->table, "lock") == NULL) {
        declaration->framework->ledger.lock = NULL;
    }
    return (count > 0 && count <= MOST_ADVISORY_KEYS) ||
           declaration_refuse(declaration, entry, "this is one key, or up to three.");
}

/* ---- all together ---- */

static bool all_have_numbers(const struct folder_facts *folder)
{
    for (const struct file_rule *rule = folder->files; rule->pattern != NULL; rule++) {
        if (!rule->passed_over && strstr(rule->pattern, "{number") == NULL) {
            return false;
        }
    }
    return true;
}

bool declaration_is_whole(const struct declaration *declaration, const struct toml_entry *first)
{
    struct framework *const framework = declaration->framework;
    const struct folder_facts *const folder = &framework->folder;
    const bool is_numbered = folder->key != KEY_NAME || folder->order == ORDER_OF_NUMBERS;
    const char *const fault = is_numbered && !all_have_numbers(folder)
                                  ? "goes by numbers, and a pattern has no {number}"
                              : framework->ledger.knows_only_last && folder->key == KEY_NAME
                                  ? "says only-last, which needs key = \"number\" or \"number-as-written\""
                              : folder->marks.down != NULL && folder->marks.up == NULL ? "says down and no up"
                              : folder->script != NULL && folder->recursive ? "says script and recursive: one of them"
                                                                            : NULL;
    return fault == NULL || status_fail(declaration->status, STATUS_INVALID_ARGUMENT, "%s: [%s] %s.",
                                        toml_place(declaration->arena, declaration->toml, first), first->table, fault);
}
