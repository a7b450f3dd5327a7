/*
 * Play's Evolutions (Scala, Java): files numbered from 1 with Ups and Downs, recorded with both. Facts read in
 * play-jdbc-evolutions 3.0; nothing was measured. A row is compared by its scripts: its hash is not read (scripts and
 * databaseEvolutions of EvolutionsApi.scala).
 */
#include "framework/play/play.h"

#include "base/digest.h"
#include "framework/core/reading.h"
#include "framework/play/play_file.h"

#include <string.h>

/* Play asks for 1.sql, 01.sql, 001.sql, and takes the first (findPaddedRevisionResource). */
static bool play_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                        const char **warning)
{
    const char *const number = file->filename;
    const char *shorter = number;
    (void)folder;
    while (shorter[0] == '0' && shorter[1] != '.') {
        shorter++;
        const int directory = (int)(strlen(file->path) - strlen(number));
        if (file_look(arena_printf(arena, "%.*s%s", directory, file->path, shorter), NULL) == FILE_REGULAR) {
            *warning = arena_printf(arena, "%s is left out: Play takes %s instead.", number, shorter);
            return false;
        }
    }
    if (strcmp(shorter, "0.sql") == 0) {
        *warning = arena_printf(arena, "%s is left out: Play begins with 1.sql.", number);
        return false;
    }
    return true;
}

static const char *play_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                 struct text content)
{
    struct play_parts parts;
    (void)folder;
    (void)file;
    play_parts_of(arena, content, &parts);
    return play_hash(arena, &parts);
}

/* The parts of a file that is recorded; returns false if it was changed while it ran (NULL in the row: modified). */
static bool recorded_parts(struct arena *arena, const struct ledger_record *record, struct play_parts *parts)
{
    struct status unread = {.arena = arena};
    struct text content;
    if (!file_read(arena, record->file->path, LIMIT_MIGRATION, &content, &unread)) {
        return false;
    }
    play_parts_of(arena, content, parts);
    return record->checksum != NULL && strcmp(play_hash(arena, parts), record->checksum) == 0;
}

static const char *text_or_empty(struct arena *arena, struct text text)
{
    return text.size == 0 ? "" : arena_strndup(arena, text.data, text.size);
}

static const char *up_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    struct play_parts parts;
    (void)ledger;
    return recorded_parts(arena, record, &parts) ? text_or_empty(arena, parts.up) : NULL;
}

static const char *down_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    struct play_parts parts;
    (void)ledger;
    return recorded_parts(arena, record, &parts) ? text_or_empty(arena, parts.down) : NULL;
}

extern const struct framework framework_play;

static bool play_read(struct ledger_reading *reading)
{
    if (!ledger_read_facts(reading, &framework_play.ledger)) {
        return false;
    }
    for (size_t i = 0; i < reading->entries.count; i++) { /* so far it is the text of which it is to be made */
        struct ledger_entry *const entry = &reading->entries.items[i];
        entry->checksum = digest_hex_of(reading->arena, "SHA1", text_of(entry->checksum));
    }
    return true;
}

#define BLANKS "E' \\t\\n\\r\\f\\x0b'"
#define OF_ROW                                                                                                         \
    "coalesce(pg_catalog.btrim(revert_script, " BLANKS "), ''), coalesce(pg_catalog.btrim(apply_script, " BLANKS       \
    "), '')"
#define IS_HALF "state OPERATOR(pg_catalog.~~) 'applying%'"
#define THIS    "id OPERATOR(pg_catalog.=) {key}"
#define PUT(state)                                                                                                     \
    "INSERT INTO {ledger} (id, hash, applied_at, apply_script, revert_script, state, last_problem) VALUES ({key}, "    \
    "{checksum}, {clock:ms}, {up}, {down}, '" state "', '');"
#define FORGET "DELETE FROM {ledger} WHERE " THIS " AND " IS_HALF ";"
#define AGAIN                                                                                                          \
    "Play takes the database back behind it: it runs the Downs of it and of all later ones, and then the Ups again "   \
    "(in production only with autoApplyDowns; otherwise it does not start)."

const struct framework framework_play = {
    .id = "play",
    .display_name = "Play Evolutions",
    .tool = "the application (play.evolutions.db.default.autoApply)",
    .sent = SENT_EACH, /* the default, autocommit = true */
    .ledger =
        {
            .shapes = SHAPES({.table = "play_evolutions",
                              .columns = "id:int4 hash:varchar applied_at:timestamp apply_script:text "
                                         "revert_script:text state:varchar last_problem:text"}),
            .failed_entry_blocks = true,
            .failed_note = "Play says \"Database is in an inconsistent state\"",
            .read = "SELECT id::pg_catalog.text AS key, pg_catalog.concat(" OF_ROW ") AS checksum, CASE WHEN " IS_HALF
                    " THEN 'failed' END AS state, nullif(last_problem, '') AS logs, applied_at::timestamptz AS "
                    "applied_at FROM {ledger} ORDER BY id",
            .create = "CREATE TABLE {ledger} (id int not null primary key, hash varchar(255) not null, applied_at "
                      "timestamp not null, apply_script pg_catalog.text, revert_script pg_catalog.text, state "
                      "varchar(255), last_problem pg_catalog.text);",
            .lock = LOCK_LEDGER,
            .kept = "SELECT FROM {ledger} WHERE " THIS " AND hash OPERATOR(pg_catalog.=) {checksum} AND state "
                    "OPERATOR(pg_catalog.=) 'applied'",
            .record = PUT("applied"),
            .start = PUT("applying_up"),
            .forget = FORGET,
            .finish = "UPDATE {ledger} SET state = 'applied', hash = {checksum}, apply_script = {up}, revert_script = "
                      "{down}, last_problem = '' WHERE " THIS ";",
            .fail = "UPDATE {ledger} SET last_problem = {logs} WHERE " THIS " AND " IS_HALF ";",
            .mark_applied = FORGET PUT("applied"),
            .mark_rolled_back = FORGET,
            .words =
                (const struct ledger_word[]){{.name = "up", .text = up_of}, {.name = "down", .text = down_of}, {0}},
        },
    .folder =
        {
            .places = WORDS("conf/evolutions/default"),
            .lock = "{number}.sql",
            .sure_by = WORDS("{number}.sql: !Ups"),
            .files = FILES({.pattern = "{number}.sql"}),
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .numbered_from_one = true,
            .makes = {"{next:1}.sql", "-- !Ups\n\n\n-- !Downs\n\n"},
        },
    .mentions =
        MENTIONS({.words = "-Dplay.evolutions.path|-Dplay.evolutions.db.default.path", .part = MENTION_FOLDER},
                 {.words = "-Dplay.evolutions.metaTable|-Dplay.evolutions.db.default.metaTable"},
                 {.words = "-Dplay.evolutions.schema|-Dplay.evolutions.db.default.schema", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = AGAIN,
            .edited_blocks = true,
            .edited_note = AGAIN,
            .missing_blocks = true,
            .missing_note = AGAIN,
        },
    .hooks = {.find = play_find,
              .accept = play_accept,
              .script = play_script,
              .checksum = play_checksum,
              .read_ledger = play_read},
};
