/*
 * The statements that Flyway runs outside of a transaction, which are not those that PostgreSQL refuses in one:
 * detectCanExecuteInTransaction of PostgreSQLParser.java. ALTER TYPE … ADD VALUE is one only below PostgreSQL 12.
 */
#include "framework/flyway/flyway_mixed.h"

#include "framework/flyway/flyway_fill.h"
#include "sql/split.h"

/* What the statement is if Flyway runs it outside of a transaction; NULL for all others. */
static const char *alone(struct text statement)
{
    static const char *const beginnings[] = {
        "create database",
        "drop database",
        "create tablespace",
        "drop tablespace",
        "create subscription",
        "drop subscription",
        "alter system",
        "create index concurrently",
        "create unique index concurrently",
        "drop index concurrently",
        "reindex schema",
        "reindex database",
        "reindex system",
        "reindex verbose schema",
        "reindex verbose database",
        "reindex verbose system",
        "vacuum",
        "discard all",
    };
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        struct sql_reader reader = sql_read(statement);
        if (sql_take_words(&reader, beginnings[i])) {
            return beginnings[i];
        }
    }
    return NULL;
}

/* ParserSqlScript.java, parse. */
bool flyway_check_mixed(const struct script_request *request)
{
    const struct flyway_settings *const settings = flyway_settings_of(request->folder);
    const struct flyway_conf conf = flyway_conf_of(request->arena, request->file->path, settings);
    const struct text sql = request->script->sql;
    struct sql_lexer lexer = {.text = sql};
    struct sql_statement statement;
    const char *found = NULL;
    bool is_beside = false;
    if (settings->is_mixed || conf.says_how || request->file->is_code) {
        return true;
    }
    while ((found == NULL || !is_beside) && sql_next_statement(&lexer, &statement)) {
        const char *const one = alone(text_slice(sql, statement.start, statement.end));
        found = found == NULL ? one : found;
        is_beside = is_beside || one == NULL;
    }
    return found == NULL || !is_beside ||
           status_fail(request->status, STATUS_FAILED_PRECONDITION,
                       "%s, line %u: flyway stops here (\"Detected both transactional and non-transactional statements "
                       "within the same migration\"), because %s cannot run in a transaction, and the file has others "
                       "that can. Move them to different files, or set mixed=true in flyway's configuration.",
                       request->file->filename, text_position(sql, statement.start).line, found);
}
