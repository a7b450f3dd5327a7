/*
 * The data is only searched for line ends: 200 MB of it take as long as reading them.
 */
#include "framework/core/script_data.h"

#include "base/digest.h"
#include "base/search.h"
#include "sql/classify.h"
#include "sql/split.h"

#include <string.h>

#define END_MARK "\\."

/* The taking of data out of one script. */
struct taking {
    const struct script_request *request;
    enum data_end end;
    struct text sql;   /* the script with the data */
    struct buffer out; /* … and without it */
    size_t done;       /* what of sql is in out */
    struct script_data *items;
    size_t count;
    size_t capacity;
};

static bool refuse(const struct taking *taking, size_t at, const char *what)
{
    return status_fail(taking->request->status, STATUS_FAILED_PRECONDITION, "%s, line %u: %s",
                       taking->request->file->filename, text_position(taking->sql, at).line, what);
}

/* After the line that begins at `start`. */
static size_t behind_line(struct text sql, size_t start)
{
    const char *const found = start < sql.size ? memchr(sql.data + start, '\n', sql.size - start) : NULL;
    return found == NULL ? sql.size : (size_t)(found - sql.data) + 1;
}

static bool is_end_mark(const struct taking *taking, struct text line)
{
    if (taking->end == DATA_TO_MARK) {
        return text_is(text_trim(line), END_MARK);
    }
    return text_is(line, END_MARK "\n") || text_is(line, END_MARK "\r\n") || text_is(line, END_MARK);
}

/* Finds the line with the mark, from `start` on, and counts the lines before it. False: there is none. */
static bool find_mark(const struct taking *taking, size_t start, size_t *mark, size_t *lines)
{
    *lines = 0;
    for (*mark = start; *mark < taking->sql.size; (*lines)++) {
        const size_t behind = behind_line(taking->sql, *mark);
        if (is_end_mark(taking, text_slice(taking->sql, *mark, behind))) {
            return true;
        }
        *mark = behind;
    }
    return false;
}

/* Only a comment may follow on the line: flyway drops what does, psql runs it after the data. */
static bool is_last_on_line(struct text sql, size_t semicolon)
{
    const struct text rest = text_trim(text_slice(sql, semicolon, behind_line(sql, semicolon)));
    return rest.size == 0 || text_starts_with(rest, "--");
}

static void add(struct taking *taking, size_t statement, size_t start, size_t mark, size_t lines)
{
    struct arena *const arena = taking->request->arena;
    const struct text data = text_slice(taking->sql, start, mark);
    const size_t behind = behind_line(taking->sql, mark);
    const bool is_line = behind > mark && taking->sql.data[behind - 1] == '\n';
    buffer_add(&taking->out, text_slice(taking->sql, taking->done, start));
    taking->items = arena_grow(arena, taking->items, taking->count, &taking->capacity, sizeof *taking->items);
    struct script_data *const one = &taking->items[taking->count++];
    one->statement = taking->out.size - (start - statement);
    one->start = taking->out.size;
    for (size_t i = 0; i < lines; i++) {
        buffer_putc(&taking->out, '\n');
    }
    buffer_printf(&taking->out, "%s-- sha256 of the data: %s%s",
                  start > 0 && taking->sql.data[start - 1] == '\n' ? "" : "\n", sha256_hex_of(arena, data),
                  is_line ? "\n" : "");
    one->end = taking->out.size;
    one->data = data;
    one->bytes = behind - start;
    one->characters = text_characters(text_slice(taking->sql, start, behind));
    script_data_count(taking->items, taking->count - 1);
    taking->done = behind;
}

/* Takes the data of a COPY whose semicolon is before this offset. */
static bool take(struct taking *taking, const struct sql_statement *statement, size_t behind_semicolon)
{
    const size_t start = behind_line(taking->sql, behind_semicolon);
    size_t mark;
    size_t lines;
    if (!is_last_on_line(taking->sql, behind_semicolon)) {
        return refuse(taking, statement->start,
                      "after the semicolon of COPY FROM STDIN nothing may follow on the line: what comes next is its "
                      "data. Put the rest behind the data.");
    }
    if (!find_mark(taking, start, &mark, &lines) && taking->end == DATA_TO_MARK) {
        return refuse(taking, statement->start,
                      "the data of this COPY has no end. Put a line with \\. after it, and nothing else on that line.");
    }
    add(taking, statement->start, start, mark, lines);
    return true;
}

bool script_take_data(const struct script_request *request, enum data_end end)
{
    struct migration_script *const script = request->script;
    struct taking taking = {.request = request, .end = end, .sql = script->sql, .out = {.arena = request->arena}};
    struct sql_lexer lexer = {.text = script->sql};
    struct sql_statement statement;
    if (text_find_nocase(script->sql, "stdin") == SIZE_MAX) {
        return true;
    }
    while (sql_next_statement(&lexer, &statement)) {
        const bool is_closed = lexer.offset > statement.end && script->sql.data[lexer.offset - 1] == ';';
        if (!is_closed || !sql_is_copy_from_stdin(text_slice(script->sql, statement.start, statement.end))) {
            continue;
        }
        if (!take(&taking, &statement, lexer.offset)) {
            return false;
        }
        lexer.offset = taking.done;
    }
    if (taking.count > 0) {
        buffer_add(&taking.out, text_slice(script->sql, taking.done, script->sql.size));
        script->sql = buffer_text(&taking.out);
        script->parts.data = taking.items;
        script->parts.data_count = taking.count;
    }
    return true;
}

struct text script_with_data(struct arena *arena, const struct migration_script *script)
{
    struct buffer whole = {.arena = arena};
    size_t done = 0;
    for (size_t i = 0; i < script->parts.data_count; i++) {
        const struct script_data *const one = &script->parts.data[i];
        const bool ends_line = script->sql.data[one->end - 1] == '\n';
        buffer_add(&whole, text_slice(script->sql, done, one->start));
        buffer_add(&whole, one->data);
        buffer_puts(&whole, ends_line ? END_MARK "\n" : "");
        done = one->end;
    }
    buffer_add(&whole, text_slice(script->sql, done, script->sql.size));
    return script->parts.data_count == 0 ? script->sql : buffer_text(&whole);
}

void script_data_count(struct script_data *items, size_t i)
{
    struct script_data *const one = &items[i];
    const size_t stands_for_it = one->end - one->start;
    one->more_bytes = (i == 0 ? 0 : items[i - 1].more_bytes) + one->bytes - stands_for_it;
    one->more_characters = (i == 0 ? 0 : items[i - 1].more_characters) + one->characters - stands_for_it;
}

static bool ends_before(const void *item, const void *offset)
{
    return ((const struct script_data *)item)->end <= *(const size_t *)offset;
}

static bool starts_before(const void *item, const void *offset)
{
    return ((const struct script_data *)item)->start < *(const size_t *)offset;
}

static bool is_of_statement_before(const void *item, const void *offset)
{
    return ((const struct script_data *)item)->statement < *(const size_t *)offset;
}

/* How many of the items are before the offset: there may be a hundred thousand. */
static size_t count_before(const struct script_parts *parts, search_is_before *is_before, size_t offset)
{
    return search_first(parts->data, parts->data_count, sizeof *parts->data, is_before, &offset);
}

size_t script_data_offset(const struct script_parts *parts, size_t offset)
{
    const size_t count = count_before(parts, ends_before, offset);
    return offset + (count == 0 ? 0 : parts->data[count - 1].more_bytes);
}

size_t script_data_characters(const struct script_parts *parts, size_t start, size_t offset)
{
    const size_t before = count_before(parts, starts_before, start);
    const size_t count = count_before(parts, ends_before, offset);
    return count <= before
               ? 0
               : parts->data[count - 1].more_characters - (before == 0 ? 0 : parts->data[before - 1].more_characters);
}

const struct script_data *script_data_at(const struct script_parts *parts, size_t start, size_t end, size_t number)
{
    const size_t i = count_before(parts, is_of_statement_before, start) + number - 1;
    return i < parts->data_count && parts->data[i].statement < end ? &parts->data[i] : NULL;
}
