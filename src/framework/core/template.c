/*
 * One pass over the text. Names are always quoted and qualified, values always literals.
 */
#include "framework/core/template.h"

#include "framework/core/ledger.h"
#include "pg/table_guard.h"
#include "pg/values.h"

#include <ctype.h>
#include <string.h>

#define NAME_LIMIT 100 /* bytes between braces; a longer text is no word */

/* What words are replaced with. */
struct source {
    struct arena *arena;
    const struct ledger_word *own;
    const struct ledger *ledger;
    const struct ledger_record *record;
};

/* A parsed word, {name:argument}. */
struct word {
    struct text name;
    struct text argument; /* empty: none */
};

typedef bool word_writer(struct buffer *sql, const struct source *source, struct text argument);

/* ---- names ---- */

static const struct ledger_word *own_word(const struct ledger_word *own, struct text name)
{
    for (; own != NULL && own->name != NULL; own++) {
        if (text_is(name, own->name)) {
            return own;
        }
    }
    return NULL;
}

/* "knex_migrations_lock" for "*_lock", or the name that a framework's own word gives; without a pattern the ledger's
 * own name. */
static const char *name_of(const struct source *source, struct text pattern)
{
    const struct ledger_word *const own = own_word(source->own, pattern);
    struct buffer name = {.arena = source->arena};
    if (own != NULL && own->table != NULL) {
        return own->table(source->ledger);
    }
    for (size_t i = 0; i < pattern.size; i++) {
        if (pattern.data[i] == '*') {
            buffer_puts(&name, source->ledger->table);
        } else {
            buffer_putc(&name, pattern.data[i]);
        }
    }
    return pattern.size == 0 ? source->ledger->table : buffer_string(&name);
}

static bool put_ledger(struct buffer *sql, const struct source *source, struct text argument)
{
    struct ledger ledger = {.schema = source->ledger->schema, .table = name_of(source, argument)};
    ledger.as_read = argument.size == 0 ? source->ledger->as_read : NULL; /* only the ledger itself has an as_read */
    ledger_put_name(sql, &ledger);
    return true;
}

static bool put_guard(struct buffer *sql, const struct source *source, struct text argument)
{
    const struct ledger place = {.schema = source->ledger->schema, .table = source->ledger->table};
    const struct ledger beside = {.schema = place.schema, .table = name_of(source, argument)};
    struct buffer table = {.arena = source->arena};
    struct buffer name = {.arena = source->arena};
    if (source->ledger->is_beside_guarded) {
        return argument.size > 0;
    }
    ledger_put_name(&table, &place);
    ledger_put_name(&name, &beside);
    const struct table_guard guard = {
        .name = buffer_string(&name),
        .words = arena_printf(source->arena, "Beside its tracking table the schema \"%s\"", place.schema),
        .only_lock = source->ledger->lacks_plpgsql,
        .beside = buffer_string(&table),
    };
    pg_put_guard(sql, &guard);
    return argument.size > 0;
}

static bool put_schema(struct buffer *sql, const struct source *source, struct text argument)
{
    pg_quote_identifier(sql, source->ledger->schema);
    return argument.size == 0;
}

static bool put_identifier(struct buffer *sql, const struct source *source, struct text argument)
{
    pg_quote_identifier(sql, name_of(source, argument));
    return argument.size > 0;
}

static bool put_table(struct buffer *sql, const struct source *source, struct text argument)
{
    ledger_put_text(sql, name_of(source, argument));
    return true;
}

/* ---- values of the migration ---- */

static const char *version_of(const struct migration_file *file)
{
    return file == NULL ? NULL : file->version;
}

static const char *value_key(const struct ledger_record *record)
{
    return record->key;
}

static const char *value_name(const struct ledger_record *record)
{
    return record->name;
}

static const char *value_version(const struct ledger_record *record)
{
    return version_of(record->file);
}

static const char *value_before(const struct ledger_record *record)
{
    return version_of(record->before);
}

static const char *value_title(const struct ledger_record *record)
{
    return record->file == NULL ? NULL : record->file->title;
}

static const char *value_filename(const struct ledger_record *record)
{
    return record->file == NULL ? NULL : record->file->filename;
}

static const char *value_checksum(const struct ledger_record *record)
{
    return record->checksum;
}

static const char *value_id(const struct ledger_record *record)
{
    return record->id;
}

static const char *value_logs(const struct ledger_record *record)
{
    return record->logs;
}

static const struct {
    const char *name;
    const char *(*value)(const struct ledger_record *record);
} values[] = {
    {"key", value_key},           {"name", value_name},   {"version", value_version},
    {"before", value_before},     {"title", value_title}, {"filename", value_filename},
    {"checksum", value_checksum}, {"id", value_id},       {"logs", value_logs},
};

/* ---- times ---- */

static const char *unit_of(struct text argument)
{
    return text_is(argument, "ms") ? "milliseconds" : text_is(argument, "s") ? "second" : NULL;
}

static bool put_time(struct buffer *sql, const char *time, struct text argument)
{
    const char *const unit = unit_of(argument);
    if (unit == NULL) {
        buffer_puts(sql, time);
    } else {
        buffer_printf(sql, "pg_catalog.date_trunc('%s', %s)", unit, time);
    }
    return unit != NULL || argument.size == 0;
}

static bool put_clock(struct buffer *sql, const struct source *source, struct text argument)
{
    (void)source;
    return put_time(sql, "pg_catalog.clock_timestamp()", argument);
}

static bool put_utc(struct buffer *sql, const struct source *source, struct text argument)
{
    (void)source;
    return put_time(sql, "pg_catalog.timezone('UTC', pg_catalog.clock_timestamp())", argument);
}

static bool put_took(struct buffer *sql, const struct source *source, struct text argument)
{
    const char *const scale = text_is(argument, "ms")   ? "1000"
                              : text_is(argument, "us") ? "1000000"
                              : text_is(argument, "ns") ? "1000000000"
                                                        : NULL;
    (void)source;
    buffer_printf(sql,
                  "(extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now()) "
                  "OPERATOR(pg_catalog.*) %s)::bigint",
                  scale == NULL ? "1" : scale);
    return scale != NULL;
}

/* The largest of thousands of rows would be looked for thousands of times, each time in more of them. */
static bool put_next(struct buffer *sql, const struct source *source, struct text argument)
{
    static const char further[] =
        "pg_catalog.set_config('truss.next', (pg_catalog.current_setting('truss.next')::pg_catalog.int4 "
        "OPERATOR(pg_catalog.+) 1)::pg_catalog.text, true)::pg_catalog.int4";
    const enum row_place place = source->record == NULL ? ROW_ALONE : source->record->place;
    size_t known = 0;
    while (known < argument.size &&
           (argument.data[known] == '_' || islower((unsigned char)argument.data[known]) != 0)) {
        known++;
    }
    if (place == ROW_FURTHER) {
        buffer_puts(sql, further);
    } else {
        buffer_puts(sql, place == ROW_FIRST ? "pg_catalog.set_config('truss.next', " : "");
        buffer_puts(sql, "(SELECT coalesce(pg_catalog.max(");
        buffer_add(sql, argument);
        buffer_puts(sql, "), 0) OPERATOR(pg_catalog.+) 1 FROM ");
        put_ledger(sql, source, (struct text){0});
        buffer_puts(sql, place == ROW_FIRST ? ")::pg_catalog.text, true)::pg_catalog.int4" : ")");
    }
    return argument.size > 0 && known == argument.size;
}

static bool put_truss(struct buffer *sql, const struct source *source, struct text argument)
{
    (void)source;
    ledger_put_text(sql, "Truss " TRUSS_VERSION);
    return argument.size == 0;
}

static const struct {
    const char *name;
    word_writer *put;
} writers[] = {
    {"ledger", put_ledger}, {"guard", put_guard}, {"schema", put_schema}, {"identifier", put_identifier},
    {"table", put_table},   {"clock", put_clock}, {"utc", put_utc},       {"took", put_took},
    {"next", put_next},     {"truss", put_truss},
};

/* ---- one word ---- */

static void put_own(struct buffer *sql, const struct ledger_word *own, const struct source *source)
{
    if (own->text != NULL) {
        ledger_put_text(sql, own->text(source->arena, source->ledger, source->record));
    } else {
        own->sql(sql, source->ledger, source->record);
    }
}

/* Returns false if there is no such word. */
static bool put_word(struct buffer *sql, const struct word *word, const struct source *source)
{
    const struct ledger_word *const special = own_word(source->own, word->name);
    if (special != NULL && special->table == NULL) {
        put_own(sql, special, source);
        return true;
    }
    for (size_t i = 0; source->record != NULL && i < sizeof values / sizeof values[0]; i++) {
        if (text_is(word->name, values[i].name) && word->argument.size == 0) {
            ledger_put_text(sql, values[i].value(source->record));
            return true;
        }
    }
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        if (text_is(word->name, writers[i].name)) {
            return writers[i].put(sql, source, word->argument);
        }
    }
    return false;
}

/* Parses the word at this brace, and where the text continues; false if it is not closed soon. */
static bool read_word(struct text template, size_t brace, struct word *word, size_t *behind)
{
    const struct text window = text_slice(template, 0, brace + NAME_LIMIT);
    const size_t end = text_find(window, "}", brace);
    if (end == SIZE_MAX) {
        return false;
    }
    const struct text whole = text_slice(template, brace + 1, end);
    const size_t colon = text_find(whole, ":", 0);
    word->name = colon == SIZE_MAX ? whole : text_slice(whole, 0, colon);
    word->argument = colon == SIZE_MAX ? (struct text){0} : text_slice(whole, colon + 1, whole.size);
    *behind = end + 1;
    return true;
}

/* Where the literal that begins after `from` ends: its "'}", skipping nested ones; SIZE_MAX: it does not. */
static size_t literal_end(struct text template, size_t from)
{
    for (size_t depth = 0; from + 1 < template.size; from++) {
        const struct text two = text_slice(template, from, from + 2);
        if (text_is(two, "{{")) {
            from++;
        } else if (text_is(two, "{'")) {
            depth++;
            from++;
        } else if (text_is(two, "'}") && depth-- == 0) {
            return from;
        }
    }
    return SIZE_MAX;
}

/* ---- a template ---- */

/* *wrong is the first unknown word, which stays as it is. */
static void expand(struct buffer *sql, struct text template, const struct source *source, struct text *wrong)
{
    size_t done = 0;
    for (size_t brace; (brace = text_find(template, "{", done)) != SIZE_MAX;) {
        const struct text rest = text_slice(template, brace, template.size);
        const size_t end = text_starts_with(rest, "{'") ? literal_end(template, brace + 2) : SIZE_MAX;
        struct word word;
        buffer_add(sql, text_slice(template, done, brace));
        if (text_starts_with(rest, "{{")) {
            buffer_putc(sql, '{');
            done = brace + 2;
        } else if (end != SIZE_MAX) {
            struct buffer body = {.arena = source->arena};
            expand(&body, text_slice(template, brace + 2, end), source, wrong);
            pg_quote_literal(sql, buffer_text(&body));
            done = end + 2;
        } else if (!read_word(template, brace, &word, &done) || !put_word(sql, &word, source)) {
            *wrong = wrong->size == 0 ? text_slice(template, brace, brace + NAME_LIMIT) : *wrong;
            buffer_putc(sql, '{');
            done = brace + 1;
        }
    }
    buffer_add(sql, text_slice(template, done, template.size));
}

void template_put(struct buffer *sql, const char *template, const struct ledger_word *own, const struct ledger *ledger,
                  const struct ledger_record *record)
{
    const struct source source = {.arena = sql->arena, .own = own, .ledger = ledger, .record = record};
    struct text wrong = {0};
    expand(sql, text_of(template), &source, &wrong);
}

void template_put_guarded(struct buffer *list, const char *template, const struct ledger_word *own,
                          const struct ledger *ledger)
{
    static const char guard[] = "{guard:";
    const struct text text = text_of(template);
    const struct source source = {.arena = list->arena, .own = own, .ledger = ledger};
    struct word word;
    for (size_t at = 0; (at = text_find(text, guard, at)) != SIZE_MAX && read_word(text, at, &word, &at);) {
        const struct ledger table = {.schema = ledger->schema, .table = name_of(&source, word.argument)};
        struct buffer name = {.arena = list->arena};
        ledger_put_name(&name, &table);
        buffer_puts(list, list->size == 0 ? "" : ", ");
        pg_quote_literal(list, buffer_text(&name));
    }
}

/* ---- checking one ---- */

static bool is_known(struct arena *arena, const struct word *word, const struct ledger_word *own, bool has_record)
{
    struct buffer ignored = {.arena = arena};
    const struct source source = {
        .arena = arena,
        .own = own,
        .ledger = &(const struct ledger){.schema = "s", .table = "t"},
        .record = has_record ? &(const struct ledger_record){0} : NULL,
    };
    const struct ledger_word *const special = own_word(own, word->name);
    return special != NULL ? special->table == NULL : put_word(&ignored, word, &source);
}

bool template_check(struct arena *arena, const char *template, const struct ledger_word *own, bool has_record,
                    const char **wrong)
{
    const struct text text = text_of(template);
    size_t done = 0;
    for (size_t brace; (brace = text_find(text, "{", done)) != SIZE_MAX;) {
        const struct text rest = text_slice(text, brace, text.size);
        struct word word;
        if (text_starts_with(rest, "{{")) {
            done = brace + 2;
        } else if (text_starts_with(rest, "{'") && literal_end(text, brace + 2) != SIZE_MAX) {
            done = brace + 2; /* its content is checked as well */
        } else if (!read_word(text, brace, &word, &done) || !is_known(arena, &word, own, has_record)) {
            *wrong = arena_strndup(arena, rest.data, rest.size < NAME_LIMIT ? rest.size : NAME_LIMIT);
            return false;
        }
    }
    return true;
}
