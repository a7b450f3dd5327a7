/*
 * A call's argument is read if it is a literal: true, "text", several texts, Map.of("a", "b"). It becomes a line of
 * Flyway's own configuration, which flyway_configure.c reads.
 */
#include "framework/flyway/flyway_code.h"

#include "framework/flyway/flyway_configure.h"
#include "framework/flyway/flyway_settings.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define ARGUMENT_LIMIT 4000 /* bytes of a call's argument */
#define MOST_NOTES     5

/* What a call whose argument cannot be read leaves open. */
enum open_question {
    OPEN_NOTHING,  /* the default is stricter, so a run is refused rather than wrong: only a note */
    OPEN_FILES,    /* which files are migrations, or what they say */
    OPEN_ANYTHING, /* it is code, or can only be followed by it */
};

static const struct {
    const char *key; /* in Flyway's spelling */
    enum open_question open;
} keys[] = {
    {"mixed", OPEN_NOTHING},
    {"group", OPEN_NOTHING},
    {"outOfOrder", OPEN_NOTHING},
    {"baselineOnMigrate", OPEN_NOTHING},
    {"baselineVersion", OPEN_NOTHING},
    {"validateOnMigrate", OPEN_NOTHING},
    {"ignoreMigrationPatterns", OPEN_NOTHING},
    {"ignoreMissingMigrations", OPEN_NOTHING},
    {"ignoreIgnoredMigrations", OPEN_NOTHING},
    {"ignoreFutureMigrations", OPEN_NOTHING},
    {"failOnMissingLocations", OPEN_NOTHING},
    {"validateMigrationNaming", OPEN_NOTHING},
    {"installedBy", OPEN_NOTHING},
    {"placeholders", OPEN_NOTHING}, /* a script that has one of them is refused */
    {"executeInTransaction", OPEN_FILES},
    {"placeholderReplacement", OPEN_FILES},
    {"placeholderPrefix", OPEN_FILES},
    {"placeholderSuffix", OPEN_FILES},
    {"skipDefaultCallbacks", OPEN_FILES},
    {"sqlMigrationPrefix", OPEN_FILES},
    {"repeatableSqlMigrationPrefix", OPEN_FILES},
    {"sqlMigrationSeparator", OPEN_FILES},
    {"sqlMigrationSuffixes", OPEN_FILES},
    {"encoding", OPEN_FILES},
};

/* ---- one call ---- */

/* "outOfOrder" for "setOutOfOrder(", "target" for "setTargetAsString(". */
static const char *key_of(struct arena *arena, const char *word)
{
    static const char setter[] = "set";
    static const char as_string[] = "AsString";
    const struct text call = {word, strcspn(word, "(")};
    const bool is_setter = text_starts_with(call, setter) && isupper((unsigned char)call.data[strlen(setter)]) != 0;
    const size_t start = is_setter ? strlen(setter) : 0;
    const size_t end = call.size - (text_ends_with(call, as_string) ? strlen(as_string) : 0);
    char *const key = arena_strndup(arena, word + start, end - start);
    key[0] = (char)tolower((unsigned char)key[0]);
    return key;
}

/* The argument of a call that begins at this offset, up to its closing parenthesis. False: its end is not found. */
static bool argument_at(struct text content, size_t at, struct text *argument)
{
    const size_t most = content.size - at < ARGUMENT_LIMIT ? content.size : at + ARGUMENT_LIMIT;
    int depth = 1;
    char quote = '\0';
    for (size_t i = at; i < most; i++) {
        const char c = content.data[i];
        if (quote != '\0' || c == '"') {
            i += c == '\\' ? 1 : 0;
            quote = quote == '\0' ? c : c == quote ? '\0' : quote;
            continue;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth == 0) {
            *argument = text_trim(text_slice(content, at, i));
            return true;
        }
    }
    *argument = (struct text){0};
    return false;
}

/* The next "text" of a list of texts. False: there is none, or something else comes first. */
static bool next_text(struct text *rest, struct text *item)
{
    *rest = text_trim(*rest);
    const size_t end = text_starts_with(*rest, "\"") ? text_find(*rest, "\"", 1) : SIZE_MAX;
    if (end == SIZE_MAX) {
        return false;
    }
    *item = text_slice(*rest, 1, end);
    *rest = text_trim(text_slice(*rest, end + 1, rest->size));
    const bool goes_on = text_starts_with(*rest, ",") || text_starts_with(*rest, "to ");
    *rest = text_slice(*rest, goes_on ? strcspn(rest->data, " ,") + 1 : 0, rest->size);
    return memchr(item->data, '\\', item->size) == NULL && memchr(item->data, '$', item->size) == NULL &&
           memchr(item->data, '\n', item->size) == NULL && (goes_on || rest->size == 0);
}

/* Map.of("a", "b"), mapOf("a" to "b"): lines of placeholders. */
static bool put_pairs(struct buffer *lines, struct text argument)
{
    static const char *const makers[] = {"Map.of(", "mapOf(", "ImmutableMap.of(", "java.util.Map.of(", NULL};
    for (size_t i = 0; makers[i] != NULL; i++) {
        if (!text_starts_with(argument, makers[i]) || !text_ends_with(argument, ")")) {
            continue;
        }
        struct text rest = text_slice(argument, strlen(makers[i]), argument.size - 1);
        struct text name;
        struct text value;
        while (next_text(&rest, &name) && next_text(&rest, &value)) {
            buffer_printf(lines, "flyway.placeholders.%.*s=\"%.*s\"\n", (int)name.size, name.data, (int)value.size,
                          value.data);
        }
        return text_trim(rest).size == 0;
    }
    return false;
}

/* One text, or several as a list; in quotes, because a "#" would begin a comment. */
static bool put_texts(struct buffer *lines, const char *key, struct text argument)
{
    struct text rest = argument;
    struct text item;
    size_t count = 0;
    buffer_printf(lines, "flyway.%s=", key);
    while (next_text(&rest, &item)) {
        buffer_printf(lines, "%s\"%.*s\"", count++ == 0 ? "" : ",", (int)item.size, item.data);
    }
    buffer_putc(lines, '\n');
    return count > 0 && text_trim(rest).size == 0;
}

/* The argument as lines of a configuration; false: it is no literal. */
static bool put_lines(struct buffer *lines, const char *key, struct text argument)
{
    if (text_is(argument, "true") || text_is(argument, "false")) {
        buffer_printf(lines, "flyway.%s=%.*s\n", key, (int)argument.size, argument.data);
        return true;
    }
    if (strcmp(key, "placeholders") == 0) {
        return put_pairs(lines, argument);
    }
    if (strcmp(key, "encoding") == 0 && text_ends_with(argument, "UTF_8")) {
        return true;
    }
    return put_texts(lines, key, argument);
}

/* ---- what is taken ---- */

static void note(struct arena *arena, struct folder *folder, const char *sentence)
{
    if (flyway_settings_of(folder)->notes.count < MOST_NOTES) {
        flyway_note_folder(arena, folder, sentence);
    }
}

static enum open_question open_of(const char *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].key, key) == 0) {
            return keys[i].open;
        }
    }
    return OPEN_ANYTHING;
}

/* Is a method of that name declared here? Then a type or `fun` is before it on the line. */
static bool is_declared(struct text content, size_t at)
{
    size_t end = at;
    while (end > 0 && (content.data[end - 1] == ' ' || content.data[end - 1] == '\t')) {
        end--;
    }
    size_t start = end;
    while (start > 0 && (isalnum((unsigned char)content.data[start - 1]) != 0 || content.data[start - 1] == '_')) {
        start--;
    }
    const struct text before = text_slice(content, start, end);
    const bool is_generic = end > 0 && (content.data[end - 1] == '>' || content.data[end - 1] == ']');
    return end < at && (is_generic || before.size > 0) && !text_is(before, "return") && !text_is(before, "else");
}

/* A call that changes nothing: callbacks(), target("latest"), group(false), a regular expression's group(1). */
static bool is_usual(const char *key, struct text argument)
{
    const bool is_of_group = strcmp(key, "group") == 0;
    return argument.size == 0 || text_is(argument, "null") || text_is(argument, "\"latest\"") ||
           text_ends_with(argument, "MigrationVersion.LATEST") || (is_of_group && !text_is(argument, "true")) ||
           (open_of(key) == OPEN_ANYTHING && text_is(argument, "false"));
}

void flyway_take_call(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mentioned *mentioned)
{
    const char *const key = key_of(arena, mentioned->word);
    struct text argument;
    const bool is_whole = argument_at(file->content, mentioned->at + strlen(mentioned->word), &argument);
    struct buffer lines = {.arena = arena};
    if ((is_whole && is_usual(key, argument)) || is_declared(file->content, mentioned->at)) {
        return;
    }
    const enum open_question open = open_of(key);
    if (open == OPEN_ANYTHING) {
        unread_folder_because(
            arena, folder, *file, mentioned->at,
            arena_printf(arena, "has %s(…), which only the application itself follows, in its own migration", key));
        return;
    }
    const char *const place = unread_place(arena, folder, *file, mentioned->at);
    if (is_whole && put_lines(&lines, key, argument)) {
        const struct flyway_source source = {place, NULL, "flyway.", SOURCE_KEYS, NULL};
        flyway_settings_add(arena, folder, buffer_text(&lines), &source);
    } else if (open == OPEN_FILES) {
        unread_folder(arena, folder, *file, mentioned->at, key);
    } else {
        note(arena, folder,
             arena_printf(arena, "%s computes %s, which is not read: the default counts here.", place, key));
    }
}

void flyway_take_bean(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mentioned *mentioned)
{
    const char *const type = strrchr(mentioned->word, '.') + 1;
    unread_folder_because(
        arena, folder, *file, mentioned->at,
        arena_printf(arena, "has a %s that Spring gives to flyway: only the application runs it", type));
}

void flyway_take_strategy(struct arena *arena, struct folder *folder, const struct source_file *file,
                          const struct mentioned *mentioned)
{
    const struct words *const notes = &flyway_settings_of(folder)->notes;
    bool is_said = false;
    for (size_t i = 0; i < notes->count; i++) {
        is_said = is_said || strstr(notes->items[i], FLYWAY_STRATEGIES) != NULL;
    }
    if (!is_said) {
        note(arena, folder,
             arena_printf(arena,
                          "%s has a " FLYWAY_STRATEGIES ": what the application does at its start may be more or less "
                          "than migrate, which is what a run does here.",
                          unread_place(arena, folder, *file, mentioned->at)));
    }
}

void flyway_take_flag(struct arena *arena, struct folder *folder, const struct source_file *file,
                      const struct mentioned *mentioned)
{
    const bool is_own = strcmp(file->name, "the environment") == 0 && mentioned->word[0] == 'F';
    if (!is_own) {
        note(arena, folder,
             arena_printf(arena, "%s has %s, which counts for what is started there and not here.",
                          unread_place(arena, folder, *file, mentioned->at), mentioned->word));
    }
}
