/*
 * Each proxy appends the client that it got the request from. So the list is read from its end: our proxies' entries
 * are there, and what a client sent precedes them.
 */
#include "bridge/proxies.h"

#include "base/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#define ADDRESS_BYTES 16

/* An IPv6 address, with IPv4 mapped into it; for a network the number of significant bits. */
struct network {
    unsigned char bytes[ADDRESS_BYTES];
    unsigned bits;
};

struct proxies {
    struct network networks[LIMIT_PROXIES];
    size_t count;
    bool is_standard; /* the header is Forwarded */
};

/* ---- addresses ---- */

static bool read_address(struct text text, struct network *network)
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    char address[INET6_ADDRSTRLEN];
    if (text.size == 0 || text.size >= sizeof address) {
        return false;
    }
    memcpy(address, text.data, text.size);
    address[text.size] = '\0';
    network->bits = ADDRESS_BYTES * 8;
    if (inet_pton(AF_INET, address, network->bytes + sizeof mapped) == 1) {
        memcpy(network->bytes, mapped, sizeof mapped);
        return true;
    }
    return inet_pton(AF_INET6, address, network->bytes) == 1;
}

static bool is_four(const struct network *network)
{
    struct in6_addr six;
    memcpy(six.s6_addr, network->bytes, sizeof six.s6_addr);
    return IN6_IS_ADDR_V4MAPPED(&six);
}

static struct network network_of(const struct sockaddr *address)
{
    struct network network = {.bytes = {[10] = 0xFF, [11] = 0xFF}, .bits = ADDRESS_BYTES * 8};
    if (address->sa_family == AF_INET) {
        memcpy(network.bytes + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        memcpy(network.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, ADDRESS_BYTES);
    } else {
        network.bits = 0; /* invalid */
    }
    return network;
}

static void write_address(const struct network *network, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    if (is_four(network)) {
        struct sockaddr_in *const four = (struct sockaddr_in *)(void *)address;
        four->sin_family = AF_INET;
        memcpy(&four->sin_addr, network->bytes + 12, 4);
    } else {
        struct sockaddr_in6 *const six = (struct sockaddr_in6 *)(void *)address;
        six->sin6_family = AF_INET6;
        memcpy(&six->sin6_addr, network->bytes, ADDRESS_BYTES);
    }
}

static bool is_in(const struct network *network, const struct network *one)
{
    const unsigned whole = network->bits / 8;
    const unsigned rest = network->bits % 8;
    const unsigned char mask = (unsigned char)(0xFF00U >> rest);
    return memcmp(network->bytes, one->bytes, whole) == 0 &&
           (rest == 0 || ((network->bytes[whole] ^ one->bytes[whole]) & mask) == 0);
}

static bool have(const struct proxies *proxies, const struct network *one)
{
    for (size_t i = 0; i < proxies->count; i++) {
        if (is_in(&proxies->networks[i], one)) {
            return true;
        }
    }
    return false;
}

/* ---- the operator's list ---- */

/* The 24 of a network, for addresses of `most` bits; false unless it is a number from 1 to that. */
static bool read_bits(struct text text, unsigned most, unsigned *bits)
{
    *bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || *bits > most) {
            return false;
        }
        *bits = *bits * 10 + (unsigned)(text.data[i] - '0');
    }
    return *bits > 0 && *bits <= most;
}

static bool read_network(struct text text, struct network *network)
{
    const size_t slash = text_find(text, "/", 0);
    unsigned bits;
    if (!read_address(text_slice(text, 0, slash), network)) {
        return false;
    }
    const unsigned before = is_four(network) ? 96 : 0;
    if (slash == SIZE_MAX) {
        return true;
    }
    if (!read_bits(text_slice(text, slash + 1, text.size), ADDRESS_BYTES * 8 - before, &bits)) {
        return false;
    }
    network->bits = before + bits;
    return true;
}

struct proxies *proxies_read(struct arena *arena, const char *list, const char *header, struct status *status)
{
    struct proxies *const proxies = arena_alloc(arena, sizeof *proxies);
    struct text rest = text_of(list);
    *proxies = (struct proxies){.is_standard = strcasecmp(header, "forwarded") == 0};
    do {
        const size_t comma = text_find(rest, ",", 0);
        const struct text one = text_trim(text_slice(rest, 0, comma));
        if (proxies->count == LIMIT_PROXIES || !read_network(one, &proxies->networks[proxies->count])) {
            status_fail(
                status, STATUS_INVALID_ARGUMENT,
                "--trusted-proxy takes 1 to %d addresses or networks, as in 127.0.0.1,10.0.0.0/8,2001:db8::/32; "
                "\"%.*s\" is none, or one too many.",
                LIMIT_PROXIES, (int)(one.size > 60 ? 60 : one.size), one.size == 0 ? "" : one.data);
            return NULL;
        }
        proxies->count++;
        rest = comma == SIZE_MAX ? (struct text){0} : text_slice(rest, comma + 1, rest.size);
    } while (rest.size > 0);
    return proxies;
}

bool proxies_have(const struct proxies *proxies, const struct sockaddr *address)
{
    const struct network one = network_of(address);
    return proxies != NULL && one.bits > 0 && have(proxies, &one);
}

const char *proxies_header(const struct proxies *proxies)
{
    return proxies->is_standard ? "Forwarded" : "X-Forwarded-For";
}

const char *proxies_scheme_header(const struct proxies *proxies)
{
    return proxies->is_standard ? "Forwarded" : "X-Forwarded-Proto";
}

/* ---- a request's header ---- */

/* Takes the last item off the list. Unclosed quotes before it, which a client may send, are ignored. has_quotes: commas
 * inside quotes belong to an item (RFC 7239: a value may contain one). Returns false if nothing is left. */
static bool take_last(struct text *list, bool has_quotes, struct text *item)
{
    bool is_quoted = false;
    size_t begin = list->size;
    if (list->data == NULL) {
        return false;
    }
    for (; begin > 0; begin--) {
        const char byte = list->data[begin - 1];
        const bool is_escaped = begin > 1 && list->data[begin - 2] == '\\';
        if (has_quotes && byte == '"' && !is_escaped) {
            is_quoted = !is_quoted;
        } else if (byte == ',' && !is_quoted) {
            break;
        }
    }
    *item = text_trim(text_slice(*list, begin, list->size));
    *list = begin == 0 ? (struct text){0} : text_slice(*list, 0, begin - 1);
    return true;
}

/* Where the first pair of an item ends: at a ";" outside of quotes. */
static size_t end_of_pair(struct text item)
{
    bool is_quoted = false;
    for (size_t i = 0; i < item.size; i++) {
        if (is_quoted && item.data[i] == '\\') {
            i++;
        } else if (item.data[i] == '"') {
            is_quoted = !is_quoted;
        } else if (item.data[i] == ';' && !is_quoted) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* The value of a name in "for=192.0.2.60;proto=http", unquoted; size 0 if it is missing. */
static struct text parameter_of(struct text item, const char *name)
{
    while (item.size > 0) {
        const size_t end = end_of_pair(item);
        const struct text pair = text_trim(text_slice(item, 0, end));
        const size_t equals = text_find(pair, "=", 0);
        struct text value = equals == SIZE_MAX ? (struct text){0} : text_slice(pair, equals + 1, pair.size);
        if (text_is_nocase(text_slice(pair, 0, equals), name)) {
            const bool is_quoted = value.size >= 2 && text_starts_with(value, "\"") && text_ends_with(value, "\"");
            return is_quoted ? text_slice(value, 1, value.size - 1) : value;
        }
        item = end == SIZE_MAX ? (struct text){0} : text_slice(item, end + 1, item.size);
    }
    return (struct text){0};
}

/* "192.0.2.60", "192.0.2.60:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711". */
static bool read_node(struct text node, struct network *one)
{
    const size_t colon = text_find(node, ":", 0);
    if (text_starts_with(node, "[")) {
        const size_t bracket = text_find(node, "]", 0);
        const struct text rest = text_slice(node, bracket == SIZE_MAX ? node.size : bracket + 1, node.size);
        return bracket != SIZE_MAX && (rest.size == 0 || rest.data[0] == ':') &&
               read_address(text_slice(node, 1, bracket), one);
    }
    const bool has_port = colon != SIZE_MAX && text_find(node, ":", colon + 1) == SIZE_MAX;
    return read_address(text_slice(node, 0, has_port ? colon : node.size), one);
}

bool proxies_client(const struct proxies *proxies, struct text list, struct sockaddr_storage *client)
{
    struct network found = {.bits = 0};
    struct text item;
    for (size_t i = 0; i < LIMIT_PROXIES && take_last(&list, proxies->is_standard, &item); i++) {
        struct network one;
        const struct text node = proxies->is_standard ? parameter_of(item, "for") : item;
        if (!read_node(node, &one)) {
            break; /* "unknown" or invalid: earlier entries are not trustworthy */
        }
        found = one;
        if (!have(proxies, &one)) {
            break;
        }
    }
    if (found.bits > 0) {
        write_address(&found, client);
    }
    return found.bits > 0;
}

bool proxies_by_https(const struct proxies *proxies, struct text list)
{
    struct text item;
    return take_last(&list, proxies->is_standard, &item) &&
           text_is_nocase(proxies->is_standard ? parameter_of(item, "proto") : item, "https");
}
