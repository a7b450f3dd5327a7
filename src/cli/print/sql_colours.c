/*
 * Colours words, strings, comments and numbers well enough for reading; nothing is decided by it.
 */
#include "cli/print/sql_colours.h"

#include "base/text.h"
#include "base/words.h"
#include "cli/print/output.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const words[] = {
    "add",          "after",      "all",       "alter",      "and",         "as",      "begin",     "before",
    "between",      "by",         "cascade",   "case",       "check",       "column",  "comment",   "commit",
    "concurrently", "constraint", "create",    "cross",      "declare",     "default", "delete",    "desc",
    "distinct",     "do",         "drop",      "each",       "else",        "end",     "enum",      "exception",
    "execute",      "exists",     "extension", "foreign",    "for",         "from",    "function",  "grant",
    "group",        "having",     "if",        "in",         "index",       "insert",  "into",      "is",
    "join",         "key",        "language",  "left",       "like",        "limit",   "lock",      "materialized",
    "not",          "null",       "on",        "or",         "order",       "outer",   "partition", "perform",
    "primary",      "procedure",  "raise",     "references", "rename",      "replace", "restrict",  "return",
    "returning",    "returns",    "revoke",    "rollback",   "row",         "schema",  "select",    "sequence",
    "set",          "table",      "then",      "to",         "transaction", "trigger", "truncate",  "type",
    "union",        "unique",     "update",    "using",      "vacuum",      "values",  "view",      "when",
    "where",        "with",       NULL};

static bool is_keyword(struct text word)
{
    return word_is_one_of_nocase(word, words);
}

static bool is_word_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* The offset after what begins at `at` and ends with `end`; the text's end if it never ends. */
static size_t behind(struct text sql, size_t at, const char *end)
{
    const size_t found = text_find(sql, end, at);
    return found == SIZE_MAX ? sql.size : found + strlen(end);
}

/* "$tag$" at this offset; empty if there is none. */
static struct text dollar_tag(struct text sql, size_t at)
{
    size_t end = at + 1;
    while (end < sql.size && is_word_character(sql.data[end]) && sql.data[end] != '$') {
        end++;
    }
    return end < sql.size && sql.data[end] == '$' ? text_slice(sql, at, end + 1) : (struct text){0};
}

/* The end of the piece that begins at `at`, and its colour. */
static size_t next_piece(struct text sql, size_t at, enum colour *colour)
{
    const struct text rest = text_slice(sql, at, sql.size);
    const char c = sql.data[at];
    size_t end = at + 1;
    *colour = COLOUR_NONE;
    if (text_starts_with(rest, "--")) {
        *colour = COLOUR_DIM;
        return behind(sql, at, "\n");
    }
    if (text_starts_with(rest, "/*")) {
        *colour = COLOUR_DIM;
        return behind(sql, at + 2, "*/");
    }
    if (c == '\'') {
        *colour = COLOUR_GREEN;
        return behind(sql, at + 1, "'");
    }
    if (c == '"') {
        return behind(sql, at + 1, "\"");
    }
    if (c == '$' && dollar_tag(sql, at).size > 0) { /* the quotes only: what is between them is code, mostly */
        *colour = COLOUR_GREEN;
        return at + dollar_tag(sql, at).size;
    }
    while (is_word_character(c) && end < sql.size && is_word_character(sql.data[end])) {
        end++;
    }
    const bool is_number = isdigit((unsigned char)c) != 0;
    *colour = is_number ? COLOUR_MAGENTA : is_keyword(text_slice(sql, at, end)) ? COLOUR_BOLD : COLOUR_NONE;
    return end;
}

static void put(enum colour colour, struct text piece)
{
    char small[256];
    if (colour == COLOUR_NONE || piece.size >= sizeof small) {
        fwrite(piece.data, 1, piece.size, stdout);
        return;
    }
    memcpy(small, piece.data, piece.size);
    small[piece.size] = '\0';
    output_put(colour, small);
}

void sql_print(const char *sql)
{
    const struct text text = text_of(sql);
    if (!output_has_colour()) {
        fputs(sql, stdout);
        return;
    }
    for (size_t at = 0; at < text.size;) {
        enum colour colour;
        const size_t end = next_piece(text, at, &colour);
        put(colour, text_slice(text, at, end));
        at = end;
    }
}
