/*
 * The patterns are those of AbstractFormattedChangeLogParser.java (Liquibase 4.28): a line that they do not match is
 * SQL, even if its author meant something else.
 */
#include "framework/liquibase/liquibase_sql.h"

#include <ctype.h>
#include <string.h>

/* ---- lines ---- */

enum line_kind {
    LINE_SQL,
    LINE_CHANGESET,
    LINE_PROPERTY,
    LINE_COMMENT,
    LINE_VALID_SUM,
    LINE_PRECONDITION,
    LINE_LEFT_OUT, /* rollback, ignored */
};

/* What must follow the word of a directive. */
enum follows { ANYTHING, BLANK, COLON_AND_BLANK, COLON };

static const struct {
    const char *word;
    enum line_kind kind;
    enum follows follows;
    bool indented; /* may be indented */
} directives[] = {
    {"changeset", LINE_CHANGESET, ANYTHING, true},       {"property", LINE_PROPERTY, BLANK, true},
    {"comment", LINE_COMMENT, COLON_AND_BLANK, false},   {"validCheckSum", LINE_VALID_SUM, COLON_AND_BLANK, false},
    {"precondition", LINE_PRECONDITION, ANYTHING, true}, {"rollback", LINE_LEFT_OUT, BLANK, true},
    {"ignoreLines", LINE_LEFT_OUT, COLON, false},
};

/* A walk over lines, and what makes it skip the next ones. */
struct lines {
    struct text rest;
    size_t number;
    size_t ignored;   /* so many more lines */
    bool until_end;   /* --ignoreLines:start … end */
    bool in_rollback; /* … up to the end of the comment */
};

static struct text skip_blanks(struct text text)
{
    size_t i = 0;
    while (i < text.size && isspace((unsigned char)text.data[i]) != 0) {
        i++;
    }
    return text_slice(text, i, text.size);
}

/* Removes a word from the front, ignoring case. */
static bool cut_word(struct text *text, const char *word)
{
    const size_t size = strlen(word);
    if (!text_is_nocase(text_slice(*text, 0, size), word)) {
        return false;
    }
    *text = text_slice(*text, size, text->size);
    return true;
}

static bool follows_rightly(struct text *rest, enum follows follows)
{
    switch (follows) {
    case ANYTHING:
        return true;
    case COLON:
        return cut_word(rest, ":");
    case COLON_AND_BLANK:
        (void)cut_word(rest, ":");
        return cut_word(rest, " ");
    default:
        return rest->size > 0 && isspace((unsigned char)rest->data[0]) != 0;
    }
}

static enum line_kind kind_of(struct text line, struct text *value)
{
    const bool is_indented = line.size > 0 && isspace((unsigned char)line.data[0]) != 0;
    struct text said = skip_blanks(line);
    if (!cut_word(&said, "--")) {
        return LINE_SQL;
    }
    said = skip_blanks(said);
    for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++) {
        *value = said;
        if ((directives[i].indented || !is_indented) && cut_word(value, directives[i].word) &&
            follows_rightly(value, directives[i].follows)) {
            return directives[i].kind;
        }
    }
    return LINE_SQL;
}

/* "start" or a number after --ignoreLines: */
static void begin_ignoring(struct lines *lines, struct text value)
{
    lines->until_end = text_is(value, "start");
    for (size_t i = 0; i < value.size && i < 6 && isdigit((unsigned char)value.data[i]) != 0; i++) {
        lines->ignored = lines->ignored * 10 + (size_t)(value.data[i] - '0');
    }
}

static bool begins_rollback(struct text line)
{
    struct text said = skip_blanks(line);
    if (!cut_word(&said, "/*")) {
        return false;
    }
    said = skip_blanks(said);
    return cut_word(&said, "liquibase") && text_is_nocase(text_trim(said), "rollback");
}

static bool next_line(struct lines *lines, struct text *line, enum line_kind *kind, struct text *value)
{
    if (!text_next_line(&lines->rest, line)) {
        return false;
    }
    lines->number++;
    *kind = LINE_LEFT_OUT;
    if (lines->ignored > 0) {
        lines->ignored--;
    } else if (lines->until_end) {
        lines->until_end = kind_of(*line, value) != LINE_LEFT_OUT || !text_is(*value, "end");
    } else if (lines->in_rollback) {
        lines->in_rollback = !text_ends_with(text_trim(*line), "*/");
    } else if (begins_rollback(*line)) {
        lines->in_rollback = true;
    } else {
        *kind = kind_of(*line, value);
        if (*kind == LINE_LEFT_OUT) {
            begin_ignoring(lines, *value);
        }
    }
    return true;
}

struct text liquibase_sql_clean(struct arena *arena, struct text sql)
{
    char *const copy = arena_strndup(arena, sql.data == NULL ? "" : sql.data, sql.size);
    struct lines lines = {.rest = sql};
    enum line_kind kind;
    struct text value;
    for (struct text line; next_line(&lines, &line, &kind, &value);) {
        if (kind != LINE_SQL) {
            memset(copy + (line.data - sql.data), ' ', line.size);
        }
    }
    return (struct text){copy, sql.size};
}

/* ---- headers ---- */

/* The value of `name:` in a header: the last one, because Liquibase's patterns are greedy; in quotes, or up to a blank.
 * With whole_word, rollbackEndDelimiter does not match endDelimiter (but rollbackSplitStatements matches
 * splitStatements, as it does for Liquibase). */
static struct text attribute(struct text header, const char *name, bool whole_word)
{
    struct text found = {NULL, 0};
    for (size_t i = 0; i < header.size; i++) {
        struct text at = text_slice(header, i, header.size);
        const bool in_word = whole_word && i > 0 && isalnum((unsigned char)header.data[i - 1]) != 0;
        if (in_word || !cut_word(&at, name) || !cut_word(&at, ":")) {
            continue;
        }
        const bool is_quoted = text_starts_with(at, "\"") && text_find(at, "\"", 1) != SIZE_MAX;
        size_t end = is_quoted ? text_find(at, "\"", 1) : 0;
        while (!is_quoted && end < at.size && isspace((unsigned char)at.data[end]) == 0) {
            end++;
        }
        found = text_slice(at, is_quoted ? 1 : 0, end);
    }
    return found;
}

static struct text copied(struct arena *arena, struct text text)
{
    return (struct text){arena_strndup(arena, text.data == NULL ? "" : text.data, text.size), text.size};
}

/* A comment line with attributes. */
struct header {
    struct text text;
    size_t line;
    bool whole_words; /* a name counts only as a whole word */
};

/* Adds `name: value` if the header has it. */
static void add_attribute(struct arena *arena, struct tree_node *node, const struct header *header, const char *name)
{
    const struct text value = attribute(header->text, name, header->whole_words);
    if (value.size > 0) {
        tree_add(arena, node, name, copied(arena, value), header->line);
    }
}

/* Cuts off `"some words"`, or the text before the end character. */
static struct text cut_name(struct text *text, char end)
{
    const bool is_quoted = text_starts_with(*text, "\"") && text_find(*text, "\"", 1) != SIZE_MAX;
    size_t size = is_quoted ? text_find(*text, "\"", 1) : 0;
    while (!is_quoted && size < text->size &&
           (end == ' ' ? isspace((unsigned char)text->data[size]) == 0 : text->data[size] != end)) {
        size++;
    }
    const struct text name = text_slice(*text, is_quoted ? 1 : 0, size);
    *text = text_slice(*text, is_quoted ? size + 1 : size, text->size);
    return name;
}

/* Begins a changeSet; NULL if the header has no "author:id". */
static struct tree_node *begin_changeset(struct arena *arena, struct tree_node *log, struct text header, size_t line)
{
    static const char *const names[] = {"runOnChange",     "runAlways",     "runInTransaction", "failOnError",
                                        "context",         "contextFilter", "labels",           "dbms",
                                        "logicalFilePath", "runWith",       "runWithSpoolFile", "ignore"};
    struct text rest = skip_blanks(header);
    const struct text author = cut_name(&rest, ':');
    if (rest.size == header.size || !cut_word(&rest, ":")) {
        return NULL;
    }
    const struct text id = cut_name(&rest, ' ');
    if (author.size == 0 || id.size == 0) {
        return NULL;
    }
    struct tree_node *const node = tree_add(arena, log, "changeSet", (struct text){NULL, 0}, line);
    tree_add(arena, node, "author", copied(arena, author), line);
    tree_add(arena, node, "id", copied(arena, id), line);
    const struct header attributes = {.text = rest, .line = line};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add_attribute(arena, node, &attributes, names[i]);
    }
    struct tree_node *const sql = tree_add(arena, node, "sql", (struct text){NULL, 0}, line + 1);
    tree_add(arena, sql, "formatted", text_of("true"), line);
    add_attribute(arena, sql, &attributes, "splitStatements");
    add_attribute(arena, sql, &(const struct header){rest, line, true}, "endDelimiter");
    const struct text strip = attribute(rest, "stripComments", false);
    tree_add(arena, sql, "stripComments", strip.size == 0 ? text_of("true") : copied(arena, strip), line);
    return node;
}

/* ---- a file ---- */

bool liquibase_sql_is_formatted(struct text content)
{
    for (struct text line; text_next_line(&content, &line);) {
        struct text said = skip_blanks(line);
        if (text_starts_with(said, "\xEF\xBB\xBF")) {
            said = text_slice(said, 3, said.size);
        }
        if (said.size == 0) {
            continue;
        }
        if (!cut_word(&said, "--")) {
            return false;
        }
        said = skip_blanks(said);
        if (!cut_word(&said, "liquibase")) {
            return false;
        }
        said = skip_blanks(said);
        return cut_word(&said, "formatted");
    }
    return false;
}

/* The text between two headers belongs to the first; that of the last may end with a "/", which is then a delimiter. */
static void end_changeset(struct arena *arena, struct tree_node *node, struct text sql, bool is_last)
{
    if (node != NULL) {
        struct tree_node *change = node->first;
        while (strcmp(change->name, "sql") != 0) {
            change = change->next;
        }
        change->text = sql;
        if (is_last && tree_child(change, "endDelimiter") == NULL &&
            text_ends_with(text_trim(liquibase_sql_clean(arena, sql)), "\n/")) {
            tree_add(arena, change, "endDelimiter", text_of("\n/$"), change->line);
        }
    }
}

static void add_property(struct arena *arena, struct tree_node *log, struct text said, size_t line)
{
    struct tree_node *const node = tree_add(arena, log, "property", (struct text){NULL, 0}, line);
    static const char *const names[] = {"name", "value", "dbms", "context", "contextFilter"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add_attribute(arena, node, &(const struct header){said, line, true}, names[i]);
    }
}

bool liquibase_sql_read(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                        struct status *status)
{
    struct tree_node *const log = tree_add(arena, root, "databaseChangeLog", (struct text){NULL, 0}, 1);
    struct tree_node *changeset = NULL;
    struct lines lines = {.rest = content};
    size_t start = 0;
    enum line_kind kind;
    struct text value;
    struct text first = content;
    struct text line;
    if (text_next_line(&first, &line)) {
        add_attribute(arena, log, &(const struct header){line, 1, true}, "logicalFilePath");
    }
    while (next_line(&lines, &line, &kind, &value)) {
        if (kind == LINE_CHANGESET) {
            end_changeset(arena, changeset, text_slice(content, start, (size_t)(line.data - content.data)), false);
            changeset = begin_changeset(arena, log, value, lines.number);
            start = (size_t)(lines.rest.data - content.data);
            if (changeset == NULL) {
                return status_fail(status, STATUS_FAILED_PRECONDITION,
                                   "%s, line %zu: a changeset is called \"--changeset author:id\".", name,
                                   lines.number);
            }
        } else if (kind == LINE_PROPERTY) {
            add_property(arena, log, value, lines.number);
        } else if (changeset != NULL && kind == LINE_COMMENT) {
            tree_add(arena, changeset, "comment", copied(arena, value), lines.number);
        } else if (changeset != NULL && kind == LINE_VALID_SUM) {
            tree_add(arena, changeset, "validCheckSum", copied(arena, text_trim(value)), lines.number);
        } else if (changeset != NULL && kind == LINE_PRECONDITION) {
            tree_add(arena, tree_add(arena, changeset, "preConditions", (struct text){NULL, 0}, lines.number),
                     "formatted", copied(arena, value), lines.number);
        }
    }
    end_changeset(arena, changeset, text_slice(content, start, content.size), true);
    return true;
}
