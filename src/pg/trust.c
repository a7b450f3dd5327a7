/*
 * A look at a table's triggers is worth something only as long as nobody can add one: under a lock, in the transaction
 * that writes.
 */
#include "pg/trust.h"

#include "pg/session.h"

void pg_put_guard_lock(struct buffer *sql, const char *name)
{
    buffer_printf(sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE;", name);
}

/* Of the table in the variable truss_table: the first trigger whose function is of a role that is not trusted. */
static const char stranger_sql[] =
    "SELECT pg_catalog.concat_ws(' of ', pg_catalog.quote_ident(g.tgname), r.rolname) INTO truss_stranger FROM "
    "pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) g.tgrelid JOIN "
    "pg_catalog.pg_proc f ON f.oid OPERATOR(pg_catalog.=) g.tgfoid JOIN pg_catalog.pg_roles r ON r.oid "
    "OPERATOR(pg_catalog.=) f.proowner WHERE g.tgrelid OPERATOR(pg_catalog.=) truss_table AND NOT g.tgisinternal "
    "AND f.proowner OPERATOR(pg_catalog.<>) c.relowner AND NOT " PG_IS_TRUSTED("r") " LIMIT 1;\n";

/* The kinds that LOCK TABLE takes. A table that is not there is told of by the statement that needs it. */
void pg_put_guard(struct buffer *sql, const struct table_guard *guard)
{
    struct buffer name = {.arena = sql->arena};
    struct buffer words = {.arena = sql->arena};
    if (guard->only_lock) {
        pg_put_guard_lock(sql, guard->name);
        return;
    }
    pg_quote_literal(&name, text_of(guard->name));
    pg_quote_literal(&words, text_of(guard->words));
    buffer_printf(
        sql,
        "DO $truss_under$ DECLARE truss_table pg_catalog.oid; truss_kind pg_catalog.\"char\"; "
        "truss_has pg_catalog.bool; truss_stranger pg_catalog.text; BEGIN\nSELECT oid, relkind INTO truss_table, "
        "truss_kind FROM "
        "pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s)::pg_catalog.oid;\n"
        "IF truss_kind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v']::pg_catalog.\"char\"[]) THEN LOCK TABLE %s IN "
        "ROW EXCLUSIVE MODE; END IF;\n"
        "SELECT relhastriggers OR relhasrules OR relrowsecurity INTO truss_has FROM pg_catalog.pg_class "
        "WHERE oid OPERATOR(pg_catalog.=) truss_table;\nIF truss_has THEN\n%s",
        buffer_string(&name), guard->name, stranger_sql);
    buffer_printf(sql,
                  "IF truss_stranger IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = "
                  "pg_catalog.concat(%s, ' has the trigger ', truss_stranger, ', which was not there before: that "
                  "role''s function would run with the rights of ', current_user, '. Nothing of it has run, and "
                  "nothing was kept.'), HINT = 'Drop the trigger, and revoke the right TRIGGER on that table from the "
                  "role, when you have looked at it.'; END IF;\n",
                  buffer_string(&words));
    if (guard->is_plain) {
        buffer_printf(
            sql,
            "RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = pg_catalog.concat(%s, ' has got a trigger, a "
            "rule or row security since this run has looked at it, from another session or by what the script "
            "calls. Nothing was kept: run again, or do that by hand before.');\n",
            buffer_string(&words));
    }
    buffer_puts(sql, "END IF; END $truss_under$;");
}
