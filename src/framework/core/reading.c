/*
 * A ledger is read by one query; if it has only the last version, the files tell the earlier ones.
 */
#include "framework/core/reading.h"

#include "framework/core/file_index.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/template.h"

/* Replaces the row with the last version by rows for all files up to it. If no file has that version, it stays. */
static void fill_up(struct ledger_reading *reading)
{
    const struct ledger_entry last = reading->entries.items[0];
    struct ledger_entries *const entries = &reading->entries;
    bool found = false;
    if (last.key[0] == '-') { /* nothing is applied, and undoing the first one has failed */
        return;
    }
    entries->items = arena_array(reading->arena, reading->files->count + 1, sizeof *entries->items);
    entries->count = 0;
    for (size_t i = 0; i < reading->files->count; i++) {
        const struct migration_file *const file = &reading->files->items[i];
        const int order = number_compare(text_of(file->version), text_of(last.key));
        if (order <= 0) {
            struct ledger_entry *const entry = &entries->items[entries->count++];
            *entry = last;
            entry->name = file->name;
            entry->key = file->key;
            entry->state = order == 0 ? last.state : ENTRY_APPLIED;
            found = found || order == 0;
        }
    }
    if (!found) {
        entries->items[entries->count++] = last;
    }
}

/* Notes the first row at which its tool stops. */
static void note_order(struct ledger_reading *reading, const char *stops)
{
    struct file_index index = file_index_of(reading->arena, reading->files);
    struct ledger_entries *const entries = &reading->entries;
    const struct migration_file *last = NULL;
    for (size_t i = 0; i < entries->count; i++) {
        const struct migration_file *const file = file_index_find(&index, ledger_entry_key(&entries->items[i]));
        if (file != NULL && last != NULL && file <= last) {
            entries->stops_tool =
                file == last
                    ? arena_printf(reading->arena, "The tracking table has \"%s\" twice: %s.", file->name, stops)
                    : arena_printf(reading->arena,
                                   "The tracking table has \"%s\" behind \"%s\", whose file comes after it: %s. Give "
                                   "the row the time that it should have, or delete it if it is there twice.",
                                   file->name, last->name, stops);
            ledger_warn(reading, entries->stops_tool);
            return;
        }
        last = file == NULL ? last : file;
    }
}

bool ledger_read_facts(struct ledger_reading *reading, const struct ledger_facts *facts)
{
    struct buffer sql = {.arena = reading->arena};
    ledger_put_as_read(&sql, reading->ledger);
    template_put(&sql, facts->read, facts->words, reading->ledger, NULL);
    if (!ledger_read_sql(reading, buffer_string(&sql))) {
        return false;
    }
    if (facts->knows_only_last && reading->entries.count > 1) {
        reading->entries.unclear =
            arena_printf(reading->arena,
                         "The tracking table %s.%s has several rows (%s, %s, …) while its tool has one, and reads any "
                         "of them: the version of the database cannot be known. Leave only the right one.",
                         reading->ledger->schema, reading->ledger->table, reading->entries.items[0].key,
                         reading->entries.items[1].key);
    } else if (facts->knows_only_last && reading->entries.count > 0) {
        fill_up(reading);
    }
    if (facts->order_note != NULL && reading->folder != NULL && reading->folder->habits == NULL) {
        note_order(reading, facts->order_note);
    }
    return true;
}
