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
    LINE_IGNORE,       /* the lines behind it */
    LINE_LEFT_OUT,     /* rollback, ignored */
    LINE_PAID,         /* what a paid Liquibase includes or does there */
    LINE_WRONG,        /* Liquibase stops at it */
    LINE_WRONG_INSIDE, /* … in a changeset */
};

/* What must follow the word of a directive. */
enum follows { ANYTHING, SPACE, BLANK, COLON_AND_SPACE, COLON_AND_BLANK, WORD_TO_THE_END, FILE_WORD };

static const struct {
    const char *word;
    enum line_kind kind;
    enum follows follows;
    bool indented; /* may be indented */
} directives[] = {
    {"changeset", LINE_CHANGESET, ANYTHING, true},
    {"property", LINE_PROPERTY, BLANK, true},
    {"comment", LINE_COMMENT, COLON_AND_SPACE, false},
    {"comments", LINE_WRONG_INSIDE, COLON_AND_SPACE, false},
    {"validCheckSum", LINE_VALID_SUM, COLON_AND_SPACE, false},
    {"precondition", LINE_PRECONDITION, ANYTHING, true},
    {"rollback", LINE_LEFT_OUT, SPACE, true},
    {"rollbackSqlFile", LINE_LEFT_OUT, BLANK, true},
    {"ignoreLines", LINE_IGNORE, WORD_TO_THE_END, false},
    {"ignore", LINE_WRONG, WORD_TO_THE_END, false},
    {"include", LINE_PAID, FILE_WORD, true},
    {"includeAll", LINE_PAID, BLANK, true},
    {"tagDatabase", LINE_PAID, COLON_AND_BLANK, true},
};

/* A walk over lines, and what makes it skip the next ones. */
struct lines {
    struct text rest;
    size_t number;
    size_t ignored;    /* so many more lines */
    bool until_end;    /* --ignoreLines:start … end */
    bool in_changeset; /* only there is the next one possible */
    bool in_rollback;  /* … up to the end of the comment */
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

static bool is_word(struct text text)
{
    size_t i = 0;
    while (i < text.size && (isalnum((unsigned char)text.data[i]) != 0 || text.data[i] == '_')) {
        i++;
    }
    return i > 0 && i == text.size;
}

static bool follows_rightly(struct text *rest, enum follows follows)
{
    const bool is_blank = rest->size > 0 && isspace((unsigned char)rest->data[0]) != 0;
    switch (follows) {
    case ANYTHING:
        return true;
    case SPACE:
        return cut_word(rest, " ");
    case COLON_AND_SPACE:
        (void)cut_word(rest, ":");
        return cut_word(rest, " ");
    case COLON_AND_BLANK:
        return cut_word(rest, ":") && rest->size > 0 && isspace((unsigned char)rest->data[0]) != 0;
    case WORD_TO_THE_END:
        return cut_word(rest, ":") && is_word(*rest);
    case FILE_WORD:
        *rest = skip_blanks(*rest);
        return is_blank && cut_word(rest, "file:");
    default:
        return is_blank;
    }
}

/* Two pairs with colons: "name:a value:b". */
static bool is_property(struct text said)
{
    size_t at = text_find(said, ":", 0);
    while (at < said.size && isspace((unsigned char)said.data[at]) == 0) {
        at++;
    }
    return at < said.size && text_find(said, ":", at) != SIZE_MAX;
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
            return directives[i].kind != LINE_PROPERTY || is_property(*value) ? directives[i].kind : LINE_WRONG;
        }
    }
    return LINE_SQL;
}

/* "start" or a number after --ignoreLines: */
static enum line_kind begin_ignoring(struct lines *lines, struct text value)
{
    lines->until_end = text_is(value, "start");
    for (size_t i = 0; i < value.size && !lines->until_end; i++) {
        if (isdigit((unsigned char)value.data[i]) == 0) {
            return LINE_WRONG;
        }
        lines->ignored =
            lines->ignored > SIZE_MAX / 100 ? lines->ignored : lines->ignored * 10 + (size_t)(value.data[i] - '0');
    }
    return LINE_LEFT_OUT;
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
        lines->until_end = kind_of(*line, value) != LINE_IGNORE || !text_is(*value, "end");
    } else if (lines->in_rollback) {
        lines->in_rollback = !text_ends_with(text_trim(*line), "*/");
    } else if (lines->in_changeset && begins_rollback(*line)) {
        lines->in_rollback = true;
    } else {
        *kind = kind_of(*line, value);
        *kind = *kind == LINE_IGNORE ? begin_ignoring(lines, *value) : *kind;
    }
    return true;
}

struct text liquibase_sql_clean(struct arena *arena, struct text sql)
{
    char *const copy = arena_strndup(arena, sql.data == NULL ? "" : sql.data, sql.size);
    struct lines lines = {.rest = sql, .in_changeset = true};
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

/* What may stand for the value of an attribute. */
enum value_kind {
    VALUE_WORD,  /* letters, digits and underscores, one at least */
    VALUE_TEXT,  /* in quotes, or up to a blank */
    VALUE_SOLID, /* up to a blank, with its quotes */
    VALUE_LATER, /* … which may be behind blanks, and is not empty */
    VALUE_DBMS,  /* anything but a comma, then words, commas and "!" */
};

static const struct attribute {
    const char *name;
    enum value_kind kind;
} of_changeset[] = {{"runOnChange", VALUE_WORD},      {"runAlways", VALUE_WORD}, {"runInTransaction", VALUE_WORD},
                    {"failOnError", VALUE_WORD},      {"context", VALUE_TEXT},   {"contextFilter", VALUE_TEXT},
                    {"labels", VALUE_TEXT},           {"dbms", VALUE_DBMS},      {"runWith", VALUE_SOLID},
                    {"logicalFilePath", VALUE_SOLID}, {"ignore", VALUE_WORD},    {NULL, VALUE_WORD}},
  of_sql[] = {{"splitStatements", VALUE_WORD},
              {"stripComments", VALUE_WORD},
              {"endDelimiter", VALUE_SOLID},
              {NULL, VALUE_WORD}},
  of_property[] = {{"name", VALUE_LATER},         {"value", VALUE_LATER}, {"context", VALUE_TEXT},
                   {"contextFilter", VALUE_TEXT}, {"labels", VALUE_TEXT}, {"dbms", VALUE_DBMS},
                   {"global", VALUE_SOLID},       {NULL, VALUE_WORD}},
  of_log[] = {{"logicalFilePath", VALUE_SOLID}, {NULL, VALUE_WORD}};

/* Without the quotes around it, which may be of both kinds. */
static struct text unquoted(struct text text)
{
    const bool is_quoted =
        text.size > 1 && (text.data[0] == '"' || text.data[0] == '\'') && text.data[0] == text.data[text.size - 1];
    return is_quoted ? text_slice(text, 1, text.size - 1) : text;
}

static bool is_in_value(char character, enum value_kind kind)
{
    return kind == VALUE_WORD || kind == VALUE_DBMS ? isalnum((unsigned char)character) != 0 || character == '_' ||
                                                          (kind == VALUE_DBMS && (character == '!' || character == ','))
                                                    : isspace((unsigned char)character) == 0;
}

/* Takes the value from the front; false: nothing there can be one. */
static bool take_value(struct text at, enum value_kind kind, struct text *value)
{
    at = kind == VALUE_LATER ? skip_blanks(at) : at;
    const size_t first = kind == VALUE_DBMS ? 1 : 0;
    const bool may_be_empty = kind == VALUE_TEXT || kind == VALUE_SOLID;
    size_t end = first;
    if (kind == VALUE_TEXT && text_starts_with(at, "\"") && text_find(at, "\"", 1) != SIZE_MAX) {
        end = text_find(at, "\"", 1) + 1;
    } else if (kind != VALUE_DBMS || (at.size > 0 && at.data[0] != ',')) {
        while (end < at.size && is_in_value(at.data[end], kind)) {
            end++;
        }
    }
    *value = text_slice(at, 0, end);
    *value = kind == VALUE_TEXT ? unquoted(*value) : *value;
    return end > first || may_be_empty;
}

/* The value of `name:` in a header: the last one, because Liquibase's patterns are greedy. A rollbackEndDelimiter is no
 * endDelimiter (but a rollbackSplitStatements is splitStatements, as for Liquibase). */
static struct text value_of(struct text header, const struct attribute *attribute)
{
    for (size_t i = header.size; i > 0; i--) {
        struct text at = text_slice(header, i - 1, header.size);
        struct text value;
        const bool in_word =
            strcmp(attribute->name, "endDelimiter") == 0 && i > 1 && isalnum((unsigned char)header.data[i - 2]) != 0;
        if (!in_word && cut_word(&at, attribute->name) && cut_word(&at, ":") &&
            take_value(at, attribute->kind, &value)) {
            return value;
        }
    }
    return (struct text){NULL, 0};
}

static struct text copied(struct arena *arena, struct text text)
{
    return (struct text){arena_strndup(arena, text.data == NULL ? "" : text.data, text.size), text.size};
}

/* Adds the attributes that a header has. */
static void add_attributes(struct arena *arena, struct tree_node *node, const struct attribute *attributes,
                           struct text header, size_t line)
{
    for (; attributes->name != NULL; attributes++) {
        const struct text value = value_of(header, attributes);
        if (value.size > 0) {
            tree_add(arena, node, attributes->name, copied(arena, value), line);
        }
    }
}

/* Cuts off `"some words"`, or the text before the end character. */
static struct text cut_name(struct text *text, char end)
{
    const bool is_quoted = text_starts_with(*text, "\"") && text_find(*text, "\"", 1) != SIZE_MAX;
    size_t size = is_quoted ? text_find(*text, "\"", 1) + 1 : 0;
    while (!is_quoted && size < text->size &&
           (end == ' ' ? isspace((unsigned char)text->data[size]) == 0 : text->data[size] != end)) {
        size++;
    }
    const struct text name = text_slice(*text, 0, size);
    *text = text_slice(*text, size, text->size);
    return name;
}

/* Begins a changeSet; NULL if the header has no "author:id". */
static struct tree_node *begin_changeset(struct arena *arena, struct tree_node *above, struct text header, size_t line)
{
    struct text rest = skip_blanks(header);
    const bool is_apart = rest.size < header.size;
    const struct text author = unquoted(cut_name(&rest, ':'));
    if (!is_apart || !cut_word(&rest, ":")) {
        return NULL;
    }
    const struct text id = unquoted(cut_name(&rest, ' '));
    if (author.size == 0 || id.size == 0) {
        return NULL;
    }
    struct tree_node *const node = tree_add(arena, above, "changeSet", (struct text){NULL, 0}, line);
    tree_add(arena, node, "author", copied(arena, author), line);
    tree_add(arena, node, "id", copied(arena, id), line);
    add_attributes(arena, node, of_changeset, header, line);
    struct tree_node *const sql = tree_add(arena, node, "sql", (struct text){NULL, 0}, line + 1);
    tree_add(arena, sql, "formatted", text_of("true"), line);
    add_attributes(arena, sql, of_sql, header, line);
    if (tree_child(sql, "stripComments") == NULL) {
        tree_add(arena, sql, "stripComments", text_of("true"), line);
    }
    return node;
}

/* ---- a file ---- */

static bool is_heading(struct text line)
{
    struct text said = skip_blanks(line);
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

bool liquibase_sql_is_formatted(struct text content)
{
    for (struct text line; text_next_line(&content, &line);) {
        const struct text said = text_without_mark(skip_blanks(line));
        if (said.size > 0) {
            return is_heading(said);
        }
    }
    return false;
}

/* What is being read of a file. */
struct reading {
    struct arena *arena;
    const char *name;
    struct text content;
    struct tree_node *log;
    struct lines lines;
    struct tree_node open; /* above the changeset that has not ended: properties in it count before it */
    bool has_path;         /* the log has a logicalFilePath */
    size_t start;          /* of its SQL */
};

/* The text between two headers belongs to the first; that of the last may end with a "/", which is then a delimiter. */
static void end_changeset(struct reading *reading, size_t end, bool is_last)
{
    struct arena *const arena = reading->arena;
    struct tree_node *const node = reading->open.first;
    if (node == NULL) {
        return;
    }
    struct tree_node *change = node->first;
    while (strcmp(change->name, "sql") != 0) {
        change = change->next;
    }
    change->text = text_slice(reading->content, reading->start, end);
    if (is_last && tree_child(change, "endDelimiter") == NULL &&
        text_ends_with(text_trim(liquibase_sql_clean(arena, change->text)), "\n/")) {
        tree_add(arena, change, "endDelimiter", text_of("\n/$"), change->line);
    }
    *(reading->log->last == NULL ? &reading->log->first : &reading->log->last->next) = node;
    reading->log->last = node;
    reading->open = (struct tree_node){.name = ""};
}

static bool take_line(struct reading *reading, struct text line, enum line_kind kind, struct text value,
                      struct status *status)
{
    struct arena *const arena = reading->arena;
    struct tree_node *const changeset = reading->open.first;
    const size_t number = reading->lines.number;
    if (kind == LINE_CHANGESET) {
        end_changeset(reading, (size_t)(line.data - reading->content.data), false);
        reading->start = (size_t)(reading->lines.rest.data - reading->content.data);
        reading->lines.in_changeset = true;
        return begin_changeset(arena, &reading->open, value, number) != NULL ||
               status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s, line %zu: a changeset is called \"--changeset author:id\".", reading->name, number);
    }
    if (kind == LINE_PAID) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s, line %zu: this is only in a paid Liquibase, which alone can read it.", reading->name,
                           number);
    }
    if (kind == LINE_WRONG || kind == (changeset == NULL ? LINE_COMMENT : LINE_WRONG_INSIDE)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s, line %zu: liquibase stops at this line.",
                           reading->name, number);
    }
    if (kind == LINE_PROPERTY) {
        struct tree_node *const node = tree_add(arena, reading->log, "property", (struct text){NULL, 0}, number);
        add_attributes(arena, node, of_property, value, number);
    } else if (kind == LINE_COMMENT) {
        tree_add(arena, changeset, "comment", copied(arena, value), number);
    } else if (changeset != NULL && kind == LINE_VALID_SUM) {
        tree_add(arena, changeset, "validCheckSum", copied(arena, text_trim(value)), number);
    } else if (changeset != NULL && kind == LINE_PRECONDITION) {
        tree_add(arena, tree_add(arena, changeset, "preConditions", (struct text){NULL, 0}, number), "formatted",
                 copied(arena, value), number);
    } else if (kind == LINE_SQL && !reading->has_path && is_heading(text_without_mark(line))) {
        const struct tree_node *const before = reading->log->last;
        add_attributes(arena, reading->log, of_log, line, number);
        reading->has_path = reading->log->last != before;
    }
    return true;
}

bool liquibase_sql_read(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                        struct status *status)
{
    struct reading reading = {.arena = arena,
                              .name = name,
                              .content = content,
                              .log = tree_add(arena, root, "databaseChangeLog", (struct text){NULL, 0}, 1),
                              .lines = {.rest = content},
                              .open = {.name = ""}};
    enum line_kind kind;
    struct text value;
    for (struct text line; next_line(&reading.lines, &line, &kind, &value);) {
        if (!take_line(&reading, line, kind, value, status)) {
            return false;
        }
    }
    if (reading.lines.in_rollback) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s: a rollback in a comment does not end, at which liquibase stops.", name);
    }
    end_changeset(&reading, content.size, true);
    return true;
}
