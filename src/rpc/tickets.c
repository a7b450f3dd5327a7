/*
 * A table that is indexed by the low bits of the number.
 */
#include "rpc/tickets.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>

struct tickets {
    pthread_mutex_t mutex;
    struct ticket all[TICKETS_MOST]; /* number 0: free */
    uint32_t last;
};

struct tickets *tickets_new(void)
{
    struct tickets *const tickets = memory_alloc(sizeof *tickets);
    pthread_mutex_init(&tickets->mutex, NULL);
    return tickets;
}

void tickets_free(struct tickets *tickets)
{
    if (tickets != NULL) {
        pthread_mutex_destroy(&tickets->mutex);
        free(tickets);
    }
}

static struct ticket *find(struct tickets *tickets, uint32_t number)
{
    struct ticket *const ticket = &tickets->all[number % TICKETS_MOST];
    return number != 0 && ticket->number == number ? ticket : NULL;
}

uint32_t tickets_take(struct tickets *tickets, const struct ticket *ticket)
{
    uint32_t number = 0;
    pthread_mutex_lock(&tickets->mutex);
    for (size_t i = 0; i < TICKETS_MOST && number == 0; i++) {
        tickets->last = (tickets->last + 1) | 0x80000000U;
        struct ticket *const place = &tickets->all[tickets->last % TICKETS_MOST];
        if (place->number == 0) {
            number = tickets->last;
            *place = *ticket;
            place->number = number;
        }
    }
    pthread_mutex_unlock(&tickets->mutex);
    return number;
}

bool tickets_give(struct tickets *tickets, uint32_t number, struct ticket *given)
{
    pthread_mutex_lock(&tickets->mutex);
    struct ticket *const ticket = find(tickets, number);
    if (ticket != NULL) {
        *given = *ticket;
        ticket->number = 0;
    }
    pthread_mutex_unlock(&tickets->mutex);
    return ticket != NULL;
}

bool tickets_find(struct tickets *tickets, uint32_t number, struct ticket *found)
{
    pthread_mutex_lock(&tickets->mutex);
    const struct ticket *const ticket = find(tickets, number);
    if (ticket != NULL) {
        *found = *ticket;
    }
    pthread_mutex_unlock(&tickets->mutex);
    return ticket != NULL;
}

void tickets_unwanted(struct tickets *tickets, guest_name guest)
{
    pthread_mutex_lock(&tickets->mutex);
    for (size_t i = 0; i < TICKETS_MOST; i++) {
        if (tickets->all[i].number != 0 && tickets->all[i].guest == guest) {
            tickets->all[i].is_wanted = false;
        }
    }
    pthread_mutex_unlock(&tickets->mutex);
}
