/*
 * OpenSSL's error queue belongs to the thread, so errors are read at once.
 */
#include "rpc/tls_client.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/local_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPEN_MS   5000
#define HOST_SIZE 256

struct tls_client {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    short to_read;   /* poll events to wait for before it reads on */
    short to_write;  /* and before it writes on: each may need either */
    char alert[128]; /* why the connection ended */
};

/* ---- what OpenSSL says ---- */

static const char *reason(void)
{
    const char *const text = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return text == NULL ? "it is not one" : text;
}

static bool fail(char trouble[TLS_CLIENT_TROUBLE], const char *what, const char *path)
{
    snprintf(trouble, TLS_CLIENT_TROUBLE, "%s %s cannot be used: %s", what, path, reason());
    return false;
}

static bool load(SSL_CTX *context, const struct tls_trust *trust, char trouble[TLS_CLIENT_TROUBLE])
{
    ERR_clear_error();
    if (trust->ca != NULL ? SSL_CTX_load_verify_locations(context, trust->ca, NULL) != 1
                          : SSL_CTX_set_default_verify_paths(context) != 1) {
        return fail(trouble, "the authority", trust->ca == NULL ? "of the system" : trust->ca);
    }
    if ((trust->certificate == NULL) != (trust->key == NULL)) {
        snprintf(trouble, TLS_CLIENT_TROUBLE, "a certificate needs its key, and a key its certificate");
        return false;
    }
    if (trust->certificate == NULL) {
        return true;
    }
    if (SSL_CTX_use_certificate_chain_file(context, trust->certificate) != 1) {
        return fail(trouble, "the certificate", trust->certificate);
    }
    return (SSL_CTX_use_PrivateKey_file(context, trust->key, SSL_FILETYPE_PEM) == 1 &&
            SSL_CTX_check_private_key(context) == 1) ||
           fail(trouble, "the key", trust->key);
}

static SSL_CTX *context_new(const struct tls_trust *trust, char trouble[TLS_CLIENT_TROUBLE])
{
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        snprintf(trouble, TLS_CLIENT_TROUBLE, "TLS cannot be prepared");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (!load(context, trust, trouble)) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

/* Initialises OpenSSL before a link's thread begins: the end of the process may find that thread inside OpenSSL, so
 * nothing must be torn down then. */
bool tls_client_can(const struct tls_trust *trust, char trouble[TLS_CLIENT_TROUBLE])
{
    OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL);
    SSL_CTX *const context = context_new(trust, trouble);
    SSL_CTX_free(context);
    return context != NULL;
}

/* ---- connecting ---- */

/* Waits for the socket; false with errno when the time is over or `stop` is readable. */
static bool wait_ready(int fd, short events, int stop, int64_t until)
{
    struct pollfd ready[] = {{.fd = stop, .events = POLLIN}, {.fd = fd, .events = events}};
    const int count = poll(ready, 2, deadline_left(until));
    if (count == 0 || (count > 0 && ready[0].revents != 0)) {
        errno = ETIMEDOUT;
    }
    return count > 0 && ready[0].revents == 0;
}

static int connect_one(const struct addrinfo *info, int stop, int64_t until)
{
    const int on = 1;
    int error = 0;
    socklen_t size = sizeof error;
    const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (connect(fd, info->ai_addr, info->ai_addrlen) != 0) {
        error = errno;
        if (error == EINPROGRESS) {
            error = wait_ready(fd, POLLOUT, stop, until) ? 0 : errno;
        }
        if (error == 0) {
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
        }
    }
    if (error != 0) {
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static int connect_to(const char *host, const char *port, int stop, char trouble[TLS_CLIENT_TROUBLE])
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    const int64_t until = deadline_in(OPEN_MS);
    struct addrinfo *found = NULL;
    int fd = -1;
    const int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0) {
        snprintf(trouble, TLS_CLIENT_TROUBLE, "there is no such host (%s)", gai_strerror(error));
        return -1;
    }
    for (const struct addrinfo *one = found; one != NULL && fd < 0; one = one->ai_next) {
        fd = connect_one(one, stop, until);
    }
    if (fd < 0) {
        snprintf(trouble, TLS_CLIENT_TROUBLE, "%s; is truss-worker running?", strerror(errno));
    }
    freeaddrinfo(found);
    return fd;
}

/* ---- greeting ---- */

/* The name or address that the certificate must have. */
static bool expect_host(SSL *ssl, const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

static void explain_greeting(const SSL *ssl, const char *host, char trouble[TLS_CLIENT_TROUBLE])
{
    const long verified = SSL_get_verify_result(ssl);
    const unsigned long code = ERR_peek_last_error();
    const char *const text = ERR_reason_error_string(code);
    if (verified != X509_V_OK) {
        snprintf(trouble, TLS_CLIENT_TROUBLE, "its certificate is not accepted for %s: %s", host,
                 X509_verify_cert_error_string(verified));
    } else {
        snprintf(trouble, TLS_CLIENT_TROUBLE, "TLS failed: %s",
                 text == NULL ? "it closed the connection, and may speak no TLS" : text);
    }
    ERR_clear_error();
}

static bool greet(struct tls_client *client, const char *host, int stop, char trouble[TLS_CLIENT_TROUBLE])
{
    const int64_t until = deadline_in(OPEN_MS);
    for (;;) {
        ERR_clear_error();
        const int result = SSL_connect(client->ssl);
        const int error = SSL_get_error(client->ssl, result);
        if (result == 1) {
            return true;
        }
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            explain_greeting(client->ssl, host, trouble);
            return false;
        }
        if (!wait_ready(client->fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, stop, until)) {
            snprintf(trouble, TLS_CLIENT_TROUBLE, "it does not answer TLS's greeting");
            return false;
        }
    }
}

struct tls_client *tls_client_open(const char *address, const struct tls_trust *trust, int stop,
                                   char trouble[TLS_CLIENT_TROUBLE])
{
    char host[HOST_SIZE];
    struct text name;
    const char *port;
    struct tls_client *const client = memory_alloc(sizeof *client);
    client->fd = -1;
    client->context = context_new(trust, trouble);
    if (client->context != NULL && (!address_cut(address, &name, &port) || name.size >= HOST_SIZE)) {
        snprintf(trouble, TLS_CLIENT_TROUBLE, "it is not HOST:PORT");
    } else if (client->context != NULL) {
        memcpy(host, name.data, name.size);
        host[name.size] = '\0';
        client->fd = connect_to(host, port, stop, trouble);
    }
    client->ssl = client->fd < 0 ? NULL : SSL_new(client->context);
    if (client->ssl != NULL && SSL_set_fd(client->ssl, client->fd) == 1 && expect_host(client->ssl, host) &&
        greet(client, host, stop, trouble)) {
        return client;
    }
    tls_client_close(client);
    return NULL;
}

/* ---- bytes ---- */

/* Translates a failed call into recv's return value and errno. */
static ssize_t outcome(struct tls_client *client, int result, short *wants)
{
    const int error = SSL_get_error(client->ssl, result);
    const char *const text = ERR_reason_error_string(ERR_peek_last_error());
    *wants = error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : 0;
    if (*wants == 0) {
        snprintf(client->alert, sizeof client->alert, "%s", text == NULL ? "it closed the connection" : text);
    }
    ERR_clear_error();
    errno = *wants != 0 ? EAGAIN : ECONNRESET;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

ssize_t tls_client_read(struct tls_client *client, void *data, size_t size)
{
    size_t taken;
    ERR_clear_error();
    const int result = SSL_read_ex(client->ssl, data, size, &taken);
    client->to_read = 0;
    return result == 1 ? (ssize_t)taken : outcome(client, result, &client->to_read);
}

ssize_t tls_client_write(struct tls_client *client, const void *data, size_t size)
{
    size_t taken;
    ERR_clear_error();
    const int result = SSL_write_ex(client->ssl, data, size, &taken);
    client->to_write = 0;
    return result == 1 ? (ssize_t)taken : outcome(client, result, &client->to_write);
}

int tls_client_socket(const struct tls_client *client)
{
    return client->fd;
}

short tls_client_wants(const struct tls_client *client)
{
    return (short)(client->to_read | client->to_write);
}

void tls_client_explain(const struct tls_client *client, char trouble[TLS_CLIENT_TROUBLE])
{
    if (client != NULL && trouble[0] == '\0') {
        snprintf(trouble, TLS_CLIENT_TROUBLE, "the worker ended TLS: %s",
                 client->alert[0] == '\0' ? "it closed the connection" : client->alert);
    }
}

void tls_client_close(struct tls_client *client)
{
    if (client == NULL) {
        return;
    }
    if (client->ssl != NULL && SSL_is_init_finished(client->ssl) != 0) {
        SSL_shutdown(client->ssl);
    }
    ERR_clear_error();
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    if (client->fd >= 0) {
        close(client->fd);
    }
    free(client);
}
