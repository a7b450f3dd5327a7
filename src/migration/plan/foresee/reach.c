/*
 * What else a statement locks: the answers of the catalogs, and what the plan itself has linked.
 */
#include "migration/plan/foresee/reach.h"

#include "base/words.h"
#include "migration/plan/foresee/guarded.h"
#include "migration/plan/foresee/part.h"
#include "migration/plan/foresee/reach_queries.h"
#include "migration/plan/foresee/touched.h"
#include "pg/session.h"
#include "pg/values.h"

#include <string.h>

struct reaching {
    struct arena *arena;
    struct fires *fires;
    struct sql_effects *effects;
    size_t capacity;
    size_t held_capacity;
    const struct relation **held; /* whose locks they are, in the order of the effects */
    enum sql_lock link_lock;      /* the lock on links */
    bool passes_over_keys;        /* the other table of a foreign key does not get it */
    bool is_through_views;        /* only what views select from gets it */
    size_t followed;              /* views of the plan, behind others */
    bool are_heirs;               /* what is found inherits the change from the statement's target */
};

static void lock(struct reaching *reaching, const struct relation *relation, enum sql_lock lock)
{
    struct sql_effects *const effects = reaching->effects;
    size_t i = 0;
    while (i < effects->count && reaching->held[i] != relation) {
        i++;
    }
    if (relation->oid == 0 || relation->gone || lock == SQL_LOCK_NONE) {
        return;
    }
    if (i == effects->count) {
        effects->locks = arena_grow(reaching->arena, effects->locks, i, &reaching->capacity, sizeof *effects->locks);
        reaching->held =
            arena_grow(reaching->arena, reaching->held, i, &reaching->held_capacity, sizeof *reaching->held);
        reaching->held[i] = relation;
        effects->locks[effects->count++] =
            (struct sql_relation_lock){.relation = relation->display,
                                       .lock = lock,
                                       .oid = relation->oid,
                                       .is_heir = reaching->are_heirs && lock == SQL_LOCK_ACCESS_EXCLUSIVE};
    } else if (effects->locks[i].lock < lock) {
        effects->locks[i].lock = lock;
    }
}

static void lock_link(void *data, struct relation *relation, enum sql_link link)
{
    struct reaching *const reaching = data;
    const bool is_key = link == SQL_LINK_KEY || link == SQL_LINK_ACTION;
    if ((link == SQL_LINK_VIEW) == reaching->is_through_views && !(is_key && reaching->passes_over_keys)) {
        lock(reaching, relation, reaching->link_lock);
    }
    const bool goes_on = link == SQL_LINK_VIEW && reaching->is_through_views && relation->oid == 0; /* a view, too */
    reaching->effects->unknown = reaching->effects->unknown || (goes_on && reaching->followed == FIRES_MOST_FOLLOWED);
    if (goes_on && reaching->followed < FIRES_MOST_FOLLOWED) {
        reaching->followed++;
        world_links(reaching->fires->world, relation, NULL, lock_link, reaching);
    }
}

/* The other table of a foreign key that the plan makes: its rows are checked at least. */
static void lock_key(void *data, struct relation *relation, enum sql_link link)
{
    if (link == SQL_LINK_KEY || link == SQL_LINK_ACTION) {
        lock(data, relation, SQL_LOCK_ROW_SHARE);
    }
}

/* Adds what the plan itself has linked with the changed relation. */
static void follow_links(struct reaching *reaching, const struct relation *relation, const struct sql_reach *reach)
{
    static const bool follows[SQL_REACH_PUBLISHED + 1] = {
        [SQL_REACH_CHILDREN] = true, [SQL_REACH_DROP] = true,  [SQL_REACH_CASCADE] = true,
        [SQL_REACH_RETYPE] = true,   [SQL_REACH_BASES] = true, [SQL_REACH_TRUNCATE_CASCADE] = true,
        [SQL_REACH_TRUNCATE] = true, [SQL_REACH_KEYS] = true};
    if (reach->kind == SQL_REACH_REFERENCED) {
        world_links(reaching->fires->world, relation, NULL, lock_key, reaching);
    } else if (follows[reach->kind]) {
        reaching->link_lock = reach->lock;
        reaching->passes_over_keys = reach->kind == SQL_REACH_CHILDREN ||
                                     (reach->type != NULL && word_is_among("policy rule trigger", reach->type));
        reaching->is_through_views = reach->kind == SQL_REACH_BASES;
        world_links(reaching->fires->world, relation, reach->part == NULL ? reach->name : NULL, lock_link, reaching);
    }
}

/* The lock on a dropped relation is reported first. */
static bool take_rows(struct reaching *reaching, const PGresult *result)
{
    bool found = false;
    for (int row = 0; row < PQntuples(result); row++) {
        const uint32_t oid = (uint32_t)pg_field_int(result, row, 0, 0);
        if (oid == 0) {
            found = true;
            continue;
        }
        struct relation *const relation =
            world_of_oid(reaching->fires->world, oid, pg_field(result, row, 3), pg_field(result, row, 4)[0]);
        if (pg_field_bool(result, row, 5)) {
            lock(reaching, relation, (enum sql_lock)pg_field_int(result, row, 1, 0));
        }
        reaching->link_lock = SQL_LOCK_ACCESS_EXCLUSIVE;
        reaching->passes_over_keys = reaching->is_through_views = false;
        if (pg_field_bool(result, row, 2)) {
            world_links(reaching->fires->world, relation, NULL, lock_link, reaching);
            world_goes(reaching->fires->world, relation);
        }
    }
    return found;
}

static bool is_target(const struct reaching *reaching, const struct relation *relation)
{
    size_t i = 0;
    while (i < reaching->effects->count && (reaching->held[i] != relation || !reaching->effects->locks[i].is_target)) {
        i++;
    }
    return relation != NULL && i < reaching->effects->count;
}

static void ask(struct reaching *reaching, const struct relation *relation, const struct sql_reach *reach)
{
    const struct reach_query *const query = reach_query(reach->kind);
    reaching->are_heirs =
        (reach->kind == SQL_REACH_CHILDREN && is_target(reaching, relation)) || reach->kind == SQL_REACH_TRUNCATE;
    const char *const values[] = {arena_printf(reaching->arena, "%u", relation == NULL ? 0 : relation->oid),
                                  reach->type,
                                  reach->schema,
                                  reach->name,
                                  reach->part,
                                  arena_printf(reaching->arena, "%d", (int)reach->lock),
                                  query->cascades ? "true" : "false"};
    PG_RESULT(result) = questions_ask(reaching->fires->questions, query->sql, query->has_cascade ? 7 : 6, values);
    const bool found = result != NULL && take_rows(reaching, result);
    if (questions_are_noted(reaching->fires->questions)) {
        return; /* what follows is asked as if it were known */
    }
    if (result == NULL || (!found && query->says_found && !world_is_empty(reaching->fires->world))) {
        reaching->effects->unknown = true; /* if the plan itself creates the object, its users are not known */
    }
}

/* Without children nothing inherits, without partitions nothing is shared with them. */
static bool is_needless(const struct relation *relation, enum sql_reach_kind kind)
{
    return ((kind == SQL_REACH_CHILDREN || kind == SQL_REACH_TRUNCATE) && !relation->has_children) ||
           (kind == SQL_REACH_PARTITIONS && relation->kind != 'p' && relation->kind != 'I') ||
           (kind == SQL_REACH_BASES && relation->kind != 'v' && relation->kind != 'm');
}

static void add_reach(struct reaching *reaching, const struct sql_reach *reach)
{
    static const char of_relations[] = " relation column constraint trigger rule policy ";
    const bool is_of_relation = strstr(of_relations, arena_printf(reaching->arena, " %s ", reach->type)) != NULL;
    const struct relation *const relation =
        is_of_relation && reach->name != NULL ? world_find(reaching->fires->world, reach->schema, reach->name) : NULL;
    if (is_of_relation) {
        follow_links(reaching, relation, reach);
    }
    const bool is_made = is_of_relation && (relation == NULL || relation->oid == 0);
    const struct fires *const fires = reaching->fires;
    const bool is_needed =
        relation == NULL ||
        (!is_needless(relation, reach->kind) &&
         (fires->has_unknown || !part_is_missing(reaching->arena, fires->questions, relation, reach)));
    if (!is_made && is_needed && reach->kind == SQL_REACH_TRUNCATE_CASCADE && relation != NULL &&
        relation->has_children) {
        struct sql_reach down = *reach; /* before what references them: whose rights are asked for is another matter */
        down.kind = SQL_REACH_TRUNCATE;
        ask(reaching, relation, &down);
    }
    if (!is_made && is_needed) {
        ask(reaching, relation, reach);
    }
    if (reach->kind == SQL_REACH_BASES && relation != NULL && relation->kind == 'm') {
        fires_by_refresh(reaching->fires, relation, reaching->effects);
    }
}

/* Views, partitions and keys of existing relations, in the order of the answer. Returns how many are left out. */
static size_t take_touched(struct reaching *reaching, const PGresult *result, size_t most)
{
    const size_t before = reaching->effects->count;
    const size_t rows = (size_t)PQntuples(result);
    size_t row = 0;
    for (; row < rows && reaching->effects->count - before < most; row++) {
        struct relation *const relation =
            world_of_oid(reaching->fires->world, (uint32_t)pg_field_int(result, (int)row, TOUCHED_OID, 0),
                         pg_field(result, (int)row, TOUCHED_NAME), pg_field(result, (int)row, TOUCHED_KIND)[0]);
        lock(reaching, relation, (enum sql_lock)pg_field_int(result, (int)row, TOUCHED_LOCK, 0));
    }
    return rows == 0 ? 0 : (size_t)pg_field_int(result, 0, TOUCHED_COUNT, 0) - row;
}

/* The lock on the relation itself, which those that FOR UPDATE or EXPLAIN reads through it get, too. */
static enum sql_lock own_lock(const struct reaching *reaching, const struct relation *relation)
{
    size_t i = 0;
    while (i < reaching->effects->count && reaching->held[i] != relation) {
        i++;
    }
    const enum sql_lock held = i < reaching->effects->count ? reaching->effects->locks[i].lock : SQL_LOCK_ACCESS_SHARE;
    return held <= SQL_LOCK_ROW_EXCLUSIVE ? held : SQL_LOCK_ACCESS_SHARE;
}

/* What is locked along with the rows of relations. */
static void add_touched(struct reaching *reaching, const struct sql_touch *touch, size_t most)
{
    struct relation *const relation = world_find(reaching->fires->world, touch->schema, touch->name);
    if (relation == NULL) {
        return;
    }
    const bool reads = strcmp(touch->how, "r") == 0;
    fires_by_rows(reaching->fires, relation, touch, reaching->effects);
    reaching->is_through_views = true;
    reaching->link_lock = reads ? SQL_LOCK_ACCESS_SHARE : SQL_LOCK_ROW_EXCLUSIVE;
    world_links(reaching->fires->world, relation, NULL, lock_link, reaching);
    if (!reads) {
        world_links(reaching->fires->world, relation, NULL, lock_key, reaching);
    }
    if (relation->oid == 0 || relation->gone || touched_is_alone(relation, touch)) {
        return;
    }
    PG_RESULT(result) =
        touched_ask(reaching->arena, reaching->fires->questions, relation, touch, own_lock(reaching, relation));
    if (result != NULL) {
        const size_t left = take_touched(reaching, result, most);
        reaching->effects->unlisted = left > reaching->effects->unlisted ? left : reaching->effects->unlisted;
    } else if (!questions_are_noted(reaching->fires->questions)) {
        reaching->effects->unknown = true;
    }
}

/* Rows that a policy hides are neither changed nor read. Of several relations the first is told. */
static void say_guarded(struct arena *arena, struct fires *fires, struct sql_effects *effects)
{
    const char *said = NULL;
    for (size_t i = 0; said == NULL && effects->work != SQL_WORK_NONE && i < effects->touch_count; i++) {
        said = guarded_why(fires->arena, fires->questions, fires->world, &effects->touches[i]);
    }
    if (said != NULL) {
        effects->advice = effects->advice == NULL ? said : arena_printf(arena, "%s %s", said, effects->advice);
    }
}

static void say_unlisted(struct arena *arena, struct sql_effects *effects)
{
    if (effects->unlisted > 0) {
        effects->advice =
            arena_printf(arena, "%s%sIt also locks %s not listed; these locks stop neither readers nor writers.",
                         effects->advice == NULL ? "" : effects->advice, effects->advice == NULL ? "" : " ",
                         words_counted(arena, effects->unlisted, "more relation that is", "more relations that are"));
    }
}

/* What the plan itself makes nobody waits for, and it is as large as the plan makes it: there is no safer way to tell.
 */
static void pass_over_own(struct sql_effects *effects)
{
    bool is_own = effects->names_new && effects->count == 0 && !effects->unknown;
    for (size_t i = 0; is_own && i < effects->reach_count; i++) {
        is_own = effects->reaches[i].kind != SQL_REACH_BASES; /* its query may read what was there */
    }
    if (is_own &&
        (effects->work == SQL_WORK_SCAN || effects->work == SQL_WORK_REWRITE || effects->work == SQL_WORK_INDEX)) {
        effects->work = SQL_WORK_NONE;
        effects->advice = NULL;
    }
}

void reach_add(struct arena *arena, struct fires *fires, struct sql_effects *effects, size_t most)
{
    struct reaching reaching = {.arena = arena,
                                .fires = fires,
                                .effects = effects,
                                .capacity = effects->count,
                                .held_capacity = effects->count};
    reaching.held = arena_array(arena, effects->count, sizeof *reaching.held);
    for (size_t i = 0; i < effects->count; i++) {
        struct relation *const relation = world_find(fires->world, effects->locks[i].schema, effects->locks[i].name);
        if (relation != NULL && relation->renamed && relation->display != NULL) {
            effects->locks[i].relation = relation->display; /* its present name for other sessions */
        }
        reaching.held[i] = relation;
        effects->locks[i].oid = relation == NULL ? 0 : relation->oid;
    }
    for (size_t i = 0; i < effects->reach_count; i++) {
        add_reach(&reaching, &effects->reaches[i]);
    }
    reaching.are_heirs = false;
    for (size_t i = 0; i < effects->touch_count; i++) {
        add_touched(&reaching, &effects->touches[i], most);
    }
    fires_by_types(fires, effects);
    pass_over_own(effects);
    say_guarded(arena, fires, effects);
    say_unlisted(arena, effects);
    sql_effects_sort(effects);
}
