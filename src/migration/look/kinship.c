#include "migration/look/kinship.h"

#include "framework/core/file_index.h"
#include "migration/look/checksums.h"

#include <string.h>

#define DIGITS_OF_A_DAY 8 /* "20240131": no counter gets that far */
#define LETTERS         3 /* that make a name of a number followed by something */

/* Does the key contain a date? */
static bool has_date(const char *key)
{
    size_t digits = 0;
    for (; *key != '\0' && digits < DIGITS_OF_A_DAY; key++) {
        digits = *key >= '0' && *key <= '9' ? digits + 1 : 0;
    }
    return digits == DIGITS_OF_A_DAY;
}

static bool has_name(const char *key)
{
    size_t letters = 0;
    for (; *key != '\0' && letters < LETTERS; key++) {
        letters += (*key >= 'a' && *key <= 'z') || (*key >= 'A' && *key <= 'Z') || (unsigned char)*key >= 0x80 ? 1 : 0;
    }
    return letters == LETTERS;
}

/* The file's checksum; NULL if there is nothing to compare. A file that cannot be read is compared by its key. */
static const char *checksum_of(const struct looking *looking, const struct folder *folder,
                               const struct migration_file *file)
{
    struct status unread = {.arena = looking->request->arena};
    const struct checksum_of of = {looking->request->arena, folder, file, &unread};
    const char *checksum = NULL;
    return checksums_get(looking->request->site->checksums, &of, &checksum) ? checksum : NULL;
}

static void add_known(const struct looking *looking, const struct source *source, const struct migration_file *file,
                      const struct ledger_entry *entry, struct kinship *kinship)
{
    const char *const key = ledger_entry_key(entry);
    const char *const checksum = entry->checksum == NULL ? NULL : checksum_of(looking, &source->folder, file);
    kinship->dated += has_date(key) ? 1 : 0;
    if (checksum != NULL && strcmp(checksum, entry->checksum) == 0) {
        kinship->same++;
    } else if (checksum != NULL && !file->repeatable) {
        kinship->differs++;
    } else if (has_date(key)) {
        kinship->same++;
    } else if (has_name(key)) {
        kinship->named++;
    } else {
        kinship->weak++;
    }
}

static void count_known(const struct looking *looking, const struct source *source, const struct migration_files *files,
                        const struct ledger_entries *entries, struct kinship *kinship)
{
    struct file_index index = file_index_of(looking->request->arena, files);
    for (size_t i = 0; i < entries->count; i++) {
        const struct ledger_entry *const entry = &entries->items[i];
        if (entry->state == ENTRY_ROLLED_BACK || entry->baseline) {
            continue;
        }
        const struct migration_file *const file = file_index_find(&index, ledger_entry_key(entry));
        if (file != NULL) {
            add_known(looking, source, file, entry, kinship);
        } else {
            kinship->others++;
        }
    }
}

bool kinship_find_of(const struct looking *looking, const struct source *source, const struct migration_files *files,
                     const struct source *other, struct kinship *kinship)
{
    static const struct migration_files none = {0};
    struct ledger ledger = other->ledger;
    ledger.as_read = other->as_read;
    struct ledger_reading reading = {
        .arena = looking->request->arena,
        .session = looking->session,
        .status = looking->request->status,
        .ledger = &ledger,
        .folder = other == source ? &source->folder : NULL,
        .files = other == source ? files : &none, /* a framework fills in what it reads of its own files */
    };
    *kinship = (struct kinship){0};
    if (!framework_read_ledger(other->framework, &reading)) {
        return false;
    }
    count_known(looking, source, files, &reading.entries, kinship);
    return true;
}

bool kinship_find(const struct looking *looking, const struct source *source, struct kinship *kinship)
{
    struct migration_files files = {0};
    return framework_list(looking->request->arena, &source->folder, &files, looking->request->status) &&
           kinship_find_of(looking, source, &files, source, kinship);
}

size_t kinship_known(const struct kinship *kinship)
{
    return kinship->same + kinship->named + kinship->weak + kinship->differs;
}

bool kinship_is_same(const struct kinship *kinship)
{
    return (kinship->same > 0 || kinship->named > 1) && kinship->differs == 0 && kinship->others == 0;
}

bool kinship_is_none(const struct kinship *kinship)
{
    return kinship->same + kinship->named + kinship->weak == 0;
}
