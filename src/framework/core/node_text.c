/*
 * Each byte that begins no character, or a character that is cut off, becomes one U+FFFD (WHATWG Encoding, UTF-8
 * decoder; compared with Node).
 */
#include "framework/core/node_text.h"

#include "framework/core/file_checksum.h"

#include <string.h>

/* The size of what is not UTF-8 at the beginning, which is read as one U+FFFD: a byte, or a character that is cut off.
 */
static size_t size_of_broken(struct text content)
{
    const unsigned char *const bytes = (const unsigned char *)content.data;
    const unsigned char lowest = bytes[0] == 0xE0 ? 0xA0 : bytes[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char highest = bytes[0] == 0xED ? 0x9F : bytes[0] == 0xF4 ? 0x8F : 0xBF;
    const size_t most = bytes[0] < 0xC2 || bytes[0] > 0xF4 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
    size_t size = 1;
    while (size < most && size < content.size && bytes[size] >= (size == 1 ? lowest : 0x80) &&
           bytes[size] <= (size == 1 ? highest : 0xBF)) {
        size++;
    }
    return size;
}

struct text node_text(struct arena *arena, struct text content)
{
    struct buffer out = {.arena = arena};
    size_t bad = 0;
    if (text_is_utf8(content, NULL)) {
        return content;
    }
    while (!text_is_utf8(content, &bad)) {
        buffer_add(&out, text_slice(content, 0, bad));
        buffer_puts(&out, "\xEF\xBF\xBD");
        const size_t next = bad + size_of_broken(text_slice(content, bad, content.size));
        content = text_slice(content, next, content.size);
    }
    buffer_add(&out, content);
    return buffer_text(&out);
}

const char *node_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                          struct text content)
{
    (void)folder;
    (void)file;
    return digest_hex_of(arena, "SHA256", node_text(arena, content));
}

bool node_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                        const char **checksum, struct status *status)
{
    static const struct file_checksum whole = {.digest = "SHA256"};
    (void)folder;
    return file_checksum(arena, &whole, file->path, checksum, status);
}

bool node_checksum_matches(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                           const char *stored, struct text content)
{
    return strcmp(node_checksum(arena, folder, file, content), stored) == 0;
}
