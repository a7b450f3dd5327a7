/*
 * Every statement of the block is read as one of the script, behind those before it. Its failures are not judged, and
 * what it proves of rows and columns is not believed.
 */
#include "migration/plan/blocks.h"

#include "migration/plan/foresee/reach.h"
#include "migration/plan/foresee/touched.h"

#include <string.h>

#define CONFUSED 2 /* in `may_be` */

/* ---- names ---- */

/* Would a relation of this name hide one of another schema if it were there, and not otherwise? */
static bool may_hide(struct world *world, const struct sql_change *change)
{
    const char *const place = change->schema == NULL ? world_place(world, false) : NULL;
    const struct relation *const there = change->schema != NULL ? world_find_surely(world, change->schema, change->name)
                                         : place == NULL        ? NULL
                                                                : world_find_in(world, place, change->name);
    return there == NULL &&
           (world_find(world, NULL, change->name) != NULL || (change->schema == NULL && place == NULL));
}

/* Does the statement only add names, none of which may change what another name means? */
static bool only_adds_names(struct world *world, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->change_count; i++) {
        const struct sql_change *const change = &effects->changes[i];
        if (change->kind != SQL_CHANGE_LINKS && (change->kind != SQL_CHANGE_CREATES || may_hide(world, change))) {
            return false;
        }
    }
    return true;
}

void blocks_note_renamed(struct explaining *explaining, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->change_count; i++) {
        const struct sql_change *const change = &effects->changes[i];
        const char *const given = change->kind == SQL_CHANGE_RENAMES ? change->to
                                  : change->kind == SQL_CHANGE_MOVES ? change->name
                                                                     : NULL;
        if (given != NULL && word_set_has(&explaining->may_be, given)) {
            word_set_put(explaining->request->arena, &explaining->may_be, given, CONFUSED);
        }
    }
}

bool blocks_confuse(const struct explaining *explaining, const char *name)
{
    return word_set_number(&explaining->may_be, name) == CONFUSED;
}

/* ---- one statement ---- */

/* Of proofs only those that take knowledge away; a column that may have been added has an unknown type. */
static struct sql_effects doubted(struct arena *arena, const struct sql_effects *effects)
{
    struct sql_effects known = *effects;
    known.proofs = arena_array(arena, effects->proof_count, sizeof *known.proofs);
    known.proof_count = 0;
    for (size_t i = 0; i < effects->proof_count; i++) {
        const enum sql_proof_kind kind = effects->proofs[i].kind;
        if (kind == SQL_PROOF_COLUMN || kind == SQL_PROOF_DROPPED) {
            known.proofs[known.proof_count++] = effects->proofs[i];
        }
    }
    known.alters = arena_array(arena, effects->alter_count, sizeof *known.alters);
    for (size_t i = 0; i < effects->alter_count; i++) {
        known.alters[i] = effects->alters[i];
        known.alters[i].written = NULL;
    }
    return known;
}

static void note(struct explaining *explaining, struct text statement, const struct sql_effects *effects)
{
    struct arena *const arena = explaining->request->arena;
    const struct sql_reader words = sql_read(statement);
    needs_note(&explaining->needs, statement, effects);
    unseen_note(&explaining->unseen, statement);
    if (explaining->is_undone) {
        return;
    }
    for (size_t i = 0; i < effects->change_count; i++) {
        if (effects->changes[i].kind == SQL_CHANGE_CREATES) {
            word_set_add(arena, &explaining->may_be, effects->changes[i].name);
            word_set_add(arena, &explaining->needs.taken, effects->changes[i].name);
        }
    }
    world_apply(explaining->world, effects);
    if (!sql_is_word(&words.token, "drop")) { /* a trigger may stay */
        fires_note(&explaining->fires, statement, effects);
    }
    if (sql_is_word(&words.token, "alter")) {
        const struct sql_effects known = doubted(explaining->reading, effects);
        asked_note(&explaining->asked, statement, &known);
    }
}

/* False if it may do more than its effects say. */
static bool read_one(struct explaining *explaining, struct text statement, struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    explaining->absent = NULL;
    sql_effects(explaining->reading, statement, &explaining->facts, NULL, effects);
    const bool is_condition = sql_is_word(&words.token, "select");
    const bool is_sure = explaining->absent == NULL || is_condition ||
                         !(explaining->moves_unseen ||
                           unseen_may_be(&explaining->unseen, explaining->request->arena, explaining->session));
    if (effects->unread || (is_condition && effects->change_count > 0) ||
        !only_adds_names(explaining->world, effects)) {
        return false;
    }
    const size_t named = effects->count;
    reach_add(explaining->reading, &explaining->fires, effects, TOUCHED_FEW);
    explaining->beside += effects->count - named;
    heard_statement(&explaining->heard, statement, explaining->is_undone, effects);
    note(explaining, statement, effects);
    return is_sure && !effects->unknown;
}

/* ---- all of them ---- */

static void add_lock(struct arena *arena, struct sql_effects *all, const struct sql_relation_lock *lock,
                     size_t *capacity)
{
    size_t i = 0;
    while (i < all->count &&
           (lock->oid != 0 ? all->locks[i].oid != lock->oid : strcmp(all->locks[i].relation, lock->relation) != 0)) {
        i++;
    }
    if (i == all->count) {
        /* Neither a target nor named: what the role needs for it is not asked of a statement that may not run. */
        all->locks = arena_grow(arena, all->locks, i, capacity, sizeof *all->locks);
        all->locks[all->count++] =
            (struct sql_relation_lock){.relation = lock->relation, .lock = lock->lock, .oid = lock->oid};
    } else if (all->locks[i].lock < lock->lock) {
        all->locks[i].lock = lock->lock;
    }
}

static void add(struct arena *arena, struct sql_effects *all, const struct sql_effects *one, size_t *capacity)
{
    for (size_t i = 0; i < one->count; i++) {
        add_lock(arena, all, &one->locks[i], capacity);
    }
    all->work = sql_work_weight(one->work) > sql_work_weight(all->work) ? one->work : all->work;
    all->made += one->made;
    all->unlisted = one->unlisted > all->unlisted ? one->unlisted : all->unlisted;
    all->names_new = all->names_new || one->names_new;
    all->computes = all->computes || one->computes;
    all->every_row = all->every_row || one->every_row;
    if (one->advice != NULL && strstr(all->advice, one->advice) == NULL) {
        all->advice = arena_printf(arena, "%s %s", all->advice, one->advice);
    }
}

bool blocks_read(struct explaining *explaining, const struct sql_plain_block *block, struct explained_statement *read)
{
    struct arena *const arena = explaining->request->arena;
    struct explained_part *const parts = arena_array(arena, block->count, sizeof *parts);
    struct sql_effects all = {.work = SQL_WORK_NONE,
                              .advice = "What runs of a DO block depends on its conditions: this is what it does at "
                                        "most."};
    size_t capacity = 0;
    read->effects = (struct sql_effects){0};
    for (size_t i = 0; i < block->count; i++) {
        struct sql_effects one;
        if (!read_one(explaining, block->items[i], &one)) {
            return false;
        }
        permits_note_possible(&explaining->permits, explaining->reading, &one);
        parts[i] = (struct explained_part){.sql = explained_excerpt(arena, block->items[i]),
                                           .effects = explained_effects(arena, &one)};
        add(explaining->reading, &all, &one, &capacity);
    }
    sql_effects_sort(&all);
    read->effects = all;
    read->parts = parts;
    read->part_count = block->count;
    return true;
}
