/*
 * Requests: a head that is taken has one meaning, whatever the pieces in which it came, and so has a body in chunks.
 * And what a proxy says of its client is an address, or nothing.
 */
#include "bridge/chunks.h"
#include "bridge/head.h"
#include "bridge/proxies.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* What was taken must be safe to go on with. */
static void check_head(const struct http_head *head)
{
    check(head->path[0] == '/' || strcmp(head->path, "*") == 0);
    check(strpbrk(head->path, " \t\r\n?#") == NULL && strpbrk(head->method, " \t\r\n") == NULL);
    check(head->is_1_0 || (head->host != NULL && head->host[0] != '\0'));
    check(!head->is_chunked || head->length == 0);
    for (size_t i = 0; i < head->header_count; i++) {
        check(strpbrk(head->headers[i].name, " \t\r\n:") == NULL && strpbrk(head->headers[i].value, "\r\n") == NULL);
    }
}

/* All data of a body that comes in pieces of so many bytes; whether it was one, and what is left behind it. */
static struct text read_all(struct arena *arena, struct text body, size_t at_once, bool *ok, size_t *left)
{
    struct http_chunks chunks = {0};
    struct buffer out = {.arena = arena};
    while (body.size > 0 && chunks.state != CHUNKS_DONE && chunks.state != CHUNKS_BAD) {
        struct text piece = text_slice(body, 0, at_once);
        const size_t before = piece.size;
        buffer_add(&out, http_chunks_read(&chunks, &piece));
        body = text_slice(body, before - piece.size, body.size);
    }
    *ok = chunks.state == CHUNKS_DONE;
    *left = body.size;
    return buffer_text(&out);
}

/* The bytes as what a proxy says, and as the operator's list. */
static void check_proxies(struct arena *arena, struct text bytes)
{
    static const char *const headers[] = {"x-forwarded-for", "forwarded"};
    for (int i = 0; i < 2; i++) {
        struct status status = {.arena = arena};
        struct sockaddr_storage client;
        const struct proxies *const proxies = proxies_read(arena, "10.0.0.0/8,2001:db8::/32", headers[i], &status);
        check(proxies != NULL);
        if (proxies_client(proxies, bytes, &client)) {
            check(client.ss_family == AF_INET || client.ss_family == AF_INET6);
        }
        proxies_by_https(proxies, bytes);
        check(proxies_read(arena, arena_strndup(arena, bytes.data, bytes.size), headers[i], &status) != NULL ||
              status.code != STATUS_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    const struct text bytes = {(const char *)data, size};
    struct http_problem problem = {0};
    struct http_head head;
    const size_t head_size = size == 0 ? 0 : http_head_size(bytes, &problem);
    if (head_size != 0 && head_size != SIZE_MAX) {
        check(head_size <= size);
        check(size == head_size || http_head_size(text_slice(bytes, 0, head_size), &problem) == head_size);
        if (http_head_read(arena, text_slice(bytes, 0, head_size), &head, &problem)) {
            check_head(&head);
        } else {
            check(problem.status >= 400 && problem.message != NULL);
        }
    }
    bool ok[2];
    size_t left[2];
    const struct text one = read_all(arena, bytes, SIZE_MAX, &ok[0], &left[0]);
    const struct text other = read_all(arena, bytes, 1, &ok[1], &left[1]);
    check_proxies(arena, bytes);
    check(ok[0] == ok[1] && (!ok[0] || (text_equal(one, other) && left[0] == left[1])));
    arena_free(arena);
    return 0;
}
