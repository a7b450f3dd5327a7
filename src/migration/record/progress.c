/*
 * A row for each step that has begun or finished, which commits with the step.
 */
#include "migration/record/progress.h"

#include "framework/core/ledger.h"
#include "pg/own_sql.h"
#include "pg/table_guard.h"

static void put_ledger(struct buffer *sql, const struct ledger *ledger)
{
    buffer_puts(sql, " WHERE ledger OPERATOR(pg_catalog.=) ");
    ledger_put_text(sql, ledger_full_name(sql->arena, ledger));
}

static void put_migration(struct buffer *sql, const char *migration)
{
    buffer_puts(sql, "migration OPERATOR(pg_catalog.=) ");
    ledger_put_text(sql, migration);
}

static void put_step(struct buffer *sql, uint32_t step)
{
    buffer_printf(sql, "step OPERATOR(pg_catalog.=) %u", step);
}

void progress_put_lock(struct buffer *sql, const struct ledger *ledger)
{
    pg_put_guard_lock(sql, own_text(sql->arena, ledger->own_schema, "{truss}.migration_steps"));
}

/* Statements that write to the steps' table check it under its lock. */
static void put_guard(struct buffer *sql, const struct ledger *ledger)
{
    pg_put_own_guard(sql, ledger->own_schema, "{truss}.migration_steps", ledger->lacks_plpgsql);
}

static void put_row(struct buffer *sql, const struct ledger *ledger, const char *migration,
                    const struct step_record *record, const char *finished_at)
{
    put_guard(sql, ledger);
    own_put(sql, ledger->own_schema,
            "INSERT INTO {truss}.migration_steps AS s (ledger, migration, step, steps, attempt, checksum, "
            "indexes_before, finished_at) VALUES (");
    ledger_put_text(sql, ledger_full_name(sql->arena, ledger));
    buffer_puts(sql, ", ");
    ledger_put_text(sql, migration);
    buffer_printf(sql, ", %u, %u, ", record->step, record->steps);
    ledger_put_text(sql, record->attempt);
    buffer_puts(sql, ", ");
    ledger_put_text(sql, record->checksum);
    buffer_puts(sql, ", ");
    ledger_put_text(sql, record->indexes_before);
    buffer_printf(sql,
                  ", %s) ON CONFLICT (ledger, migration, step) DO UPDATE SET steps = EXCLUDED.steps, "
                  "attempt = EXCLUDED.attempt, checksum = EXCLUDED.checksum, "
                  "indexes_before = EXCLUDED.indexes_before, finished_at = EXCLUDED.finished_at;",
                  finished_at);
}

void progress_put_finished(struct buffer *sql, const struct ledger *ledger, const char *migration,
                           const struct step_record *record)
{
    put_row(sql, ledger, migration, record, "pg_catalog.clock_timestamp()");
}

void progress_put_begun(struct buffer *sql, const struct ledger *ledger, const char *migration,
                        const struct step_record *record)
{
    put_row(sql, ledger, migration, record, "NULL");
}

void progress_put_made(struct buffer *sql, const struct ledger *ledger, const char *migration, uint32_t step,
                       const char *oid)
{
    own_put(sql, ledger->own_schema, "UPDATE {truss}.migration_steps SET indexes_before = ");
    buffer_printf(sql,
                  "pg_catalog.array_cat(indexes_before, CASE WHEN 0 OPERATOR(pg_catalog.=) ANY (indexes_before) THEN "
                  "'{%s}'::pg_catalog.oid[] ELSE '{0,%s}'::pg_catalog.oid[] END)",
                  oid, oid);
    put_ledger(sql, ledger);
    buffer_puts(sql, " AND ");
    put_migration(sql, migration);
    buffer_puts(sql, " AND ");
    put_step(sql, step);
    buffer_puts(sql, " AND finished_at IS NULL");
}

void progress_put_unbegun(struct buffer *sql, const struct ledger *ledger, const char *migration, uint32_t step)
{
    put_guard(sql, ledger);
    own_put(sql, ledger->own_schema, "DELETE FROM {truss}.migration_steps");
    put_ledger(sql, ledger);
    buffer_puts(sql, " AND ");
    put_migration(sql, migration);
    buffer_puts(sql, " AND ");
    put_step(sql, step);
    buffer_puts(sql, " AND finished_at IS NULL;");
}

void progress_put_tool(struct buffer *sql, const struct ledger *ledger, const char *const *migrations, size_t count)
{
    progress_put_lock(sql, ledger);
    put_guard(sql, ledger);
    own_put(sql, ledger->own_schema,
            "INSERT INTO {truss}.migration_steps (ledger, migration, step, steps, attempt, checksum) SELECT ");
    ledger_put_text(sql, ledger_full_name(sql->arena, ledger));
    buffer_printf(sql, ", m.name, %d, 0, '', '' FROM (VALUES ", STEP_OF_TOOL);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(sql, i == 0 ? "(" : "), (");
        ledger_put_text(sql, migrations[i]);
    }
    buffer_puts(sql, ")) AS m (name) ON CONFLICT DO NOTHING;");
}

void progress_put_tool_ended(struct buffer *sql, const struct ledger *ledger)
{
    progress_put_lock(sql, ledger);
    put_guard(sql, ledger);
    own_put(sql, ledger->own_schema, "DELETE FROM {truss}.migration_steps");
    put_ledger(sql, ledger);
    buffer_puts(sql, " AND ");
    put_step(sql, STEP_OF_TOOL);
    buffer_putc(sql, ';');
}

void progress_put_forget(struct buffer *sql, const struct ledger *ledger, const char *migration)
{
    put_guard(sql, ledger);
    own_put(sql, ledger->own_schema, "DELETE FROM {truss}.migration_steps");
    put_ledger(sql, ledger);
    buffer_puts(sql, " AND ");
    put_migration(sql, migration);
    buffer_putc(sql, ';');
}
