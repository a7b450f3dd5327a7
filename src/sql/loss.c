/*
 * Data is lost if a table, its schema, its extension or its database is dropped, a column or an attribute is dropped, a
 * table is emptied, or rows are deleted, also inside WITH and by MERGE; and by any drop with CASCADE, which may take
 * columns and tables with it. What a change of a type cuts is in conversion.c.
 */
#include "sql/loss.h"

#include "sql/lexer.h"

/* After DROP: is it something that holds rows? The rows of a materialized view or a foreign table come from
 * elsewhere. */
static bool drops_rows(struct sql_reader *words)
{
    static const char *const holders[] = {"table", "schema", "database", "owned", "tablespace", "extension"};
    for (size_t i = 0; i < sizeof holders / sizeof holders[0]; i++) {
        if (sql_is_word(&words->token, holders[i])) {
            return true;
        }
    }
    while (words->token.kind != SQL_END) {
        if (sql_take(words, "cascade")) {
            return true;
        }
        sql_advance(words);
    }
    return false;
}

/* After ALTER TABLE or ALTER TYPE: true for DROP of a column or an attribute. Only a constraint is dropped by the same
 * subcommand; ALTER [COLUMN] a DROP … drops what the column has, and a column may be called "identity". */
static bool drops_column(struct sql_reader *words)
{
    bool of_column = false;
    while (words->token.kind != SQL_END) {
        if (sql_take(words, "drop")) {
            if (!of_column && !sql_is_word(&words->token, "constraint")) {
                return true;
            }
        } else {
            of_column = sql_is_word(&words->token, "alter") || (of_column && !sql_is_symbol(&words->token, ','));
            sql_advance(words);
        }
    }
    return false;
}

/* DELETE FROM anywhere: as a statement, in WITH, after EXPLAIN ANALYZE. */
static bool deletes(struct sql_reader *words)
{
    while (words->token.kind != SQL_END) {
        if (sql_take(words, "delete") && sql_is_word(&words->token, "from")) {
            return true;
        }
        sql_advance(words);
    }
    return false;
}

/* The same, and a MERGE's THEN DELETE. */
static bool merges_away(struct sql_reader words)
{
    struct sql_reader all = words;
    bool merges = false;
    while (words.token.kind != SQL_END) {
        merges = merges || sql_is_word(&words.token, "merge");
        if (sql_take(&words, "then") && merges && sql_is_word(&words.token, "delete")) {
            return true;
        }
        sql_advance(&words);
    }
    return deletes(&all);
}

/* CREATE of a function or rule that deletes does not run it; CREATE TABLE … AS WITH … does. */
static bool creates_from_deleted(struct sql_reader *words)
{
    static const char *const before[] = {"global", "local", "temporary", "temp", "unlogged", NULL};
    while (sql_is_any_word(&words->token, before)) {
        sql_advance(words);
    }
    return sql_take(words, "table") && deletes(words);
}

bool sql_loses_data(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    if (sql_take(&words, "truncate")) {
        return true;
    }
    if (sql_take(&words, "drop")) {
        return drops_rows(&words);
    }
    if (sql_take(&words, "alter")) {
        return (sql_take(&words, "table") || sql_take(&words, "type")) && drops_column(&words);
    }
    if (sql_take(&words, "create")) {
        return creates_from_deleted(&words);
    }
    return merges_away(words);
}
