/*
 * What a client of TLS has of certificates.
 */
#ifndef RPC_TLS_TRUST_H
#define RPC_TLS_TRUST_H

/* Whom we trust and who we are: paths of PEM files, each may be NULL. */
struct tls_trust {
    const char *ca;          /* signs the worker's certificate; NULL: the system's authorities */
    const char *certificate; /* our own, for a worker that asks for one */
    const char *key;         /* the key of that certificate */
};

#endif
