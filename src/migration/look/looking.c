/*
 * What every part of a detection does to its result.
 */
#include "migration/look/looking.h"

void looking_warn(const struct looking *looking, const char *warning)
{
    struct detection *const detection = looking->detection;
    if (detection->warning_count < sizeof detection->warnings / sizeof detection->warnings[0]) {
        detection->warnings[detection->warning_count++] = warning;
    }
}

void source_add_evidence(struct source *source, const char *evidence)
{
    if (evidence != NULL && source->evidence_count < MOST_EVIDENCE) {
        source->evidence[source->evidence_count++] = evidence;
    }
}

static const char *why_not_writable(struct arena *arena, const struct framework *framework, const struct table *table,
                                    const struct shape_fit *fit)
{
    if (!table->is_writable) {
        return arena_printf(arena,
                            "The ledger %s.%s is a view that takes no rows: make it writable, or say where the "
                            "table is (--ledger).",
                            table->schema, table->name);
    }
    if (fit->lacks != NULL) {
        return arena_printf(arena,
                            "The ledger %s.%s was made by another version of %s: it lacks what is written now (%s). "
                            "Its own tool adds that (\"%s\"); run it once, then run again.",
                            table->schema, table->name, framework->display_name, fit->lacks, framework->tool);
    }
    return fit->demands == NULL
               ? NULL
               : arena_printf(arena,
                              "The ledger %s.%s has a column that must be filled and that %s does not know (%s): give "
                              "it a default.",
                              table->schema, table->name, framework->display_name, fit->demands);
}

void source_take_table(const struct looking *looking, struct source *source, const struct table *table,
                       const struct shape_fit *fit)
{
    struct arena *const arena = looking->request->arena;
    source->ledger = (struct ledger){.schema = table->schema, .table = table->name};
    source->as_read = fit->as_read;
    source->has_ledger = true;
    source->is_policed = table->is_policed;
    source->unwritable = why_not_writable(arena, source->framework, table, fit);
}
