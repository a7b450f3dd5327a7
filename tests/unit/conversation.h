/*
 * A conversation with a server by script as a table: what is asked, in its order, and what is answered. With
 * each_place() one of the answers after the other is an error, or the end of the connection, instead.
 */
#ifndef TESTS_CONVERSATION_H
#define TESTS_CONVERSATION_H

#include "session_scene.h"

#define MOST_COLUMNS 8

struct exchange {
    const char *asked; /* what the statement holds; NULL: the table's end */
    bool is_script; /* one simple query, which gives no rows where has_row is not said; else a statement with parameters
                     */
    bool has_row;
    const char *named[MOST_COLUMNS]; /* what its columns are called; empty: that does not matter */
    const char *row[MOST_COLUMNS];   /* ends with NULL where it has fewer; "" is NULL to the client */
    const char *next[MOST_COLUMNS];  /* a second row; empty: there is none */
    const struct fake_error *error;  /* instead of an answer */
    bool dies;                       /* the connection ends instead of an answer */
    char state;                      /* of the transaction behind it; 0: idle */
};

static inline int count_of(const char *const *texts)
{
    int count = 0;
    while (count < MOST_COLUMNS && texts[count] != NULL) {
        count++;
    }
    return count;
}

static inline void answer_row(struct fake_client *client, int columns, const char *const *row)
{
    const char *values[MOST_COLUMNS];
    for (int i = 0; i < MOST_COLUMNS; i++) {
        values[i] = row[i] == NULL || row[i][0] == '\0' ? NULL : row[i];
    }
    fake_row(client, columns, values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]);
}

static inline void answer_rows(struct fake_client *client, const struct exchange *one)
{
    const bool is_named = one->named[0] != NULL;
    const int columns = count_of(is_named ? one->named : one->row);
    if (is_named) {
        fake_columns(client, columns, one->named);
    } else {
        fake_row_description(client, columns == 0 ? 1 : columns);
    }
    if (one->has_row) {
        answer_row(client, columns, one->row);
    }
    if (one->next[0] != NULL) {
        answer_row(client, columns, one->next);
    }
}

static inline void answer_exchange(struct fake_client *client, const struct exchange *one)
{
    if (one->error != NULL) {
        fake_error(client, one->error);
    } else {
        if (!one->is_script) {
            fake_parsed(client);
        }
        if (!one->is_script || one->has_row) {
            answer_rows(client, one);
        }
        fake_complete(client, "SELECT 1");
    }
    fake_ready(client, one->state == 0 ? 'I' : one->state);
}

/* A fake_script; data is the table. Nothing else may be asked. */
static inline void converse(struct fake_client *client, void *data)
{
    for (const struct exchange *one = data; one->asked != NULL; one++) {
        if ((one->is_script ? fake_take(client, 'Q', one->asked) : fake_take_query(client, one->asked)) == NULL) {
            return;
        }
        if (one->dies) {
            fake_close(client);
            return;
        }
        answer_exchange(client, one);
    }
    fake_wait_gone(client, FOREVER);
}

static inline size_t exchange_count(const struct exchange *table)
{
    size_t count = 0;
    while (table[count].asked != NULL) {
        count++;
    }
    return count;
}

/* A session on a server that has this conversation. */
static inline void have(const struct exchange *table)
{
    stop_server();
    serve_with(converse, table, (exchange_count(table) + 1) * sizeof *table);
}

#define MOST_MEETINGS 4

/* What one connection after the other has; one that comes behind the last has that again. */
struct meetings {
    const struct exchange *of[MOST_MEETINGS];
};

/* A fake_script; data is the meetings. */
static inline void meet(struct fake_client *client, void *data)
{
    const struct meetings *const meetings = data;
    size_t i = fake_number(client) < MOST_MEETINGS ? fake_number(client) : MOST_MEETINGS - 1;
    while (meetings->of[i] == NULL) {
        i--;
    }
    converse(client, (void *)(uintptr_t)meetings->of[i]);
}

/* A session on a server that has these; the first is the session's. */
static inline void have_meetings(const struct meetings *meetings)
{
    stop_server();
    serve_with(meet, meetings, sizeof *meetings);
}

/* A table whose answer at this place is an error, or the end of the connection; nothing is asked behind it. */
static inline const struct exchange *failing_at(const struct exchange *table, size_t place,
                                                const struct fake_error *how)
{
    struct exchange *const changed = arena_alloc(arena, (place + 2) * sizeof *changed);
    memcpy(changed, table, (place + 1) * sizeof *changed);
    changed[place].error = how;
    changed[place].dies = how == NULL;
    changed[place + 1] = (struct exchange){0};
    return changed;
}

/* The work is done once for each place of the conversation and each kind of failure, and has to fail with it. */
static inline void each_place(const struct exchange *table, bool (*work)(void))
{
    static const struct fake_error refused = {.sqlstate = "53200", .message = "out of memory"};
    const size_t count = exchange_count(table);
    for (size_t i = 0; i < 2 * count; i++) {
        have(failing_at(table, i / 2, i % 2 == 0 ? &refused : NULL));
        ck_assert_msg(!work(), "place %zu", i / 2);
        failed_with(i % 2 == 0 ? STATUS_FAILED_PRECONDITION : STATUS_UNAVAILABLE,
                    i % 2 == 0 ? "out of memory" : "lost");
    }
}

#endif
