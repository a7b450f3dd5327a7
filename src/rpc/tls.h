/*
 * TLS for a door: the bytes are decrypted in front of everything else. TLS 1.2 or newer. Certificates are reloaded when
 * their files change; existing connections keep what they have.
 *
 * Call all functions but tls_door_free on the door's own thread.
 */
#ifndef RPC_TLS_H
#define RPC_TLS_H

#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

/* Files in PEM; borrowed. */
struct tls_files {
    const char *certificate; /* the server's, followed by its chain */
    const char *key;
    const char *client_ca; /* clients must have a certificate of one of these authorities; NULL: clients are not asked
                              for one */
};

struct tls_door;

/* Loads the files. FAILED_PRECONDITION if one cannot be read, or key and certificate do not match. */
struct tls_door *tls_door_new(const struct tls_files *files, struct status *status);
void tls_door_free(struct tls_door *door);

/* The TLS state of one connection. */
struct tls;

/* Begins TLS on a connection; NULL if there is no memory. The descriptor stays the caller's. */
struct tls *tls_new(struct tls_door *door, int fd);
void tls_free(struct tls *tls); /* NULL is fine */

/* As recv and send, errno included; EAGAIN also during the handshake. */
ssize_t tls_receive(struct tls *tls, void *data, size_t size);
ssize_t tls_send(struct tls *tls, const void *data, size_t size);

/* Is the handshake complete? Send nothing before. */
bool tls_is_open(const struct tls *tls);

/* Must it write before it can read? */
bool tls_wants_to_write(const struct tls *tls);

/* Tells the peer that nothing more will be sent. */
void tls_end(struct tls *tls);

#endif
