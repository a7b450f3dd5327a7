/*
 * Liquibase knows no dollar quotes: a function loses the comments in its body, and so it does here. Inside a body, the
 * lines of a comment are removed; outside, later lines keep their numbers.
 */
#include "framework/liquibase/liquibase_split.h"

#include <ctype.h>

#define LONGEST_NAME 1000

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '$';
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

/* A script that is being cut. */
struct cutting {
    struct buffer *out;
    struct text sql;
    struct text body; /* the tag of the dollar quote around this place; size 0: none */
    size_t owed;      /* line endings that were left out */
};

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

/* Takes the next piece, which is no delimiter; returns its size. */
static size_t take(struct cutting *cutting, size_t at, bool strips)
{
    const struct text rest = text_slice(cutting->sql, at, cutting->sql.size);
    const size_t comment = liquibase_comment_size(rest);
    if (comment > 0 && comment < rest.size && strips) {
        cutting->owed += text_count(text_slice(rest, 0, comment), "\n");
        pay(cutting);
        return comment;
    }
    const size_t dollar = comment == 0 && rest.data[0] == '$' ? dollar_size(cutting->sql, at) : 0;
    const size_t whole = comment > 0 ? comment : dollar > 0 ? dollar : liquibase_quoted_size(rest);
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

/* A semicolon in place of the delimiter, with the lines that it has. */
static void put_cut(struct cutting *cutting, struct text delimiter)
{
    for (size_t lines = text_count(delimiter, "\n"); lines > 0; lines--) {
        buffer_putc(cutting->out, '\n');
    }
    buffer_putc(cutting->out, ';');
}

void liquibase_split_add(struct buffer *out, struct text sql, const struct liquibase_cut *cut)
{
    struct cutting cutting = {.out = out, .sql = sql};
    struct liquibase_cuts cuts = liquibase_cuts_of(sql, cut);
    size_t start;
    size_t end;
    bool is_left = liquibase_next_cut(&cuts, &start, &end);
    for (size_t i = 0; i < sql.size;) {
        if (is_left && i == start) {
            put_cut(&cutting, text_slice(sql, start, end));
            i = end;
        } else {
            i += take(&cutting, i, cut->strips);
        }
        while (is_left && start < i) {
            is_left = liquibase_next_cut(&cuts, &start, &end);
        }
    }
}
