/*
 * The list of locks, and of what else a statement does. Names are quoted as by PostgreSQL's quote_ident().
 */
#include "sql/effects_reader.h"

#include <string.h>

const char *effects_kept(struct arena *arena, const char *word)
{
    return word == NULL || word[0] == '\0' ? NULL : arena_strdup(arena, word);
}

/* ---- what the tree declares ---- */

const json_t *effects_constraint_of(const json_t *column, const char *type)
{
    const json_t *const list = json_object_get(column, "constraints");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *const constraint = tree_body(json_array_get(list, i), "Constraint");
        if (tree_is(constraint, "contype", type)) {
            return constraint;
        }
    }
    return NULL;
}

const json_t *effects_made_column(const json_t *elements, const char *name)
{
    for (size_t i = 0; name != NULL && i < json_array_size(elements); i++) {
        const json_t *const element = json_array_get(elements, i);
        const json_t *const command = tree_body(element, "AlterTableCmd");
        const json_t *const column =
            tree_body(command == NULL ? element : json_object_get(command, "def"), "ColumnDef");
        if ((command == NULL || tree_is(command, "subtype", "AT_AddColumn")) && tree_is(column, "colname", name)) {
            return column;
        }
    }
    return NULL;
}

/* ---- names ---- */

/* pg_get_keywords() of PostgreSQL 15 without the unreserved ones; quote_ident() quotes these. */
static const char keywords[] =
    "all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case "
    "cast char character check coalesce collate collation column concurrently constraint create cross current_catalog "
    "current_date current_role current_schema current_time current_timestamp current_user dec decimal default "
    "deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant "
    "greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join "
    "lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not notnull "
    "null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real "
    "references returning right row select session_user setof similar smallint some substring symmetric table "
    "tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic "
    "verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse "
    "xmlpi xmlroot xmlserialize xmltable";

static bool is_plain(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    return strspn(name, letters) == strlen(name) && (name[0] < '0' || name[0] > '9') && name[0] != '\0' &&
           !word_is_among(keywords, name);
}

void effects_put_quoted(struct buffer *text, const char *name)
{
    buffer_putc(text, '"');
    for (const char *c = name; *c != '\0';) {
        const size_t plain = strcspn(c, "\"");
        buffer_add(text, (struct text){c, plain});
        c += plain;
        if (*c == '"') {
            buffer_puts(text, "\"\"");
            c++;
        }
    }
    buffer_putc(text, '"');
}

static void quote(struct buffer *buffer, const char *name)
{
    if (is_plain(name)) {
        buffer_puts(buffer, name);
    } else {
        effects_put_quoted(buffer, name);
    }
}

/* A plan that creates "a" also means public.a, and the other way round: nearly every search path begins that way. */
static bool is_created(const struct effects_reader *reader, const char *schema, const char *name)
{
    const char *const public_name = arena_printf(reader->arena, "%s.%s", schema == NULL ? "public" : schema, name);
    const bool may_be_bare = schema == NULL || strcmp(schema, "public") == 0;
    for (const char *const *one = reader->created; one != NULL && *one != NULL; one++) {
        if (strcmp(*one, public_name) == 0 || (may_be_bare && strcmp(*one, name) == 0)) {
            return true;
        }
    }
    return false;
}

/* ---- what is collected ---- */

void effects_lock_named(struct effects_reader *reader, const char *schema, const char *name, enum sql_lock lock)
{
    struct sql_effects *const effects = reader->effects;
    struct buffer relation = {.arena = reader->arena};
    size_t i = 0;
    if (lock == SQL_LOCK_NONE || name == NULL) {
        return;
    }
    schema = schema != NULL && schema[0] == '\0' ? NULL : schema;
    if (is_created(reader, schema, name) ||
        (reader->facts->is_new != NULL && reader->facts->is_new(reader->facts->data, schema, name))) {
        reader->left_out++;
        return;
    }
    if (schema != NULL) {
        quote(&relation, schema);
        buffer_putc(&relation, '.');
    }
    quote(&relation, name);
    while (i < effects->count && strcmp(effects->locks[i].relation, buffer_string(&relation)) != 0) {
        i++;
    }
    if (i == EFFECTS_NAMES_LIMIT) {
        effects_unknown(reader);
        return;
    }
    if (i == effects->count) {
        effects->locks =
            arena_grow(reader->arena, effects->locks, effects->count, &reader->capacity, sizeof *effects->locks);
        const bool is_target = effects->count == 0 && reader->left_out == 0;
        effects->locks[effects->count++] =
            (struct sql_relation_lock){.relation = buffer_string(&relation),
                                       .schema = schema == NULL ? NULL : arena_strdup(reader->arena, schema),
                                       .name = arena_strdup(reader->arena, name),
                                       .is_target = is_target};
    }
    if (lock > effects->locks[i].lock) {
        effects->locks[i].lock = lock;
    }
}

void effects_lock(struct effects_reader *reader, const json_t *range, enum sql_lock lock)
{
    if (range != NULL) {
        effects_lock_named(reader, tree_string(range, "schemaname"), tree_string(range, "relname"), lock);
    }
}

void effects_lock_all(struct effects_reader *reader, const json_t *ranges, enum sql_lock lock)
{
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        effects_lock(reader, tree_body(json_array_get(ranges, i), "RangeVar"), lock);
    }
}

void effects_lock_path(struct effects_reader *reader, const json_t *names, size_t skip, enum sql_lock lock)
{
    effects_lock_named(reader, tree_name(names, skip + 1), tree_name(names, skip), lock);
}

/* ---- what the catalogs know ---- */

void effects_reach_object(struct effects_reader *reader, const struct sql_reach *reach)
{
    struct sql_effects *const effects = reader->effects;
    if (effects->reach_count == EFFECTS_NAMES_LIMIT) {
        effects_unknown(reader);
        return;
    }
    effects->reaches = arena_grow(reader->arena, effects->reaches, effects->reach_count, &reader->reach_capacity,
                                  sizeof *effects->reaches);
    effects->reaches[effects->reach_count++] = (struct sql_reach){
        reach->kind,
        reach->lock,
        reach->type,
        effects_kept(reader->arena, reach->schema),
        effects_kept(reader->arena, reach->name),
        effects_kept(reader->arena, reach->part),
        reach->may_be_missing,
    };
}

void effects_reach(struct effects_reader *reader, enum sql_reach_kind kind, const json_t *range, const char *part,
                   enum sql_lock lock)
{
    if (range != NULL) {
        effects_reach_object(reader, &(struct sql_reach){.kind = kind,
                                                         .lock = lock,
                                                         .type = part == NULL ? "relation" : "column",
                                                         .schema = tree_string(range, "schemaname"),
                                                         .name = tree_string(range, "relname"),
                                                         .part = part});
    }
}

void effects_reach_all(struct effects_reader *reader, enum sql_reach_kind kind, const json_t *ranges,
                       enum sql_lock lock)
{
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        const json_t *const range = tree_body(json_array_get(ranges, i), "RangeVar");
        if (tree_flag(range, "inh")) {
            effects_reach(reader, kind, range, NULL, lock);
        }
    }
}

/* ---- how names change ---- */

void effects_change(struct effects_reader *reader, const struct sql_change *change)
{
    struct sql_effects *const effects = reader->effects;
    if (effects->change_count == EFFECTS_NAMES_LIMIT) {
        effects_unknown(reader);
        return;
    }
    effects->changes = arena_grow(reader->arena, effects->changes, effects->change_count, &reader->change_capacity,
                                  sizeof *effects->changes);
    effects->changes[effects->change_count++] = (struct sql_change){
        change->kind,
        effects_kept(reader->arena, change->schema),
        effects_kept(reader->arena, change->name),
        effects_kept(reader->arena, change->to_schema),
        effects_kept(reader->arena, change->to),
        change->path,
        change->link,
    };
}

void effects_creates(struct effects_reader *reader, const json_t *range)
{
    if (range != NULL) {
        reader->effects->made++;
        effects_change(reader,
                       &(struct sql_change){.kind = tree_is(range, "relpersistence", "t") ? SQL_CHANGE_CREATES_TEMPORARY
                                                                                          : SQL_CHANGE_CREATES,
                                            .schema = tree_string(range, "schemaname"),
                                            .name = tree_string(range, "relname")});
    }
}

static void link_to(struct effects_reader *reader, const json_t *one, const json_t *other, enum sql_link link)
{
    effects_change(reader, &(struct sql_change){.kind = SQL_CHANGE_LINKS,
                                                .schema = tree_string(one, "schemaname"),
                                                .name = tree_string(one, "relname"),
                                                .to_schema = tree_string(other, "schemaname"),
                                                .to = tree_string(other, "relname"),
                                                .link = link});
}

void effects_links(struct effects_reader *reader, const json_t *one, const json_t *other, enum sql_link link)
{
    if (one != NULL && other != NULL) {
        link_to(reader, one, other, link == SQL_LINK_ACTION ? SQL_LINK_KEY : link);
        link_to(reader, other, one, link);
    }
}

struct viewing {
    struct effects_reader *reader;
    const json_t *view;
};

static bool link_view(void *data, const char *key, json_t *object)
{
    const struct viewing *const viewing = data;
    if (strcmp(key, "RangeVar") == 0 && !tree_is_cte(object)) {
        link_to(viewing->reader, viewing->view, object, SQL_LINK_VIEW);
    }
    return true;
}

void effects_links_view(struct effects_reader *reader, const json_t *view, json_t *query)
{
    struct viewing viewing = {reader, view};
    tree_walk(query, link_view, &viewing);
}

void effects_unknown(struct effects_reader *reader)
{
    reader->effects->unknown = true;
}

int sql_work_weight(enum sql_work work)
{
    static const int weights[] = {
        [SQL_WORK_NONE] = 0,  [SQL_WORK_ROWS] = 1,    [SQL_WORK_SCAN] = 2,
        [SQL_WORK_INDEX] = 3, [SQL_WORK_REWRITE] = 4, [SQL_WORK_UNKNOWN] = 5,
    };
    return weights[work];
}

void effects_work(struct effects_reader *reader, enum sql_work work, const char *advice)
{
    struct sql_effects *const effects = reader->effects;
    effects->unknown = effects->unknown || work == SQL_WORK_UNKNOWN;
    if (sql_work_weight(work) > sql_work_weight(effects->work)) {
        effects->work = work;
    }
    if (advice != NULL && (effects->advice == NULL || sql_work_weight(work) > reader->advice_weight)) {
        effects->advice = advice;
        reader->advice_weight = sql_work_weight(work);
    }
}

bool effects_since(const struct effects_reader *reader, int major, bool unknown)
{
    const int version = reader->facts->server_version;
    return version == 0 ? unknown : version / 10000 >= major;
}

bool effects_take(struct effects_reader *reader, const struct effects_taker *takers, const char *kind,
                  const json_t *body)
{
    bool is_any = false;
    for (; takers->kind != NULL; takers++) {
        if (strcmp(takers->kind, kind) == 0) {
            takers->take(reader, body);
            is_any = true;
        }
    }
    return is_any;
}
