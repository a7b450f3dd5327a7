/*
 * A list is enough: there are as many queries as threads.
 */
#include "workbench/running.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define EARLY    64 /* the number of cancels that are kept */
#define EARLY_MS 10000

/* A cancel that came before its query. */
struct early {
    char id[LIMIT_REQUEST_ID + 1];
    int64_t until;
};

struct running {
    pthread_mutex_t mutex;
    struct running_query *first;
    struct early early[EARLY];
    size_t last; /* the newest; the oldest is overwritten */
};

struct running *running_new(void)
{
    struct running *running = memory_alloc(sizeof *running);
    pthread_mutex_init(&running->mutex, NULL);
    return running;
}

void running_free(struct running *running)
{
    if (running != NULL) {
        pthread_mutex_destroy(&running->mutex);
        free(running);
    }
}

/* ---- cancels that come early ---- */

static void keep_early(struct running *running, const char *id)
{
    if (id[0] != '\0' && strlen(id) <= LIMIT_REQUEST_ID) {
        struct early *const early = &running->early[running->last++ % EARLY];
        strcpy(early->id, id);
        early->until = clock_ms() + EARLY_MS;
    }
}

/* Returns true if the query was cancelled before it came; that cancel is then forgotten. */
static bool take_early(struct running *running, const char *id)
{
    for (size_t i = 0; i < EARLY && id[0] != '\0'; i++) {
        struct early *const early = &running->early[i];
        if (strcmp(early->id, id) == 0) {
            early->id[0] = '\0';
            return early->until > clock_ms();
        }
    }
    return false;
}

/* ---- queries ---- */

void running_enter(struct running *running, struct running_query *query, const char *id)
{
    query->id = id;
    pthread_mutex_lock(&running->mutex);
    atomic_init(&query->is_cancelled, take_early(running, id));
    query->next = running->first;
    running->first = query;
    pthread_mutex_unlock(&running->mutex);
}

void running_leave(struct running *running, struct running_query *query)
{
    pthread_mutex_lock(&running->mutex);
    for (struct running_query **link = &running->first; *link != NULL; link = &(*link)->next) {
        if (*link == query) {
            *link = query->next;
            break;
        }
    }
    pthread_mutex_unlock(&running->mutex);
}

void running_cancel_all(struct running *running)
{
    pthread_mutex_lock(&running->mutex);
    for (struct running_query *query = running->first; query != NULL; query = query->next) {
        atomic_store(&query->is_cancelled, true);
    }
    pthread_mutex_unlock(&running->mutex);
}

bool running_cancel(struct running *running, const char *id, bool ahead)
{
    bool found = false;
    pthread_mutex_lock(&running->mutex);
    for (struct running_query *query = running->first; query != NULL; query = query->next) {
        if (id[0] != '\0' && strcmp(query->id, id) == 0) {
            atomic_store(&query->is_cancelled, true);
            found = true;
        }
    }
    if (!found && ahead) {
        keep_early(running, id);
    }
    pthread_mutex_unlock(&running->mutex);
    return found;
}
