/*
 * A statement cannot find out how many rows the previous one changed, but a block can.
 */
#include "migration/record/row.h"

#include "framework/core/ledger.h"
#include "pg/table_guard.h"
#include "pg/values.h"
#include "sql/lexer.h"
#include "sql/split.h"

#define NOT_KEPT                                                                                                       \
    "The tracking table %s did not keep the row of this migration as it was written, and nothing of it was kept."
#define LARGE ((size_t)1024 * 1024) /* bytes of a script, next to which a block around a row costs little */

static bool must_write(enum ledger_part part)
{
    return part == LEDGER_RECORD || part == LEDGER_START || part == LEDGER_FINISH || part == LEDGER_MARK_APPLIED;
}

/* INSERT INTO "schema"."table", UPDATE "schema"."table": as we write it. */
static bool writes(struct text statement, const struct text *name)
{
    static const char *const verbs[] = {"INSERT INTO ", "UPDATE "};
    const struct text trimmed = text_trim(statement);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const struct text verb = text_of(verbs[i]);
        if (text_starts_with(trimmed, verbs[i]) &&
            text_is(text_slice(trimmed, verb.size, verb.size + name->size), name->data)) {
            return true;
        }
    }
    return false;
}

/* The ledger's triggers, rules and policies, as a subquery. */
static void put_obstacles(struct buffer *sql, const struct text *name)
{
    struct buffer quoted = {.arena = sql->arena};
    pg_quote_literal(&quoted, *name);
    const char *const table = buffer_string(&quoted);
    buffer_printf(sql,
                  "(SELECT pg_catalog.string_agg(o.name, ', ') FROM (SELECT pg_catalog.concat('trigger ', tgname) FROM "
                  "pg_catalog.pg_trigger WHERE NOT tgisinternal AND tgrelid OPERATOR(pg_catalog.=) "
                  "%s::pg_catalog.regclass UNION ALL SELECT pg_catalog.concat('rule ', rulename) FROM "
                  "pg_catalog.pg_rewrite WHERE ev_class OPERATOR(pg_catalog.=) %s::pg_catalog.regclass UNION ALL "
                  "SELECT pg_catalog.concat('policy ', polname) FROM pg_catalog.pg_policy WHERE polrelid "
                  "OPERATOR(pg_catalog.=) %s::pg_catalog.regclass) AS o (name))",
                  table, table, table);
}

/* A row that a trigger writes in another way, or deletes again, counts as one row, too. So a table that has triggers or
 * rules is asked, after those that would only run at the COMMIT. */
static void put_look_again(struct buffer *body, const struct text *name, struct text kept)
{
    struct buffer table = {.arena = body->arena};
    struct buffer query = {.arena = body->arena};
    struct buffer message = {.arena = body->arena};
    pg_quote_literal(&table, *name);
    pg_quote_literal(&query, kept);
    pg_quote_literal(&message, text_of(arena_printf(body->arena, NOT_KEPT, name->data)));
    buffer_printf(
        body,
        "\nIF (SELECT relhastriggers OR relhasrules OR relrowsecurity OR relhassubclass FROM pg_catalog.pg_class WHERE "
        "oid OPERATOR(pg_catalog.=) %s::pg_catalog.regclass) THEN\nFOR truss_late IN SELECT pg_catalog.format('SET "
        "CONSTRAINTS %%I.%%I IMMEDIATE', n.nspname, k.conname) FROM pg_catalog.pg_constraint k JOIN "
        "pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) k.connamespace WHERE k.conrelid "
        "OPERATOR(pg_catalog.=) %s::pg_catalog.regclass AND k.contype OPERATOR(pg_catalog.=) 't' AND k.condeferrable "
        "LOOP EXECUTE truss_late; END LOOP;\nEXECUTE pg_catalog.concat('SELECT EXISTS (', %s, ')') INTO "
        "truss_kept;\nIF NOT truss_kept THEN RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = %s, DETAIL = "
        "pg_catalog.concat('What may have changed it: ', coalesce(",
        buffer_string(&table), buffer_string(&table), buffer_string(&query), buffer_string(&message));
    put_obstacles(body, name);
    buffer_puts(body, ", 'nothing that the catalogue knows'), '.'); END IF; END IF;");
}

/* kept: empty if the table is known to have no triggers. */
static void put_checked(struct buffer *sql, struct text statement, const struct text *name, struct text kept)
{
    struct buffer body = {.arena = sql->arena};
    struct buffer message = {.arena = sql->arena};
    pg_quote_literal(&message,
                     text_of(arena_printf(sql->arena,
                                          "The tracking table %s did not take the row of this migration, and nothing "
                                          "of it was kept. Rows changed, instead of one: ",
                                          name->data)));
    buffer_puts(&body,
                "\n#variable_conflict use_column\nDECLARE truss_changed pg_catalog.int8; truss_late pg_catalog.text; "
                "truss_kept pg_catalog.bool; BEGIN\n");
    buffer_add(&body, statement);
    buffer_printf(
        &body,
        ";\nGET DIAGNOSTICS truss_changed = ROW_COUNT;\nIF truss_changed OPERATOR(pg_catalog.<>) 1 THEN RAISE "
        "EXCEPTION USING ERRCODE = '55000', MESSAGE = pg_catalog.concat(%s, truss_changed), DETAIL = "
        "pg_catalog.concat('What may stand in the way: ', coalesce(",
        buffer_string(&message));
    put_obstacles(&body, name);
    buffer_puts(&body, ", 'nothing that the catalogue knows'), '.'); END IF;");
    if (kept.size > 0) {
        put_look_again(&body, name, kept);
    }
    buffer_puts(&body, " END");
    pg_put_do(sql, buffer_text(&body));
}

/* The same without a block, if PL/pgSQL is not available: casting a text to a number is the error. */
static void put_counted(struct buffer *sql, struct text statement, const struct text *name, struct text kept)
{
    struct buffer message = {.arena = sql->arena};
    pg_quote_literal(&message, text_of(arena_printf(sql->arena,
                                                    "the tracking table %s did not take the row of this migration, "
                                                    "and nothing of it was kept. Rows changed, instead of one: ",
                                                    name->data)));
    buffer_puts(sql, "WITH truss_row AS (");
    buffer_add(sql, statement);
    buffer_printf(sql,
                  "%s) SELECT CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.<>) 1 THEN pg_catalog.concat(%s, "
                  "pg_catalog.count(*))::pg_catalog.int4 END FROM truss_row",
                  sql_has_word(statement, "returning") ? "" : " RETURNING 1", buffer_string(&message));
    if (kept.size > 0) {
        message.size = 0;
        pg_quote_literal(&message, text_of(arena_printf(sql->arena, NOT_KEPT, name->data)));
        buffer_puts(sql, ";SELECT CASE WHEN NOT EXISTS (");
        buffer_add(sql, kept);
        buffer_printf(sql, ") THEN pg_catalog.concat(%s)::pg_catalog.int4 END", buffer_string(&message));
    }
}

/* The statement of a declared framework that writes the row: all of them are INSERT or UPDATE of its ledger, in any
 * spelling. An UPDATE beside an INSERT may match nothing. */
static struct sql_statement declared_row(struct text all)
{
    struct sql_lexer lexer = {.text = all};
    struct sql_statement row = {0};
    struct sql_statement statement;
    bool inserts = false;
    while (sql_next_statement(&lexer, &statement)) {
        struct sql_lexer words = {.text = text_slice(all, statement.start, statement.end)};
        const struct sql_token first = sql_next(&words);
        const bool is_insert = sql_is_word(&first, "insert");
        row = is_insert || !inserts ? statement : row;
        inserts = inserts || is_insert;
    }
    return row;
}

/* Makes a block discard the result of RETURNING. */
static struct text executed(struct arena *arena, struct text statement)
{
    struct buffer execute = {.arena = arena};
    buffer_puts(&execute, "EXECUTE ");
    pg_quote_literal(&execute, statement);
    return buffer_text(&execute);
}

/* The last statement that writes to the ledger: earlier ones only clean up. */
static struct sql_statement row_statement(struct text all, const struct text *name)
{
    struct sql_lexer lexer = {.text = all};
    struct sql_statement row = {0};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        row = writes(text_slice(all, statement.start, statement.end), name) ? statement : row;
    }
    return row;
}

void row_put(struct buffer *sql, const struct framework *framework, enum ledger_part part, const struct ledger *ledger,
             const struct ledger_record *record)
{
    struct buffer plain = {.arena = sql->arena};
    struct buffer kept = {.arena = sql->arena};
    struct buffer table = {.arena = sql->arena};
    const struct ledger written = {.schema = ledger->schema, .table = ledger->table};
    ledger_put_name(&table, &written);
    const struct text name = text_of(buffer_string(&table));
    if (!must_write(part)) {
        ledger_put(sql, framework, part, ledger, record);
        if (part == LEDGER_MARK_ROLLED_BACK && !ledger->takes_rows && !ledger->lacks_plpgsql) {
            ledger_put_kept(&kept, framework, part, ledger, record);
            buffer_puts(&plain, "DECLARE truss_late pg_catalog.text; truss_kept pg_catalog.bool; BEGIN");
            put_look_again(&plain, &name, buffer_text(&kept));
            buffer_puts(&plain, " END");
            pg_put_do(sql, buffer_text(&plain));
            buffer_putc(sql, ';');
        }
        return;
    }
    ledger_put(&plain, framework, part, ledger, record);
    const struct text all = buffer_text(&plain);
    const bool is_declared = framework->declared_at != NULL;
    const struct sql_statement row = is_declared ? declared_row(all) : row_statement(all, &name);
    const bool is_sure =
        ledger->takes_rows && !is_declared && text_starts_with(text_slice(all, row.start, row.end), "INSERT ");
    if (row.end == 0 || is_sure) {
        buffer_add(sql, all);
        return;
    }
    if (!ledger->takes_rows) {
        ledger_put_kept(&kept, framework, part, ledger, record);
    }
    buffer_add(sql, text_slice(all, 0, row.start));
    const struct text statement = text_slice(all, row.start, row.end);
    if (ledger->lacks_plpgsql) {
        put_counted(sql, statement, &name, buffer_text(&kept));
    } else {
        put_checked(sql, is_declared ? executed(sql->arena, statement) : statement, &name, buffer_text(&kept));
    }
    buffer_add(sql, text_slice(all, row.end, all.size));
}

void row_put_guard(struct buffer *sql, const struct ledger *ledger)
{
    if (ledger->oid == NULL) {
        return;
    }
    const struct ledger place = {.schema = ledger->schema, .table = ledger->table};
    struct buffer name = {.arena = sql->arena};
    struct buffer quoted = {.arena = sql->arena};
    struct buffer message = {.arena = sql->arena};
    ledger_put_name(&name, &place);
    pg_quote_literal(&quoted, buffer_text(&name));
    pg_quote_literal(&message, text_of(row_gone_message(sql->arena, ledger)));
    if (ledger->lacks_plpgsql) {
        buffer_printf(sql,
                      "SELECT CASE WHEN coalesce(pg_catalog.to_regclass(%s)::pg_catalog.oid, 0::pg_catalog.oid) "
                      "OPERATOR(pg_catalog.<>) %s::pg_catalog.oid THEN pg_catalog.concat(%s)::pg_catalog.int4 END;",
                      buffer_string(&quoted), ledger->oid, buffer_string(&message));
        return;
    }
    struct buffer body = {.arena = sql->arena};
    buffer_printf(&body,
                  "BEGIN IF coalesce(pg_catalog.to_regclass(%s)::pg_catalog.oid, 0::pg_catalog.oid) "
                  "OPERATOR(pg_catalog.<>) %s::pg_catalog.oid THEN RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = "
                  "%s; END IF; END",
                  buffer_string(&quoted), ledger->oid, buffer_string(&message));
    pg_put_do(sql, buffer_text(&body));
    buffer_putc(sql, ';');
}

static struct table_guard guard_of(struct arena *arena, const struct ledger *ledger, bool in_block)
{
    const struct ledger place = {.schema = ledger->schema, .table = ledger->table};
    struct buffer name = {.arena = arena};
    ledger_put_name(&name, &place);
    return (struct table_guard){
        .name = buffer_string(&name),
        .words = arena_printf(arena, "The tracking table \"%s\".\"%s\"", ledger->schema, ledger->table),
        .only_lock = ledger->lacks_plpgsql,
        .is_plain = ledger->takes_rows,
        .in_block = in_block,
        .is_vouched = ledger->is_vouched,
    };
}

void row_put_under_lock(struct buffer *sql, const struct ledger *ledger, bool in_block)
{
    const struct table_guard guard = guard_of(sql->arena, ledger, in_block);
    if (!guard.only_lock || guard.is_plain) {
        pg_put_guard(sql, &guard);
    }
}

void row_put_prepare(struct buffer *sql, const struct ledger *ledger, const char *as)
{
    const struct table_guard guard = guard_of(sql->arena, ledger, false);
    pg_put_guard_prepare(sql, &guard, as);
}

/* What PostgreSQL has not brought itself is in pg_depend: functions of the table's defaults, constraints and indexes,
 * and the types of its columns, which may be domains. */
void row_put_first_look(struct buffer *sql, const struct ledger *ledger, const char *as)
{
    static const char depends[] =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid OPERATOR(pg_catalog.=) ANY "
        "('{pg_catalog.pg_proc,pg_catalog.pg_type}'::pg_catalog.regclass[]::pg_catalog.oid[]) AND ((d.classid "
        "OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND (d.objid "
        "OPERATOR(pg_catalog.=) t.oid OR EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid "
        "OPERATOR(pg_catalog.=) d.objid AND i.indrelid OPERATOR(pg_catalog.=) t.oid))) OR (d.classid "
        "OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass::pg_catalog.oid AND EXISTS (SELECT FROM "
        "pg_catalog.pg_attrdef a WHERE a.oid OPERATOR(pg_catalog.=) d.objid AND a.adrelid OPERATOR(pg_catalog.=) "
        "t.oid)) OR (d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid "
        "AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid OPERATOR(pg_catalog.=) d.objid AND k.conrelid "
        "OPERATOR(pg_catalog.=) t.oid)))) FROM (SELECT pg_catalog.to_regclass(%s)::pg_catalog.oid AS oid) t";
    const struct table_guard guard = guard_of(sql->arena, ledger, false);
    struct buffer name = {.arena = sql->arena};
    pg_quote_literal(&name, text_of(guard.name));
    buffer_printf(sql, "EXECUTE %s;", as);
    buffer_printf(sql, depends, buffer_string(&name));
}

void row_put_settled(struct buffer *sql, const struct ledger *ledger, const char *as)
{
    const struct table_guard guard = guard_of(sql->arena, ledger, false);
    pg_put_guard_execute(sql, &guard, as);
}

void row_explain_guard(struct pg_session *session, const struct ledger *ledger, struct status *status)
{
    const struct table_guard guard = guard_of(status->arena, ledger, false);
    pg_guard_explain(session, &guard, status);
}

const char *row_gone_message(struct arena *arena, const struct ledger *ledger)
{
    return arena_printf(
        arena,
        "The script drops, renames or replaces the tracking table \"%s\".\"%s\", or the schema that it is in: "
        "its own row cannot be written there. What was not committed before was rolled back. Leave "
        "the tracking table where it is; move it by hand, and then say where it is by --ledger.",
        ledger->schema, ledger->table);
}

/* Does the statement call functions of users? */
static bool calls(struct sql_reader reader)
{
    static const char *const own[] = {"setval", "nextval", "set_config", "count", "now", NULL};
    while (reader.token.kind != SQL_END) {
        const struct sql_token token = reader.token;
        sql_advance(&reader);
        const bool is_name = token.kind == SQL_WORD || token.kind == SQL_IDENTIFIER;
        if (is_name && sql_is_symbol(&reader.token, '(') && !text_starts_with(token.text, "pg_") &&
            !sql_is_any_word(&token, own)) {
            return true;
        }
    }
    return false;
}

/* May it reach tables that it does not name: through DO, CALL, or a function? */
static bool reaches_unnamed(struct text script)
{
    static const char *const blocks[] = {"do", "call", "execute", NULL};
    static const char *const queries[] = {"select", "with", "values", NULL};
    struct sql_lexer lexer = {.text = script};
    struct sql_statement one;
    bool reaches = script.size > LARGE;
    while (!reaches && sql_next_statement(&lexer, &one)) {
        const struct sql_reader reader = sql_read(text_slice(script, one.start, one.end));
        reaches = sql_is_any_word(&reader.token, blocks) || (sql_is_any_word(&reader.token, queries) && calls(reader));
    }
    return reaches;
}

void row_doubt(struct ledger *ledger, struct text script)
{
    ledger->takes_rows =
        ledger->takes_rows && text_find_nocase(script, ledger->table) == SIZE_MAX && !reaches_unnamed(script);
}
