/*
 * The least that a program of ours can cost: the same libraries, and nothing done with them. Linked once with those of
 * each program (bare_worker, bare_bridge, bare_cli).
 *
 *   bare idle            says that it is there, and waits to be ended
 *   bare status WORKER   asks for the status by nng alone, and writes as many bytes as came
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As the programs have it: src/base/gnutls.c and src/bridge/main.c. */
int _gnutls_global_init_skip(void); /* NOLINT(bugprone-reserved-identifier): its name */
int gnutls_global_init(void);

int _gnutls_global_init_skip(void) /* NOLINT(bugprone-reserved-identifier) */
{
    return 1;
}

int gnutls_global_init(void)
{
    return 0;
}

#ifdef HAS_NNG
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

/* The envelope of a request without a payload: its method, and 60,000 ms. */
static const char request[] = "\x0a\x2e/truss.migration.v1.MigrationService/GetStatus\x18\xe0\xd4\x03";

static int status(const char *url)
{
    nng_socket socket;
    nng_msg *message = NULL;
    if (nng_req0_open(&socket) != 0 || nng_dial(socket, url, NULL, 0) != 0 || nng_msg_alloc(&message, 0) != 0 ||
        nng_msg_append(message, request, sizeof request - 1) != 0 ||
        nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0) != 0 || nng_sendmsg(socket, message, 0) != 0 ||
        nng_recvmsg(socket, &message, 0) != 0) {
        return 1;
    }
    return fwrite(nng_msg_body(message), 1, nng_msg_len(message), stdout) > 1000 && fflush(stdout) == 0 ? 0 : 1;
}
#endif

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "idle") == 0) {
        puts("ready");
        fflush(stdout);
        pause();
        return 0;
    }
#ifdef HAS_NNG
    if (argc == 3 && strcmp(argv[1], "status") == 0) {
        return status(argv[2]);
    }
#endif
    fprintf(stderr, "usage: bare idle | status WORKER\n");
    return 1;
}
