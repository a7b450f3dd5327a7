/*
 * GnuTLS comes with libraries of Debian's that never use it here: libpq's LDAP, and libmicrohttpd, whose HTTPS our own
 * door serves (rpc/tls.h). As it is loaded it tests its ciphers and opens p11-kit: 1 ms of each start and 0.8 MB of
 * each process (3.7.9). CMakeLists.txt has the linker take this file and show its symbol to libraries.
 */

/* As GNUTLS_SKIP_GLOBAL_INIT of gnutls.h: who needs it starts it himself, as libldap does. */
int _gnutls_global_init_skip(void); /* NOLINT(bugprone-reserved-identifier): its name */

int _gnutls_global_init_skip(void) /* NOLINT(bugprone-reserved-identifier) */
{
    return 1;
}
