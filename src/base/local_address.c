/*
 * Uses getaddrinfo; all addresses of a name must be loopback addresses.
 */
#include "base/local_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_HOST 255

bool address_cut(const char *address, struct text *host, const char **port)
{
    const char *const colon = strrchr(address, ':');
    *host = text_slice(text_of(address), 0, colon == NULL ? 0 : (size_t)(colon - address));
    if (text_starts_with(*host, "[") && text_ends_with(*host, "]")) {
        *host = text_slice(*host, 1, host->size - 1);
    }
    if (host->size == 0) {
        return false;
    }
    *port = colon + 1;
    const size_t digits = strspn(*port, "0123456789");
    return digits > 0 && (*port)[digits] == '\0' && strtoul(*port, NULL, 10) <= 65535;
}

bool address_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6) {
        const struct in6_addr *const six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
    }
    return address->sa_family == AF_INET &&
           ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
}

/* Does a name or address ("localhost", "127.0.0.1", "::1", with or without brackets) mean only this machine, for all of
 * its addresses? False for "*", "", and unknown names. Asks the resolver. */
static bool host_is_local(struct text host)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char name[LONGEST_HOST + 1];
    if (text_starts_with(host, "[") && text_ends_with(host, "]")) {
        host = text_slice(host, 1, host.size - 1);
    }
    if (host.size == 0 || host.size > LONGEST_HOST || text_is(host, "*")) {
        return false;
    }
    memcpy(name, host.data, host.size);
    name[host.size] = '\0';
    if (getaddrinfo(name, NULL, &hints, &found) != 0) {
        return false;
    }
    bool is_local = found != NULL;
    for (const struct addrinfo *one = found; one != NULL; one = one->ai_next) {
        is_local = is_local && address_is_loopback(one->ai_addr);
    }
    freeaddrinfo(found);
    return is_local;
}

bool url_is_local(const char *url)
{
    const char *const scheme = strstr(url, "://");
    if (strncmp(url, "ipc://", 6) == 0) {
        return true;
    }
    if (scheme == NULL) {
        return false;
    }
    const struct text authority = text_of(scheme + 3);
    const char *const colon = strrchr(authority.data, ':');
    return host_is_local(text_slice(authority, 0, colon == NULL ? authority.size : (size_t)(colon - authority.data)));
}
