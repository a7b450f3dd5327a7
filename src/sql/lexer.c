/*
 * The rules of PostgreSQL's scan.l, as far as they decide where a token ends.
 */
#include "sql/lexer.h"

#include "base/limits.h"
#include "base/words.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static char at(const struct sql_lexer *lexer, size_t offset)
{
    return offset < lexer->text.size ? lexer->text.data[offset] : '\0';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_word(char c)
{
    const char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool continues_word(char c)
{
    return starts_word(c) || is_digit(c) || c == '$';
}

/* The offset after a comment, which may contain other comments; SIZE_MAX if it does not end. */
static size_t skip_block_comment(const struct sql_lexer *lexer, size_t offset)
{
    size_t depth = 0;
    while (offset < lexer->text.size) {
        if (at(lexer, offset) == '/' && at(lexer, offset + 1) == '*') {
            depth++;
            offset += 2;
        } else if (at(lexer, offset) == '*' && at(lexer, offset + 1) == '/') {
            depth--;
            offset += 2;
            if (depth == 0) {
                return offset;
            }
        } else {
            offset++;
        }
    }
    return SIZE_MAX;
}

/* The offset after white space and comments. *broken: a comment does not end. */
static size_t skip_blank(const struct sql_lexer *lexer, size_t offset, bool *broken)
{
    *broken = false;
    for (;;) {
        while (offset < lexer->text.size && is_space(at(lexer, offset))) {
            offset++;
        }
        if (at(lexer, offset) == '-' && at(lexer, offset + 1) == '-') {
            while (offset < lexer->text.size && at(lexer, offset) != '\n' && at(lexer, offset) != '\r') {
                offset++;
            }
        } else if (at(lexer, offset) == '/' && at(lexer, offset + 1) == '*') {
            const size_t end = skip_block_comment(lexer, offset);
            if (end == SIZE_MAX) {
                *broken = true;
                return offset;
            }
            offset = end;
        } else {
            return offset;
        }
    }
}

/* The offset after the closing quote; a doubled quote is part of the text. SIZE_MAX if there is none. */
static size_t skip_quoted(const struct sql_lexer *lexer, size_t offset, char quote, bool escapes)
{
    for (offset++; offset < lexer->text.size; offset++) {
        const char c = lexer->text.data[offset];
        if (escapes && c == '\\') {
            offset++;
        } else if (c == quote && at(lexer, offset + 1) == quote) {
            offset++;
        } else if (c == quote) {
            return offset + 1;
        }
    }
    return SIZE_MAX;
}

/* The offset after white space with a line break, and any "--" comments in it; only these may come between the parts of
 * a string. The same offset if the string does not continue. */
static size_t skip_to_continuation(const struct sql_lexer *lexer, size_t offset)
{
    const size_t start = offset;
    bool broken_line = false;
    for (;;) {
        const char c = at(lexer, offset);
        if (is_space(c)) {
            broken_line = broken_line || c == '\n' || c == '\r';
            offset++;
        } else if (c == '-' && at(lexer, offset + 1) == '-') {
            broken_line = false; /* it must end with its line */
            while (offset < lexer->text.size && at(lexer, offset) != '\n' && at(lexer, offset) != '\r') {
                offset++;
            }
        } else {
            return broken_line && c == '\'' ? offset : start;
        }
    }
}

/* The offset after a string whose first quote is at this offset, with all the parts that continue it on later lines.
 * Backslashes have the same meaning in each part as in the first. */
static size_t skip_string(const struct sql_lexer *lexer, size_t offset, bool escapes)
{
    for (;;) {
        const size_t end = skip_quoted(lexer, offset, '\'', escapes);
        if (end == SIZE_MAX) {
            return end;
        }
        offset = skip_to_continuation(lexer, end);
        if (offset == end) {
            return end;
        }
    }
}

/* The length of a dollar quote's opening tag, "$$" or "$tag$"; 0 if there is none. */
static size_t dollar_tag(const struct sql_lexer *lexer, size_t offset)
{
    size_t end = offset + 1;
    if (starts_word(at(lexer, end))) {
        while (starts_word(at(lexer, end)) || is_digit(at(lexer, end))) {
            end++;
        }
    }
    return at(lexer, end) == '$' ? end + 1 - offset : 0;
}

static size_t skip_dollar_quoted(const struct sql_lexer *lexer, size_t offset, size_t tag)
{
    const char *const start = lexer->text.data + offset;
    const char *const close = memmem(start + tag, lexer->text.size - offset - tag, start, tag);
    return close == NULL ? SIZE_MAX : (size_t)(close - lexer->text.data) + tag;
}

static size_t skip_word(const struct sql_lexer *lexer, size_t offset)
{
    while (offset < lexer->text.size && continues_word(lexer->text.data[offset])) {
        offset++;
    }
    return offset;
}

/* Stops at "$", which would begin a dollar quote. */
static size_t skip_number(const struct sql_lexer *lexer, size_t offset)
{
    while (starts_word(at(lexer, offset)) || is_digit(at(lexer, offset)) ||
           (at(lexer, offset) == '.' && is_digit(at(lexer, offset + 1)))) {
        offset++;
    }
    return offset;
}

/* The length of a prefix that makes what follows a string or identifier, and its kind: E'…', U&'…', U&"…". */
static size_t quote_prefix(const struct sql_lexer *lexer, size_t offset, char *quote)
{
    const char c = at(lexer, offset);
    const char next = at(lexer, offset + 1);
    const char third = at(lexer, offset + 2);
    if ((c == 'U' || c == 'u') && next == '&' && (third == '\'' || third == '"')) {
        *quote = third;
        return 2;
    }
    if (next == '\'' && c != '\0' && strchr("eEbBxXnN", c) != NULL) {
        *quote = '\'';
        return 1;
    }
    *quote = c;
    return 0;
}

/* Where the token that begins at this offset ends, and its kind. */
static size_t token_end(const struct sql_lexer *lexer, size_t offset, enum sql_token_kind *kind)
{
    char quote;
    const char c = at(lexer, offset);
    const size_t prefix = quote_prefix(lexer, offset, &quote);
    const bool plain = c == '\'' || c == 'n' || c == 'N';
    if (quote == '\'') {
        *kind = SQL_STRING;
        return skip_string(lexer, offset + prefix, c == 'e' || c == 'E' || (plain && lexer->backslashes));
    }
    if (quote == '"') {
        *kind = SQL_IDENTIFIER;
        return skip_quoted(lexer, offset + prefix, quote, false);
    }
    if (starts_word(c)) {
        *kind = SQL_WORD;
        return skip_word(lexer, offset);
    }
    if (is_digit(c) || (c == '.' && is_digit(at(lexer, offset + 1)))) {
        *kind = SQL_NUMBER;
        return skip_number(lexer, offset + 1);
    }
    if (c == '$' && is_digit(at(lexer, offset + 1))) {
        *kind = SQL_PARAMETER;
        return skip_number(lexer, offset + 1);
    }
    if (c == '$' && dollar_tag(lexer, offset) > 0) {
        *kind = SQL_STRING;
        return skip_dollar_quoted(lexer, offset, dollar_tag(lexer, offset));
    }
    *kind = SQL_SYMBOL;
    return offset + 1;
}

/* Writes each member once, where it is wanted: a plan reads a statement some thirty times, and two thirds of the time
 * were copies of tokens that had just been written. */
static void read_token(struct sql_lexer *lexer, struct sql_token *token)
{
    bool broken;
    enum sql_token_kind kind = SQL_END;
    const char *const data = lexer->text.data;
    const size_t offset = skip_blank(lexer, lexer->offset, &broken);
    size_t end = broken ? SIZE_MAX : offset;
    if (!broken && offset < lexer->text.size) {
        end = token_end(lexer, offset, &kind);
    }
    if (end == SIZE_MAX) {
        kind = SQL_BROKEN;
        end = lexer->text.size;
    }
    lexer->offset = end;
    token->kind = kind;
    token->text.data = data == NULL ? NULL : data + offset;
    token->text.size = end - offset;
    token->offset = offset;
}

struct sql_token sql_next(struct sql_lexer *lexer)
{
    struct sql_token token;
    read_token(lexer, &token);
    return token;
}

bool sql_is_word(const struct sql_token *token, const char *word)
{
    return token->kind == SQL_WORD && text_is_nocase(token->text, word);
}

bool sql_is_end(const struct sql_token *token)
{
    return token->kind == SQL_END || token->kind == SQL_BROKEN;
}

bool sql_is_any_word(const struct sql_token *token, const char *const *words)
{
    return token->kind == SQL_WORD && word_is_one_of_nocase(token->text, words);
}

bool sql_is_symbol(const struct sql_token *token, char symbol)
{
    return token->kind == SQL_SYMBOL && token->text.data[0] == symbol;
}

/* The character that a backslash and this letter stand for; numeric escapes are left as letters. */
static char escaped(char c)
{
    static const char letters[] = "btnrf";
    static const char values[] = "\b\t\n\r\f";
    const char *const at = c == '\0' ? NULL : strchr(letters, c);
    return at == NULL ? c : values[at - letters];
}

/* The text between the quotes, with doubled quotes made single, the escapes of E'' replaced, and the parts of a string
 * joined. */
static char *unquote(struct arena *arena, struct text quoted, char quote, bool escapes)
{
    const struct sql_lexer lexer = {.text = quoted};
    char *const out = arena_alloc(arena, quoted.size + 1);
    size_t size = 0;
    for (size_t i = 1; i + 1 < quoted.size; i++) {
        const bool is_escape = escapes && quoted.data[i] == '\\' && i + 2 < quoted.size;
        const bool is_quote = !is_escape && quoted.data[i] == quote;
        if (is_quote && quoted.data[i + 1] != quote) {
            i = skip_to_continuation(&lexer, i + 1);
            continue;
        }
        i += is_escape || is_quote ? 1 : 0;
        out[size++] = is_escape ? escaped(quoted.data[i]) : quoted.data[i];
    }
    return out;
}

bool sql_string_gap(struct text string, size_t *at, size_t *end)
{
    const struct sql_lexer lexer = {.text = string};
    const bool escapes = string.size > 0 && (string.data[0] == 'e' || string.data[0] == 'E');
    size_t first = *at;
    while (first < string.size && string.data[first] != '\'') {
        first++;
    }
    const size_t behind = first < string.size ? skip_quoted(&lexer, first, '\'', escapes) : SIZE_MAX;
    *at = behind;
    *end = behind == SIZE_MAX ? SIZE_MAX : skip_to_continuation(&lexer, behind);
    return *end != *at;
}

/* Cuts a name after its last whole character that fits (PostgreSQL's truncate_identifier). */
static const char *cut_name(char *name)
{
    name[text_cut(text_of(name), LIMIT_NAME).size] = '\0';
    return name;
}

bool sql_take_words(struct sql_reader *reader, const char *words)
{
    if (reader->token.kind != SQL_WORD || (reader->token.text.data[0] | 0x20) != (words[0] | 0x20)) {
        return false;
    }
    struct sql_reader ahead = *reader;
    for (const char *word = words; *word != '\0';) {
        const size_t size = strcspn(word, " ");
        const struct text token = ahead.token.text;
        if (ahead.token.kind != SQL_WORD || token.size != size || strncasecmp(token.data, word, size) != 0) {
            return false;
        }
        sql_advance(&ahead);
        word += size + strspn(word + size, " ");
    }
    *reader = ahead;
    return true;
}

const char *sql_identifier(struct arena *arena, const struct sql_token *token)
{
    if (token->kind == SQL_IDENTIFIER && token->text.data[0] == '"') {
        return cut_name(unquote(arena, token->text, '"', false));
    }
    if (token->kind != SQL_WORD) {
        return NULL;
    }
    char *const name = arena_strndup(arena, token->text.data, token->text.size);
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    }
    return cut_name(name);
}

bool sql_names(const struct sql_token *token, const char *name)
{
    const bool is_quoted = token->kind == SQL_IDENTIFIER && token->text.data[0] == '"';
    const struct text inside = is_quoted ? text_slice(token->text, 1, token->text.size - 1) : token->text;
    if (!is_quoted && token->kind != SQL_WORD) {
        return false;
    }
    if (inside.size <= LIMIT_NAME && memchr(inside.data, '"', inside.size) == NULL) {
        return is_quoted ? text_is(inside, name)
                         : text_is_nocase(inside, name) && strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL;
    }
    struct arena *const arena = arena_new(0); /* a long name, or one with quotes in it: rare */
    const bool is = strcmp(sql_identifier(arena, token), name) == 0;
    arena_free(arena);
    return is;
}

const char *sql_string(struct arena *arena, const struct sql_token *token)
{
    if (token->kind != SQL_STRING) {
        return NULL;
    }
    if (token->text.data[0] == '\'') {
        return unquote(arena, token->text, '\'', false);
    }
    if (token->text.data[0] == 'e' || token->text.data[0] == 'E') {
        return unquote(arena, text_slice(token->text, 1, token->text.size), '\'', true);
    }
    if (token->text.data[0] == '$') {
        const size_t tag =
            (size_t)((const char *)memchr(token->text.data + 1, '$', token->text.size - 1) - token->text.data) + 1;
        return arena_strndup(arena, token->text.data + tag, token->text.size - 2 * tag);
    }
    return NULL;
}

/* Replaces the escapes of one string by letters; line breaks stay. */
static void flatten(char *string, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++) {
        if (string[i] == '\\') {
            string[i++] = 'x';
            string[i] = string[i] == '\'' || string[i] == '\\' ? 'x' : string[i];
        }
    }
}

struct text sql_conforming(struct arena *arena, struct text text)
{
    struct sql_lexer lexer = {.text = text, .backslashes = true};
    char *copy = NULL;
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        const char first = token.text.data[0];
        const bool is_string = token.kind == SQL_STRING || token.kind == SQL_BROKEN;
        if (!is_string || (first != '\'' && first != 'n' && first != 'N') ||
            memchr(token.text.data, '\\', token.text.size) == NULL) {
            continue;
        }
        copy = copy == NULL ? arena_strndup(arena, text.data, text.size) : copy;
        flatten(copy + token.offset, token.text.size);
    }
    return copy == NULL ? text : (struct text){copy, text.size};
}

size_t sql_unclosed(struct text text, const char **what)
{
    struct sql_lexer lexer = {.text = text};
    struct sql_token token;
    do {
        token = sql_next(&lexer);
    } while (!sql_is_end(&token));
    if (token.kind == SQL_END) {
        return SIZE_MAX;
    }
    const char *const data = token.text.data;
    const bool is_name = data[0] == '"' || (token.text.size > 2 && data[1] == '&' && data[2] == '"');
    *what = data[0] == '/'   ? "a comment /*"
            : data[0] == '$' ? "a dollar quote"
            : is_name        ? "a quoted name \""
                             : "a quote '";
    return token.offset;
}

struct sql_reader sql_read(struct text text)
{
    struct sql_reader reader = {.lexer = {.text = text}};
    sql_advance(&reader);
    return reader;
}

void sql_advance(struct sql_reader *reader)
{
    read_token(&reader->lexer, &reader->token);
}

bool sql_take(struct sql_reader *reader, const char *word)
{
    const bool is = sql_is_word(&reader->token, word);
    if (is) {
        sql_advance(reader);
    }
    return is;
}

bool sql_take_if(struct sql_reader *reader)
{
    const bool is = sql_take(reader, "if");
    if (is) {
        sql_take(reader, "not");
        sql_take(reader, "exists");
    }
    return is;
}

const char *sql_take_name(struct arena *arena, struct sql_reader *reader, const char **schema)
{
    const char *before = NULL;
    const char *name = sql_identifier(arena, &reader->token);
    if (name != NULL) {
        sql_advance(reader);
    }
    while (name != NULL && sql_is_symbol(&reader->token, '.')) {
        sql_advance(reader);
        before = name;
        name = sql_identifier(arena, &reader->token);
        sql_advance(reader);
    }
    if (schema != NULL) {
        *schema = before;
    }
    return name;
}
