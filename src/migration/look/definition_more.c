/*
 * Words, as definitions.c: a statement that the parser does not know says more as well.
 */
#include "migration/look/definition_more.h"

#include "sql/lexer.h"

/* The next token, which the reader keeps. */
static struct sql_reader ahead_of(struct sql_reader reader)
{
    sql_advance(&reader);
    return reader;
}

/* What belongs to a table as a whole: TABLESPACE, USING, OF, WITH (…), SERVER. */
static bool is_of_table(const struct sql_reader *reader)
{
    static const char *const words[] = {"tablespace", "using", "of", "server", NULL};
    const struct sql_reader next = ahead_of(*reader);
    return sql_is_any_word(&reader->token, words) ||
           (sql_is_word(&reader->token, "with") && sql_is_symbol(&next.token, '('));
}

bool definition_says_more(struct text statement)
{
    static const char *const words[] = {"like", "inherits", "partition", NULL};
    static const char *const behind_names[] = {"storage", "compression", "deferrable", "match", "options", NULL};
    struct sql_reader reader = sql_read(statement);
    bool is_first = true;
    for (int depth = 0; !sql_is_end(&reader.token); sql_advance(&reader)) {
        const bool begins = is_first;
        depth += sql_is_symbol(&reader.token, '(') ? 1 : sql_is_symbol(&reader.token, ')') ? -1 : 0;
        is_first = sql_is_symbol(&reader.token, '(') || sql_is_symbol(&reader.token, ',');
        if (sql_is_any_word(&reader.token, words) || (depth == 0 && is_of_table(&reader)) ||
            (!begins && sql_is_any_word(&reader.token, behind_names))) {
            return true;
        }
    }
    return false;
}

bool definition_names_more(struct text statement)
{
    static const char *const words[] = {"authorization", "grant", "version", "before", "after", NULL};
    struct sql_reader reader = sql_read(statement);
    const bool is_extension = sql_take(&reader, "create") && sql_is_word(&reader.token, "extension");
    for (sql_advance(&reader); !sql_is_end(&reader.token); sql_advance(&reader)) {
        if (sql_is_any_word(&reader.token, words) || sql_is_word(&reader.token, "create") ||
            (is_extension && sql_is_word(&reader.token, "schema"))) {
            return true;
        }
    }
    return false;
}

bool definition_does_more(struct text statement, size_t objects)
{
    struct sql_reader reader = sql_read(statement);
    if (!sql_take(&reader, "alter") || !sql_take(&reader, "table")) {
        return false;
    }
    size_t actions = 1;
    for (int depth = 0; !sql_is_end(&reader.token); sql_advance(&reader)) {
        depth += sql_is_symbol(&reader.token, '(') ? 1 : sql_is_symbol(&reader.token, ')') ? -1 : 0;
        actions += depth == 0 && sql_is_symbol(&reader.token, ',') ? 1 : 0;
    }
    return actions > objects;
}

const char *definition_table_kind(struct arena *arena, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    sql_take(&reader, "create");
    const bool is_unlogged = sql_take(&reader, "unlogged");
    const bool is_partitioned = sql_has_words(statement, "partition", "by");
    return arena_printf(arena, "%s%s",
                        sql_is_word(&reader.token, "foreign") ? "foreign"
                        : is_partitioned                      ? "partitioned"
                                                              : "plain",
                        is_unlogged ? " unlogged" : "");
}
