/*
 * Liquibase has a grammar of its own (SimpleSqlGrammar.jj), which knows quotes but no dollar quotes, and cuts at each
 * delimiter unless a BEGIN has no END yet, the END of END IF included (StringUtil.java, processMultiLineSQL; the same
 * from 4.27 to 5.0.4; 200,000 random scripts beside 4.28).
 */
#include "framework/liquibase/liquibase_cuts.h"

#include "sql/split.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define LONGEST_NAME 1000

/* ---- tokens ---- */

static bool begins_name(char c)
{
    return isalpha((unsigned char)c) != 0 || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool is_in_name(char c)
{
    return begins_name(c) || isdigit((unsigned char)c) != 0 || c == '#' || c == '@';
}

/* The longest match counts: a '\' stands before any sign, and after one with a quote it goes on to the next quote, if
 * there is one. */
static size_t literal_size(struct text text)
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
            accepted = next == quote ? i + 2 : accepted;
            i++;
        }
    }
    return accepted;
}

/* A name in brackets or back quotes is on one line. */
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

size_t liquibase_quoted_size(struct text text)
{
    const char c = text.size == 0 ? '\0' : text.data[0];
    return c == '\'' || c == '"' ? literal_size(text) : c == '[' || c == '`' ? bracketed_size(text) : 0;
}

size_t liquibase_comment_size(struct text text)
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

/* The size of a name here, plain or quoted; 0: there is none. */
static size_t name_size(struct text text)
{
    size_t i = 0;
    if (text.size == 0 || !begins_name(text.data[0])) {
        return liquibase_quoted_size(text);
    }
    while (i < text.size && is_in_name(text.data[i])) {
        i++;
    }
    return i;
}

static size_t count_of(struct text text, const char *characters)
{
    size_t i = 0;
    while (i < text.size && text.data[i] != '\0' && strchr(characters, text.data[i]) != NULL) {
        i++;
    }
    return i;
}

/* The size of the token here, which is not at the end. "a.b" is one. */
static size_t token_size(struct text rest)
{
    const size_t comment = liquibase_comment_size(rest);
    const size_t blanks = count_of(rest, " \t\n\r");
    if (comment > 0 || blanks > 0) {
        return comment > 0 ? comment : blanks;
    }
    size_t size = name_size(rest);
    for (bool goes_on = size > 0; goes_on;) {
        const struct text dot = text_slice(rest, size, rest.size);
        const size_t before = count_of(dot, " \n\r");
        const struct text behind = text_slice(dot, before + 1, dot.size);
        const size_t after = count_of(behind, " \n\r");
        const size_t next = name_size(text_slice(behind, after, behind.size));
        goes_on = before < dot.size && dot.data[before] == '.' && next > 0;
        size += goes_on ? before + 1 + after + next : 0;
    }
    const size_t digits = size > 0 ? size : count_of(rest, "0123456789");
    return digits > 0 ? digits : 1;
}

/* ---- delimiters ---- */

/* A delimiter without the "\n" in front of it, which may be written as two characters, and without the "$" of "\n/$".
 */
static struct text word_of(const char *written, bool *at_start)
{
    struct text word = text_of(written);
    *at_start = false;
    while (text_starts_with(word, "\n") || text_starts_with(word, "\\n")) {
        *at_start = true;
        word = text_slice(word, word.data[0] == '\n' ? 1 : 2, word.size);
    }
    if (*at_start && text_ends_with(word, "$") && word.size > 1) {
        word.size--;
    }
    return word;
}

bool liquibase_delimiter_is_plain(const char *written)
{
    bool at_start;
    const struct text word = word_of(written, &at_start);
    for (size_t i = 0; i < word.size && strlen(written) > 1; i++) {
        const char c = word.data[i];
        if (isspace((unsigned char)c) != 0 || strchr("\\*+?()[]{}|^$", c) != NULL) {
            return false;
        }
    }
    return word.size > 0;
}

static bool is_line_start(const struct liquibase_cuts *cuts)
{
    return cuts->previous.size == 0 || text_ends_with(cuts->previous, "\n");
}

/* Do whole tokens of this place make the delimiter as it is written (mergeTokens)? A line break in it is one, too. */
static bool is_written_here(struct text rest, struct text written)
{
    size_t end = 0;
    if (rest.size < written.size || memcmp(rest.data, written.data, written.size) != 0) {
        return false;
    }
    while (end < written.size) {
        end += token_size(text_slice(rest, end, rest.size));
    }
    return end == written.size;
}

/* The size of the delimiter at this token; 0: it is none. Several tokens can make one, but not behind a written "\n":
 * that is compared with white space and one token (isDelimiter). */
static size_t delimiter_size(const struct liquibase_cuts *cuts, struct text token)
{
    const char *const written = cuts->cut.delimiter;
    bool at_start;
    if (written == NULL) {
        const bool is_line = text_is_nocase(token, "go") || text_is(token, "/");
        return text_is(token, ";") || (is_line && is_line_start(cuts)) ? token.size : 0;
    }
    const struct text word = word_of(written, &at_start);
    const bool is_blank = cuts->previous.size > 0 && text_trim(cuts->previous).size == 0;
    const bool fits = token.size == word.size && strncasecmp(token.data, word.data, word.size) == 0;
    if (fits && (at_start ? is_blank && is_line_start(cuts) : !text_is(word, "/") || is_line_start(cuts))) {
        return token.size;
    }
    const struct text rest = text_slice(cuts->sql, cuts->at, cuts->sql.size);
    return strlen(written) > 1 && is_written_here(rest, text_of(written)) ? strlen(written) : 0;
}

/* Does BEGIN or END stand alone here, and not in front of TRANSACTION? */
static bool is_of_block(const struct liquibase_cuts *cuts, struct text token, const char *word)
{
    size_t at = cuts->at + token.size;
    if (!text_is_nocase(token, word)) {
        return false;
    }
    while (at < cuts->sql.size) {
        const struct text rest = text_slice(cuts->sql, at, cuts->sql.size);
        const struct text next = text_slice(rest, 0, token_size(rest));
        if (text_trim(next).size > 0 && (liquibase_comment_size(rest) == 0 || !cuts->cut.strips)) {
            return !text_is_nocase(next, "transaction") && !text_is_nocase(next, "trans") &&
                   !text_is_nocase(next, "tran");
        }
        at += next.size;
    }
    return true;
}

struct liquibase_cuts liquibase_cuts_of(struct text sql, const struct liquibase_cut *cut)
{
    return (struct liquibase_cuts){.sql = sql, .cut = *cut};
}

bool liquibase_next_cut(struct liquibase_cuts *cuts, size_t *start, size_t *end)
{
    while (cuts->cut.splits && cuts->at < cuts->sql.size) {
        const struct text rest = text_slice(cuts->sql, cuts->at, cuts->sql.size);
        const struct text token = text_slice(rest, 0, token_size(rest));
        if (liquibase_comment_size(rest) > 0 && cuts->cut.strips) {
            cuts->at += token.size;
            continue;
        }
        cuts->begins += is_of_block(cuts, token, "BEGIN") ? 1 : 0;
        cuts->begins -= cuts->begins > 0 && is_of_block(cuts, token, "END") ? 1 : 0;
        const size_t size = cuts->begins == 0 ? delimiter_size(cuts, token) : 0;
        *start = cuts->at;
        *end = cuts->at += size > 0 ? size : token.size;
        cuts->previous = text_slice(cuts->sql, *start, *end);
        if (size > 0) {
            return true;
        }
    }
    return false;
}

/* ---- what cannot be right ---- */

/* Skips what ends before this place; true: the token that is left contains it, and does not begin with it. */
static bool is_in_token(struct sql_lexer *lexer, struct sql_token *token, size_t at)
{
    while (token->kind != SQL_END && token->offset + token->text.size <= at) {
        *token = sql_next(lexer);
    }
    return token->kind != SQL_END && token->kind != SQL_WORD && token->offset < at;
}

size_t liquibase_tears_at(struct text sql, const struct liquibase_cut *cut)
{
    struct liquibase_cuts cuts = liquibase_cuts_of(sql, cut);
    struct sql_lexer statements = {.text = sql};
    struct sql_lexer tokens = {.text = sql};
    struct sql_statement statement = {0};
    struct sql_token token = sql_next(&tokens);
    bool is_left = true;
    size_t start;
    size_t end;
    while (liquibase_next_cut(&cuts, &start, &end)) {
        while (is_left && statement.end <= start) {
            is_left = sql_next_statement(&statements, &statement);
        }
        const bool is_semicolon = sql.data[start] == ';';
        if (is_in_token(&tokens, &token, start) || (is_semicolon && is_left && statement.start < start)) {
            return start;
        }
    }
    return SIZE_MAX;
}

size_t liquibase_never_cuts_at(struct text sql, const struct liquibase_cut *cut)
{
    bool at_start = false;
    const struct text word = word_of(cut->delimiter == NULL ? "" : cut->delimiter, &at_start);
    if (!cut->splits || !at_start || word.size == 0 || cut->delimiter[0] == '\n' || token_size(word) == word.size) {
        return SIZE_MAX;
    }
    struct text rest = sql;
    for (struct text line; text_next_line(&rest, &line);) {
        if (line.size >= word.size && memcmp(line.data, word.data, word.size) == 0) {
            return (size_t)(line.data - sql.data);
        }
    }
    return SIZE_MAX;
}
