/*
 * Each fact is told by a function of ours, which asks the caller's and notes the answer.
 */
#include "migration/plan/foresee/retold.h"

#include <string.h>

/* Facts that are yes or no: about what has a name, and about a part of it. */
#define OF_NAMES(X)   X(is_partitioned) X(is_volatile) X(is_referred) X(has_default) X(is_found) X(is_made) X(is_free)
#define OF_PARTS_1(X) X(never_null) X(index_never_null) X(is_indexed_specially) X(is_checked)
#define OF_PARTS_2(X) X(has_beside) X(is_indexed) X(is_collated) X(is_virtual)
#define OF_PARTS(X)   OF_PARTS_1(X) OF_PARTS_2(X)

#define MOST_WORDS 4

#define FACT(name) FACT_##name,
enum fact {
    OF_NAMES(FACT) OF_PARTS(FACT) FACT(column_type) FACT(is_new) FACT(is_harmless) FACT(type_kind) FACT(base_of)
        FACT(is_zone_utc) FACT(is_so)
};

struct answer {
    int number;
    const char *text; /* NULL: none */
};

struct told {
    struct told *next;
    enum fact fact;
    const char *words[MOST_WORDS];
    struct answer answer;
};

struct noted {
    struct noted *next;
    struct text statement;
    struct sql_effects effects;
    struct told *told;
};

struct retold {
    struct arena *arena;
    struct noted *next; /* to be given */
    struct noted **last;
};

/* While a statement is noted. */
struct telling {
    struct arena *arena;
    const struct sql_facts *facts;
    struct told **last;
};

struct retold *retold_new(struct arena *arena)
{
    struct retold *const retold = arena_alloc(arena, sizeof *retold);
    *retold = (struct retold){.arena = arena, .last = &retold->next};
    return retold;
}

/* ---- facts ---- */

static struct answer ask(const struct sql_facts *facts, enum fact fact, const char *const *words)
{
    struct answer answer = {0};
    switch (fact) {
#define ASK_NAMES(name)                                                                                                \
    case FACT_##name:                                                                                                  \
        answer.number = facts->name(facts->asked, words[0], words[1]) ? 1 : 0;                                         \
        break;
#define ASK_PARTS(name)                                                                                                \
    case FACT_##name:                                                                                                  \
        answer.number = facts->name(facts->asked, words[0], words[1], words[2]) ? 1 : 0;                               \
        break;
        OF_NAMES(ASK_NAMES)
        OF_PARTS(ASK_PARTS)
    case FACT_column_type:
        answer.text = facts->column_type(facts->data, words[0], words[1], words[2]);
        break;
    case FACT_is_new:
        answer.number = facts->is_new(facts->data, words[0], words[1]) ? 1 : 0;
        break;
    case FACT_is_harmless:
        answer.number = facts->is_harmless(facts->data, words[0], words[1]) ? 1 : 0;
        break;
    case FACT_type_kind:
        answer.number = (int)facts->type_kind(facts->asked, words[0], words[1], &answer.text);
        break;
    case FACT_base_of:
        answer.text = facts->base_of(facts->asked, words[0]);
        break;
    case FACT_is_zone_utc:
        answer.number = facts->is_zone_utc(facts->asked) ? 1 : 0;
        break;
    case FACT_is_so:
        answer.number = facts->is_so(facts->asked, words[0], words[1], words[2], words[3]) ? 1 : 0;
        break;
    }
    return answer;
}

static struct answer tell(void *data, enum fact fact, const char *const words[MOST_WORDS])
{
    struct telling *const telling = data;
    struct told *const told = arena_alloc(telling->arena, sizeof *told);
    *told = (struct told){.fact = fact};
    for (size_t i = 0; i < MOST_WORDS; i++) {
        told->words[i] = arena_strdup(telling->arena, words[i]);
    }
    told->answer = ask(telling->facts, fact, told->words);
    *telling->last = told;
    telling->last = &told->next;
    return told->answer;
}

#define WORDS(...) ((const char *const[MOST_WORDS]){__VA_ARGS__})
#define TELL_NAMES(name)                                                                                               \
    static bool name(void *data, const char *a, const char *b)                                                         \
    {                                                                                                                  \
        return tell(data, FACT_##name, WORDS(a, b)).number != 0;                                                       \
    }
#define TELL_PARTS(name)                                                                                               \
    static bool name(void *data, const char *a, const char *b, const char *c)                                          \
    {                                                                                                                  \
        return tell(data, FACT_##name, WORDS(a, b, c)).number != 0;                                                    \
    }
OF_NAMES(TELL_NAMES)
OF_PARTS(TELL_PARTS)
TELL_NAMES(is_new)
TELL_NAMES(is_harmless)

static const char *column_type(void *data, const char *schema, const char *table, const char *column)
{
    return tell(data, FACT_column_type, WORDS(schema, table, column)).text;
}

static enum sql_type_kind type_kind(void *data, const char *schema, const char *type, const char **base)
{
    const struct answer answer = tell(data, FACT_type_kind, WORDS(schema, type));
    *base = answer.text;
    return (enum sql_type_kind)answer.number;
}

static const char *base_of(void *data, const char *type)
{
    return tell(data, FACT_base_of, WORDS(type)).text;
}

static bool is_zone_utc(void *data)
{
    return tell(data, FACT_is_zone_utc, WORDS(NULL)).number != 0;
}

static bool is_so(void *data, const char *schema, const char *relation, const char *what, const char *name)
{
    return tell(data, FACT_is_so, WORDS(schema, relation, what, name)).number != 0;
}

/* What the caller does not tell, ours do not, either. No function of the caller's is copied: it would get our data. */
static struct sql_facts facts_of(struct telling *telling)
{
    struct sql_facts facts = {.server_version = telling->facts->server_version, .data = telling, .asked = telling};
#define TAKE(name) facts.name = telling->facts->name == NULL ? NULL : name;
    OF_NAMES(TAKE)
    OF_PARTS(TAKE)
    TAKE(column_type)
    TAKE(is_new)
    TAKE(is_harmless)
    TAKE(type_kind)
    TAKE(base_of)
    TAKE(is_zone_utc)
    TAKE(is_so)
    return facts;
}

/* ---- statements ---- */

void retold_note(struct retold *retold, struct text statement, const struct sql_facts *facts,
                 struct sql_effects *effects)
{
    struct noted *const noted = arena_alloc(retold->arena, sizeof *noted);
    struct telling telling = {retold->arena, facts, &noted->told};
    const struct sql_facts told = facts_of(&telling);
    sql_effects(retold->arena, statement, &told, NULL, effects);
    noted->statement = statement;
    noted->effects = *effects;
    noted->effects.locks = arena_array(retold->arena, effects->count, sizeof *effects->locks);
    for (size_t i = 0; i < effects->count; i++) {
        noted->effects.locks[i] = effects->locks[i]; /* the caller adds to these */
    }
    *retold->last = noted;
    retold->last = &noted->next;
}

static bool is_as_it_was(const struct sql_facts *facts, const struct told *told)
{
    const struct answer now = ask(facts, told->fact, told->words);
    const char *const was = told->answer.text;
    return now.number == told->answer.number &&
           (now.text == NULL || was == NULL ? now.text == was : strcmp(now.text, was) == 0);
}

bool retold_give(struct retold *retold, struct text statement, const struct sql_facts *facts,
                 struct sql_effects *effects)
{
    const struct noted *const noted = retold->next;
    if (noted == NULL || noted->statement.data != statement.data || noted->statement.size != statement.size) {
        return false;
    }
    retold->next = noted->next;
    for (const struct told *told = noted->told; told != NULL; told = told->next) {
        if (!is_as_it_was(facts, told)) {
            return false;
        }
    }
    *effects = noted->effects;
    return true;
}
