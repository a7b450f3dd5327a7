/*
 * Liquibase has a grammar of its own (SimpleSqlGrammar.jj of 4.28), which knows quotes but no dollar quotes: a function
 * loses the comments in its body, and so it does here. Inside a body, the lines of a comment are removed; outside,
 * later lines keep their numbers.
 */
#include "framework/liquibase/liquibase_split.h"

#include <ctype.h>
#include <string.h>

#define LONGEST_NAME 1000

/* ---- tokens ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '$';
}

/* The size of the quoted text that begins here with ' or "; 0 if it does not end. The longest match counts: after '\'
 * it continues to the next quote, if there is one. */
static size_t quoted_size(struct text text)
{
    const char quote = text.data[0];
    size_t accepted = 0;
    for (size_t i = 1; i < text.size; i++) {
        const char next = i + 1 < text.size ? text.data[i + 1] : '\0';
        if (text.data[i] == quote) {
            accepted = i + 1;
            if (next != quote) {
                break;
            }
            i++;
        } else if (text.data[i] == '\\') {
            if (next == '\0' || strchr("'\"ntbrf\\0", next) == NULL) {
                break;
            }
            accepted = next == quote ? i + 2 : accepted;
            i++;
        }
    }
    return accepted;
}

/* The size of a name in brackets or back quotes, which is on one line; 0 if there is none. */
static size_t bracketed_size(struct text text)
{
    const char end = text.data[0] == '[' ? ']' : '`';
    size_t i = 1;
    while (i < text.size && i < LONGEST_NAME && text.data[i] != end && text.data[i] != '\n' && text.data[i] != '\r') {
        i++;
    }
    const bool is_number = end == ']' && i > 1 && isdigit((unsigned char)text.data[1]) != 0;
    return i > 1 && i < text.size && text.data[i] == end && !is_number ? i + 1 : 0;
}

/* A comment that does not end reaches to the end of the text; PostgreSQL will report it. */
static size_t comment_size(struct text text)
{
    if (text_starts_with(text, "--")) {
        size_t i = 2;
        while (i < text.size && text.data[i] != '\n' && text.data[i] != '\r') {
            i++;
        }
        return i;
    }
    const size_t end = text_starts_with(text, "/*") ? text_find(text, "*/", 2) : 0;
    return end == SIZE_MAX ? text.size : end == 0 ? 0 : end + 2;
}

/* The size of "$$" or "$tag$" here; 0 if there is none. */
static size_t dollar_size(struct text sql, size_t at)
{
    size_t i = at + 1;
    while (i < sql.size && i < at + LONGEST_NAME && is_word(sql.data[i]) && sql.data[i] != '$') {
        i++;
    }
    const bool in_word = at > 0 && is_word(sql.data[at - 1]) && sql.data[at - 1] != '$';
    return !in_word && i < sql.size && sql.data[i] == '$' ? i + 1 - at : 0;
}

/* ---- delimiters ---- */

struct delimiter {
    struct text word;
    bool at_start; /* of a line */
};

/* "\nGO", "\n/$" and "/" are delimiters at the start of a line; "\n" may be written as two characters. */
static struct delimiter delimiter_of(const char *written)
{
    struct delimiter delimiter = {.word = text_of(written)};
    struct text *const word = &delimiter.word;
    while (text_starts_with(*word, "\n") || text_starts_with(*word, "\\n")) {
        delimiter.at_start = true;
        *word = text_slice(*word, word->data[0] == '\n' ? 1 : 2, word->size);
    }
    if (delimiter.at_start && text_ends_with(*word, "$") && word->size > 1) {
        word->size--;
    }
    delimiter.at_start = delimiter.at_start || text_is(*word, "/");
    return delimiter;
}

/* The size of the delimiter here; 0 if there is none. */
static size_t delimiter_size(struct text sql, size_t at, const struct delimiter *delimiter)
{
    const size_t end = at + delimiter->word.size;
    const bool fits = delimiter->word.size > 0 && end <= sql.size &&
                      strncasecmp(sql.data + at, delimiter->word.data, delimiter->word.size) == 0;
    if (!fits || (delimiter->at_start && at > 0 && sql.data[at - 1] != '\n')) {
        return 0;
    }
    const bool in_word = is_word(delimiter->word.data[0]) &&
                         ((at > 0 && is_word(sql.data[at - 1])) || (end < sql.size && is_word(sql.data[end])));
    return in_word ? 0 : delimiter->word.size;
}

/* If no delimiter is set: a line with only "/" or "go"; the ";" is left to PostgreSQL. */
static size_t usual_delimiter_size(struct text sql, size_t at)
{
    struct text rest = text_slice(sql, at, sql.size);
    struct text line;
    if ((at > 0 && sql.data[at - 1] != '\n') || !text_next_line(&rest, &line)) {
        return 0;
    }
    line = text_trim(line);
    const bool is_delimiter = line.data == sql.data + at && (text_is(line, "/") || text_is_nocase(line, "go"));
    return is_delimiter ? line.size : 0;
}

bool liquibase_delimiter_is_plain(const char *written)
{
    const struct delimiter delimiter = delimiter_of(written);
    for (size_t i = 0; i < delimiter.word.size; i++) {
        const char c = delimiter.word.data[i];
        if (isspace((unsigned char)c) != 0 || strchr("\\*+?()[]", c) != NULL) {
            return false;
        }
    }
    return true;
}

/* ---- cutting ---- */

/* A script that is being cut. */
struct cutting {
    struct buffer *out;
    struct text sql;
    struct text body; /* the tag of the dollar quote around this place; size 0: none */
    size_t owed;      /* line endings that were left out */
};

static size_t count_lines(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == '\n' ? 1 : 0;
    }
    return count;
}

/* Outside of a body, adds the line endings that a comment had. */
static void pay(struct cutting *cutting)
{
    for (; cutting->body.size == 0 && cutting->owed > 0; cutting->owed--) {
        buffer_putc(cutting->out, '\n');
    }
}

/* Begins or ends a body at "$tag$". */
static void turn(struct cutting *cutting, struct text tag)
{
    if (cutting->body.size == 0) {
        cutting->body = tag;
    } else if (text_equal(cutting->body, tag)) {
        cutting->body = (struct text){NULL, 0};
    }
}

static size_t size_of_quoted(struct text rest)
{
    const char c = rest.data[0];
    return c == '\'' || c == '"' ? quoted_size(rest) : c == '[' || c == '`' ? bracketed_size(rest) : 0;
}

/* Takes the next piece; returns its size. */
static size_t take(struct cutting *cutting, size_t at, const struct liquibase_cut *cut,
                   const struct delimiter *delimiter)
{
    const struct text rest = text_slice(cutting->sql, at, cutting->sql.size);
    const size_t end = !cut->splits             ? 0
                       : cut->delimiter == NULL ? usual_delimiter_size(cutting->sql, at)
                                                : delimiter_size(cutting->sql, at, delimiter);
    if (end > 0) {
        buffer_putc(cutting->out, ';');
        return end;
    }
    const size_t comment = comment_size(rest);
    if (comment > 0 && comment < rest.size && cut->strips) {
        cutting->owed += count_lines(text_slice(rest, 0, comment));
        pay(cutting);
        return comment;
    }
    const size_t dollar = comment == 0 && rest.data[0] == '$' ? dollar_size(cutting->sql, at) : 0;
    const size_t whole = comment > 0 ? comment : dollar > 0 ? dollar : size_of_quoted(rest);
    if (whole > 0) {
        buffer_add(cutting->out, text_slice(rest, 0, whole));
    } else if (rest.data[0] != '\r') {
        buffer_putc(cutting->out, rest.data[0]);
    }
    if (dollar > 0) {
        turn(cutting, text_slice(rest, 0, dollar));
        pay(cutting);
    }
    return whole > 0 ? whole : 1;
}

void liquibase_split_add(struct buffer *out, struct text sql, const struct liquibase_cut *cut)
{
    const struct delimiter delimiter = delimiter_of(cut->delimiter == NULL ? "" : cut->delimiter);
    struct cutting cutting = {.out = out, .sql = sql};
    for (size_t i = 0; i < sql.size;) {
        i += take(&cutting, i, cut, &delimiter);
    }
}
