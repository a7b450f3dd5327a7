// Which step of connecting to a database has failed, as far as libpq's words tell: each follows the one before.

export const STEPS = [
  { id: "name", label: "Name", why: "the host's name is found", sign: /could not translate host name|Name or service not known|Temporary failure in name resolution/i },
  { id: "server", label: "Server", why: "something answers at its address and port", sign: /Connection refused|no answer in time|timeout expired|No route to host|Network is unreachable|No such file or directory|server closed the connection unexpectedly/i },
  { id: "tls", label: "TLS", why: "the connection is encrypted as wanted", sign: /\bSSL\b|\bTLS\b|certificate/i },
  { id: "login", label: "Login", why: "the user may log in", sign: /authentication failed|pg_hba\.conf|role ".*" does not exist|no password supplied|not permitted to log in/i },
  { id: "database", label: "Database", why: "the database is there and lets the user in", sign: /database ".*" does not exist|permission denied for database|not currently accepting connections/i },
];

/** The number of the step that failed, -1 where the message tells of none. pg_hba.conf speaks of SSL, too: the later step wins. */
export function failedStep(message) {
  if (!/connect/i.test(message)) return -1;
  return STEPS.findLastIndex((step) => step.sign.test(message));
}
