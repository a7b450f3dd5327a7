/*
 * GnuTLS is loaded with Debian libraries that do not use it here: libpq's LDAP, and libmicrohttpd, whose HTTPS is
 * replaced by our own door (rpc/tls.h). When loaded it tests its ciphers and opens p11-kit: 1 ms at each start and 0.8
 * MB in each process (3.7.9). CMakeLists.txt makes the linker keep this file and export its symbol.
 */

/* Like GNUTLS_SKIP_GLOBAL_INIT in gnutls.h: users such as libldap initialise it themselves. */
int _gnutls_global_init_skip(void); /* NOLINT(bugprone-reserved-identifier): its name */

int _gnutls_global_init_skip(void) /* NOLINT(bugprone-reserved-identifier) */
{
    return 1;
}
