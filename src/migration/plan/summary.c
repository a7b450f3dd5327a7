/*
 * What stands outside of any transaction is not counted as one.
 */
#include "migration/plan/summary.h"

#include "base/words.h"
#include "migration/plan/foresee/stopped.h"

static void add(struct buffer *out, size_t count, const char *one, const char *many)
{
    if (count > 0) {
        buffer_printf(out, "%s%s", out->size == 0 ? "" : " and ", words_counted(out->arena, count, one, many));
    }
}

/* "3 transactions and 2 statements outside of any transaction" */
static const char *extent_words(struct arena *arena, const struct extent *extent)
{
    struct buffer out = {.arena = arena};
    const size_t apart = (size_t)extent->alone + extent->own;
    add(&out, extent->transactions - apart, "transaction", "transactions");
    add(&out, extent->own, "part with its own transactions", "parts with their own transactions");
    add(&out, extent->alone, "statement outside of any transaction", "statements outside of any transaction");
    return buffer_string(&out);
}

const char *summary_make(struct arena *arena, const struct preparation *preparation, const struct extent *extent)
{
    const char *const each_time = preparation->catalog.files.runs_each_time;
    if (preparation->count == 0 && preparation->unfit == NULL && each_time != NULL) {
        return arena_printf(arena, "No other migration is pending, but \"%s\" runs in each run of %s.", each_time,
                            preparation->catalog.detection.framework->display_name);
    }
    const char *const parts = extent_words(arena, extent);
    if (preparation->unfit != NULL && (preparation->count == 0 || parts[0] == '\0')) {
        return arena_printf(arena, "\"%s\" cannot run.", preparation->unfit->name);
    }
    if (preparation->count == 0) {
        return "No pending migrations to run.";
    }
    const char *const migrations = words_counted(arena, preparation->count, "migration", "migrations");
    if (preparation->delegate) {
        return arena_printf(arena, "%s, run by %s itself: what %s not known before.", migrations,
                            preparation->catalog.detection.framework->display_name,
                            preparation->count == 1 ? "it locks is" : "they lock is");
    }
    return arena_printf(arena, "%s in %s; %s.%s", migrations, parts,
                        stopped_words(extent->blocks_reads, extent->blocks_writes, extent->unknown),
                        extent->loses_data ? " This plan loses data." : "");
}
