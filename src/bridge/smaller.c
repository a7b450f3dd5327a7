/*
 * The packed message is canonical: fields are in the order of their numbers, and there are no maps.
 */
#include "bridge/smaller.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define WORTH_IT   1400 /* bytes: a smaller answer fits into one packet */
#define TAG_DIGITS 32
#define GZIP       (15 + 16) /* zlib's parameter for a 32 kB window and the gzip format */
#define MEMORY     8         /* zlib's default: 256 kB during compression */

/* protobuf-c packs into this in pieces, so that no memory of the message's size is needed; hashing a few bytes at a
 * time would be slow, so they are collected. */
struct digesting {
    ProtobufCBuffer base; /* first, so that a buffer is its digest */
    struct sha256 hash;
    size_t size;
    char piece[4096];
};

static void flush(struct digesting *digesting)
{
    sha256_add(&digesting->hash, (struct text){digesting->piece, digesting->size});
    digesting->size = 0;
}

static void add_piece(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
    struct digesting *const digesting = (struct digesting *)buffer;
    if (size > sizeof digesting->piece - digesting->size) {
        flush(digesting);
    }
    if (size > sizeof digesting->piece) {
        sha256_add(&digesting->hash, (struct text){(const char *)data, size});
        return;
    }
    memcpy(digesting->piece + digesting->size, data, size);
    digesting->size += size;
}

const char *smaller_tag(struct arena *arena, const struct passage *passage, const ProtobufCMessage *message)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    struct digesting digesting = {.base = {.append = add_piece}};
    sha256_start(&digesting.hash);
    protobuf_c_message_pack_to_buffer(message, &digesting.base);
    flush(&digesting);
    sha256_add(&digesting.hash, text_of(TRUSS_VERSION));
    sha256_add(&digesting.hash, text_of(passage->route->pattern));
    for (size_t i = 0; i < passage->fields.count; i++) {
        sha256_add(&digesting.hash, text_of(","));
        sha256_add(&digesting.hash, passage->fields.paths[i]);
    }
    sha256_finish(&digesting.hash, digest);
    sha256_hex(digest, hex);
    return arena_printf(arena, "W/\"%.*s\"", TAG_DIGITS, hex);
}

bool smaller_is_known(const struct passage *passage, const char *tag)
{
    const struct text opaque = text_of(strchr(tag, '"'));
    return text_is(text_trim(passage->known), "*") || text_find(passage->known, opaque.data, 0) != SIZE_MAX;
}

static void *zlib_alloc(void *arena, unsigned count, unsigned size)
{
    return arena_try_alloc(arena, (size_t)count * size);
}

static void zlib_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

bool smaller_gzip(struct arena *arena, struct text text, struct text *packed)
{
    z_stream stream = {.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = arena};
    if (text.size < WORTH_IT || text.size > UINT_MAX / 2 ||
        deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    const size_t most = deflateBound(&stream, text.size);
    char *const out = arena_try_alloc(arena, most);
    if (out == NULL) {
        deflateEnd(&stream);
        return false;
    }
    stream.next_in = (unsigned char *)(uintptr_t)text.data;
    stream.avail_in = (unsigned)text.size;
    stream.next_out = (unsigned char *)out;
    stream.avail_out = (unsigned)most;
    const bool ok = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    *packed = (struct text){out, stream.total_out};
    deflateEnd(&stream);
    return ok;
}
