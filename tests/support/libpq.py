"""SQL in this process, by libpq: what psql would answer, without the cost of starting it. It takes only scripts that are easily cut
into statements; psql has the others (see cluster.py)."""
import ctypes
import re
import select

_lib = ctypes.CDLL("libpq.so.5")
for _name, _kind, *_arguments in (
        ("PQconnectdb", ctypes.c_void_p, ctypes.c_char_p), ("PQfinish", None, ctypes.c_void_p), ("PQstatus", ctypes.c_int, ctypes.c_void_p),
        ("PQerrorMessage", ctypes.c_char_p, ctypes.c_void_p), ("PQsocket", ctypes.c_int, ctypes.c_void_p),
        ("PQsendQuery", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p), ("PQconsumeInput", ctypes.c_int, ctypes.c_void_p),
        ("PQisBusy", ctypes.c_int, ctypes.c_void_p), ("PQgetResult", ctypes.c_void_p, ctypes.c_void_p), ("PQclear", None, ctypes.c_void_p),
        ("PQresultStatus", ctypes.c_int, ctypes.c_void_p), ("PQresultErrorMessage", ctypes.c_char_p, ctypes.c_void_p),
        ("PQntuples", ctypes.c_int, ctypes.c_void_p), ("PQnfields", ctypes.c_int, ctypes.c_void_p),
        ("PQgetisnull", ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int),
        ("PQgetlength", ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int),
        ("PQgetvalue", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int),
        ("PQtransactionStatus", ctypes.c_int, ctypes.c_void_p),
        ("PQsetNoticeProcessor", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)):
    getattr(_lib, _name).restype = _kind
    getattr(_lib, _name).argtypes = _arguments
_silent = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(lambda *_: None)
OK, EMPTY, COMMAND_OK, TUPLES_OK = 0, 0, 1, 2
IDLE = 0

PIECE = re.compile(r"""'(?:[^']|'')*' | "[^"]*" | --[^\n]* | \$(\w*)\$.*?\$\1\$ | [;()] | [^'"$;()\\-]+ | .""", re.S | re.X)
# What has a semicolon of its own inside, or makes the quotes mean something else; a backslash speaks to psql, but not inside of quotes.
NOT_OURS = re.compile(r"\be'|/\*|\bcopy\b|\batomic\b|\bstandard_conforming_strings\b", re.I)


class Failed(Exception):
    """The server, or libpq, refused; `rows` is what had come before."""

    def __init__(self, message, rows=()):
        super().__init__(message)
        self.rows = list(rows)


def statements(script):
    """The statements of a script; None where that is not easily said."""
    if NOT_OURS.search(script):
        return None
    found, depth = [""], 0
    for piece in PIECE.finditer(script):
        word = piece[0]
        depth += (word == "(") - (word == ")")
        if word == ";" and depth != 0 or word == "\\":
            return None
        if word == ";":
            found.append("")
        elif not word.startswith("--"):
            found[-1] += word
    return [one for one in found if one.strip()]


def rows_of(result):
    def value(row, column):
        if _lib.PQgetisnull(result, row, column):
            return None
        return ctypes.string_at(_lib.PQgetvalue(result, row, column), _lib.PQgetlength(result, row, column)).decode()
    return [tuple(value(row, column) for column in range(_lib.PQnfields(result))) for row in range(_lib.PQntuples(result))]


def execute(connection, statement, seconds):
    """The rows of one statement. Waits in Python, so that a test can be told to end meanwhile."""
    if not _lib.PQsendQuery(connection, statement.encode()):
        raise Failed(_lib.PQerrorMessage(connection).decode())
    rows, failure = [], None
    while True:
        while _lib.PQisBusy(connection):
            if not select.select([_lib.PQsocket(connection)], [], [], seconds)[0]:
                raise Failed(f"no answer in {seconds} s: {statement}")
            if not _lib.PQconsumeInput(connection):
                break
        result = _lib.PQgetResult(connection)
        if not result:
            break
        if _lib.PQresultStatus(result) == TUPLES_OK:
            rows += rows_of(result)
        elif _lib.PQresultStatus(result) not in (EMPTY, COMMAND_OK):
            failure = failure or _lib.PQresultErrorMessage(result).decode()
        _lib.PQclear(result)
    if failure is not None:
        raise Failed(failure, rows)
    return rows


class Session:
    """A connection that stays. Raises Failed where there is none."""

    def __init__(self, conninfo):
        self.connection = _lib.PQconnectdb(conninfo.encode())
        if self.is_lost():
            message = _lib.PQerrorMessage(self.connection).decode()
            self.close()
            raise Failed(message)
        _lib.PQsetNoticeProcessor(self.connection, ctypes.cast(_silent, ctypes.c_void_p), None)

    def is_lost(self):
        return _lib.PQstatus(self.connection) != OK

    def execute(self, statement, seconds=120):
        return execute(self.connection, statement, seconds)

    def run(self, scripts, seconds=120):
        """Runs statements one by one; all rows. Raises Failed at the first that fails."""
        rows = []
        for statement in scripts:
            try:
                rows += self.execute(statement, seconds)
            except Failed as failed:
                raise Failed(str(failed), rows + failed.rows) from None
        return rows

    def has_ended(self):
        """Has the server said something to a session that asked nothing? That is its end."""
        return self.is_lost() or bool(select.select([_lib.PQsocket(self.connection)], [], [], 0)[0])

    def begin_anew(self):
        """As one that has just come; false where it is lost."""
        try:
            if _lib.PQtransactionStatus(self.connection) != IDLE:
                self.execute("ROLLBACK")
            self.execute("DISCARD ALL")
            return True
        except Failed:
            return False

    def close(self):
        _lib.PQfinish(self.connection)


def query(conninfo, scripts, seconds=120):
    """Runs statements one by one in a session of its own; all rows. Raises Failed at the first that fails."""
    session = Session(conninfo)
    try:
        return session.run(scripts, seconds)
    finally:
        session.close()
