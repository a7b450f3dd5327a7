/*
 * A ledger is read by one query; if it has only the last version, the files tell the earlier ones.
 */
#include "framework/core/reading.h"

#include "base/word_set.h"
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

#define CLOCKS_DIFFER_US (INT64_C(60) * 1000000)

/* Notes the newest row if its time is still to come, by another time zone or a wrong clock: what its tool runs now gets
 * an earlier time, and so comes before it. */
static void note_future(struct ledger_reading *reading, const char *stops)
{
    const struct ledger_entries *const entries = &reading->entries;
    const struct ledger_entry *newest = NULL;
    for (size_t i = 0; i < entries->count; i++) {
        const struct ledger_entry *const entry = &entries->items[i];
        newest = newest == NULL || entry->finished_at > newest->finished_at ? entry : newest;
    }
    if (newest != NULL && newest->finished_at != NO_TIME && newest->finished_at > clock_wall_us() + CLOCKS_DIFFER_US) {
        char time[RFC3339_SIZE];
        clock_for_people(newest->finished_at, time);
        ledger_warn(reading, arena_printf(reading->arena,
                                          "The tracking table has \"%s\" with a time that is still to come (%s): what "
                                          "its tool runs before that comes in front of it, and then %s. Give the row "
                                          "the time that it should have.",
                                          newest->name, time, stops));
    }
}

/* Notes two pending files with one title at which its tool stops. */
static void note_titles(struct ledger_reading *reading, const char *stops)
{
    struct arena *const arena = reading->arena;
    struct word_set applied = {0};
    struct word_set titles = {0};
    for (size_t i = 0; i < reading->entries.count; i++) {
        word_set_add(arena, &applied, ledger_entry_key(&reading->entries.items[i]));
    }
    for (size_t i = 0; i < reading->files->count; i++) {
        const struct migration_file *const file = &reading->files->items[i];
        const int other = word_set_number(&titles, file->title);
        if (file->title == NULL || word_set_has(&applied, migration_file_key(file))) {
            continue;
        }
        if (other > 0) {
            reading->entries.stops_tool =
                arena_printf(arena, "%s and %s are pending, and have the same name \"%s\": %s. Rename one of them.",
                             reading->files->items[other - 1].filename, file->filename, file->title, stops);
            ledger_warn(reading, reading->entries.stops_tool);
            return;
        }
        word_set_put(arena, &titles, file->title, (int)i + 1);
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
        note_future(reading, facts->order_note);
    }
    if (reading->folder != NULL && reading->folder->framework->folder.titles_note != NULL) {
        note_titles(reading, reading->folder->framework->folder.titles_note);
    }
    return true;
}
