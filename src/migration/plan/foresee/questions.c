/*
 * A query with $1, $2, … is sent for many questions at once, as a LATERAL subquery over their values, so that it need
 * not be written twice. If the server refuses a batch, its questions are asked one by one.
 */
#include "migration/plan/foresee/questions.h"

#include "base/word_set.h"
#include "pg/query.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 1024 /* as many as there are questions, or more */
#define MOST_VALUES   10
#define MOST_FIELDS   12
#define MOST_NOTED    10000 /* questions, before they are sent */
#define BATCH         500

struct question {
    struct question *next; /* in the hash bucket */
    struct question *like; /* the next question with the same query */
    const char *sql;
    int count;
    const char *const *values;
    bool is_answered;
    bool is_refused; /* by the server: there is no answer */
    int fields;
    char ***rows; /* each with this many fields */
    size_t row_count;
    size_t row_capacity;
};

/* Questions with the same query that are not sent yet. */
struct kind {
    const char *sql;
    struct question *questions;
};

struct questions {
    struct arena *arena;
    struct pg_session *session;
    struct question **buckets;
    size_t bucket_count;
    size_t count; /* of all of them */
    struct kind *kinds;
    size_t kind_count;
    size_t kind_capacity;
    size_t noted_count; /* not sent yet */
    bool are_noted;
};

struct questions *questions_new(struct arena *arena, struct pg_session *session)
{
    struct questions *const questions = arena_alloc(arena, sizeof *questions);
    *questions = (struct questions){.arena = arena,
                                    .session = session,
                                    .buckets = arena_array(arena, FIRST_BUCKETS, sizeof *questions->buckets),
                                    .bucket_count = FIRST_BUCKETS};
    return questions;
}

struct pg_session *questions_session(const struct questions *questions)
{
    return questions->session;
}

void questions_note(struct questions *questions)
{
    questions->are_noted = true;
}

bool questions_are_noted(const struct questions *questions)
{
    return questions->are_noted;
}

/* ---- noting ---- */

static bool is_same(const struct question *question, const char *sql, int count, const char *const *values)
{
    bool is = question->sql == sql && question->count == count;
    for (int i = 0; is && i < count; i++) {
        const char *const a = question->values[i];
        is = a == NULL || values[i] == NULL ? a == values[i] : strcmp(a, values[i]) == 0;
    }
    return is;
}

static struct question **bucket_of(const struct questions *questions, int count, const char *const *values)
{
    size_t hash = (size_t)count;
    for (int i = 0; i < count; i++) {
        hash = hash * 31 + (values[i] == NULL ? 1 : word_hash(values[i]));
    }
    return &questions->buckets[hash % questions->bucket_count];
}

/* Doubles the buckets. */
static void grow(struct questions *questions)
{
    struct question **const before = questions->buckets;
    const size_t count = questions->bucket_count;
    questions->bucket_count *= 2;
    questions->buckets = arena_array(questions->arena, questions->bucket_count, sizeof *questions->buckets);
    for (size_t i = 0; i < count; i++) {
        for (struct question *one = before[i], *next; one != NULL; one = next) {
            struct question **const bucket = bucket_of(questions, one->count, one->values);
            next = one->next;
            one->next = *bucket;
            *bucket = one;
        }
    }
}

static struct question *find(struct question *bucket, const char *sql, int count, const char *const *values)
{
    while (bucket != NULL && !is_same(bucket, sql, count, values)) {
        bucket = bucket->next;
    }
    return bucket;
}

static struct kind *kind_of(struct questions *questions, const char *sql)
{
    for (size_t i = 0; i < questions->kind_count; i++) {
        if (questions->kinds[i].sql == sql) {
            return &questions->kinds[i];
        }
    }
    questions->kinds = arena_grow(questions->arena, questions->kinds, questions->kind_count, &questions->kind_capacity,
                                  sizeof *questions->kinds);
    questions->kinds[questions->kind_count] = (struct kind){sql, NULL};
    return &questions->kinds[questions->kind_count++];
}

static struct question *add(struct questions *questions, const char *sql, int count, const char *const *values)
{
    if (questions->count++ == questions->bucket_count) {
        grow(questions);
    }
    struct question **const bucket = bucket_of(questions, count, values);
    const char **const kept = arena_array(questions->arena, (size_t)count, sizeof *kept);
    for (int i = 0; i < count; i++) {
        kept[i] = arena_strdup(questions->arena, values[i]);
    }
    struct question *const question = arena_alloc(questions->arena, sizeof *question);
    *question = (struct question){.next = *bucket, .sql = sql, .count = count, .values = kept};
    *bucket = question;
    return question;
}

static void note(struct questions *questions, const char *sql, int count, const char *const *values)
{
    if (count > MOST_VALUES || find(*bucket_of(questions, count, values), sql, count, values) != NULL) {
        return;
    }
    struct kind *const kind = kind_of(questions, sql);
    struct question *const question = add(questions, sql, count, values);
    question->like = kind->questions;
    kind->questions = question;
    questions->noted_count++;
}

/* ---- sending ---- */

/* The query with w.a1 for $1; a $ that ends a regular expression stays. */
static void put_template(struct buffer *sql, const char *template)
{
    for (const char *c = template; *c != '\0'; c++) {
        if (*c == '$' && c[1] >= '1' && c[1] <= '9') {
            buffer_puts(sql, "w.a");
        } else {
            buffer_putc(sql, *c);
        }
    }
}

static const char *batch_sql(struct arena *arena, const struct question *first)
{
    struct buffer sql = {.arena = arena};
    if (first->count == 0) {
        return arena_printf(arena, "SELECT 1, x.* FROM (%s) x", first->sql);
    }
    buffer_puts(&sql, "SELECT w.number, x.* FROM unnest(");
    for (int i = 1; i <= first->count; i++) {
        buffer_printf(&sql, "%s$%d::pg_catalog.text[]", i == 1 ? "" : ", ", i);
    }
    buffer_puts(&sql, ") WITH ORDINALITY AS w(");
    for (int i = 1; i <= first->count; i++) {
        buffer_printf(&sql, "a%d, ", i);
    }
    buffer_puts(&sql, "number) CROSS JOIN LATERAL (");
    put_template(&sql, first->sql);
    buffer_puts(&sql, ") x");
    return buffer_string(&sql);
}

/* The questions' values as arrays, one for each $n. */
static void put_values(struct buffer *arrays, struct question *const *batch, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (int value = 0; value < batch[i]->count; value++) {
            pg_put_element(&arrays[value], batch[i]->values[value]);
        }
    }
}

/* A query without columns, which only yields rows or not, gets one field that is NULL. */
static void answer(struct question *question, int fields)
{
    question->fields = fields > 0 ? fields : 1;
    question->is_answered = fields <= MOST_FIELDS;
}

/* Keeps the fields of the row from `first` on. */
static void keep_row(struct questions *questions, struct question *question, const PGresult *result, int row, int first)
{
    char **const cells = arena_array(questions->arena, (size_t)question->fields, sizeof *cells);
    question->rows = arena_grow(questions->arena, question->rows, question->row_count, &question->row_capacity,
                                sizeof *question->rows);
    for (int field = 0; first + field < PQnfields(result); field++) {
        cells[field] = arena_strdup(questions->arena, pg_field(result, row, first + field));
    }
    question->rows[question->row_count++] = cells;
}

/* Gives each question its rows, in order; the first field is the question's number. */
static void take_rows(struct questions *questions, struct question *const *batch, size_t count, const PGresult *result)
{
    for (size_t i = 0; i < count; i++) {
        answer(batch[i], PQnfields(result) - 1);
    }
    for (int row = 0; row < PQntuples(result); row++) {
        const size_t number = (size_t)pg_field_int(result, row, 0, 0);
        struct question *const question = number == 0 || number > count ? NULL : batch[number - 1];
        if (question != NULL && question->is_answered) {
            keep_row(questions, question, result, row, 1);
        }
    }
}

static void send(struct questions *questions, struct question *const *batch, size_t count)
{
    struct buffer arrays[MOST_VALUES];
    const char *values[MOST_VALUES];
    struct status unanswered = {.arena = questions->arena};
    for (size_t i = 0; i < MOST_VALUES; i++) {
        arrays[i] = (struct buffer){.arena = questions->arena};
    }
    put_values(arrays, batch, count);
    for (int i = 0; i < batch[0]->count; i++) {
        values[i] = pg_array_text(&arrays[i]);
    }
    PG_RESULT(result) =
        pg_query_kept(questions->session, batch_sql(questions->arena, batch[0]), batch[0]->count, values, &unanswered);
    if (result != NULL) {
        take_rows(questions, batch, count, result);
    }
}

static void send_noted(struct questions *questions)
{
    for (size_t i = 0; i < questions->kind_count; i++) {
        for (struct question *one = questions->kinds[i].questions; one != NULL;) {
            struct question *batch[BATCH];
            size_t count = 0;
            for (; one != NULL && count < BATCH; one = one->like) {
                batch[count++] = one;
            }
            send(questions, batch, count);
        }
        questions->kinds[i].questions = NULL;
    }
    questions->noted_count = 0;
}

void questions_send(struct questions *questions)
{
    questions->are_noted = false;
    send_noted(questions);
}

/* ---- answering ---- */

static PGresult *answer_of(const struct question *question)
{
    static char no_name[] = "";
    PGresAttDesc fields[MOST_FIELDS] = {0};
    PGresult *const result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    for (int i = 0; i < question->fields; i++) {
        fields[i].name = no_name;
    }
    bool ok = result != NULL && PQsetResultAttrs(result, question->fields, fields) != 0;
    for (size_t row = 0; ok && row < question->row_count; row++) {
        for (int field = 0; ok && field < question->fields; field++) {
            char *const value = question->rows[row][field];
            ok = PQsetvalue(result, (int)row, field, value, value == NULL ? -1 : (int)strlen(value)) != 0;
        }
    }
    if (!ok) {
        PQclear(result);
    }
    return ok ? result : NULL;
}

bool questions_know(struct questions *questions, const char *sql, int count, const char *const *values)
{
    const struct question *const question = find(*bucket_of(questions, count, values), sql, count, values);
    return questions->are_noted || (question != NULL && question->is_answered);
}

/* Asks, and remembers the answer. */
static PGresult *ask(struct questions *questions, struct question *question)
{
    struct status unanswered = {.arena = questions->arena};
    PGresult *const result =
        pg_query_kept(questions->session, question->sql, question->count, question->values, &unanswered);
    question->is_refused = result == NULL;
    answer(question, result == NULL ? 0 : PQnfields(result));
    for (int row = 0; question->is_answered && result != NULL && row < PQntuples(result); row++) {
        keep_row(questions, question, result, row, 0);
    }
    return result;
}

PGresult *questions_ask(struct questions *questions, const char *sql, int count, const char *const *values)
{
    if (questions->are_noted) {
        note(questions, sql, count, values);
        if (questions->noted_count == MOST_NOTED) {
            send_noted(questions);
        }
        return NULL;
    }
    struct question *const known = find(*bucket_of(questions, count, values), sql, count, values);
    return known == NULL         ? ask(questions, add(questions, sql, count, values))
           : !known->is_answered ? ask(questions, known)
           : known->is_refused   ? NULL
                                 : answer_of(known);
}
