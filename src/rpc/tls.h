/*
 * TLS for a door: it ends in front of everything else, so that what is behind sees plain bytes. TLS 1.2 at least.
 * Certificates are read again when their files change: who came before keeps what it has.
 *
 * All functions but tls_door_free are for the door's own thread.
 */
#ifndef RPC_TLS_H
#define RPC_TLS_H

#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

/* Files in PEM; borrowed. */
struct tls_files {
    const char *certificate; /* the server's, behind it those that lead to its root */
    const char *key;
    const char *client_ca; /* who is let in has a certificate of one of these; NULL: nobody is asked for one */
};

struct tls_door;

/* FAILED_PRECONDITION where a file cannot be read, or key and certificate are not of one pair. */
struct tls_door *tls_door_new(const struct tls_files *files, struct status *status);
void tls_door_free(struct tls_door *door);

/* One connection's. */
struct tls;

/* NULL where there is no memory for it. The descriptor stays the caller's. */
struct tls *tls_new(struct tls_door *door, int fd);
void tls_free(struct tls *tls); /* NULL is fine */

/* As recv and send do it, errno included; EAGAIN also while the two sides are still greeting each other. */
ssize_t tls_receive(struct tls *tls, void *data, size_t size);
ssize_t tls_send(struct tls *tls, const void *data, size_t size);

/* Has the greeting come to its end? Nothing may be sent before. */
bool tls_is_open(const struct tls *tls);

/* Must something be written before it can be read from? */
bool tls_wants_to_write(const struct tls *tls);

/* Says that nothing more is sent. */
void tls_end(struct tls *tls);

#endif
