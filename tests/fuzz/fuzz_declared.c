/*
 * A project's truss.toml: the frameworks that it declares are refused with file and line, or are whole: what
 * src/migration asks of a framework is there.
 */
#include "framework/declared/declared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[64];

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void tidy_up(void)
{
    char name[sizeof root + sizeof "/truss.toml"];
    snprintf(name, sizeof name, "%s/truss.toml", root);
    unlink(name);
    rmdir(root);
}

static void write_file(const uint8_t *data, size_t size)
{
    char name[sizeof root + sizeof "/truss.toml"];
    if (root[0] == '\0') {
        snprintf(root, sizeof root, "/tmp/truss-fuzz-declared-XXXXXX");
        must(mkdtemp(root) != NULL && atexit(tidy_up) == 0);
    }
    snprintf(name, sizeof name, "%s/truss.toml", root);
    FILE *const file = fopen(name, "w");
    must(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void look(struct arena *arena, const struct framework *framework)
{
    const struct ledger ledger = {.schema = "s", .table = framework->ledger.shapes[0].table};
    const struct folder folder = {.framework = framework, .root = root, .base = "", .path = "m"};
    const struct migration_file file = {.name = "1_a", .filename = "1_a.sql", .path = "m/1_a.sql", .version = "1"};
    int64_t keys[MOST_ADVISORY_KEYS];
    must(framework->id[0] != '\0' && framework->display_name != NULL && framework->declared_at != NULL);
    must(framework->ledger.read != NULL && framework->folder.places[0] != NULL && framework->folder.files != NULL);
    must(framework->folder.places[0][0] != '/');
    must(framework_advisory_locks(framework, &ledger, "d", keys) <= MOST_ADVISORY_KEYS);
    if (framework_has_checksum(framework)) {
        framework_checksum(arena, &folder, &file, text_of("SELECT 1;"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct framework *const *all;
    write_file(data, size);
    if (!declared_frameworks(arena, root, &all, &status)) {
        must(status.code != STATUS_OK && text_is_utf8(text_of(status.message), NULL));
    } else {
        for (size_t i = 0; all[i] != NULL && all[i]->declared_at != NULL; i++) {
            look(arena, all[i]);
        }
    }
    arena_free(arena);
    return 0;
}
