/*
 * The lexer against PostgreSQL's own scanner (libpg_query has it), on texts put together at random from what is hard:
 * quotes in quotes, nested comments, continued strings, dollar quotes, letters beyond ASCII. A seed repeats exactly.
 */
#include "sql/lexer.h"
#include "sql/split.h"
#include "support/runner.h"

#include <pg_query.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS  20000 /* of each of the seeds */
#define LONGEST 400

static struct arena *arena;
static uint64_t state;

static void set_up(void)
{
    arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(arena);
}

static size_t below(size_t limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state >> 33) % limit;
}

static const char *const pieces[] = {
    "'",
    "''",
    "\\'",
    "\\",
    "\"",
    "\"\"",
    "$$",
    "$a$",
    "$b$",
    "$1",
    "E'",
    "e'",
    "U&'",
    "U&\"",
    "N'",
    "n'",
    "B'",
    "X'",
    "--",
    "/*",
    "*/",
    "/",
    "*",
    "-",
    "+",
    "\n",
    "\r",
    " ",
    "\t",
    ";",
    "a",
    "b1",
    "_x",
    "E",
    "u&",
    "\xC3\xA4",
    "\xE2\x82\xAC",
    "1",
    "1.5",
    ".5",
    "1e5",
    "(",
    ")",
    "::",
    ":=",
    "'a'",
    "E'b\\'c'",
    "$$d$$",
    "\"e\"",
    "$f$ $ $f$",
    "-- g\n",
    "/* h */",
    "select",
    "begin",
    "commit",
    ",",
    "[",
    "|",
    "'a'\n'b'",
    "E'a'\n 'b\\''",
    "E'a' -- c\n'd'",
    "/*/**/*/",
    "$",
    "x$$",
    "end$$;",
};

static const char *make(char *text)
{
    const size_t count = 1 + below(14);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        strcat(text, pieces[below(sizeof pieces / sizeof pieces[0])]);
    }
    return text;
}

/* ---- what PostgreSQL's scanner says, a letter for each byte: s string, w word, q quoted name, o anything else, blank
 * outside of tokens ---- */

static uint64_t varint(const unsigned char **at)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        const unsigned char byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
}

struct scanned {
    size_t start, end, token;
};

/* A ScanToken of libpg_query's protobuf: start, end, token, keyword kind. */
static struct scanned read_token(const unsigned char *at, const unsigned char *end)
{
    struct scanned scanned = {0};
    while (at < end) {
        const uint64_t key = varint(&at);
        const uint64_t value = varint(&at);
        scanned.start = key >> 3 == 1 ? (size_t)value : scanned.start;
        scanned.end = key >> 3 == 2 ? (size_t)value : scanned.end;
        scanned.token = key >> 3 == 4 ? (size_t)value : scanned.token;
    }
    return scanned;
}

/* Of a token of the scanner, by how it is written: that is what the lexer is asked for, too. */
static char letter_of(const char *text, size_t start, size_t end)
{
    const char first = text[start];
    const char next = start + 1 < end ? text[start + 1] : '\0';
    if (first == '\'' || (next == '\'' && strchr("eEbBxXnN", first) != NULL) ||
        (next == '&' && start + 2 < end && text[start + 2] == '\'')) {
        return 's';
    }
    if (first == '"' || (next == '&' && start + 2 < end && text[start + 2] == '"')) {
        return 'q';
    }
    if (first == '$' && end - start > 1 && (next < '0' || next > '9')) {
        return 's';
    }
    const char lower = (char)(first | 0x20);
    return (lower >= 'a' && lower <= 'z') || first == '_' || (unsigned char)first >= 0x80 ? 'w' : 'o';
}

/* Behind a U&"…" or U&'…', of which the scanner tells the beginning alone; a string may go on in another line. */
static size_t end_of_unicode(const char *text, size_t start)
{
    const char quote = text[start + 2];
    size_t at = start + 3;
    for (;;) {
        while (text[at] != quote || text[at + 1] == quote) {
            at += text[at] == quote ? 2 : 1;
        }
        at++;
        const size_t blank = strspn(text + at, " \t\r\n");
        const size_t before = strcspn(text + at, "\r\n");
        if (quote != '\'' || text[at + blank] != quote || before >= blank) {
            return at;
        }
        at += blank + 1;
    }
}

/* False where the scanner refuses the text; *message is why. */
static bool scan(const char *text, char *map, char *message, size_t size)
{
    PgQueryScanResult result = pg_query_scan(text);
    const bool ok = result.error == NULL;
    memset(map, ' ', strlen(text));
    map[strlen(text)] = '\0';
    snprintf(message, size, "%s", ok ? "" : result.error->message);
    const unsigned char *at = (const unsigned char *)result.pbuf.data;
    const unsigned char *const end = at + (ok ? result.pbuf.len : 0);
    while (at < end) {
        const uint64_t key = varint(&at);
        const uint64_t value = varint(&at);
        if ((key & 7) != 2) {
            continue;
        }
        struct scanned scanned = read_token(at, at + value);
        const char *const token = text + scanned.start;
        const bool comment = strncmp(token, "--", 2) == 0 || strncmp(token, "/*", 2) == 0;
        if ((token[0] | 0x20) == 'u' && token[1] == '&' && (token[2] == '"' || token[2] == '\'')) {
            scanned.end = end_of_unicode(text, scanned.start);
        }
        if (!comment) {
            memset(map + scanned.start, letter_of(text, scanned.start, scanned.end), scanned.end - scanned.start);
        }
        at += value;
    }
    pg_query_free_scan_result(result);
    return ok;
}

/* The same by our lexer; false where something is never closed. */
static bool lex(const char *text, char *map)
{
    static const char letters[] = {
        [SQL_WORD] = 'w',      [SQL_IDENTIFIER] = 'q', [SQL_STRING] = 's', [SQL_NUMBER] = 'o',
        [SQL_PARAMETER] = 'o', [SQL_SYMBOL] = 'o',     [SQL_BROKEN] = '!'};
    struct sql_lexer lexer = {.text = text_of(text)};
    bool closed = true;
    memset(map, ' ', strlen(text));
    map[strlen(text)] = '\0';
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        memset(map + token.offset, letters[token.kind], token.text.size);
        /* N'…' is a word and a string to the scanner. */
        map[token.offset] = token.kind == SQL_STRING && (token.text.data[0] | 0x20) == 'n' ? 'w' : map[token.offset];
        closed = closed && token.kind != SQL_BROKEN;
    }
    return closed;
}

/* The scanner makes one string of parts on several lines; the lexer may leave them parts. */
static void join_strings(const char *theirs, char *ours)
{
    for (size_t i = 0; theirs[i] != '\0'; i++) {
        if (theirs[i] == 's' && ours[i] == ' ') {
            ours[i] = 's';
        }
    }
}

/* libpg_query's scanner, unlike the server's, does not go on with a string behind a comment: such a text is left out.
 */
static bool is_parted_by_comment(const char *text)
{
    struct sql_lexer lexer = {.text = text_of(text), .backslashes = true};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        const char *quote = text + token.offset + token.text.size;
        quote += strspn(quote, " \t\r\n");
        const bool comment = token.kind == SQL_STRING && strncmp(quote, "--", 2) == 0;
        if (comment || text_find(token.text, "--", 0) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* "$1x": trailing junk to servers, which refuse it, and two tokens to libpg_query of PostgreSQL 17. */
static bool has_stuck_parameter(const char *text)
{
    struct sql_lexer lexer = {.text = text_of(text)};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        if (token.kind == SQL_PARAMETER && strspn(token.text.data + 1, "0123456789") + 1 < token.text.size) {
            return true;
        }
    }
    return false;
}

START_TEST(tokens_are_postgresql_s)
{
    char text[LONGEST], theirs[LONGEST], ours[LONGEST], message[200];
    state = (uint64_t)_i * 1000003 + 1;
    size_t compared = 0;
    for (int round = 0; round < ROUNDS; round++) {
        if (is_parted_by_comment(make(text)) || has_stuck_parameter(text)) {
            continue;
        }
        const bool ok = scan(text, theirs, message, sizeof message);
        const bool closed = lex(text, ours);
        if (ok) {
            join_strings(theirs, ours);
            ck_assert_msg(strcmp(theirs, ours) == 0, "[%s]\n theirs [%s]\n ours   [%s]", text, theirs, ours);
            compared++;
        } else if (strncmp(message, "unterminated", strlen("unterminated")) == 0) {
            ck_assert_msg(!closed, "[%s] %s, ours [%s]", text, message, ours);
            compared++;
        }
    }
    ck_assert_uint_gt(compared, ROUNDS / 4);
}
END_TEST

/* ---- standard_conforming_strings = off ---- */

static const char *const off_pieces[] = {
    "'",  " '", "\\'", "\\\\", "\\", "''",  "' ",       "\n", "a",   ";",
    "$$", "\"", "--",  "/*",   "*/", " E'", "\xC3\xA4", "1",  "\\t",
};

/* Puts " E" in front of each string that our lexer sees begin, so that a scanner with standard strings takes it for one
 * with escapes: where it ends is then judged by that scanner. is_put marks what was put there. */
static void put_escapes(const char *text, char *escaped, bool *is_put)
{
    struct sql_lexer lexer = {.text = text_of(text), .backslashes = true};
    size_t size = 0;
    size_t copied = 0;
    for (struct sql_token token = sql_next(&lexer);; token = sql_next(&lexer)) {
        while (copied < token.offset) {
            is_put[size] = false;
            escaped[size++] = text[copied++];
        }
        if (token.kind == SQL_END) {
            break;
        }
        if (token.text.data[0] == '\'') {
            is_put[size] = is_put[size + 1] = true;
            escaped[size++] = ' ';
            escaped[size++] = 'E';
        }
    }
    escaped[size] = '\0';
}

/* The letters of what was there before. */
static void take_out(char *map, const bool *is_put)
{
    size_t size = 0;
    for (size_t i = 0; map[i] != '\0'; i++) {
        if (!is_put[i]) {
            map[size++] = map[i];
        }
    }
    map[size] = '\0';
}

START_TEST(backslashes_escape_in_plain_strings_where_the_server_says_so)
{
    char text[LONGEST], escaped[LONGEST], theirs[LONGEST], ours[LONGEST], message[200];
    bool is_put[LONGEST];
    state = (uint64_t)_i * 7919 + 3;
    size_t compared = 0;
    for (int round = 0; round < ROUNDS; round++) {
        text[0] = '\0';
        for (size_t i = 0, count = 1 + below(14); i < count; i++) {
            strcat(text, off_pieces[below(sizeof off_pieces / sizeof off_pieces[0])]);
        }
        if (is_parted_by_comment(text)) {
            continue;
        }
        put_escapes(text, escaped, is_put);
        const struct text seen = sql_conforming(arena, text_of(text));
        const char *const masked = arena_strndup(arena, seen.data, seen.size);
        const bool closed = lex(masked, ours);
        ck_assert_uint_eq(strlen(masked), strlen(text));
        if (scan(escaped, theirs, message, sizeof message)) {
            take_out(theirs, is_put);
            join_strings(theirs, ours);
            ck_assert_msg(strcmp(theirs, ours) == 0, "[%s] as [%s]\n theirs [%s]\n ours   [%s]", text, masked, theirs,
                          ours);
            compared++;
        } else if (strncmp(message, "unterminated", strlen("unterminated")) == 0) {
            ck_assert_msg(!closed, "[%s] %s", text, message);
            compared++;
        }
        if (round % 1000 == 0) {
            tear_down();
            set_up();
        }
    }
    ck_assert_uint_gt(compared, ROUNDS / 4);
}
END_TEST

START_TEST(what_is_never_closed_is_named)
{
    static const struct {
        const char *sql;
        const char *what; /* NULL: all is closed */
        size_t offset;
    } cases[] = {
        {"select 'a''b' \"c\" $$ d $$ /* e /* f */ */ -- '", NULL, SIZE_MAX},
        {"select 1;\n select 'abc);", "a quote '", 18},
        {"select U&\"x", "a quoted name \"", 7},
        {"select U&'\"x", "a quote '", 7},
        {"/* a /* b */", "a comment /*", 0},
        {"do $x$ begin end $y$", "a dollar quote", 3},
    };
    const char *what = NULL;
    ck_assert_uint_eq(sql_unclosed(text_of(cases[_i].sql), &what), cases[_i].offset);
    ck_assert(cases[_i].what == NULL || strcmp(what, cases[_i].what) == 0);
}
END_TEST

START_TEST(a_name_is_read_to_its_last_part)
{
    static const struct {
        const char *sql;
        const char *name;
        const char *schema;
        const char *next; /* where the reader stands then; "": at the end */
    } cases[] = {
        {"T RENAME", "t", NULL, "rename"},    {"App . \"My.T\" ADD", "My.T", "app", "add"},
        {"db.app.t", "t", "app", ""},         {"( a", NULL, NULL, "("},
        {"app.(x", NULL, "app", "x"},         {"'t' x", NULL, NULL, "'t'"},
        {"\"a\"\"b\".c d", "c", "a\"b", "d"}, {"", NULL, NULL, ""},
    };
    const char *schema = "unset";
    struct sql_reader reader = sql_read(text_of(cases[_i].sql));
    const char *const name = sql_take_name(arena, &reader, &schema);
    ck_assert_pstr_eq(name, cases[_i].name);
    ck_assert_pstr_eq(schema, cases[_i].schema);
    ck_assert(text_is_nocase(reader.token.text, cases[_i].next));
}
END_TEST

START_TEST(a_token_names_an_object_as_its_identifier_does)
{
    static const char *const texts[] = {
        "users",     "USERS",      "\"users\"",
        "\"Users\"", "\"a\"\"b\"", "U&\"users\"",
        "'users'",   "\"\"",       "\"a2345678901234567890123456789012345678901234567890123456789012345\"",
    };
    static const char *const names[] = {"users", "Users", "a\"b",
                                        "a23456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sql_lexer lexer = {.text = text_of(texts[i])};
        const struct sql_token token = sql_next(&lexer);
        const char *const identifier = sql_identifier(arena, &token);
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            const bool is = identifier != NULL && strcmp(identifier, names[j]) == 0;
            ck_assert_msg(sql_names(&token, names[j]) == is, "%s: %s", texts[i], names[j]);
        }
    }
}
END_TEST

START_TEST(a_long_name_is_cut_as_postgresql_cuts_it)
{
    const char *const letters = "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"; /* 60 */
    static const struct {
        const char *more;
        const char *kept;
    } cases[] = {{"xyz", "xyz"}, {"xyzw", "xyz"}, {"xy\u00e4z", "xy"}, {"x\u00e4", "x\u00e4"}, {"\U0001F418", ""}};
    const char *const plain = arena_printf(arena, "%s%s", letters, cases[_i].more);
    const struct sql_reader word = sql_read(text_of(plain));
    const struct sql_reader quoted = sql_read(text_of(arena_printf(arena, "\"%s\"", plain)));
    const char *const expected = arena_printf(arena, "%s%s", letters, cases[_i].kept);
    ck_assert_str_eq(sql_identifier(arena, &word.token), expected);
    ck_assert_str_eq(sql_identifier(arena, &quoted.token), expected);
}
END_TEST

START_TEST(if_exists_is_passed_over_in_both_forms)
{
    struct sql_reader reader = sql_read(text_of("IF NOT EXISTS if exists t"));
    ck_assert(sql_take_if(&reader));
    ck_assert(sql_take_if(&reader));
    ck_assert(!sql_take_if(&reader));
    ck_assert(sql_is_word(&reader.token, "t"));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("lexer");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, tokens_are_postgresql_s, 0, 5);
    tcase_add_loop_test(tests, backslashes_escape_in_plain_strings_where_the_server_says_so, 0, 5);
    tcase_add_loop_test(tests, what_is_never_closed_is_named, 0, 6);
    tcase_add_loop_test(tests, a_name_is_read_to_its_last_part, 0, 8);
    tcase_add_test(tests, a_token_names_an_object_as_its_identifier_does);
    tcase_add_loop_test(tests, a_long_name_is_cut_as_postgresql_cuts_it, 0, 5);
    tcase_add_test(tests, if_exists_is_passed_over_in_both_forms);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
