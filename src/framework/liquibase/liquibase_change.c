/*
 * Checksums, made as in CheckSum.java and NormalizingStream.java of Liquibase 4.28, and for older ones as in
 * NormalizingStreamV8.java.
 */
#include "framework/liquibase/liquibase_change.h"

#include "base/digest.h"
#include "framework/liquibase/liquibase_sql.h"

#include <string.h>

static struct text text_of_change(struct arena *arena, const struct liquibase_changeset *changeset,
                                  const struct liquibase_change *change, bool is_literal)
{
    const struct text sql = change->is_formatted ? liquibase_sql_clean(arena, change->sql) : change->sql;
    return is_literal ? sql : liquibase_expand(arena, sql, changeset->properties, changeset->property_count);
}

/* ---- checksums ---- */

/* Version 9 leaves out white space; version 8 turns each run of it into one space, and has none at the ends. */
static struct text without_space(struct arena *arena, struct text sql, int version)
{
    char *const copy = arena_alloc(arena, sql.size + 1);
    size_t size = 0;
    bool is_pending = false;
    for (size_t i = 0; i < sql.size; i++) {
        const bool is_space = strchr(" \n\r\t", sql.data[i]) != NULL && sql.data[i] != '\0';
        if (!is_space) {
            if (is_pending && version == 8 && size > 0) {
                copy[size++] = ' ';
            }
            copy[size++] = sql.data[i];
        }
        is_pending = is_space;
    }
    return (struct text){copy, size};
}

static const char *sum_of_change(struct arena *arena, const struct liquibase_changeset *changeset,
                                 const struct liquibase_change *change, int version)
{
    struct buffer normal = {.arena = arena};
    if (version == 8) {
        buffer_printf(&normal, "%s:%s:%s:", change->cut.delimiter == NULL ? "null" : change->cut.delimiter,
                      change->cut.splits ? "true" : "false", change->cut.strips ? "true" : "false");
    }
    buffer_add(&normal,
               without_space(arena, text_of_change(arena, changeset, change, change->sum_is_literal), version));
    return digest_hex_of(arena, "MD5", buffer_text(&normal));
}

const char *liquibase_sum(struct arena *arena, const struct liquibase_changeset *changeset, int version)
{
    struct arena *const working = arena_new(0);
    struct buffer sums = {.arena = working};
    for (size_t i = 0; i < changeset->change_count; i++) {
        const struct liquibase_change *const change = &changeset->changes[i];
        if (version == 8 || !change->is_skipped) {
            buffer_printf(&sums, "%d:%s:", version, sum_of_change(working, changeset, change, version));
        }
    }
    const char *const sum = arena_printf(arena, "%d:%s", version, digest_hex_of(arena, "MD5", buffer_text(&sums)));
    arena_free(working);
    return sum;
}

/* Does the text have a property without a value, where that is an error? */
static bool lacks_property(struct arena *arena, const struct liquibase_changeset *changeset, struct text sql)
{
    bool is_error = false;
    for (size_t i = 0; i < changeset->property_count; i++) {
        is_error = is_error || (changeset->properties[i].name == NULL && changeset->properties[i].value == NULL);
    }
    return is_error && text_find(liquibase_expand(arena, sql, changeset->properties, changeset->property_count), "${",
                                 0) != SIZE_MAX;
}

const char *liquibase_computed(const struct liquibase_changeset *changeset, const struct liquibase_change *change)
{
    struct arena *const working = arena_new(0);
    const char *found = NULL;
    for (size_t i = 0; found == NULL && !change->is_literal && i < changeset->property_count; i++) {
        const struct liquibase_property *const property = &changeset->properties[i];
        if (property->name != NULL && property->value == NULL) { /* there are few of them */
            const struct text sql = text_of_change(working, changeset, change, false);
            const char *const written = arena_printf(working, "${%s}", property->name);
            found = text_find(sql, written, 0) != SIZE_MAX ? property->name : NULL;
        }
    }
    arena_free(working);
    return found;
}

const char *liquibase_refuses(struct arena *arena, const struct liquibase_changeset *changeset,
                              const struct liquibase_change *change)
{
    struct arena *const working = arena_new(0);
    const struct text sql = text_of_change(working, changeset, change, change->is_literal);
    const bool is_empty = text_trim(sql).size == 0;
    const bool needs_server = !change->is_literal && text_find(sql, "${database.", 0) != SIZE_MAX;
    const bool may_escape = !change->is_literal && text_find(sql, "${:", 0) != SIZE_MAX;
    const bool lacks = !change->is_literal && lacks_property(working, changeset, change->sql);
    arena_free(working);
    if (is_empty) {
        return "it has no SQL, at which liquibase stops";
    }
    if (needs_server) {
        return "it uses a ${database.…} property, which only liquibase sets";
    }
    if (lacks) {
        return "it has a property without a value, at which liquibase stops (missingPropertyMode)";
    }
    if (may_escape) {
        return "what ${:…} in it means is for liquibase to say (supportPropertyEscaping)";
    }
    if (change->cut.splits && change->cut.delimiter != NULL && !liquibase_delimiter_is_plain(change->cut.delimiter)) {
        return arena_printf(arena, "its endDelimiter %s is a pattern", change->cut.delimiter);
    }
    return NULL;
}

/* ---- the SQL that is sent ---- */

/* Why the server refuses the pieces into which Liquibase cuts a change, with the line; NULL: they are whole. */
static const char *why_torn(struct arena *arena, const struct liquibase_change *change, struct text sql)
{
    const size_t never = liquibase_never_cuts_at(sql, &change->cut);
    const size_t tears = never == SIZE_MAX ? liquibase_tears_at(sql, &change->cut) : never;
    if (tears == SIZE_MAX) {
        return NULL;
    }
    const char *const where =
        arena_printf(arena, "line %zu: liquibase fails here", change->line + text_position(sql, tears).line - 1);
    return never == SIZE_MAX
               ? arena_printf(arena,
                              "%s, because it cuts the script in the middle of a statement: say "
                              "splitStatements:false, or another endDelimiter.",
                              where)
               : arena_printf(arena,
                              "%s, because its endDelimiter %s fits nothing: behind \\n it is one word or "
                              "one sign. Give it another.",
                              where, change->cut.delimiter);
}

struct text liquibase_sql_of(struct arena *arena, const struct liquibase_changeset *changeset, size_t *lines,
                             const char **torn)
{
    struct buffer out = {.arena = arena};
    size_t line = 1; /* of the file */
    *lines = 0;
    *torn = NULL;
    for (size_t i = 0; i < changeset->change_count; i++) {
        const struct liquibase_change *const change = &changeset->changes[i];
        if (change->is_skipped) {
            continue;
        }
        const struct text sql = text_of_change(arena, changeset, change, change->is_literal);
        *torn = *torn == NULL ? why_torn(arena, change, sql) : *torn;
        if (out.size == 0) {
            *lines = change->line > 0 ? change->line - 1 : 0;
            line = *lines + 1;
        } else {
            buffer_puts(&out, "\n;");
            line++;
        }
        for (; line < change->line; line++) {
            buffer_putc(&out, '\n');
        }
        const size_t from = out.size;
        liquibase_split_add(&out, sql, &change->cut);
        line += text_count(text_slice(buffer_text(&out), from, out.size), "\n");
    }
    return buffer_text(&out);
}
