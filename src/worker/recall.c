/*
 * A short list, newest first. An answer is made of what was read between two looks at the server's moment, which must
 * be equal; each session has its own moments, so that an answer that several sessions gave alike keeps one for each.
 *
 * The first time that a question is asked it is only noted: many workers are asked once. After several answers in a row
 * that were not the same, as where the server is always written to, most questions are answered in the usual way at
 * once, because looking in vain costs, too.
 */
#include "worker/recall.h"

#include "base/clock.h"
#include "base/log.h"
#include "pg/own_query.h"
#include "pg/values.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ANSWERS  4
#define MOST_BYTES    ((size_t)4 * 1024 * 1024) /* of all */
#define MOST_QUESTION ((size_t)4 * 1024)
#define MOST_MOMENTS  8
#define MOST_MISSES   3 /* in a row; then only each eighth question is looked at */
#define SELDOM        8
#define LASTS_MS      (5 * INT64_C(60000)) /* that nobody asks for */

struct recollection {
    unsigned holders; /* the list is one */
    struct text question;
    struct text packed; /* data NULL: the question was asked, and nothing is known */
    struct file_trace *files;
    bool has_states;
    struct seen_states states;
    char *table; /* quoted; NULL: there is no tracking table */
    struct pg_moment moments[MOST_MOMENTS];
    size_t moment_count;
    unsigned misses;
    int64_t asked_at; /* clock_ms */
    struct recollection *next;
};

struct recollections {
    pthread_mutex_t mutex;
    struct recollection *first;
};

struct recollections *recollections_new(void)
{
    struct recollections *const all = memory_alloc(sizeof *all);
    pthread_mutex_init(&all->mutex, NULL);
    return all;
}

static char *copy_of(struct text text)
{
    char *const copy = memory_alloc(text.size + 1);
    memcpy(copy, text.data == NULL ? "" : text.data, text.size);
    return copy;
}

static void drop(struct recollection *one)
{
    file_trace_free(one->files);
    free((char *)(uintptr_t)one->question.data);
    free((char *)(uintptr_t)one->packed.data);
    free(one->table);
    free(one);
}

/* Hold the mutex. */
static void let_go(struct recollection *one)
{
    if (--one->holders == 0) {
        drop(one);
    }
}

/* Takes one out of the list. Hold the mutex. */
static void take_out(struct recollection **place)
{
    struct recollection *const one = *place;
    *place = one->next;
    let_go(one);
}

void recollections_free(struct recollections *all)
{
    if (all != NULL) {
        while (all->first != NULL) {
            take_out(&all->first);
        }
        pthread_mutex_destroy(&all->mutex);
        free(all);
    }
}

static size_t bytes_of(const struct recollection *one)
{
    return sizeof *one + one->question.size + one->packed.size +
           (one->files == NULL ? 0 : file_trace_bytes(one->files));
}

/* Puts one in front; forgets what is too much, and what nobody has asked for. Hold the mutex. */
static void put_in_front(struct recollections *all, struct recollection *one)
{
    size_t bytes = 0;
    size_t count = 0;
    one->next = all->first;
    all->first = one;
    for (struct recollection **place = &all->first; *place != NULL;) {
        bytes += bytes_of(*place);
        count++;
        if (count > MOST_ANSWERS || bytes > MOST_BYTES || clock_ms() - (*place)->asked_at > LASTS_MS) {
            bytes -= bytes_of(*place);
            take_out(place);
        } else {
            place = &(*place)->next;
        }
    }
}

/* The place of the question's answer, or the end of the list. Hold the mutex. */
static struct recollection **place_of(struct recollections *all, struct text question)
{
    struct recollection **place = &all->first;
    while (*place != NULL && !text_equal((*place)->question, question)) {
        place = &(*place)->next;
    }
    return place;
}

/* ---- asking ---- */

/* What is known, held; NULL: the question is new, and noted now. */
static struct recollection *find(struct recollections *all, struct text question)
{
    pthread_mutex_lock(&all->mutex);
    struct recollection **const place = place_of(all, question);
    struct recollection *one = *place;
    if (one != NULL) {
        one->holders++;
        one->asked_at = clock_ms();
        *place = one->next;
        put_in_front(all, one);
    } else {
        struct recollection *const noted = memory_alloc(sizeof *noted);
        *noted =
            (struct recollection){.holders = 1, .question = {copy_of(question), question.size}, .asked_at = clock_ms()};
        put_in_front(all, noted);
    }
    pthread_mutex_unlock(&all->mutex);
    return one;
}

static bool has_moment(struct recollections *all, const struct recollection *one, const struct pg_moment *moment)
{
    bool has = false;
    pthread_mutex_lock(&all->mutex);
    for (size_t i = 0; i < one->moment_count && !has; i++) {
        has = pg_moment_is(&one->moments[i], moment);
    }
    pthread_mutex_unlock(&all->mutex);
    return has;
}

/* Looks at the files while the server answers. */
struct looking_again {
    const struct file_trace *files;
    bool is_done;
    bool holds;
};

static void look_again(void *data)
{
    struct looking_again *const looking = data;
    looking->is_done = true;
    looking->holds = file_trace_holds(looking->files);
}

/* Fills in the present moment. If somebody has locked the table, or the server does not tell, there is none. A table
 * that is locked or gone says nothing of the work that follows: then the moment is still to be asked for. */
static void ask(struct recall *recall, const struct pg_moment_question *question)
{
    struct status ignored = {.arena = recall->request->arena};
    const bool ok = pg_moment_now(recall->session, question, &recall->moment, &ignored);
    recall->is_asked = ok || question->table == NULL;
    if (!ok) {
        recall->moment.text[0] = '\0';
    }
}

/* Is all as it was? After a difference the server is asked first. */
static bool is_as_it_was(struct recall *recall, const struct recollection *one)
{
    struct looking_again looking = {.files = one->files};
    ask(recall, &(const struct pg_moment_question){
                    .table = one->table,
                    .meanwhile = {recall->was_right ? look_again : NULL, &looking},
                });
    if (!has_moment(recall->all, one, &recall->moment)) {
        return false;
    }
    if (!looking.is_done) {
        look_again(&looking);
    }
    return looking.holds;
}

/* Is looking worth it? Also sets was_right. */
static bool is_promising(struct recall *recall, struct recollection *one)
{
    pthread_mutex_lock(&recall->all->mutex);
    const unsigned misses = one->misses;
    one->misses += misses >= MOST_MISSES ? 1 : 0;
    pthread_mutex_unlock(&recall->all->mutex);
    recall->was_right = misses == 0;
    return misses < MOST_MISSES || misses % SELDOM == 0;
}

static void count(struct recollections *all, struct recollection *one, bool is_hit)
{
    pthread_mutex_lock(&all->mutex);
    one->misses = is_hit ? 0 : one->misses + 1;
    pthread_mutex_unlock(&all->mutex);
}

static bool give(const struct recall *recall, const struct recollection *one, struct text *packed)
{
    char *const copy = arena_try_alloc(recall->call->arena, one->packed.size);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, one->packed.data, one->packed.size);
    *packed = (struct text){copy, one->packed.size};
    if (one->has_states && recall->request->site->meters != NULL) {
        meters_saw(recall->request->site->meters, &one->states);
    }
    return true;
}

bool recall_begin(struct recall *recall, struct text *packed)
{
    const struct text question = recall->call->request->payload;
    recall->known = recall->all == NULL || question.size > MOST_QUESTION ? NULL : find(recall->all, question);
    struct recollection *const one = recall->known;
    if (one == NULL || !is_promising(recall, one)) {
        return false;
    }
    const bool is_hit = one->packed.data != NULL && is_as_it_was(recall, one) && give(recall, one, packed);
    if (is_hit) {
        log_debug("answered from memory", "method=%s", recall->call->request->method);
    }
    if (!recall->is_asked) {
        ask(recall, &(const struct pg_moment_question){0});
    }
    recall->is_noting = !is_hit && recall->moment.text[0] != '\0';
    if (is_hit || one->packed.data != NULL) {
        count(recall->all, one, is_hit);
    }
    if (recall->is_noting) {
        file_trace_begin();
    }
    return is_hit;
}

/* ---- remembering ---- */

/* Were only ordinary tables read (tables.h)? A view or a foreign table can have other rows at the same moment. */
static bool is_ordinary(const struct recall *recall, const struct catalog *catalog)
{
    static const char sql[] =
        "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid "
        "OPERATOR(pg_catalog.=) c.relnamespace WHERE n.nspname OPERATOR(pg_catalog.=) ANY (ARRAY['{truss}', $1]) AND "
        "(c.relhassubclass OR c.relkind OPERATOR(pg_catalog.=) ANY ('{v,m,f,p}'::pg_catalog.\"char\"[]) OR (c.relkind "
        "OPERATOR(pg_catalog.=) 'r' AND c.relam OPERATOR(pg_catalog.<>) 2)))";
    const struct detection *const detection = &catalog->detection;
    const struct framework *const framework = detection->framework;
    const struct tables *const tables = &detection->ledgers.tables;
    struct status ignored = {.arena = recall->request->arena};
    for (size_t i = 0; i < tables->count; i++) {
        if (!tables->items[i].is_plain && tables->items[i].no_table == NULL) {
            return false;
        }
    }
    if (framework == NULL || framework->declared_at != NULL) {
        return false; /* a declared query may ask for anything */
    }
    if (framework->hooks.read_ledger == NULL && !catalog->has_own_schema) {
        return true;
    }
    const char *const schema = framework->hooks.read_ledger == NULL ? NULL : detection->ledger.schema;
    PG_RESULT(result) = own_query(recall->session, sql, 1, &schema, &ignored);
    return result != NULL && pg_field_bool(result, 0, 0);
}

/* Is the moment still the one before the work? */
static bool is_same_moment(const struct recall *recall)
{
    struct status ignored = {.arena = recall->request->arena};
    struct pg_moment now;
    return pg_moment_now(recall->session, &(const struct pg_moment_question){0}, &now, &ignored) &&
           pg_moment_is(&recall->moment, &now);
}

static char *table_of(struct arena *arena, const struct catalog *catalog)
{
    struct buffer name = {.arena = arena};
    if (!catalog->detection.has_ledger) {
        return NULL;
    }
    pg_quote_identifier(&name, catalog->detection.ledger.schema);
    buffer_putc(&name, '.');
    pg_quote_identifier(&name, catalog->detection.ledger.table);
    return copy_of(buffer_text(&name));
}

static struct recollection *make(const struct recall *recall, const struct catalog *catalog, struct text packed,
                                 struct file_trace *files)
{
    const struct text question = recall->call->request->payload;
    struct recollection *const one = memory_alloc(sizeof *one);
    *one = (struct recollection){
        .holders = 1,
        .question = {copy_of(question), question.size},
        .packed = {copy_of(packed), packed.size},
        .files = files,
        .table = table_of(recall->request->arena, catalog),
        .moments = {recall->moment},
        .moment_count = 1,
        .asked_at = clock_ms(),
    };
    one->has_states = catalog_states(catalog, &one->states);
    return one;
}

static bool is_same(const struct recollection *a, const struct recollection *b)
{
    const bool has_table = a->table != NULL && b->table != NULL;
    return text_equal(a->packed, b->packed) && a->has_states == b->has_states &&
           (has_table ? strcmp(a->table, b->table) == 0 : a->table == b->table) && file_trace_equal(a->files, b->files);
}

/* Adds the moment to an answer that another session gave alike, of the same files. What was read at another snapshot
 * does not count any more. Hold the mutex. */
static void add_moment(struct recollection *one, const struct pg_moment *moment)
{
    const size_t snapshot = strcspn(moment->text, " ");
    size_t kept = 0;
    for (size_t i = 0; i < one->moment_count; i++) {
        if (strncmp(one->moments[i].text, moment->text, snapshot + 1) == 0 && !pg_moment_is(&one->moments[i], moment)) {
            one->moments[kept++] = one->moments[i];
        }
    }
    for (; kept >= MOST_MOMENTS; kept--) {
        memmove(one->moments, one->moments + 1, (kept - 1) * sizeof *one->moments);
    }
    one->moments[kept] = *moment;
    one->moment_count = kept + 1;
}

static void keep(struct recollections *all, struct recollection *one)
{
    pthread_mutex_lock(&all->mutex);
    struct recollection **const place = place_of(all, one->question);
    if (*place != NULL && (*place)->packed.data != NULL && is_same(*place, one)) {
        add_moment(*place, &one->moments[0]);
        drop(one);
    } else {
        if (*place != NULL) {
            one->misses = (*place)->packed.data == NULL ? 0 : (*place)->misses;
            take_out(place);
        }
        put_in_front(all, one);
    }
    pthread_mutex_unlock(&all->mutex);
}

void recall_end(struct recall *recall, const struct catalog *catalog, struct text packed)
{
    struct recollection *const known = recall->known;
    if (catalog == NULL) {
        file_trace_doubt();
    }
    struct file_trace *const files = recall->is_noting ? file_trace_end() : NULL;
    if (files != NULL && catalog != NULL && packed.size > 0 && packed.size < MOST_BYTES / 2 &&
        is_ordinary(recall, catalog) && is_same_moment(recall)) {
        keep(recall->all, make(recall, catalog, packed, files));
    } else {
        file_trace_free(files);
        if (known != NULL && known->packed.data == NULL && recall->is_asked) {
            count(recall->all, known, false);
        }
    }
    if (known != NULL) {
        pthread_mutex_lock(&recall->all->mutex);
        let_go(known);
        pthread_mutex_unlock(&recall->all->mutex);
    }
}
