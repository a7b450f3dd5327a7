/*
 * The bridge reads certificates again when they change, and nothing else: it writes no file and starts nothing.
 */
#include "bridge/walls.h"

#include "base/sandbox.h"

bool walls_enter(const struct options *options, struct status *status)
{
    const enum sandbox_mode mode = sandbox_mode_of(options->sandbox);
    const char *const files[] = {options->tls_cert,  options->tls_key,     options->tls_client_ca,
                                 options->worker_ca, options->worker_cert, options->worker_key};
    struct sandbox_paths paths = {.arena = status->arena};
    sandbox_allow_usual(&paths, mode);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        sandbox_allow_beside(&paths, files[i]);
    }
    return sandbox_enter(mode, SANDBOX_STARTS_NOTHING, &paths, status);
}
