/*
 * A name is prefix, version, separator, description, suffix: "V1.1__create_posts.sql". A version is numbers separated
 * by dots or underscores, and missing numbers are 0: 1 equals 1.0, and 1.2 comes before 1.10 (MigrationVersion.java).
 */
#include "framework/flyway/flyway_names.h"

#include "framework/core/listing.h"

#include <ctype.h>
#include <string.h>

/* Migrations that are classes. */
static const char *const code_endings[] = {".java", ".kt", ".scala", ".groovy", NULL};

/* Scripts of a shell, or of Python (ScriptMigrationResolver.java). */
static const char *const script_endings[] = {".sh", ".bash", ".py", ".ps1", ".cmd", ".bat", NULL};

/* The first of these endings that a name has, in any case (StringUtils.java, startsAndEndsWith); NULL: none. */
static const char *ending_of(const char *name, const char *const *endings)
{
    size_t i = 0;
    while (endings[i] != NULL && !text_ends_with_nocase(text_of(name), endings[i])) {
        i++;
    }
    return endings[i];
}

/* ---- versions ---- */

int flyway_compare_versions(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        const struct text x = leading_digits(text_of(a));
        const struct text y = leading_digits(text_of(b));
        const int compared = number_compare(x, y);
        if (compared != 0) {
            return compared;
        }
        a += x.size + (a[x.size] != '\0' ? 1 : 0);
        b += y.size + (b[y.size] != '\0' ? 1 : 0);
    }
    return 0;
}

const char *flyway_key(struct arena *arena, const char *version, const char *description)
{
    struct buffer key = {.arena = arena};
    if (version == NULL) {
        return arena_printf(arena, "R:%s", description);
    }
    size_t kept = 0; /* up to the last part that is not 0 */
    while (*version != '\0') {
        const struct text written = leading_digits(text_of(version));
        const struct text digits = number_plain(written);
        version += written.size;
        buffer_puts(&key, key.size == 0 ? "" : ".");
        buffer_add(&key, digits);
        kept = text_is(digits, "0") && kept > 0 ? kept : key.size;
        version += *version != '\0' ? 1 : 0;
    }
    return arena_strndup(arena, buffer_string(&key), kept);
}

/* ---- names ---- */

const char *flyway_description(struct arena *arena, const char *text, size_t size)
{
    char *const words = arena_strndup(arena, text, size);
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return words;
}

/* "1_2" as it is recorded: "1.2". NULL if it is not a version: each part has digits. */
static const char *version_of(struct arena *arena, const char *text, size_t size)
{
    char *const version = arena_strndup(arena, text, size);
    for (char *c = version; *c != '\0'; c++) {
        *c = *c == '_' ? '.' : *c;
        const bool is_dot = *c == '.';
        const char next = c[1] == '_' ? '.' : c[1];
        if (is_dot ? isdigit((unsigned char)next) == 0 : isdigit((unsigned char)*c) == 0) {
            return NULL;
        }
    }
    return size == 0 || !isdigit((unsigned char)version[0]) ? NULL : version;
}

const char *flyway_suffix(const struct flyway_settings *settings, const char *name, bool *is_code)
{
    const char *const suffix = ending_of(name, settings->suffixes);
    const char *const code = suffix == NULL ? ending_of(name, code_endings) : NULL;
    *is_code = code != NULL;
    return suffix != NULL ? suffix : code;
}

const char *flyway_script_suffix(const char *name)
{
    const char *const ending = ending_of(name, script_endings);
    return ending == NULL && strchr(name, '.') == NULL ? "" : ending;
}

bool flyway_read_name(struct arena *arena, const struct flyway_settings *settings, const char *script,
                      struct migration_file *file)
{
    const char *const name = path_name(script);
    bool is_code;
    const char *const known = flyway_suffix(settings, name, &is_code);
    const char *const suffix = known == NULL ? flyway_script_suffix(name) : known;
    const bool is_repeatable = text_starts_with(text_of(name), settings->repeatable_prefix);
    /* The longest prefix counts (ResourceNameParser.java): the other one may be empty. */
    const bool is_versioned = text_starts_with(text_of(name), settings->prefix) &&
                              !(is_repeatable && strlen(settings->repeatable_prefix) > strlen(settings->prefix));
    if ((!is_repeatable && !is_versioned) || suffix == NULL) {
        return false;
    }
    const char *const start = name + strlen(is_versioned ? settings->prefix : settings->repeatable_prefix);
    const char *const end = name + strlen(name) - strlen(suffix);
    const char *const separator = strstr(start, settings->separator);
    if (start > end || (separator == NULL && !is_versioned)) {
        return false;
    }
    const char *const version_end = separator == NULL || separator > end ? end : separator;
    struct flyway_name *const said = arena_alloc(arena, sizeof *said);
    said->version = is_versioned ? version_of(arena, start, (size_t)(version_end - start)) : NULL;
    if (is_versioned ? said->version == NULL : version_end != start) {
        return false;
    }
    const char *const description = version_end == end ? end : version_end + strlen(settings->separator);
    said->description = flyway_description(arena, description, (size_t)(end - description));
    said->script = script;
    said->is_script = known == NULL;
    file->name = arena_strndup(arena, name, (size_t)(end - name));
    file->key = flyway_key(arena, said->version, said->description);
    file->version = said->version;
    file->repeatable = !is_versioned;
    file->is_code = is_code || said->is_script;
    file->own = said;
    return true;
}
