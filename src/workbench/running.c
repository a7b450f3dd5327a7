/*
 * A list: there are as many queries as threads.
 */
#include "workbench/running.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct running {
    pthread_mutex_t mutex;
    struct running_query *first;
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

void running_enter(struct running *running, struct running_query *query, const char *id)
{
    query->id = id;
    atomic_init(&query->is_cancelled, false);
    pthread_mutex_lock(&running->mutex);
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

bool running_cancel(struct running *running, const char *id)
{
    bool found = false;
    pthread_mutex_lock(&running->mutex);
    for (struct running_query *query = running->first; query != NULL; query = query->next) {
        if (id[0] != '\0' && strcmp(query->id, id) == 0) {
            atomic_store(&query->is_cancelled, true);
            found = true;
        }
    }
    pthread_mutex_unlock(&running->mutex);
    return found;
}
