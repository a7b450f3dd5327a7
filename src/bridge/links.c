/*
 * A list: there are as many links as clients with a request under way.
 */
#include "bridge/links.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>

struct link {
    struct link *next;
    int fd;
    guest_name client;
    bool is_taken; /* the server has it: another link may get the same descriptor later */
    bool has_gone;
    link_left *left;
    void *context;
};

struct links {
    pthread_mutex_t mutex;
    struct link *first;
};

struct links *links_new(void)
{
    struct links *const links = memory_alloc(sizeof *links);
    pthread_mutex_init(&links->mutex, NULL);
    return links;
}

void links_free(struct links *links)
{
    if (links == NULL) {
        return;
    }
    while (links->first != NULL) {
        links_drop(links, links->first);
    }
    pthread_mutex_destroy(&links->mutex);
    free(links);
}

struct link *links_add(struct links *links, int fd, guest_name client)
{
    struct link *const link = memory_alloc(sizeof *link);
    pthread_mutex_lock(&links->mutex);
    *link = (struct link){.next = links->first, .fd = fd, .client = client};
    links->first = link;
    pthread_mutex_unlock(&links->mutex);
    return link;
}

struct link *links_take(struct links *links, int fd)
{
    pthread_mutex_lock(&links->mutex);
    struct link *link = links->first;
    while (link != NULL && (link->fd != fd || link->is_taken)) {
        link = link->next;
    }
    if (link != NULL) {
        link->is_taken = true;
    }
    pthread_mutex_unlock(&links->mutex);
    return link;
}

void links_drop(struct links *links, struct link *link)
{
    pthread_mutex_lock(&links->mutex);
    for (struct link **at = &links->first; *at != NULL; at = &(*at)->next) {
        if (*at == link) {
            *at = link->next;
            break;
        }
    }
    pthread_mutex_unlock(&links->mutex);
    free(link);
}

guest_name link_client(const struct link *link)
{
    return link->client;
}

bool links_watch(struct links *links, struct link *link, link_left *left, void *context)
{
    pthread_mutex_lock(&links->mutex);
    const bool is_here = !link->has_gone;
    if (is_here) {
        link->left = left;
        link->context = context;
    }
    pthread_mutex_unlock(&links->mutex);
    return is_here;
}

void links_unwatch(struct links *links, struct link *link)
{
    pthread_mutex_lock(&links->mutex);
    link->left = NULL;
    pthread_mutex_unlock(&links->mutex);
}

void links_gone(struct links *links, guest_name client)
{
    pthread_mutex_lock(&links->mutex);
    for (struct link *link = links->first; link != NULL; link = link->next) {
        if (link->client == client) {
            link_left *const left = link->left;
            link->has_gone = true;
            link->left = NULL;
            if (left != NULL) {
                left(link->context);
            }
        }
    }
    pthread_mutex_unlock(&links->mutex);
}
