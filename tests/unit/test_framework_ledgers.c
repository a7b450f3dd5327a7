/*
 * The templates of every framework against what its real tool left: the ledger's table and its rows in after.sql of its
 * fixture, without a server. Both are parsed; what the server fills in (times, numbers of runs) is not compared.
 */
#include "framework/core/framework.h"
#include "framework/core/layout.h"
#include "framework/core/template.h"
#include "support/runner.h"

#include <check.h>
#include <jansson.h>
#include <pg_query.h>
#include <string.h>
#include <strings.h>

#define DUMP_LIMIT ((size_t)1024 * 1024)

static struct arena *arena;
static struct status status;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    arena_free(arena);
}

/* ---- trees ---- */

static json_t *parse(const char *sql)
{
    const PgQueryParseResult result = pg_query_parse(sql);
    ck_assert_msg(result.error == NULL, "%s: %s", result.error == NULL ? "" : result.error->message, sql);
    json_t *const tree = json_loads(result.parse_tree, 0, NULL);
    ck_assert_ptr_nonnull(tree);
    pg_query_free_parse_result(result);
    return tree;
}

static json_t *at(json_t *node, const char *name)
{
    return node == NULL ? NULL : json_object_get(node, name);
}

static const char *string_at(json_t *node, const char *name)
{
    return json_string_value(at(node, name));
}

/* The last of the names of a type or function: pg_catalog.int4 is int4. */
static const char *last_name(json_t *names)
{
    return string_at(at(json_array_get(names, json_array_size(names) - 1), "String"), "sval");
}

static bool is_table(json_t *relation, const struct ledger *ledger)
{
    const char *const schema = string_at(relation, "schemaname");
    return schema != NULL && strcmp(schema, ledger->schema) == 0 &&
           strcmp(string_at(relation, "relname"), ledger->table) == 0;
}

/* ---- tables ---- */

static void add_words(struct buffer *out, const char *title, json_t *keys)
{
    size_t i;
    json_t *key;
    buffer_printf(out, "%s(", title);
    json_array_foreach(keys, i, key)
    {
        buffer_printf(out, "%s%s", i == 0 ? "" : ",", string_at(at(key, "String"), "sval"));
    }
    buffer_puts(out, ")\n");
}

/* Keys of the table, whether they stand at a column (then that is its only one) or by themselves. */
static void add_key(struct buffer *out, json_t *constraint, const char *column)
{
    const char *const type = string_at(constraint, "contype");
    const char *const title = strcmp(type, "CONSTR_PRIMARY") == 0  ? "primary key"
                              : strcmp(type, "CONSTR_UNIQUE") == 0 ? "unique"
                                                                   : NULL;
    if (title != NULL && column != NULL) {
        buffer_printf(out, "%s(%s)\n", title, column);
    } else if (title != NULL) {
        add_words(out, title, at(constraint, "keys"));
    }
}

/* Its type and length; serial is an integer. */
static void add_type(struct buffer *out, json_t *type)
{
    size_t i;
    json_t *mod;
    const char *const name = last_name(at(type, "names"));
    const bool is_serial = strcmp(name, "serial") == 0 || strcmp(name, "bigserial") == 0;
    buffer_puts(out, !is_serial ? name : name[0] == 'b' ? "int8" : "int4");
    json_array_foreach(at(type, "typmods"), i, mod)
    {
        buffer_printf(out, " %lld", json_integer_value(at(at(at(mod, "A_Const"), "ival"), "ival")));
    }
    buffer_puts(out, json_array_size(at(type, "arrayBounds")) > 0 ? "[]" : "");
}

static void add_column(struct buffer *out, json_t *definition)
{
    size_t i;
    json_t *constraint;
    const char *const name = string_at(definition, "colname");
    buffer_printf(out, "%s ", name);
    add_type(out, at(definition, "typeName"));
    buffer_putc(out, '\n');
    json_array_foreach(at(definition, "constraints"), i, constraint)
    {
        add_key(out, at(constraint, "Constraint"), name);
        const char *const type = string_at(at(constraint, "Constraint"), "contype");
        if (strcmp(type, "CONSTR_NOTNULL") == 0) {
            buffer_printf(out, "%s not null\n", name);
        }
    }
}

static void add_elements(struct buffer *out, json_t *elements)
{
    size_t i;
    json_t *element;
    json_array_foreach(elements, i, element)
    {
        if (at(element, "ColumnDef") != NULL) {
            add_column(out, at(element, "ColumnDef"));
        } else {
            add_key(out, at(element, "Constraint"), NULL);
        }
    }
}

/* ALTER TABLE … ADD CONSTRAINT, ADD COLUMN. */
static void add_changes(struct buffer *out, json_t *commands)
{
    size_t i;
    json_t *command;
    json_array_foreach(commands, i, command)
    {
        json_t *const definition = at(at(command, "AlterTableCmd"), "def");
        if (at(definition, "ColumnDef") != NULL && at(at(definition, "ColumnDef"), "typeName") != NULL) {
            add_column(out, at(definition, "ColumnDef"));
        } else if (at(definition, "Constraint") != NULL && at(at(definition, "Constraint"), "keys") != NULL) {
            add_key(out, at(definition, "Constraint"), NULL);
        }
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The lines sorted, each once, without what a primary key and a serial say of NULL anyhow. */
static const char *sorted(const char *lines)
{
    const char *items[200];
    size_t count = 0;
    struct text rest = text_of(lines);
    struct buffer out = {.arena = arena};
    for (struct text line; text_next_line(&rest, &line) && count < 200;) {
        if (!text_ends_with(line, " not null")) {
            items[count++] = arena_strndup(arena, line.data, line.size);
        }
    }
    qsort(items, count, sizeof items[0], by_text);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&out, "%s\n", items[i]);
    }
    return buffer_string(&out);
}

/* Columns and keys of the ledger as these statements make it. */
static const char *table_of(json_t *tree, const struct ledger *ledger)
{
    size_t i;
    json_t *raw;
    struct buffer out = {.arena = arena};
    json_array_foreach(at(tree, "stmts"), i, raw)
    {
        json_t *const create = at(at(raw, "stmt"), "CreateStmt");
        json_t *const alter = at(at(raw, "stmt"), "AlterTableStmt");
        if (create != NULL && is_table(at(create, "relation"), ledger)) {
            add_elements(&out, at(create, "tableElts"));
        } else if (alter != NULL && is_table(at(alter, "relation"), ledger)) {
            add_changes(&out, at(alter, "cmds"));
        }
    }
    return sorted(buffer_string(&out));
}

/* ---- rows ---- */

/* A row: names and values; a NULL value is one that the server computes, "\\N" a NULL. */
struct row {
    const char *names[32];
    const char *values[32];
    size_t count;
};

struct rows {
    struct row items[64];
    size_t count;
};

static const char *constant(json_t *node)
{
    json_t *const value = at(node, "A_Const");
    if (at(node, "TypeCast") != NULL) {
        return constant(at(at(node, "TypeCast"), "arg"));
    }
    if (value == NULL) {
        return NULL;
    }
    if (at(value, "isnull") != NULL) {
        return "\\N";
    }
    if (at(value, "sval") != NULL) {
        const char *const text = string_at(at(value, "sval"), "sval");
        return text == NULL ? "" : arena_strdup(arena, text);
    }
    if (at(value, "boolval") != NULL) {
        return json_is_true(at(at(value, "boolval"), "boolval")) ? "true" : "false";
    }
    if (at(value, "fval") != NULL) {
        return arena_strdup(arena, string_at(at(value, "fval"), "fval"));
    }
    /* libpg_query's JSON leaves an integer out that is not above 0. */
    json_t *const number = at(at(value, "ival"), "ival");
    return number == NULL ? NULL : arena_printf(arena, "%lld", json_integer_value(number));
}

static void add_value(struct row *row, const char *name, json_t *value)
{
    ck_assert_uint_lt(row->count, 32);
    row->names[row->count] = arena_strdup(arena, name);
    row->values[row->count++] = constant(value);
}

static void read_insert(json_t *insert, struct rows *rows)
{
    size_t i;
    json_t *column;
    json_t *const select = at(at(insert, "selectStmt"), "SelectStmt");
    json_t *const values = at(at(json_array_get(at(select, "valuesLists"), 0), "List"), "items");
    struct row *const row = &rows->items[rows->count++];
    ck_assert_uint_le(rows->count, 64);
    json_array_foreach(at(insert, "cols"), i, column)
    {
        json_t *const value = values != NULL ? json_array_get(values, i)
                                             : at(at(json_array_get(at(select, "targetList"), i), "ResTarget"), "val");
        add_value(row, string_at(at(column, "ResTarget"), "name"), value);
    }
}

static void read_update(json_t *update, struct rows *rows)
{
    size_t i;
    json_t *column;
    struct row *const row = &rows->items[rows->count++];
    json_array_foreach(at(update, "targetList"), i, column)
    {
        add_value(row, string_at(at(column, "ResTarget"), "name"), at(at(column, "ResTarget"), "val"));
    }
}

/* What these statements write into the ledger. */
static void read_rows(json_t *tree, const struct ledger *ledger, struct rows *rows)
{
    size_t i;
    json_t *raw;
    json_array_foreach(at(tree, "stmts"), i, raw)
    {
        json_t *const insert = at(at(raw, "stmt"), "InsertStmt");
        json_t *const update = at(at(raw, "stmt"), "UpdateStmt");
        if (insert != NULL && is_table(at(insert, "relation"), ledger)) {
            read_insert(insert, rows);
        } else if (update != NULL && is_table(at(update, "relation"), ledger)) {
            read_update(update, rows);
        }
    }
}

/* ---- dumps ---- */

/* "a\\tb" of COPY's text. */
static const char *unescaped(struct text field)
{
    struct buffer out = {.arena = arena};
    if (text_is(field, "\\N")) {
        return "\\N";
    }
    for (size_t i = 0; i < field.size; i++) {
        const bool is_escaped = field.data[i] == '\\' && i + 1 < field.size;
        const char c = field.data[is_escaped ? ++i : i];
        buffer_putc(&out, !is_escaped ? c : c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
    }
    return buffer_string(&out);
}

/* "COPY s.t (a, "b") FROM stdin;" and a line of it. */
static void read_copy(struct text header, struct text line, struct row *row)
{
    struct text names = text_slice(header, text_find(header, "(", 0) + 1, text_find(header, ")", 0));
    while (names.size > 0) {
        const size_t comma = text_find(names, ", ", 0);
        const size_t tab = text_find(line, "\t", 0);
        struct text name = text_slice(names, 0, comma);
        name = text_starts_with(name, "\"") ? text_slice(name, 1, name.size - 1) : name;
        ck_assert_uint_lt(row->count, 32);
        row->names[row->count] = arena_strndup(arena, name.data, name.size);
        row->values[row->count++] = unescaped(text_slice(line, 0, tab));
        names = comma == SIZE_MAX ? (struct text){0} : text_slice(names, comma + 2, names.size);
        line = tab == SIZE_MAX ? (struct text){0} : text_slice(line, tab + 1, line.size);
    }
}

static bool is_copy_of(struct text line, const struct ledger *ledger)
{
    return text_starts_with(line, arena_printf(arena, "COPY %s.%s (", ledger->schema, ledger->table)) ||
           text_starts_with(line, arena_printf(arena, "COPY %s.\"%s\" (", ledger->schema, ledger->table));
}

/* Statements without rows of COPY and without psql's own; those of the ledger go to *rows. */
static const char *read_dump(struct text dump, const struct ledger *ledger, struct rows *rows)
{
    struct buffer sql = {.arena = arena};
    struct text copy = {0};
    for (struct text line; text_next_line(&dump, &line);) {
        if (text_starts_with(line, "COPY ")) {
            copy = line;
        } else if (text_starts_with(line, "\\")) {
            copy = (struct text){0};
        } else if (copy.size == 0) {
            buffer_printf(&sql, "%.*s\n", (int)line.size, line.data == NULL ? "" : line.data);
        } else if (is_copy_of(copy, ledger)) {
            ck_assert_uint_lt(rows->count, 64);
            read_copy(copy, line, &rows->items[rows->count++]);
        }
    }
    return buffer_string(&sql);
}

/* ---- one framework ---- */

struct fixture {
    const char *name;
    const struct framework *framework;
    struct project project;
    struct folder folder;
    struct migration_files files;
    struct ledger ledger;
    const char *dump; /* its statements */
    struct rows rows; /* of the ledger, in it */
};

static bool find_folder(struct fixture *fixture)
{
    struct folder_list folders = {0};
    ck_assert_msg(folders_find(arena, &fixture->project, &folders, &status), "%s", status.message);
    for (size_t i = 0; i < folders.count; i++) {
        if (folders.items[i].framework == fixture->framework) {
            fixture->folder = folders.items[i];
            return true;
        }
    }
    return false;
}

static bool load(struct fixture *fixture, const char *name, const struct framework *framework)
{
    struct text dump;
    const char *const directory = arena_printf(arena, "%s/frameworks/%s", TEST_FIXTURES, name);
    *fixture = (struct fixture){.name = name, .framework = framework};
    fixture->project.root = arena_printf(arena, "%s/project", directory);
    if (file_look(directory, NULL) != FILE_DIRECTORY) {
        return false;
    }
    ck_assert_msg(find_folder(fixture), "%s", name);
    const struct ledger *const said = &fixture->folder.ledger;
    fixture->ledger = (struct ledger){
        .schema = said->schema != NULL               ? said->schema
                  : framework->ledger.schema != NULL ? framework->ledger.schema
                                                     : "public",
        .table = said->table != NULL ? said->table : framework->ledger.shapes[0].table,
        .folder = &fixture->folder,
    };
    ck_assert_msg(framework_list(arena, &fixture->folder, &fixture->files, &status), "%s", status.message);
    ck_assert_msg(file_read(arena, arena_printf(arena, "%s/after.sql", directory), DUMP_LIMIT, &dump, &status), "%s",
                  status.message);
    fixture->dump = read_dump(dump, &fixture->ledger, &fixture->rows);
    return true;
}

static void check_table(const struct fixture *fixture)
{
    struct buffer sql = {.arena = arena};
    ledger_put(&sql, fixture->framework, LEDGER_CREATE, &fixture->ledger, NULL);
    json_t *const ours = parse(buffer_string(&sql));
    json_t *const theirs = parse(fixture->dump);
    ck_assert_msg(table_of(theirs, &fixture->ledger)[0] != '\0', "%s", fixture->name);
    ck_assert_str_eq(table_of(ours, &fixture->ledger), table_of(theirs, &fixture->ledger));
    json_decref(ours);
    json_decref(theirs);
}

static const char *value_of(const struct row *row, const char *name, bool *has)
{
    *has = false;
    for (size_t i = 0; i < row->count; i++) {
        if (strcmp(row->names[i], name) == 0) {
            *has = true;
            return row->values[i];
        }
    }
    return NULL;
}

/* "2026-11-23T08:58:55Z" and "2026-11-23 08:58:55+00". */
static bool same_time(const char *ours, const char *theirs)
{
    return strlen(ours) == 20 && ours[10] == 'T' && ours[19] == 'Z' && strlen(theirs) == 22 &&
           strncmp(ours, theirs, 10) == 0 && strncmp(ours + 11, theirs + 11, 8) == 0 && strcmp(theirs + 19, "+00") == 0;
}

/* "t" of COPY is true. */
static bool same_value(const char *ours, const char *theirs)
{
    return strcmp(ours, theirs) == 0 || same_time(ours, theirs) ||
           ((strcmp(ours, "true") == 0 || strcmp(ours, "false") == 0) && strlen(theirs) == 1 && theirs[0] == ours[0]);
}

/* Is it this row, as far as we say and not the server? Who wrote it is another. */
static bool is_row(const struct row *ours, const struct row *theirs)
{
    size_t compared = 0;
    for (size_t i = 0; i < ours->count; i++) {
        bool has;
        const char *const value = value_of(theirs, ours->names[i], &has);
        const bool is_said = ours->values[i] != NULL && strncasecmp(ours->values[i], "truss", 5) != 0;
        if (!has || (is_said && value != NULL && !same_value(ours->values[i], value))) {
            return false;
        }
        compared += is_said ? 1 : 0;
    }
    /* A row that the server puts together (sequelize) has nothing to compare here; test_native.py does it. */
    return compared > 0 || ours->count == 0;
}

static const char *shown(const struct row *row)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < row->count; i++) {
        buffer_printf(&out, "%s=%s ", row->names[i], row->values[i] == NULL ? "?" : row->values[i]);
    }
    return buffer_string(&out);
}

static struct ledger_record record_of(const struct fixture *fixture, size_t i, struct migration_script *script)
{
    const struct migration_file *const file = &fixture->files.items[i];
    struct text content;
    ck_assert_msg(file_read(arena, file->path, MIGRATION_FILE_LIMIT, &content, &status), "%s", status.message);
    *script = (struct migration_script){.sql = content};
    const struct script_request request = {arena, &fixture->project, &fixture->folder, file, content, script, &status};
    ck_assert_msg(file->is_code || framework_script(&request), "%s", status.message);
    return (struct ledger_record){
        .id = "00000000-0000-4000-8000-000000000000",
        .name = file->name,
        .key = migration_file_key(file),
        .checksum =
            file->checksum != NULL ? file->checksum : framework_checksum(arena, &fixture->folder, file, content),
        .folder = &fixture->folder,
        .file = file,
        .before = i == 0 ? NULL : &fixture->files.items[i - 1],
        .script = script->sql,
    };
}

static void check_row(const struct fixture *fixture, size_t i)
{
    struct migration_script script;
    struct buffer sql = {.arena = arena};
    struct rows ours = {0};
    struct ledger_record record = record_of(fixture, i, &script);
    bool found = false;
    record.batch = strcmp(fixture->name, "bun") == 0 && i >= 2 ? 2 : 1; /* the run of its tool that it was in */
    ledger_put(&sql, fixture->framework, LEDGER_RECORD, &fixture->ledger, &record);
    json_t *const tree = parse(buffer_string(&sql));
    read_rows(tree, &fixture->ledger, &ours);
    json_decref(tree);
    ck_assert_msg(ours.count > 0, "%s: %s", fixture->name, buffer_string(&sql));
    const struct row *const row = &ours.items[ours.count - 1];
    for (size_t j = 0; j < fixture->rows.count && !found; j++) {
        found = is_row(row, &fixture->rows.items[j]);
    }
    ck_assert_msg(found, "%s: no row of its tool is like %s", fixture->name, shown(row));
}

static void check_rows(struct fixture *fixture)
{
    json_t *const tree = parse(fixture->dump);
    read_rows(tree, &fixture->ledger, &fixture->rows);
    json_decref(tree);
    ck_assert_msg(fixture->rows.count > 0, "%s", fixture->name);
    /* Some ledgers keep the last one only. */
    const bool keeps_all = fixture->rows.count >= fixture->files.count;
    ck_assert_msg(keeps_all || fixture->framework->ledger.records_in_order, "%s", fixture->name);
    for (size_t i = 0; i < fixture->files.count; i++) {
        /* Of a program beside scripts only its own tool knows what the row has (Liquibase's XML). */
        const bool is_tools = fixture->files.items[i].is_code && fixture->framework->hooks.script != NULL;
        if (!is_tools && (keeps_all || i + 1 == fixture->files.count)) {
            check_row(fixture, i);
        }
    }
}

/* ---- all of them ---- */

/* The next framework with templates and a fixture; from *index on. */
static bool next_fixture(size_t *index, struct fixture *fixture)
{
    while (frameworks[*index] != NULL) {
        const struct framework *const framework = frameworks[(*index)++];
        /* Hasura's server makes its table, and a row is a part of its state: test_native.py has both. */
        const bool is_templates = framework->ledger.record != NULL && strcmp(framework->id, "hasura") != 0;
        if (is_templates && load(fixture, framework->id, framework)) {
            return true;
        }
    }
    return false;
}

START_TEST(there_is_room_for_the_advisory_locks_of_every_framework)
{
    const struct ledger place = {.schema = "public", .table = "history"};
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        const struct ledger_facts *const facts = &frameworks[i]->ledger;
        int64_t keys[2 * MOST_ADVISORY_KEYS] = {0};
        size_t wanted = facts->database_lock != 0 ? 1 : 0;
        for (size_t j = 0; facts->advisory_locks != NULL && facts->advisory_locks[j] != 0; j++) {
            wanted++;
        }
        ck_assert_msg(wanted <= MOST_ADVISORY_KEYS, "%s", frameworks[i]->id);
        const size_t count = framework_advisory_locks(frameworks[i], &place, "blog", keys);
        ck_assert_msg(count <= MOST_ADVISORY_KEYS, "%s", frameworks[i]->id);
        ck_assert_msg(frameworks[i]->hooks.advisory_locks != NULL || count == wanted, "%s", frameworks[i]->id);
    }
}
END_TEST

START_TEST(a_ledger_that_we_make_is_the_table_that_its_tool_makes)
{
    static struct fixture fixture;
    size_t count = 0;
    for (size_t i = 0; next_fixture(&i, &fixture); count++) {
        check_table(&fixture);
    }
    ck_assert_uint_gt(count, 0);
}
END_TEST

START_TEST(a_row_that_we_write_is_one_that_its_tool_writes)
{
    static struct fixture fixture;
    size_t count = 0;
    for (size_t i = 0; next_fixture(&i, &fixture); count++) {
        check_rows(&fixture);
    }
    ck_assert_uint_gt(count, 0);
}
END_TEST

static void check_words(const struct framework *framework, const struct ledger_facts *facts)
{
    const char *wrong;
    if (facts->read != NULL) {
        ck_assert_msg(template_check(arena, facts->read, facts->words, false, &wrong), "%s, read: %s", framework->id,
                      wrong);
    }
    for (enum ledger_part part = LEDGER_CREATE; part <= LEDGER_MARK_ROLLED_BACK; part++) {
        const char *const template = ledger_template(facts, part);
        const bool has_record = part >= LEDGER_RECORD;
        ck_assert_msg(template == NULL || template_check(arena, template, facts->words, has_record, &wrong),
                      "%s, part %d: %s", framework->id, (int)part, wrong);
        /* A word at the end makes whole statements. */
        ck_assert_msg(template == NULL || strchr(";}", template[strlen(template) - 1]) != NULL, "%s, part %d",
                      framework->id, (int)part);
    }
}

START_TEST(every_word_of_every_template_is_known)
{
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        const struct framework *const framework = frameworks[i];
        check_words(framework, &framework->ledger);
        for (size_t j = 0; framework->hooks.variant != NULL && framework->ledger.shapes[j].table != NULL; j++) {
            const struct ledger ledger = {.schema = "s", .table = framework->ledger.shapes[j].table};
            check_words(framework, framework->hooks.variant(&ledger));
        }
    }
}
END_TEST

START_TEST(every_new_file_is_a_migration_of_its_framework)
{
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        const struct folder folder = {.framework = frameworks[i], .root = "/nowhere", .base = "", .path = "m"};
        struct new_migration made = {.title = "Add users!", .wall_us = 1767607200000000};
        if (frameworks[i]->folder.makes.file != NULL) {
            ck_assert_msg(framework_create_migration(arena, &folder, &made, &status), "%s: %s", frameworks[i]->id,
                          status.message);
            const bool has_title = strstr(frameworks[i]->folder.makes.file, "{slug") != NULL; /* Play's are 1.sql */
            ck_assert_msg(!has_title || strstr(made.file, "add") != NULL, "%s: %s", frameworks[i]->id, made.file);
            ck_assert_ptr_nonnull(made.content);
        }
    }
}
END_TEST

/* A backup holds ACCESS SHARE on every table for hours, and an application may read its version at any time. */
START_TEST(no_lock_on_a_ledger_stops_its_readers_or_waits_for_them)
{
    size_t locked = 0;
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        const struct ledger ledger = {.schema = "s", .table = "t"};
        struct buffer sql = {.arena = arena};
        ledger_put(&sql, frameworks[i], LEDGER_LOCK, &ledger, NULL);
        const char *const text = buffer_string(&sql);
        ck_assert_msg(strstr(text, "ACCESS EXCLUSIVE") == NULL, "%s: %s", frameworks[i]->id, text);
        locked += strstr(text, "LOCK TABLE") != NULL;
    }
    ck_assert_uint_gt(locked, 20);
}
END_TEST

int main(void)
{
    TCase *const cases = tcase_create("ledgers");
    Suite *const suite = suite_create("framework_ledgers");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, every_word_of_every_template_is_known);
    tcase_add_test(cases, a_ledger_that_we_make_is_the_table_that_its_tool_makes);
    tcase_add_test(cases, there_is_room_for_the_advisory_locks_of_every_framework);
    tcase_add_test(cases, a_row_that_we_write_is_one_that_its_tool_writes);
    tcase_add_test(cases, no_lock_on_a_ledger_stops_its_readers_or_waits_for_them);
    tcase_add_test(cases, every_new_file_is_a_migration_of_its_framework);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
