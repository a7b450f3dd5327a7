/*
 * How a sanitized program is told to be quick.
 *
 * What the leak check of a sanitized program scans when the program ends. It looks for pointers in the variables of
 * every library, also of the sanitizers' own: libasan and libubsan have 12 MB of them, which nothing else touches, and
 * each of those 3,000 pages costs a page fault. That is half of the time of a program, or of a test's process, that
 * does little else. They hold no pointers to a program's memory, so this leaves them out.
 *
 * The check lists libraries by dl_iterate_phdr(), from inside another call of it that stops all threads. All other
 * callers get the whole list.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef int look_at(struct dl_phdr_info *info, size_t size, void *data);

struct listing {
    look_at *look;
    void *data;
    bool is_nested;
};

static int (*listed)(look_at *look, void *data);
static atomic_int depth; /* of all threads: two at once only miss what they do not look for */

/* Before there are threads, and none of them is stopped in the loader. */
__attribute__((constructor)) static void find(void)
{
    void *const symbol = dlsym(RTLD_NEXT, "dl_iterate_phdr");
    memcpy(&listed, &symbol, sizeof listed);
}

/* Undefined behaviour is an instruction that no processor has (CMakeLists.txt): the place of that is to be said as of
 * any other fault. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "handle_sigill=1";
}

static int leave_out(struct dl_phdr_info *info, size_t size, void *data)
{
    const struct listing *const listing = data;
    const bool is_runtime =
        strstr(info->dlpi_name, "/libasan.so") != NULL || strstr(info->dlpi_name, "/libubsan.so") != NULL;
    return listing->is_nested && is_runtime ? 0 : listing->look(info, size, listing->data);
}

int dl_iterate_phdr(look_at *look, void *data)
{
    if (listed == NULL) {
        find();
    }
    struct listing listing = {look, data, atomic_fetch_add(&depth, 1) > 0};
    const int last = listed(leave_out, &listing);
    atomic_fetch_sub(&depth, 1);
    return last;
}
