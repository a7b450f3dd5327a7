"""A command in a terminal: its keys, its raw output, and what stands on the screen when it has been drawn."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading

COLUMNS = 100


def screen(raw):
    """The lines of a terminal that knows carriage returns and "erase to the end of the line"; colours are left out."""
    lines, line, column = [], [], 0
    for part in re.findall(r"\x1b\[\?7[lh]|\x1b\[K|\x1b\[[\d;]*m|\r|\n|[^\x1b\r\n]|\x1b", raw):
        if part == "\n":
            lines.append("".join(line).rstrip())
            line, column = [], 0
        elif part == "\r":
            column = 0
        elif part == "\x1b[K":
            del line[column:]
        elif len(part) == 1:
            line[column:column + 1] = [part]
            column += 1
    return lines + ["".join(line).rstrip()] * bool(line)


class Terminal:
    """Starts a command in a terminal of its own; .interrupt() is Ctrl-C."""

    def __init__(self, command, environment, columns=COLUMNS, cwd=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env={"TERM": "xterm", **environment},
                                        start_new_session=True, cwd=cwd, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.pieces = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        try:
            while piece := os.read(self.master, 65536):
                self.pieces.append(piece)
        except OSError:  # the last one who had it open has gone
            pass

    @property
    def raw(self):
        return b"".join(self.pieces).decode("utf-8", "replace")

    @property
    def lines(self):
        return screen(self.raw)

    def interrupt(self):
        os.write(self.master, b"\x03")

    def wait(self, seconds=60):
        """Answers its exit status when it has ended."""
        status = self.process.wait(seconds)
        self.reader.join(60)
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.reader.join(60)
        os.close(self.master)
