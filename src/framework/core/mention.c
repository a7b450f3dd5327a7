/*
 * Searches files for words, and reads what follows a word as far as it is literal. Comment lines are ignored.
 */
#include "framework/core/mention.h"

#include "base/words.h"
#include "framework/core/mention_around.h"
#include "framework/core/pattern.h"
#include "framework/core/unread.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define LONGEST_NAME  255 /* bytes; PostgreSQL keeps 63 */
#define COMMENT_LIMIT 500 /* bytes searched backwards for the beginning of a comment */
#define MOST_PLACES   200 /* of a constant's name in a file: if there are more its value is unknown */

/* Files with these names are programs: an unquoted word in them is a constant or a function. */
static const char program_names[] =
    "*.{js|ts|mjs|cjs|mts|cts|tsx|py|rb|php|cs|fs|rs|go|java|kt|kts|groovy|scala|ex|exs|vb|gradle|hcl|rake}";

/* ---- words ---- */

static bool is_word_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

static char byte_at(struct text content, size_t at)
{
    return at < content.size ? content.data[at] : '\0';
}

static size_t skip(struct text content, size_t at, bool also_lines)
{
    while (at < content.size && (content.data[at] == ' ' || content.data[at] == '\t' ||
                                 (also_lines && (content.data[at] == '\n' || content.data[at] == '\r')))) {
        at++;
    }
    return at;
}

/* Is this offset in a comment line, or after a comment's beginning? */
static bool is_commented(struct text content, size_t at)
{
    static const char *const signs[] = {"//", "#", "-- ", "*", "/*", "<!--", ";", NULL};
    size_t start = at;
    while (start > 0 && at - start < COMMENT_LIMIT && content.data[start - 1] != '\n') {
        start--;
    }
    const struct text before = text_trim(text_slice(content, start, at));
    bool is = text_find(before, " // ", 0) != SIZE_MAX || text_find(before, " # ", 0) != SIZE_MAX ||
              text_ends_with(before, " //") || text_ends_with(before, " #");
    for (size_t i = 0; !is && signs[i] != NULL; i++) {
        is = text_starts_with(before, signs[i]);
    }
    return is;
}

/* Is it a whole word? "-table" is in "--table", but not in "-table-name". */
static bool stands_alone(struct text content, size_t at, const char *word)
{
    const size_t end = at + strlen(word);
    const char last = word[strlen(word) - 1];
    const bool is_flag = word[0] == '-';
    const char before = at == 0 ? ' ' : content.data[at - 1];
    const bool is_parameter = word[0] == '?' || word[0] == '&'; /* of a URL */
    return (is_parameter || !is_word_character(before)) && (is_flag || before != '-') &&
           (!is_word_character(last) ||
            (!is_word_character(byte_at(content, end)) && !(is_flag && byte_at(content, end) == '-')));
}

/* ---- values ---- */

/* The state of reading one place. */
struct reading {
    struct arena *arena;
    struct text content;
    bool is_program;
    bool is_flag;
    bool may_be_list; /* of several values separated by commas */
};

static struct text name_at(struct text content, size_t at)
{
    size_t end = at;
    while (end < content.size && is_word_character(content.data[end])) {
        end++;
    }
    return text_slice(content, at, end);
}

/* After a quoted text: does the value continue ("a" + b)? Calls that change nothing do not count. */
static bool goes_on(struct text content, size_t at)
{
    static const char *const same[] = {".freeze", ".into", ".as_str", ".to_string", ".to_owned", ".to_s", NULL};
    const struct text rest = text_slice(content, skip(content, at, false), content.size);
    bool is_same = false;
    for (size_t i = 0; same[i] != NULL; i++) {
        is_same = is_same || text_starts_with(rest, same[i]);
    }
    return rest.size > 0 && !is_same && strchr("+.%&", rest.data[0]) != NULL;
}

/* The text between the quotes at this offset. */
static bool read_quoted(const struct reading *reading, size_t at, struct text *value)
{
    const struct text content = reading->content;
    const size_t end = text_find(content, (const char[]){content.data[at], '\0'}, at + 1);
    *value = text_slice(content, at + 1, end);
    return end != SIZE_MAX && value->size <= LONGEST_NAME && memchr(value->data, '\\', value->size) == NULL &&
           text_find(*value, "#{", 0) == SIZE_MAX && text_find(*value, "%env(", 0) == SIZE_MAX &&
           (!reading->is_program || !goes_on(content, end + 1));
}

static bool says_nothing(struct text word)
{
    static const char *const words[] = {"null",   "nil",    "None", "undefined", "false", "NULL", "Nothing",
                                        "string", "String", "str",  "text",      "true",  "~",    NULL};
    return word.size == 0 || word_is_one_of(word, words);
}

/* Skips the type of a constant: ": string", ": &'static str", Go's " string". */
static size_t skip_type(struct text content, size_t at)
{
    if (text_starts_with(text_slice(content, at, content.size), "string ")) {
        return skip(content, at + strlen("string"), false);
    }
    if (byte_at(content, at) != ':' || byte_at(content, at + 1) == '=') {
        return at;
    }
    while (at < content.size && content.data[at] != '=' && content.data[at] != '\n') {
        at++;
    }
    return at;
}

/* The quoted value of a constant in the file, if it is the same wherever it is set; otherwise false. */
static bool read_constant(const struct reading *reading, struct text name, struct text *value)
{
    const struct text content = reading->content;
    const char *const word = arena_strndup(reading->arena, name.data, name.size);
    bool is_found = false;
    size_t places = 0;
    for (size_t at = 0; (at = text_find(content, word, at)) != SIZE_MAX; at += name.size) {
        if (++places > MOST_PLACES) {
            return false;
        }
        size_t behind = skip(content, at + name.size, false);
        if (!stands_alone(content, at, word) || is_commented(content, at)) {
            continue;
        }
        behind = skip_type(content, behind);
        const bool is_set = byte_at(content, behind) == ':' || byte_at(content, behind) == '=';
        behind += byte_at(content, behind) == ':' ? 1 : 0;
        if (!is_set || byte_at(content, behind) != '=' || byte_at(content, behind + 1) == '=') {
            continue;
        }
        struct text one;
        behind = skip(content, behind + 1, true);
        const char quote = byte_at(content, behind);
        if (quote == '\0' || strchr("\"'`", quote) == NULL || !read_quoted(reading, behind, &one) ||
            (is_found && !text_equal(*value, one))) {
            return false;
        }
        *value = one;
        is_found = true;
    }
    return is_found;
}

/* Is it a library's constant for the default name (postgres.DefaultMigrationsTable)? */
static bool is_usual_name(struct text content, size_t at)
{
    static const char *const usual[] = {"DefaultMigrationsTable", "DefaultTablename", "DefaultTableName",
                                        "DEFAULT_MIGRATION_TABLE", NULL};
    struct text name = name_at(content, at);
    while (byte_at(content, at + name.size) == '.') {
        at += name.size + 1;
        name = name_at(content, at);
    }
    const char sign = byte_at(content, skip(content, at + name.size, false));
    return word_is_one_of(name, usual) && (sign == '\0' || strchr(",;)}\n\r", sign) != NULL);
}

/* An unquoted word in a program. */
static enum mention_kind read_name(const struct reading *reading, size_t at, struct text *value)
{
    const struct text content = reading->content;
    const struct text name = name_at(content, at);
    const size_t behind = at + name.size;
    if (name.size == 0) {
        return MENTION_COMPUTED;
    }
    if (says_nothing(name) || is_usual_name(content, at)) {
        return MENTION_NOTHING;
    }
    const char next = byte_at(content, behind);
    const bool is_alone = next == '\0' || strchr(".(['\"`?", next) == NULL;
    const char sign = byte_at(content, skip(content, behind, false));
    const bool ends = sign == '\0' || strchr("+?|&%", sign) == NULL;
    return is_alone && ends && read_constant(reading, name, value) ? MENTION_LITERAL : MENTION_COMPUTED;
}

/* Does a comma here separate two values of a list ("a,b"), and not two arguments ([-dir,a,up])? */
static bool parts_values(const struct reading *reading, size_t from, size_t at)
{
    const char next = byte_at(reading->content, at + 1);
    const bool is_assigned = !reading->is_flag || (from > 0 && reading->content.data[from - 1] == '=');
    return reading->may_be_list && is_assigned && byte_at(reading->content, at) == ',' &&
           (is_word_character(next) || next == '.' || next == '/');
}

/* An unquoted value in a command, a variable, or YAML. */
static enum mention_kind read_bare(const struct reading *reading, size_t at, struct text *value)
{
    static const char *const computed[] = {"$", "{", "<", "%", NULL};
    const struct text content = reading->content;
    size_t end = at;
    while (end < content.size &&
           (strchr(" \t\r\n\"'`,;&|)\\<]", content.data[end]) == NULL || parts_values(reading, at, end))) {
        end++;
    }
    *value = text_slice(content, at, end);
    for (size_t i = 0; computed[i] != NULL; i++) {
        if (text_find(text_slice(content, at, end + 2), computed[i], 0) == 0) {
            return MENTION_COMPUTED;
        }
    }
    const bool has_sign = memchr(value->data, '$', value->size) != NULL ||
                          memchr(value->data, '%', value->size) != NULL ||
                          memchr(value->data, '{', value->size) != NULL;
    return says_nothing(*value) ? MENTION_NOTHING : has_sign ? MENTION_COMPUTED : MENTION_LITERAL;
}

/* In front of the first item of "new[] { … }" or "new List<string> { … }"; the same offset if it is none. */
static size_t first_of_new(struct text content, size_t at)
{
    size_t end = text_starts_with(text_slice(content, at, content.size), "new") ? at : content.size;
    while (end < content.size &&
           (is_word_character(content.data[end]) || strchr("[]<>() ", content.data[end]) != NULL)) {
        end++;
    }
    return byte_at(content, end) == '{' ? skip(content, end + 1, true) : at;
}

static enum mention_kind read_value(const struct reading *reading, size_t at, struct text *value)
{
    at = reading->is_program && !reading->may_be_list ? first_of_new(reading->content, at) : at;
    while (reading->is_program && byte_at(reading->content, at) == '[' && byte_at(reading->content, at + 1) != ']') {
        at = skip(reading->content, at + 1, true);
    }
    const char c = byte_at(reading->content, at);
    *value = (struct text){0};
    if (c == '"' || c == '\'' || c == '`') {
        const bool is_plain = read_quoted(reading, at, value);
        const struct text quoted = {value->data, value->size};
        const bool is_computed = text_find(quoted, "$", 0) != SIZE_MAX || text_find(quoted, "{{", 0) != SIZE_MAX ||
                                 text_find(quoted, "<%", 0) != SIZE_MAX;
        return !is_plain || is_computed ? MENTION_COMPUTED : value->size == 0 ? MENTION_NOTHING : MENTION_LITERAL;
    }
    if (!reading->is_program) {
        return read_bare(reading, at, value);
    }
    if (c == ':' && is_word_character(byte_at(reading->content, at + 1))) { /* Ruby's symbol */
        *value = name_at(reading->content, at + 1);
        return MENTION_LITERAL;
    }
    return read_name(reading, at, value);
}

/* After the sign between a word and its value; SIZE_MAX: there is only the name. */
static size_t behind_sign(const struct reading *reading, size_t at)
{
    static const char *const signs[] = {"=>", ":=", "=", ":", NULL};
    const struct text content = reading->content;
    const bool is_quoted = byte_at(content, at) != '\0' && strchr("\"'`]", byte_at(content, at)) != NULL;
    size_t behind = at + (is_quoted ? 1 : 0);
    behind += is_quoted && byte_at(content, behind) == ']' ? 1 : 0; /* options['x'] = … */
    behind = skip(content, behind, false);
    behind += byte_at(content, behind) == '?' ? 1 : 0;
    const struct text rest = text_slice(content, behind, content.size);
    if (text_starts_with(rest, "==") || text_starts_with(rest, "!=")) {
        return SIZE_MAX;
    }
    for (size_t i = 0; signs[i] != NULL; i++) {
        if (text_starts_with(rest, signs[i])) {
            return behind + strlen(signs[i]);
        }
    }
    if (text_starts_with(rest, "\n") || text_starts_with(rest, "\r\n")) { /* Kubernetes: name, and value below it */
        const size_t below = skip(content, behind, true);
        const bool is = text_starts_with(text_slice(content, below, content.size), "value:");
        return is ? below + strlen("value:") : SIZE_MAX;
    }
    if (reading->is_flag) {
        behind += byte_at(content, behind) == ',' ? 1 : 0;
        return behind > at ? behind : SIZE_MAX;
    }
    return SIZE_MAX;
}

/* Where argument `number` begins, counted from the one at this offset; SIZE_MAX: there is none. */
static size_t argument_at(struct text content, size_t at, unsigned number)
{
    int depth = 0;
    for (; number > 0 && at < content.size; at++) {
        const char c = content.data[at];
        depth += strchr("([{", c) != NULL && c != '\0' ? 1 : 0;
        depth -= strchr(")]}", c) != NULL && c != '\0' ? 1 : 0;
        if (depth < 0 || c == ';') {
            return SIZE_MAX;
        }
        number -= depth == 0 && c == ',' ? 1 : 0;
    }
    return number == 0 ? at : SIZE_MAX;
}

/* The first text in the body of a function that begins after this offset: fn name() -> X { "ours".into_iden() }. */
static enum mention_kind read_body(const struct reading *reading, size_t at, struct text *value)
{
    const size_t begin = text_find(reading->content, "{", at);
    const size_t quote = begin == SIZE_MAX ? SIZE_MAX : text_find(reading->content, "\"", begin);
    const size_t end = begin == SIZE_MAX ? SIZE_MAX : text_find(reading->content, "}", begin);
    return quote < end && read_quoted(reading, quote, value) ? MENTION_LITERAL : MENTION_COMPUTED;
}

/* The text between an XML tag and the next one. */
static enum mention_kind read_tagged(const struct reading *reading, size_t at, struct text *value)
{
    const size_t end = text_find(reading->content, "<", at);
    *value = text_trim(text_slice(reading->content, at, end == SIZE_MAX ? at : end));
    return value->size == 0                                                              ? MENTION_NOTHING
           : value->size > LONGEST_NAME || memchr(value->data, '$', value->size) != NULL ? MENTION_COMPUTED
                                                                                         : MENTION_LITERAL;
}

/* Reads what follows a word. */
static void read_place(const struct reading *reading, const struct mention *mention, size_t behind,
                       struct mentioned *mentioned)
{
    const char last = mentioned->word[strlen(mentioned->word) - 1];
    const bool is_tag = last == '>';
    const size_t from = is_tag        ? behind
                        : last == '(' ? argument_at(reading->content, behind, mention->argument)
                                      : behind_sign(reading, behind);
    const bool is_function = strncmp(mentioned->word, "fn ", 3) == 0;
    struct text value = {0};
    if (from == SIZE_MAX && !is_function) {
        mentioned->kind = MENTION_NOTHING;
        return;
    }
    const size_t at = skip(reading->content, from, reading->is_program);
    if (last == '(' && byte_at(reading->content, at) == ')' && !is_function) { /* embed_migrations!() */
        mentioned->kind = MENTION_NOTHING;
        return;
    }
    mentioned->kind = is_function ? read_body(reading, behind, &value)
                      : is_tag    ? read_tagged(reading, behind, &value)
                                  : read_value(reading, at, &value);
    if (mentioned->kind == MENTION_LITERAL) {
        mentioned->value = arena_strndup(reading->arena, value.data, value.size);
    }
}

/* ---- places ---- */

/* The next of the words, which are separated by "|". */
static size_t find_word(struct arena *arena, struct text content, const char *words, size_t from, const char **word)
{
    size_t first = SIZE_MAX;
    for (struct text next; word_next(&words, &next);) {
        const char *const one = arena_strndup(arena, next.data, next.size);
        size_t at = text_find(content, one, from);
        while (at != SIZE_MAX && (!stands_alone(content, at, one) || is_commented(content, at))) {
            at = text_find(content, one, at + 1);
        }
        if (at < first) {
            first = at;
            *word = one;
        }
    }
    return first;
}

bool mention_next(struct arena *arena, const struct mention *mention, const struct source_file *file, size_t *at,
                  struct mentioned *mentioned)
{
    const char *const name = path_name(file->name);
    struct reading reading = {.arena = arena,
                              .content = file->content,
                              .is_program =
                                  pattern_fits(program_names, text_of(name), NULL) || strcmp(name, "Rakefile") == 0,
                              .may_be_list = mention->part == MENTION_PATH};
    const bool is_list = text_ends_with(text_of(name), ".yml") || text_ends_with(text_of(name), ".yaml");
    *mentioned = (struct mentioned){0};
    do {
        mentioned->at = find_word(arena, file->content, mention->words, *at, &mentioned->word);
        if (mentioned->at == SIZE_MAX) {
            return false;
        }
        *at = mentioned->at + strlen(mentioned->word);
    } while (mention_is_of_others(mention, file->content, mentioned, is_list));
    reading.is_flag = mentioned->word[0] == '-';
    /* "-c search_path=app" and "?x-migrations-table=ours" are texts within a program. */
    reading.is_program =
        reading.is_program && !reading.is_flag &&
        !(byte_at(file->content, *at) == '=' &&
          (strchr(mentioned->word, '-') != NULL || text_ends_with(text_of(mentioned->word), "search_path")));
    read_place(&reading, mention, *at, mentioned);
    return true;
}

void mention_take_one(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mention *mention, const struct mentioned *mentioned)
{
    const char **const place = mention->part == MENTION_SCHEMA ? &folder->ledger.schema : &folder->ledger.table;
    if (mentioned->kind == MENTION_COMPUTED) {
        unread_ledger(arena, folder, *file, mentioned->at, mentioned->word);
    } else if (mentioned->kind == MENTION_LITERAL && *place != NULL && strcmp(*place, mentioned->value) != 0) {
        unread_ledger_because(arena, folder, *file, mentioned->at,
                              arena_printf(arena, "names %s, and another place %s", mentioned->value, *place));
    } else if (mentioned->kind == MENTION_LITERAL) {
        *place = mentioned->value;
    }
}
