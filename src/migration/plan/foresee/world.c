/*
 * A hash table of unqualified names; each has the relations of that name, by schema. A name is loaded from the catalogs
 * when it is first asked for; after a number of names all others are loaded at once, since a large plan asks for
 * thousands.
 */
#include "migration/plan/foresee/world.h"

#include "base/limits.h"
#include "base/word_set.h"
#include "migration/plan/foresee/schemas.h"
#include "migration/plan/foresee/undo.h"
#include "migration/plan/foresee/world_begin.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

#include <string.h>

#define BUCKETS         4096
#define BUCKETS_LARGE   65536
#define MOST_ONE_BY_ONE 32 /* names, before all are loaded */

/* A relation under one of its names; several if it was renamed. */
struct named {
    struct named *next;
    const char *schema;
    const char *name;
    struct relation *relation; /* NULL: nothing has this name */
};

/* A name that was loaded, or a function that was asked for. */
struct seen {
    struct seen *next;
    const char *schema;
    const char *name;
    bool harmless;
    bool is_users;
};

struct by_oid {
    struct by_oid *next;
    struct relation *relation;
};

struct world {
    struct arena *arena;
    struct pg_session *session;
    struct questions *questions; /* for queries that can wait */
    size_t bucket_count;         /* of each of these */
    struct named **names;
    struct seen **loaded;
    struct seen **functions;
    struct by_oid **oids;
    const char *const *usual; /* the session's search path; NULL-terminated */
    const char *const *path;  /* NULL: not known */
    struct links links;
    struct links_from unnamed; /* those from indexes without a name */
    struct schemas schemas;
    size_t one_by_one; /* number of names that were loaded one by one */
    bool has_all;      /* all names in the catalogs are loaded */
    bool is_empty;
    unsigned migration;
    struct undo undo;
};

static size_t bucket_of(const struct world *world, const char *name)
{
    return word_hash(name) % world->bucket_count;
}

/* ---- the catalogs ---- */

struct relation *world_of_oid(struct world *world, uint32_t oid, const char *display, char kind)
{
    struct by_oid **const bucket = &world->oids[oid % world->bucket_count];
    for (const struct by_oid *one = *bucket; one != NULL; one = one->next) {
        if (one->relation->oid == oid) {
            return one->relation;
        }
    }
    struct by_oid *const one = arena_alloc(world->arena, sizeof *one);
    struct relation *const relation = arena_alloc(world->arena, sizeof *relation);
    *relation = (struct relation){
        .oid = oid, .display = arena_strdup(world->arena, display), .kind = kind, .has_children = true};
    *one = (struct by_oid){*bucket, relation};
    *bucket = one;
    return relation;
}

static struct named *named_of(struct world *world, const char *schema, const char *bare)
{
    struct named **const bucket = &world->names[bucket_of(world, bare)];
    for (struct named *one = *bucket; one != NULL; one = one->next) {
        if (strcmp(one->name, bare) == 0 && strcmp(one->schema, schema) == 0) {
            return one;
        }
    }
    struct named *const one = arena_alloc(world->arena, sizeof *one);
    *one = (struct named){*bucket, arena_strdup(world->arena, schema), arena_strdup(world->arena, bare), NULL};
    *bucket = one;
    return one;
}

/* Records the plan's name for a relation; a savepoint may undo it. */
static void name(struct world *world, const char *schema, const char *bare, struct relation *relation)
{
    struct named *const one = named_of(world, schema, bare);
    undo_remember(&world->undo, &one->relation, sizeof one->relation);
    one->relation = relation;
}

/* *is_old: it was already there. */
static struct seen *see(struct world *world, struct seen **table, const char *schema, const char *bare, bool *is_old)
{
    struct seen **const bucket = &table[bucket_of(world, bare)];
    for (struct seen *one = *bucket; one != NULL; one = one->next) {
        if (strcmp(one->name, bare) == 0 && string_equal(one->schema, schema)) {
            *is_old = true;
            return one;
        }
    }
    struct seen *const one = arena_alloc(world->arena, sizeof *one);
    *one = (struct seen){*bucket, schema == NULL ? NULL : arena_strdup(world->arena, schema),
                         arena_strdup(world->arena, bare), false, false};
    *bucket = one;
    *is_old = false;
    return one;
}

/* Schemas, oids, displays, kinds, children, names, row security. */
#define RELATIONS                                                                                                      \
    "SELECT n.nspname, c.oid, " PG_SCRIPT_NAME(                                                                        \
        "c.oid") ", c.relkind, c.relhassubclass, c.relname, c.relrowsecurity "                                         \
                 "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                \
                 "WHERE n.nspname NOT LIKE 'pg\\_temp\\_%' AND n.nspname NOT LIKE 'pg\\_toast%' AND "

static void take(struct world *world, const PGresult *result, int row, const char *bare)
{
    struct relation *const relation = world_of_oid(world, (uint32_t)pg_field_int(result, row, 1, 0),
                                                   pg_field(result, row, 2), pg_field(result, row, 3)[0]);
    relation->has_children = pg_field_bool(result, row, 4);
    relation->has_policies = pg_field_bool(result, row, 6);
    named_of(world, pg_field(result, row, 0), bare)->relation = relation;
}

static bool is_loaded(const struct world *world, const char *bare)
{
    const struct seen *one = world->loaded[bucket_of(world, bare)];
    while (one != NULL && strcmp(one->name, bare) != 0) {
        one = one->next;
    }
    return one != NULL;
}

/* What was loaded before stays, since the plan may have changed it. Catalogs of more than about 70,000 relations are
 * too large for this; their names are loaded one by one. */
static void load_all(struct world *world)
{
    static const char sql[] =
        RELATIONS "pg_catalog.pg_relation_size('pg_catalog.pg_class'::pg_catalog.regclass) <= 16777216";
    struct status unanswered = {.arena = world->arena};
    bool is_old;
    PG_RESULT(result) = pg_query_kept(world->session, sql, 0, NULL, &unanswered);
    const int count = result == NULL ? 0 : PQntuples(result);
    bool *const known = arena_array(world->arena, (size_t)count, sizeof *known);
    for (int row = 0; row < count; row++) {
        known[row] = is_loaded(world, pg_field(result, row, 5));
    }
    for (int row = 0; row < count; row++) {
        if (!known[row]) {
            see(world, world->loaded, NULL, pg_field(result, row, 5), &is_old);
            take(world, result, row, pg_field(result, row, 5));
        }
    }
    world->has_all = count > 0;
}

static void load(struct world *world, const char *bare)
{
    static const char sql[] = RELATIONS "c.relname = $1::name";
    struct status unanswered = {.arena = world->arena};
    bool is_old;
    if (world->one_by_one == MOST_ONE_BY_ONE && !is_loaded(world, bare)) {
        load_all(world);
        world->one_by_one++;
    }
    if (world->has_all && strlen(bare) <= LIMIT_NAME) {
        return;
    }
    see(world, world->loaded, NULL, bare, &is_old);
    if (is_old) {
        return;
    }
    world->one_by_one++;
    PG_RESULT(result) = pg_query_kept(world->session, sql, 1, &bare, &unanswered);
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        take(world, result, row, bare);
    }
}

/* ---- looking for a name ---- */

const char *world_schema_before(const struct world *world, const char *schema)
{
    return schemas_before(&world->schemas, schema);
}

/* In this schema; NULL: in any, existing relations before those of the plan. */
static struct relation *find_in(const struct world *world, const char *schema, const char *bare)
{
    struct relation *found = NULL;
    for (const struct named *one = world->names[bucket_of(world, bare)]; one != NULL; one = one->next) {
        const bool fits = strcmp(one->name, bare) == 0 && (schema == NULL || strcmp(one->schema, schema) == 0);
        if (fits && one->relation != NULL && !one->relation->gone && (found == NULL || found->oid == 0)) {
            found = one->relation;
        }
    }
    return found;
}

struct relation *world_find_surely(struct world *world, const char *schema, const char *bare)
{
    load(world, bare);
    if (schema != NULL) {
        const char *const was = world_schema_before(world, schema);
        struct relation *const relation = find_in(world, was, bare);
        if (relation != NULL) {
            relation->renamed = relation->renamed || was != schema;
        }
        return relation;
    }
    struct relation *found = find_in(world, "pg_temp", bare);
    for (const char *const *one = world->path; found == NULL && one != NULL && *one != NULL; one++) {
        found = find_in(world, world_schema_before(world, *one), bare);
    }
    return found;
}

struct relation *world_find(struct world *world, const char *schema, const char *bare)
{
    struct relation *const found = world_find_surely(world, schema, bare);
    return found != NULL || schema != NULL ? found : find_in(world, NULL, bare);
}

struct relation *world_find_in(struct world *world, const char *place, const char *bare)
{
    load(world, bare);
    return find_in(world, place, bare);
}

bool world_is_new(struct world *world, const char *schema, const char *bare)
{
    const struct relation *const relation = world_find(world, schema, bare);
    return relation == NULL || relation->oid == 0;
}

bool world_knows(struct world *world, const char *bare)
{
    load(world, bare);
    const struct named *one = world->names[bucket_of(world, bare)];
    while (one != NULL && strcmp(one->name, bare) != 0) {
        one = one->next;
    }
    return one != NULL;
}

/* ---- what statements do ---- */

const char *world_place(const struct world *world, bool alone)
{
    const char *const *const path = world->path;
    return path == NULL || path[0] == NULL || (alone && path[1] != NULL) ? NULL : world_schema_before(world, path[0]);
}

const char *const *world_path(const struct world *world)
{
    return world->path;
}

/* The schema in which a name is created. */
static const char *where_made(const struct world *world, const char *schema)
{
    const char *const place = schema != NULL ? world_schema_before(world, schema) : world_place(world, false);
    return place == NULL ? "public" : place;
}

static void create(struct world *world, const char *schema, const char *bare)
{
    load(world, bare);
    if (find_in(world, schema, bare) == NULL) {
        name(world, schema, bare, arena_alloc(world->arena, sizeof(struct relation)));
    }
}

const char *world_schema(const struct world *world, const struct relation *relation, const char *bare)
{
    const struct named *one = world->names[bucket_of(world, bare)];
    while (one != NULL && (strcmp(one->name, bare) != 0 || one->relation != relation)) {
        one = one->next;
    }
    return one == NULL ? NULL : one->schema;
}

static void rename_relation(struct world *world, const struct sql_change *change)
{
    struct relation *const relation = world_find(world, change->schema, change->name);
    if (relation == NULL) {
        return;
    }
    const bool moves = change->kind == SQL_CHANGE_MOVES;
    undo_remember(&world->undo, &relation->renamed, sizeof relation->renamed);
    relation->renamed = true;
    const char *const schema = world_schema(world, relation, change->name);
    name(world, schema, change->name, NULL);
    load(world, moves ? change->name : change->to);
    name(world, moves ? world_schema_before(world, change->to) : schema, moves ? change->name : change->to, relation);
}

static void link_names(struct world *world, const struct sql_change *change)
{
    struct relation *const to = world_find(world, change->to_schema, change->to);
    struct relation *const from = change->name == NULL ? NULL : world_find(world, change->schema, change->name);
    if (to != NULL && to != from && (from != NULL || (change->name == NULL && to->oid != 0))) {
        links_add(&world->links, &world->undo, from == NULL ? &world->unnamed : &from->links, to, change->link);
    }
}

static const char *const *copy_path(const struct world *world, const char *const *path)
{
    size_t count = 0;
    while (path != NULL && path[count] != NULL) {
        count++;
    }
    const char **const copy = arena_array(world->arena, count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i] = arena_strdup(world->arena, path[i]);
    }
    copy[count] = NULL;
    return path == NULL ? NULL : copy;
}

/* Was the relation of this name already marked as dropped? The search for sessions that a DROP blocks has done that;
 * another relation of that name elsewhere stays. */
static bool has_gone(const struct world *world, const char *schema, const char *bare)
{
    for (const struct named *one = world->names[bucket_of(world, bare)]; one != NULL; one = one->next) {
        const char *const *place = schema == NULL ? world->path : NULL;
        while (place != NULL && *place != NULL && strcmp(world_schema_before(world, *place), one->schema) != 0) {
            place++;
        }
        const bool is_meant = schema != NULL ? strcmp(world_schema_before(world, schema), one->schema) == 0
                                             : place != NULL && *place != NULL;
        if (is_meant && strcmp(one->name, bare) == 0 && one->relation != NULL && one->relation->gone) {
            return true;
        }
    }
    return false;
}

void world_goes(struct world *world, struct relation *relation)
{
    undo_remember(&world->undo, &relation->gone, sizeof relation->gone);
    relation->gone = true;
}

static void apply(struct world *world, const struct sql_change *change)
{
    struct relation *relation;
    undo_remember(&world->undo, &world->path, sizeof world->path);
    switch (change->kind) {
    case SQL_CHANGE_CREATES:
        create(world, where_made(world, change->schema), change->name);
        break;
    case SQL_CHANGE_CREATES_TEMPORARY:
        create(world, "pg_temp", change->name);
        break;
    case SQL_CHANGE_DROPS:
        relation = world_find(world, change->schema, change->name);
        if (relation != NULL && !has_gone(world, change->schema, change->name)) {
            world_goes(world, relation);
        }
        break;
    case SQL_CHANGE_RENAMES:
    case SQL_CHANGE_MOVES:
        rename_relation(world, change);
        break;
    case SQL_CHANGE_RENAMES_SCHEMA:
        schemas_rename(&world->schemas, &world->undo, change->name, change->to);
        break;
    case SQL_CHANGE_LINKS:
        link_names(world, change);
        break;
    case SQL_CHANGE_PATH:
        world->path = copy_path(world, change->path);
        break;
    case SQL_CHANGE_RESETS_PATH:
        world->path = world->usual;
        break;
    }
}

void world_apply(struct world *world, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->change_count; i++) {
        apply(world, &effects->changes[i]);
    }
}

/* Could PostgreSQL have chosen this index name for the table? */
static bool is_of(const struct relation *table, const char *index)
{
    const char *const dot = strrchr(table->display, '.');
    const char *const bare = dot == NULL ? table->display : dot + 1;
    const size_t size = strlen(bare);
    return strncmp(bare, index, size) == 0 && index[size] == '_';
}

void world_links(const struct world *world, const struct relation *relation, const char *index, world_link_fn *fn,
                 void *data)
{
    const struct links_from *const from = relation == NULL ? &world->unnamed : &relation->links;
    for (const struct link *one = NULL; (one = links_next(&world->links, from, one)) != NULL;) {
        if (!one->to->gone && (relation != NULL || (index != NULL && is_of(one->to, index)))) {
            fn(data, one->to, one->kind);
        }
    }
}

/* ---- functions ---- */

bool world_is_harmless(struct world *world, const char *schema, const char *function, bool *is_users)
{
    /* Some of PostgreSQL's own run a statement that they are given, lock what they work on, end other sessions, or
     * throw away large objects. */
    static const char sql[] = "SELECT pg_catalog.bool_and(p.provolatile <> 'v' OR (n.nspname = 'pg_catalog' "
                              "AND p.proname !~ '_to_xml|^ts_(stat|rewrite)|^brin_|^gin_clean|^pg_import|"
                              "^pg_((terminate|cancel)_backend|promote$|drop_)|^lo_(unlink|truncate|put)')), "
                              "pg_catalog.bool_or(p.oid >= 16384) FROM pg_catalog.pg_proc p JOIN "
                              "pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
                              "WHERE p.proname = $2::name AND ($1::text IS NULL OR n.nspname = $1::name)";
    bool is_old;
    struct seen *const seen = see(world, world->functions, schema, function, &is_old);
    if (!is_old) {
        PG_RESULT(result) = questions_ask(world->questions, sql, 2, (const char *const[]){schema, function});
        seen->harmless = result != NULL && pg_field_bool(result, 0, 0);
        seen->is_users = result != NULL && pg_field_bool(result, 0, 1);
    }
    *is_users = seen->is_users;
    return seen->harmless;
}

/* ---- the whole ---- */

struct world *world_new(const struct request *request, struct questions *questions, bool is_large)
{
    struct arena *const arena = request->arena;
    struct world *const world = arena_alloc(arena, sizeof *world);
    struct pg_session *const session = questions_session(questions);
    const size_t bucket_count = is_large ? BUCKETS_LARGE : BUCKETS;
    *world = (struct world){.arena = arena,
                            .bucket_count = bucket_count,
                            .names = arena_array(arena, bucket_count, sizeof *world->names),
                            .loaded = arena_array(arena, bucket_count, sizeof *world->loaded),
                            .functions = arena_array(arena, bucket_count, sizeof *world->functions),
                            .oids = arena_array(arena, bucket_count, sizeof *world->oids),
                            .session = session,
                            .questions = questions,
                            .schemas = {.arena = arena},
                            .one_by_one = is_large ? MOST_ONE_BY_ONE : 0,
                            .undo = {.arena = arena}};
    world->usual = session_usual_path(request, session);
    world->is_empty = session_has_nothing(request, session);
    world_begin(world);
    return world;
}

unsigned world_migration(const struct world *world)
{
    return world->migration;
}

void world_begin(struct world *world)
{
    world->migration++;
    world->path = world->usual;
    undo_statement(&world->undo, text_of("BEGIN"));
}

void world_statement(struct world *world, struct text statement)
{
    undo_statement(&world->undo, statement);
}

bool world_is_empty(const struct world *world)
{
    return world->is_empty;
}
