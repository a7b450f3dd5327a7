/*
 * Facts read in play-jdbc-evolutions 3.0 (EvolutionsApi.scala, Evolutions.scala): lines are trimmed, also inside of
 * strings; statements are cut at each semicolon that has none beside it, wherever it is.
 */
#include "framework/play/play_file.h"

#include "base/digest.h"
#include "framework/play/play.h"
#include "sql/lexer.h"

#include <stdint.h>
#include <string.h>

enum part { PART_NONE, PART_UP, PART_DOWN };

/* String.trim of Java: all characters up to the blank. */
static struct text java_trim(struct text text)
{
    while (text.size > 0 && (unsigned char)text.data[0] <= ' ') {
        text = text_slice(text, 1, text.size);
    }
    while (text.size > 0 && (unsigned char)text.data[text.size - 1] <= ' ') {
        text.size--;
    }
    return text;
}

/* What begins with this trimmed line (^(#|--).*!Ups.*$); `current` if it is no marker. */
static enum part part_of(struct text line, enum part current, bool *is_marker)
{
    const bool is_comment = text_starts_with(line, "#") || text_starts_with(line, "--");
    const bool is_up = is_comment && text_find(line, "!Ups", 0) != SIZE_MAX;
    *is_marker = is_up || (is_comment && text_find(line, "!Downs", 0) != SIZE_MAX);
    return is_up ? PART_UP : *is_marker ? PART_DOWN : current;
}

void play_parts_of(struct arena *arena, struct text content, struct play_parts *parts)
{
    struct buffer texts[] = {{.arena = arena}, {.arena = arena}, {.arena = arena}};
    bool has_begun[] = {true, false, false};
    enum part part = PART_NONE;
    struct text rest = content;
    for (struct text line; text_next_line(&rest, &line);) {
        bool is_marker;
        line = java_trim(line);
        part = part_of(line, part, &is_marker);
        if (!is_marker) {
            buffer_puts(&texts[part], has_begun[part] ? "\n" : "");
            buffer_add(&texts[part], line);
            has_begun[part] = true;
        }
    }
    *parts = (struct play_parts){java_trim(buffer_text(&texts[PART_UP])), java_trim(buffer_text(&texts[PART_DOWN]))};
}

const char *play_hash(struct arena *arena, const struct play_parts *parts)
{
    struct buffer both = {.arena = arena};
    buffer_add(&both, parts->down);
    buffer_add(&both, parts->up);
    return digest_hex_of(arena, "SHA1", buffer_text(&both));
}

/* The Ups on the file's lines; all other lines are empty. */
static struct text keep_up(struct arena *arena, struct text content)
{
    struct buffer kept = {.arena = arena};
    enum part part = PART_NONE;
    struct text rest = content;
    buffer_reserve(&kept, content.size);
    for (struct text line; text_next_line(&rest, &line);) {
        bool is_marker;
        line = java_trim(line);
        part = part_of(line, part, &is_marker);
        if (part == PART_UP && !is_marker) {
            buffer_add(&kept, line);
        }
        buffer_putc(&kept, '\n');
    }
    return buffer_text(&kept);
}

static bool is_alone(struct text sql, size_t at)
{
    return (at == 0 || sql.data[at - 1] != ';') && (at + 1 == sql.size || sql.data[at + 1] != ';');
}

/* The first lone semicolon that ends no statement; SIZE_MAX: none. */
static size_t find_cut(struct text sql)
{
    struct sql_lexer lexer = {.text = sql};
    struct sql_token token = sql_next(&lexer);
    for (size_t at = 0; (at = text_find(sql, ";", at)) != SIZE_MAX; at++) {
        while (token.kind != SQL_END && token.offset < at) {
            token = sql_next(&lexer);
        }
        if (is_alone(sql, at) && (token.kind == SQL_END || token.offset != at)) {
            return at;
        }
    }
    return SIZE_MAX;
}

/* Each ";;" becomes ";", as String.replace does. */
static struct text join_semicolons(struct arena *arena, struct text sql)
{
    struct buffer joined = {.arena = arena};
    buffer_reserve(&joined, sql.size);
    for (size_t i = 0; i < sql.size; i++) {
        buffer_putc(&joined, sql.data[i]);
        i += sql.data[i] == ';' && i + 1 < sql.size && sql.data[i + 1] == ';' ? 1 : 0;
    }
    return buffer_text(&joined);
}

bool play_script(const struct script_request *request)
{
    struct arena *const arena = request->arena;
    const struct play_settings *const settings = request->folder->settings;
    const char *const prefix = settings == NULL ? PLAY_PREFIX : settings->prefix;
    const struct text sql = keep_up(arena, request->content);
    const size_t variable = text_find(sql, prefix, 0);
    const size_t cut = find_cut(sql);
    if (variable != SIZE_MAX) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s, line %u, has a variable (%s…), which only Play replaces: let the application run it.",
                           request->file->filename, text_position(sql, variable).line, prefix);
    }
    if (cut != SIZE_MAX) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s, line %u, has a semicolon inside of a string, a comment or a body, and Play cuts there. "
                           "Write ;; for it.",
                           request->file->filename, text_position(sql, cut).line);
    }
    if (text_trim(sql).size == 0 && text_starts_with(request->content, "\xef\xbb\xbf")) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s begins with a byte order mark, and Play does not see its !Ups: remove the mark.",
                           request->file->filename);
    }
    request->script->sql = join_semicolons(arena, sql);
    return true;
}
