/*
 * The SQL of a declared framework. A template may do only what its key is for, on the declared table and nothing else,
 * and may call only functions that change nothing. SQL that is sent before or after a script must not depend on the
 * search path, which the script may have changed. A word in braces may be only where a whole value or name is, so that
 * no file name becomes SQL.
 */
#include "base/words.h"
#include "framework/core/template.h"
#include "framework/declared/declaration.h"
#include "sql/lexer.h"
#include "sql/mentions.h"

#include <ctype.h>
#include <string.h>

#define MOST_COLUMNS 100

/* Functions that only compute. */
static const char harmless[] =
    "abs array_agg array_length array_to_string bool_and bool_or btrim ceil chr clock_timestamp coalesce concat "
    "concat_ws convert_from convert_to count current_database current_schema current_setting date_part date_trunc "
    "decode dense_rank encode extract first_value floor format gen_random_uuid greatest initcap json_build_object "
    "jsonb_build_object lag last_value lead least left length lower lpad ltrim make_interval make_timestamp "
    "make_timestamptz max md5 min mod now nullif octet_length overlay position random rank regexp_replace replace "
    "reverse right round row_number rpad rtrim sha224 sha256 sha384 sha512 split_part statement_timestamp string_agg "
    "strpos substr substring sum timezone to_char to_date to_hex to_json to_jsonb to_number to_timestamp "
    "transaction_timestamp translate trim trunc upper version";

static const char locking[] = "pg_advisory_xact_lock hashtext hashtextextended";

/* What a template may do. */
struct part {
    const char *key;
    const char *statements; /* the kinds of nodes, with blanks between them */
    const char *said;       /* the same for a person */
    bool has_record;
    bool is_one;
    bool locks;          /* rows, and with advisory locks */
    bool by_search_path; /* it runs with a search path of our own */
    bool bare_functions; /* those without arguments may go by the search path: no other function fits better */
    bool any_type;
};

static const struct part create_part = {
    .key = "create",
    .statements = "CreateStmt IndexStmt AlterTableStmt InsertStmt",
    .said = "CREATE TABLE, CREATE INDEX, ALTER TABLE and INSERT",
    .bare_functions = true,
    .any_type = true,
};
static const struct part read_part = {
    .key = "read",
    .statements = "SelectStmt",
    .said = "one SELECT",
    .is_one = true,
    .by_search_path = true,
};
static const struct part record_part = {
    .key = "record",
    .statements = "InsertStmt UpdateStmt",
    .said = "INSERT and UPDATE",
    .has_record = true,
};
static const struct part lock_part = {
    .key = "lock",
    .statements = "LockStmt SelectStmt",
    .said = "LOCK TABLE and SELECT",
    .locks = true,
};

/* Names that no real table has. */
static const struct ledger sample_ledger = {.schema = "a declared schema", .table = "a declared table"};
static const struct migration_file sample_file = {.version = "1", .title = "t", .filename = "f"};
static const struct ledger_record sample_record = {
    .id = "i", .name = "n", .key = "k", .checksum = "c", .logs = "l", .file = &sample_file, .before = &sample_file};

/* Is it one of these words? Not for NULL. */
static bool has_word(const char *words, const char *word)
{
    return word != NULL && word_is_among(words, word);
}

/* ---- places of words ---- */

/* The end of the word that begins at this brace: {key}, {clock:ms}; SIZE_MAX: it is no word. */
static size_t word_end(struct text template, size_t brace)
{
    size_t end = brace + 1;
    while (end < template.size && (islower((unsigned char)template.data[end]) != 0 || template.data[end] == ':')) {
        end++;
    }
    return end > brace + 1 && end < template.size && template.data[end] == '}' ? end + 1 : SIZE_MAX;
}

/* Would this character become one token with the value of the word? */
static bool joins(struct text template, size_t at)
{
    const unsigned char c = at < template.size ? (unsigned char)template.data[at] : ' ';
    return isalnum(c) != 0 || c >= 0x80 || strchr("_$'\"&{}\\", c) != NULL;
}

/* Is this brace a token of its own, outside of quotes, names and comments, and not right after a string? */
static bool stands_alone(struct text template, size_t brace)
{
    struct sql_lexer lexer = {.text = template};
    enum sql_token_kind before = SQL_SYMBOL;
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END && token.offset <= brace;
         token = sql_next(&lexer)) {
        if (token.offset == brace) {
            return token.kind == SQL_SYMBOL && before != SQL_STRING;
        }
        before = token.kind;
    }
    return false;
}

/* What is wrong with the first word that is not a whole value or name; NULL: nothing. */
static const char *misplaced(const struct declaration *declaration, const char *sql)
{
    const struct text template = text_of(sql);
    size_t done = 0;
    for (size_t brace; (brace = text_find(template, "{", done)) != SIZE_MAX;) {
        const size_t end = word_end(template, brace);
        if (brace + 1 < template.size && template.data[brace + 1] == '{') {
            done = brace + 2;
            continue;
        }
        if (end == SIZE_MAX) {
            return arena_printf(declaration->arena,
                                "\"%.*s\" is not one of the words in braces; write a literal brace as {{.",
                                (int)text_slice(template, brace, brace + 20).size, template.data + brace);
        }
        if ((brace > 0 && joins(template, brace - 1)) || joins(template, end) || !stands_alone(template, brace)) {
            return arena_printf(declaration->arena,
                                "%.*s becomes a value with its quotes, or a name: write it by itself, without "
                                "quotes.",
                                (int)(end - brace), template.data + brace);
        }
        done = end;
    }
    return NULL;
}

/* ---- what it mentions ---- */

static const char *shown(const struct declaration *declaration, const struct sql_mention *mention)
{
    return arena_printf(declaration->arena, "%s%s%s", mention->schema == NULL ? "" : mention->schema,
                        mention->schema == NULL ? "" : ".", mention->name == NULL ? "?" : mention->name);
}

static bool is_pg_catalog(const struct sql_mention *mention)
{
    return mention->schema != NULL && strcmp(mention->schema, "pg_catalog") == 0;
}

static const char *statement_fault(const struct declaration *declaration, const struct part *part,
                                   const struct sql_mention *mention)
{
    const char *const name = mention->name;
    return has_word(part->statements, name) || (mention->is_inner && has_word("SelectStmt", name))
               ? NULL
               : arena_printf(declaration->arena, "this may have %s only.", part->said);
}

static const char *table_fault(const struct declaration *declaration, const struct part *part,
                               const struct sql_mention *mention)
{
    (void)part;
    return mention->schema != NULL && strcmp(mention->schema, sample_ledger.schema) == 0 &&
                   strcmp(mention->name, sample_ledger.table) == 0
               ? NULL
               : arena_printf(declaration->arena,
                              "this names the table %s: a declared framework has one table, which is written {ledger}.",
                              shown(declaration, mention));
}

static const char *function_fault(const struct declaration *declaration, const struct part *part,
                                  const struct sql_mention *mention)
{
    const bool is_bare = mention->schema == NULL;
    const bool may_be_bare = part->by_search_path || (part->bare_functions && !mention->has_arguments);
    const bool is_known = has_word(harmless, mention->name) || (part->locks && has_word(locking, mention->name));
    if (!is_known || (!is_bare && !is_pg_catalog(mention))) {
        return arena_printf(declaration->arena,
                            "this calls %s, which is not one of the functions that only compute (lower, now, max, …).",
                            shown(declaration, mention));
    }
    return !is_bare || may_be_bare ? NULL
                                   : arena_printf(declaration->arena,
                                                  "write pg_catalog.%s: a migration may have changed the search path, "
                                                  "and then another function of this name would be called.",
                                                  mention->name);
}

static const char *operator_fault(const struct declaration *declaration, const struct part *part,
                                  const struct sql_mention *mention)
{
    return part->by_search_path || is_pg_catalog(mention)
               ? NULL
               : arena_printf(declaration->arena,
                              "write OPERATOR(pg_catalog.%s): operators go by the search path, which a migration may "
                              "have changed; IN, LIKE and CASE x WHEN cannot be written so.",
                              mention->name == NULL ? "=" : mention->name);
}

static const char *type_fault(const struct declaration *declaration, const struct part *part,
                              const struct sql_mention *mention)
{
    return part->any_type || is_pg_catalog(mention) || (part->by_search_path && mention->schema == NULL)
               ? NULL
               : arena_printf(declaration->arena,
                              "write pg_catalog.%s: types go by the search path, which a migration may have changed.",
                              mention->name);
}

static const char *result_fault(const struct declaration *declaration, const struct part *part,
                                const struct sql_mention *mention)
{
    static const char columns[] = "key name checksum id logs state baseline applied_at started_at duration_ms";
    return part != &read_part || has_word(columns, mention->name)
               ? NULL
               : arena_printf(declaration->arena,
                              "a column of the result is called %s: each is called key, name, checksum, id, logs, "
                              "state, baseline, applied_at, started_at or duration_ms (version AS key).",
                              mention->name == NULL ? "nothing" : mention->name);
}

static const char *into_fault(const struct declaration *declaration, const struct part *part,
                              const struct sql_mention *mention)
{
    (void)declaration;
    (void)part;
    (void)mention;
    return "SELECT INTO makes a table.";
}

static const char *row_lock_fault(const struct declaration *declaration, const struct part *part,
                                  const struct sql_mention *mention)
{
    (void)declaration;
    (void)mention;
    return part->locks ? NULL : "this may not lock rows.";
}

static const char *parameter_fault(const struct declaration *declaration, const struct part *part,
                                   const struct sql_mention *mention)
{
    (void)declaration;
    (void)part;
    (void)mention;
    return "values are written as words in braces, not as $1.";
}

/* What is wrong with a mention; NULL: nothing. */
static const char *(*const faults[])(const struct declaration *declaration, const struct part *part,
                                     const struct sql_mention *mention) = {
    [SQL_STATEMENT_MENTIONED] = statement_fault, [SQL_TABLE_MENTIONED] = table_fault,
    [SQL_FUNCTION_MENTIONED] = function_fault,   [SQL_OPERATOR_MENTIONED] = operator_fault,
    [SQL_TYPE_MENTIONED] = type_fault,           [SQL_COLUMN_MENTIONED] = NULL,
    [SQL_RESULT_MENTIONED] = result_fault,       [SQL_INTO_MENTIONED] = into_fault,
    [SQL_ROW_LOCK_MENTIONED] = row_lock_fault,   [SQL_PARAMETER_MENTIONED] = parameter_fault,
};

static const char *fault_of(const struct declaration *declaration, const struct part *part,
                            const struct sql_mentions *mentions)
{
    const char *fault = mentions->statement_count == 0 ? "this is empty."
                        : part->is_one && mentions->statement_count > 1
                            ? arena_printf(declaration->arena, "this may have %s only.", part->said)
                            : NULL;
    for (size_t i = 0; fault == NULL && i < mentions->count; i++) {
        const struct sql_mention *const mention = &mentions->items[i];
        fault = faults[mention->kind] == NULL ? NULL : faults[mention->kind](declaration, part, mention);
    }
    return fault;
}

/* ---- a template ---- */

/* Parses the SQL as it will be sent, with names and values that do not occur. */
static bool check(const struct declaration *declaration, const struct toml_entry *entry, const struct part *part,
                  struct sql_mentions *mentions)
{
    struct arena *const arena = declaration->arena;
    struct status unread = {.arena = arena};
    struct buffer sql = {.arena = arena};
    const char *wrong;
    const char *const place = strlen(entry->value) > SQL_MENTIONS_LIMIT ? "this is longer than 8192 bytes."
                                                                        : misplaced(declaration, entry->value);
    if (place != NULL) {
        return declaration_refuse(declaration, entry, place);
    }
    if (!template_check(arena, entry->value, NULL, part->has_record, &wrong)) {
        return declaration_refuse(
            declaration, entry,
            arena_printf(arena, "there is no word %.*s here.", (int)(strcspn(wrong, "}") + 1), wrong));
    }
    template_put(&sql, entry->value, NULL, &sample_ledger, part->has_record ? &sample_record : NULL);
    if (!sql_mentions_of(arena, buffer_text(&sql), mentions, &unread)) {
        return declaration_refuse(declaration, entry, arena_printf(arena, "PostgreSQL: %s.", unread.message));
    }
    const char *const fault = fault_of(declaration, part, mentions);
    return fault == NULL || declaration_refuse(declaration, entry, fault);
}

/* Every statement ends with a semicolon, and a comment at the end must not swallow what follows. */
static const char *ended(struct arena *arena, const char *template)
{
    struct sql_lexer lexer = {.text = text_of(template)};
    bool is_ended = false;
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        is_ended = sql_is_symbol(&token, ';');
    }
    return arena_printf(arena, "%s\n%s", template, is_ended ? "" : ";\n");
}

static bool take_part(struct declaration *declaration, const struct toml_entry *entry, const struct part *part,
                      const char **template)
{
    struct sql_mentions mentions;
    if (!check(declaration, entry, part, &mentions)) {
        return false;
    }
    *template = ended(declaration->arena, entry->value);
    return true;
}

bool take_record(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_part(declaration, entry, &record_part, &declaration->framework->ledger.record);
}

bool take_lock(struct declaration *declaration, const struct toml_entry *entry)
{
    return take_part(declaration, entry, &lock_part, &declaration->framework->ledger.lock);
}

/* ---- the ledger ---- */

/* A table's name in PostgreSQL: in quotes, "a name that is not folded", or a plain word. */
static bool take_name(const char **rest, struct arena *arena, const char **name)
{
    struct sql_lexer lexer = {.text = text_of(*rest)};
    const struct sql_token token = sql_next(&lexer);
    *name = sql_identifier(arena, &token);
    *rest += token.offset + token.text.size;
    return *name != NULL && token.offset == 0 && strlen(*name) > 0 && strlen(*name) < 64;
}

bool take_ledger(struct declaration *declaration, const struct toml_entry *entry)
{
    struct framework *const framework = declaration->framework;
    struct ledger_shape *const shapes = arena_array(declaration->arena, 2, sizeof *shapes);
    const char *rest = entry->value;
    const char *name;
    bool ok = take_name(&rest, declaration->arena, &name);
    if (ok && *rest == '.') {
        rest++;
        framework->ledger.schema = name;
        ok = take_name(&rest, declaration->arena, &name);
    }
    shapes[0].table = name;
    declaration->shape = shapes;
    framework->ledger.shapes = shapes;
    return (ok && *rest == '\0') ||
           declaration_refuse(declaration, entry, "this is a table's name, or schema.table, as in SQL.");
}

/* "id:int8 name:text" for the columns in CREATE TABLE, by which the table is recognized. */
static const char *columns_of(struct arena *arena, const struct sql_mentions *mentions)
{
    struct buffer columns = {.arena = arena};
    size_t count = 0;
    for (size_t i = 0; i < mentions->count; i++) {
        const struct sql_mention *const mention = &mentions->items[i];
        const bool is_column = mention->kind == SQL_COLUMN_MENTIONED && mention->name != NULL; /* not ALTER COLUMN */
        if (is_column && strpbrk(mention->name, " :") == NULL && count < MOST_COLUMNS) {
            buffer_printf(&columns, "%s%s:%s", count++ == 0 ? "" : " ", mention->name, mention->type);
        }
    }
    return count == 0 ? NULL : buffer_string(&columns);
}

static bool makes_table(const struct sql_mentions *mentions)
{
    size_t count = 0;
    for (size_t i = 0; i < mentions->count; i++) {
        const struct sql_mention *const mention = &mentions->items[i];
        count += mention->kind == SQL_STATEMENT_MENTIONED && strcmp(mention->name, "CreateStmt") == 0 ? 1 : 0;
    }
    return count == 1;
}

bool take_create(struct declaration *declaration, const struct toml_entry *entry)
{
    struct sql_mentions mentions;
    if (!check(declaration, entry, &create_part, &mentions)) {
        return false;
    }
    declaration->shape->columns = columns_of(declaration->arena, &mentions);
    declaration->framework->ledger.create = ended(declaration->arena, entry->value);
    return (makes_table(&mentions) && declaration->shape->columns != NULL) ||
           declaration_refuse(declaration, entry, "this makes {ledger} by one CREATE TABLE with its columns.");
}

/* ---- reading it ---- */

/* Numbers, names and the like are read as text. */
static bool is_text_column(const char *name)
{
    return has_word("key name checksum id logs state", name);
}

/* The query without its semicolon, and its columns as the core reads them. */
static const char *reading_of(const struct declaration *declaration, const char *query,
                              const struct sql_mentions *mentions)
{
    struct buffer sql = {.arena = declaration->arena};
    struct sql_lexer lexer = {.text = text_of(query)};
    size_t end = 0;
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        end = sql_is_symbol(&token, ';') ? end : token.offset + token.text.size;
    }
    const char *separator = "SELECT ";
    for (size_t i = 0; i < mentions->count; i++) {
        const struct sql_mention *const mention = &mentions->items[i];
        if (mention->kind == SQL_RESULT_MENTIONED) {
            buffer_printf(&sql, "%sr.%s%s", separator, mention->name,
                          is_text_column(mention->name) ? "::pg_catalog.text" : "");
            separator = ", ";
        }
    }
    buffer_printf(&sql, " FROM (%.*s\n) r", (int)end, query);
    return buffer_string(&sql);
}

static bool gives(const struct sql_mentions *mentions, const char *column)
{
    size_t count = 0;
    for (size_t i = 0; i < mentions->count; i++) {
        const struct sql_mention *const mention = &mentions->items[i];
        count += mention->kind == SQL_RESULT_MENTIONED && strcmp(mention->name, column) == 0 ? 1 : 0;
    }
    return count == 1;
}

bool take_read(struct declaration *declaration, const struct toml_entry *entry)
{
    struct ledger_facts *const ledger = &declaration->framework->ledger;
    struct sql_mentions mentions;
    if (!check(declaration, entry, &read_part, &mentions)) {
        return false;
    }
    ledger->read = reading_of(declaration, entry->value, &mentions);
    ledger->failed_entry_blocks = gives(&mentions, "state");
    return gives(&mentions, "key") ||
           declaration_refuse(declaration, entry,
                              "one column of the result is called key: what the row has of a file.");
}
