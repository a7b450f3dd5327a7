/*
 * A statement is a finding if it cannot succeed, if it loses data, if one of its locks blocks others, if its locks are
 * not known, or if it changes or deletes every row of a table.
 */
#include "cli/print/findings.h"

#include "base/text.h"
#include "cli/print/output.h"

#include <string.h>

typedef Truss__Migration__V1__GetStatusResponse StatusReply;
typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__PlannedStatement PlannedStatement;

const char *findings_path(struct arena *arena, const char *folder, const char *filename)
{
    return folder[0] == '\0' ? filename : arena_printf(arena, "%s/%s", folder, filename);
}

const char *findings_filename(const StatusReply *status, const char *name)
{
    for (size_t i = 0; i < status->n_migrations; i++) {
        if (strcmp(status->migrations[i]->name, name) == 0) {
            return output_or_empty(status->migrations[i]->filename);
        }
    }
    return name;
}

/* Whom it stops, and for how long: what only changes the catalogs is over at once. */
static void put_locks(struct buffer *text, struct finding *one)
{
    static const char *const works[] = {
        [TRUSS__MIGRATION__V1__WORK__WORK_SCAN] = " It reads the whole table meanwhile.",
        [TRUSS__MIGRATION__V1__WORK__WORK_REWRITE] = " It rewrites the whole table meanwhile.",
        [TRUSS__MIGRATION__V1__WORK__WORK_INDEX] = " It builds an index meanwhile.",
    };
    const PlannedStatement *const statement = one->statement;
    const size_t work = (size_t)statement->work;
    for (size_t i = 0; i < statement->n_locks; i++) {
        const Truss__Migration__V1__PlannedLock *const lock = statement->locks[i];
        if (lock->blocks_reads || lock->blocks_writes) {
            buffer_printf(text, "%s%s on %s stops %s.", text->size == 0 ? "" : " ", lock->mode, lock->relation,
                          lock->blocks_reads ? "readers and writers" : "writers");
            one->rule = lock->blocks_reads ? RULE_STOPS_READERS : one->rule;
        }
    }
    if (text->size > 0 && work < sizeof works / sizeof works[0] && works[work] != NULL) {
        buffer_puts(text, works[work]);
    }
}

/* Adds a finding, with migration, path and statement already set, if there is one. */
static void add_statement(struct findings *findings, struct finding one)
{
    const PlannedStatement *const statement = one.statement;
    struct buffer text = {.arena = findings->arena};
    one.rule = statement->unknown ? RULE_MAY_BLOCK : statement->every_row ? RULE_EVERY_ROW : RULE_STOPS_WRITERS;
    put_locks(&text, &one);
    if (statement->unknown) {
        buffer_printf(&text, "%sWhat it%s locks is not known: it may block readers and writers.",
                      text.size == 0 ? "" : " ", text.size == 0 ? "" : " also");
    }
    if (statement->every_row) {
        buffer_printf(&text, "%sIt %s every row.", text.size == 0 ? "" : " ",
                      statement->loses_data ? "deletes" : "changes");
    }
    if (statement->loses_data && !statement->every_row) {
        one.rule = RULE_LOSES_DATA;
        buffer_printf(&text, "%sIt loses data.", text.size == 0 ? "" : " ");
    }
    if (statement->_fails_case != 0) {
        one.rule = RULE_FAILS;
        buffer_printf(&text, "%sIt fails: %s", text.size == 0 ? "" : " ", statement->fails);
    }
    if (text.size == 0) {
        return;
    }
    if (statement->_fails_case == 0 && output_or_empty(statement->advice)[0] != '\0') {
        buffer_printf(&text, " %s", statement->advice);
    }
    one.text = buffer_string(&text);
    findings->items =
        arena_grow(findings->arena, findings->items, findings->count, &findings->capacity, sizeof *findings->items);
    findings->items[findings->count++] = one;
}

struct findings findings_of(struct arena *arena, const PlanResponse *reply, const StatusReply *status)
{
    struct findings findings = {.arena = arena};
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const Truss__Migration__V1__PlannedMigration *const migration = reply->migrations[i];
        const char *const path =
            findings_path(arena, output_or_empty(status->folder), findings_filename(status, migration->name));
        for (size_t j = 0; j < migration->n_steps; j++) {
            for (size_t k = 0; k < migration->steps[j]->n_statements; k++) {
                add_statement(&findings, (struct finding){.migration = migration,
                                                          .path = path,
                                                          .statement = migration->steps[j]->statements[k]});
            }
        }
    }
    return findings;
}

bool findings_is_general(const PlanResponse *reply, const char *failure)
{
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const Truss__Migration__V1__PlannedMigration *const migration = reply->migrations[i];
        for (size_t j = 0; j < migration->n_steps; j++) {
            for (size_t k = 0; k < migration->steps[j]->n_statements; k++) {
                const PlannedStatement *const statement = migration->steps[j]->statements[k];
                if (statement->_fails_case != 0 && strstr(failure, statement->fails) != NULL) {
                    return false;
                }
            }
        }
    }
    return true;
}
