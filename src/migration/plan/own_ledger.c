/*
 * Before a first run the table is not there: the run makes it before the first script, and the world does not know it.
 */
#include "migration/plan/own_ledger.h"

#include "sql/take.h"

#include <string.h>

static bool is_it(const struct explaining *explaining, const char *schema, const char *name)
{
    const struct ledger *const ledger = &explaining->detection->ledger;
    return ledger->table != NULL && name != NULL && strcmp(name, ledger->table) == 0 &&
           (schema == NULL || ledger->schema == NULL || strcmp(schema, ledger->schema) == 0);
}

/* Does it take the table away that is not there yet? */
static bool takes_coming(const struct explaining *explaining, const struct sql_effects *effects)
{
    bool takes = false;
    for (size_t i = 0; explaining->is_ledger_coming && !takes && i < effects->change_count; i++) {
        const struct sql_change *const change = &effects->changes[i];
        takes = (change->kind == SQL_CHANGE_DROPS || change->kind == SQL_CHANGE_RENAMES ||
                 change->kind == SQL_CHANGE_MOVES) &&
                is_it(explaining, change->schema, change->name);
    }
    return takes;
}

/* DROP SCHEMA of the table's schema. */
static bool drops_schema(const struct explaining *explaining, struct text statement)
{
    const struct ledger *const ledger = &explaining->detection->ledger;
    struct sql_reader words = sql_read(statement);
    bool drops = false;
    if ((explaining->ledger == NULL && !explaining->is_ledger_coming) || ledger->schema == NULL ||
        !sql_take_words(&words, "drop schema")) {
        return false;
    }
    for (sql_take_if(&words); !drops && words.token.kind != SQL_END; sql_advance(&words)) {
        const char *const name = sql_identifier(explaining->reading, &words.token);
        drops = name != NULL && strcmp(name, ledger->schema) == 0;
    }
    return drops;
}

const char *ledger_taken(struct explaining *explaining, struct text statement, const struct sql_effects *effects)
{
    const struct ledger *const ledger = &explaining->detection->ledger;
    const bool is_gone = explaining->ledger != NULL &&
                         (world_find(explaining->world, ledger->schema, ledger->table) != explaining->ledger ||
                          explaining->ledger->gone);
    if (explaining->is_undone ||
        (!is_gone && !takes_coming(explaining, effects) && !drops_schema(explaining, statement))) {
        return NULL;
    }
    explaining->ledger = NULL;
    explaining->is_ledger_coming = false;
    return arena_printf(
        explaining->request->arena,
        "It drops, renames or replaces the tracking table %s.%s, so that the row of its migration cannot be "
        "written: the run stops there and undoes it.",
        ledger->schema, ledger->table);
}

const char *ledger_changed(const struct explaining *explaining, const struct sql_effects *effects)
{
    bool changes = false;
    for (size_t i = 0; !changes && i < effects->alter_count; i++) {
        const struct sql_alter *const alter = &effects->alters[i];
        changes = (alter->kind == SQL_ALTER_DROP || alter->kind == SQL_ALTER_RENAME || alter->kind == SQL_ALTER_TYPE) &&
                  (explaining->ledger != NULL || explaining->is_ledger_coming) &&
                  is_it(explaining, alter->schema, alter->name);
    }
    return !changes ? effects->advice
                    : arena_printf(explaining->reading,
                                   "It changes a column of the tracking table: if the row of its migration cannot be "
                                   "written then, the run stops there and undoes it.%s%s",
                                   effects->advice == NULL ? "" : " ", effects->advice == NULL ? "" : effects->advice);
}
