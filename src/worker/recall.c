/*
 * A short list, newest first. Each session has its own moments, so that an answer that several sessions gave alike
 * keeps one for each. A moment counts only if it was the same before the work and behind it.
 *
 * The first time that a question is asked it is only noted: many workers are asked once. After several answers in a row
 * that were not the same, most questions are answered in the usual way at once, because looking in vain costs, too.
 */
#include "worker/recall.h"

#include "base/clock.h"
#include "base/log.h"
#include "pg/ask_again.h"
#include "pg/own_tables.h"
#include "pg/query.h"
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
    struct shared_bytes *packed; /* NULL: the question was asked, and nothing is known */
    struct file_trace *files;
    bool has_states;
    struct seen_states states;
    char *table;                 /* quoted; NULL: there is no tracking table */
    struct query_trace *queries; /* NULL: some of it cannot be asked again */
    struct same_rows rows;
    bool is_ordinary; /* a moment tells whether it would be read again */
    bool is_stirred;  /* the last time something had been committed, so that all is asked at once */
    struct pg_moment
        moments[MOST_MOMENTS]; /* one of a session, the oldest first; without is_ordinary they only name it */
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
    query_trace_free(one->queries);
    free((char *)(uintptr_t)one->question.data);
    shared_bytes_let_go(one->packed);
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
    return sizeof *one + one->question.size + shared_bytes_text(one->packed).size +
           (one->files == NULL ? 0 : file_trace_bytes(one->files)) +
           (one->queries == NULL ? 0 : query_trace_bytes(one->queries));
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

typedef bool comparing(const struct pg_moment *a, const struct pg_moment *b);

/* Is there a moment that compares with this one? Hold the mutex. */
static bool has_it(const struct recollection *one, const struct pg_moment *moment, comparing *is_like)
{
    bool has = false;
    for (size_t i = 0; i < one->moment_count && !has; i++) {
        has = is_like(&one->moments[i], moment);
    }
    return has;
}

static bool has_moment(struct recollections *all, const struct recollection *one, const struct pg_moment *moment,
                       comparing *is_like)
{
    pthread_mutex_lock(&all->mutex);
    const bool has = has_it(one, moment, is_like);
    pthread_mutex_unlock(&all->mutex);
    return has;
}

/* Adds a session's moment in place of its last. Hold the mutex. */
static void add_moment(struct recollection *one, const struct pg_moment *moment)
{
    size_t kept = 0;
    for (size_t i = 0; i < one->moment_count; i++) {
        if (!pg_moment_is_of_same(&one->moments[i], moment)) {
            one->moments[kept++] = one->moments[i];
        }
    }
    if (kept == MOST_MOMENTS) {
        memmove(one->moments, one->moments + 1, --kept * sizeof *one->moments);
    }
    one->moments[kept] = *moment;
    if (!one->is_ordinary) {
        one->moments[kept].snapshot[0] = '\0';
    }
    one->moment_count = kept + 1;
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
}

/* Asks everything again. Takes the moment with it, which is of use from then on. */
static bool is_told_again(struct recall *recall, struct recollection *one, const struct pg_moment_question *question)
{
    pthread_mutex_t *const mutex = &recall->all->mutex;
    pthread_mutex_lock(mutex);
    struct same_rows rows = one->rows;
    pthread_mutex_unlock(mutex);
    const bool is = ask_again(recall->session, one->queries, question, &rows, &recall->moment);
    recall->is_asked = recall->moment.setting[0] != '\0';
    pthread_mutex_lock(mutex);
    const bool is_as_before = is && has_it(one, &recall->moment, pg_moment_is_of_same);
    if (is_as_before) {
        one->rows = same_rows_are_newer(&rows, &one->rows) ? rows : one->rows;
        one->is_stirred = !has_it(one, &recall->moment, pg_moment_is);
        add_moment(one, &recall->moment);
    }
    pthread_mutex_unlock(mutex);
    return is_as_before;
}

/* Does the server say what it said? */
static bool is_same_server(struct recall *recall, struct recollection *one, const struct pg_moment_question *question)
{
    const struct pg_moment_question once_more = {.table = one->table};
    pthread_mutex_lock(&recall->all->mutex);
    const bool is_stirred = one->is_stirred;
    pthread_mutex_unlock(&recall->all->mutex);
    if (!is_stirred) {
        ask(recall, question);
        if (has_moment(recall->all, one, &recall->moment, pg_moment_is)) {
            return true;
        }
        if (!has_moment(recall->all, one, &recall->moment, pg_moment_is_of_same)) {
            return false;
        }
    }
    return one->queries != NULL && is_told_again(recall, one, is_stirred ? question : &once_more);
}

/* Is all as it was? After a difference the server is asked first. */
static bool is_as_it_was(struct recall *recall, struct recollection *one)
{
    struct looking_again looking = {.files = one->files};
    const struct pg_moment_question question = {
        .table = one->table,
        .meanwhile = {recall->was_right ? look_again : NULL, &looking},
    };
    if (!is_same_server(recall, one, &question)) {
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

/* It goes to the client as it is here: it is large, and often asked for. */
static void give(const struct recall *recall, const struct recollection *one)
{
    recall->call->kept = shared_bytes_hold(one->packed);
    recall->call->packed = shared_bytes_text(one->packed);
    if (one->has_states && recall->request->site->meters != NULL) {
        meters_saw(recall->request->site->meters, &one->states);
    }
}

bool recall_begin(struct recall *recall)
{
    const struct text question = recall->call->request->payload;
    recall->known = recall->all == NULL || question.size > MOST_QUESTION ? NULL : find(recall->all, question);
    struct recollection *const one = recall->known;
    if (one == NULL || !is_promising(recall, one)) {
        return false;
    }
    const bool is_hit = one->packed != NULL && is_as_it_was(recall, one);
    if (is_hit) {
        give(recall, one);
        log_debug("answered from memory", "method=%s", recall->call->request->method);
    }
    if (!recall->is_asked) {
        ask(recall, &(const struct pg_moment_question){0});
    }
    recall->is_noting = !is_hit && recall->moment.setting[0] != '\0';
    if (is_hit || one->packed != NULL) {
        count(recall->all, one, is_hit);
    }
    if (recall->is_noting) {
        file_trace_begin();
        query_trace_begin(recall->session);
    }
    return is_hit;
}

/* ---- remembering ---- */

/* Do queries of ours read ordinary tables (tables.h)? A declared query may ask for anything. */
static bool are_plain(const struct catalog *catalog)
{
    const struct framework *const framework = catalog->detection.framework;
    const struct tables *const tables = &catalog->detection.ledgers.tables;
    bool are = framework != NULL && framework->declared_at == NULL;
    for (size_t i = 0; i < tables->count && are; i++) {
        are = tables->items[i].is_plain || tables->items[i].no_table != NULL;
    }
    return are;
}

/* Tables that are not ordinary, of a schema that follows. */
#define OTHERS                                                                                                         \
    "FROM pg_catalog.pg_class c WHERE (c.relhassubclass OR c.relkind OPERATOR(pg_catalog.=) ANY "                      \
    "('{v,m,f,p}'::pg_catalog.\"char\"[]) OR (c.relkind OPERATOR(pg_catalog.=) 'r' AND c.relam "                       \
    "OPERATOR(pg_catalog.<>) 2)) AND c.relnamespace OPERATOR(pg_catalog.=) (SELECT n.oid FROM "                        \
    "pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) "

/* Was nothing else read? A view or a foreign table can have other rows at the same moment. It is noted, too. */
static bool is_ordinary(const struct recall *recall, const struct catalog *catalog)
{
    static const char sql[] =
        "SELECT NOT EXISTS (SELECT " OTHERS "'{truss}') AND c.relname OPERATOR(pg_catalog.=) ANY (" OWN_TABLES ")) "
        "AND ($1::pg_catalog.text IS NULL OR NOT EXISTS (SELECT " OTHERS "$1)))";
    const struct detection *const detection = &catalog->detection;
    const struct framework *const framework = detection->framework;
    struct status ignored = {.arena = recall->request->arena};
    if (!are_plain(catalog)) {
        return false;
    }
    if (framework->hooks.read_ledger == NULL && !catalog->has_own_schema) {
        return true;
    }
    const char *const schema = framework->hooks.read_ledger == NULL ? NULL : detection->ledger.schema;
    PG_RESULT(result) = pg_query_kept(recall->session, sql, 1, &schema, &ignored);
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

/* What was noted. */
struct traces {
    struct file_trace *files;
    struct query_trace *queries;
    bool is_ordinary;
};

static struct recollection *make(const struct recall *recall, const struct catalog *catalog, struct text packed,
                                 const struct traces *traces)
{
    const struct text question = recall->call->request->payload;
    struct recollection *const one = memory_alloc(sizeof *one);
    *one = (struct recollection){
        .holders = 1,
        .question = {copy_of(question), question.size},
        .packed = shared_bytes_copy(packed),
        .files = traces->files,
        .queries = traces->queries,
        .is_ordinary = traces->is_ordinary,
        .table = table_of(recall->request->arena, catalog),
        .asked_at = clock_ms(),
    };
    one->has_states = catalog_states(catalog, &one->states);
    if (one->queries != NULL && one->table != NULL && are_plain(catalog) &&
        catalog->detection.framework->hooks.read_ledger == NULL) {
        query_trace_reads(one->queries, one->table);
    }
    add_moment(one, &recall->moment);
    return one;
}

/* Is b what a is, with a moment of its own? Some sessions cannot note their queries yet. */
static bool is_same(const struct recollection *a, const struct recollection *b)
{
    const bool has_table = a->table != NULL && b->table != NULL;
    return text_equal(shared_bytes_text(a->packed), shared_bytes_text(b->packed)) && a->has_states == b->has_states &&
           (has_table ? strcmp(a->table, b->table) == 0 : a->table == b->table) &&
           file_trace_equal(a->files, b->files) && a->is_ordinary == b->is_ordinary &&
           (b->queries == NULL || (a->queries != NULL && query_trace_equal(a->queries, b->queries)));
}

static void keep(struct recollections *all, struct recollection *one)
{
    pthread_mutex_lock(&all->mutex);
    struct recollection **const place = place_of(all, one->question);
    if (*place != NULL && (*place)->packed != NULL && is_same(*place, one)) {
        add_moment(*place, &one->moments[0]);
        drop(one);
    } else {
        if (*place != NULL) {
            one->misses = (*place)->packed == NULL ? 0 : (*place)->misses;
            take_out(place);
        }
        put_in_front(all, one);
    }
    pthread_mutex_unlock(&all->mutex);
}

/* Ends what is noted, and remembers the answer if it is known whether it would be the same again. */
static void remember(struct recall *recall, const struct catalog *catalog, struct text packed)
{
    struct traces traces = {.files = file_trace_end()};
    const bool is_wanted = traces.files != NULL && catalog != NULL && packed.size > 0 && packed.size < MOST_BYTES / 2;
    traces.is_ordinary = is_wanted && is_ordinary(recall, catalog);
    traces.queries = query_trace_end();
    if (is_wanted && (!traces.is_ordinary || !is_same_moment(recall))) {
        recall->moment.snapshot[0] = '\0';
    }
    if (is_wanted && (recall->moment.snapshot[0] != '\0' || traces.queries != NULL)) {
        keep(recall->all, make(recall, catalog, packed, &traces));
        return;
    }
    file_trace_free(traces.files);
    query_trace_free(traces.queries);
    if (recall->known->packed == NULL) {
        count(recall->all, recall->known, false);
    }
}

void recall_end(struct recall *recall, const struct catalog *catalog, struct text packed)
{
    struct recollection *const known = recall->known;
    if (catalog == NULL) {
        file_trace_doubt();
    }
    if (recall->is_noting) {
        remember(recall, catalog, packed);
    } else if (known != NULL && known->packed == NULL && recall->is_asked) {
        count(recall->all, known, false);
    }
    if (known != NULL) {
        pthread_mutex_lock(&recall->all->mutex);
        let_go(known);
        pthread_mutex_unlock(&recall->all->mutex);
    }
}
