"""truss demo: what it promises to show, and the README's picture, which is taken of it.

TRUSS_WRITE_PICTURE   not empty: take the picture anew
"""
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium
from chromium import Page, harness
from harness import Http, wait_for

PICTURE = os.path.join(harness.ROOT, "src", "bridge", "panel", "console.png")

setUpModule = chromium.start
tearDownModule = chromium.stop


class Demo(Page):
    def demo(self):
        """Starts it; answers its bridge, and the process with its text so far in .text()."""
        state = tempfile.mkdtemp(prefix="truss-state-")
        os.chmod(state, 0o755)
        self.addCleanup(harness.shutil.rmtree, state, True)
        process = subprocess.Popen([os.path.join(harness.BIN, "truss"), "demo", "--listen", "127.0.0.1:0", "--worker-listen", "tcp://127.0.0.1:0", "--pg-bin", harness.PG_BIN],
                                   text=True, env=harness.clean_environment({"XDG_STATE_HOME": state}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True)
        reader.start()
        self.addCleanup(process.stdout.close)
        self.addCleanup(reader.join, 60)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_for(lambda: "Ctrl-C" in "".join(lines) or process.poll() is not None, 120)
        self.assertIsNone(process.poll(), "".join(lines))
        return Http(re.search(r"http://127\.0\.0\.1:\d+", "".join(lines)).group()), process

    def test_it_shows_every_state_a_blocked_run_branches_and_data(self):
        http, process = self.demo()
        self.open(None, http=http, options={"viewport": {"width": 1440, "height": 860}, "deviceScaleFactor": 1})
        self.see("h1", "A run is under way.")
        self.see(".virtual .why.live", "running now")
        self.see(".virtual .badge", "data loss")
        self.assertEqual(self.chips(), {"failed": "1", "pending": "6", "modified": "1", "orphaned": "1", "applied": "4"})
        self.assertEqual(len(http.get("/api/branches").json["branches"]), 2)
        if os.environ.get("TRUSS_WRITE_PICTURE"):
            self.do("await page.screenshot({ path: args[0] })", PICTURE)
        self.visit("/migrations/20260310093000_unique_emails")
        self.see(".note.bad", "Key (email)=(customer1@example.org) is duplicated.")
        self.visit("/migrations/20260203114500_coupons?tab=diff")
        self.see(".code .added", "CHECK (percent BETWEEN 1 AND 90)")
        self.click(".pill")
        self.see("h1", "20260311100000_order_notes waits for a lock")
        self.see(".lock-card", "nightly-report")
        self.assertGreater(int(http.post("/api/sql/query", {"sql": "SELECT count(*) AS n FROM orders"}).json["rows"][0]["n"]), 10000)
        process.send_signal(signal.SIGINT)
        self.expected = ["50[0-9]", "ERR_"]  # the page may ask meanwhile
        self.assertEqual(process.wait(12), 0)  # the blocked run would have had 15 s

    def test_the_readme_shows_a_picture_of_it(self):
        with open(os.path.join(harness.ROOT, "README.md"), encoding="utf-8") as file:
            self.assertIn("](src/bridge/panel/console.png)", file.read())
        with open(PICTURE, "rb") as file:
            head = file.read(24)
        self.assertEqual((head[:8], struct.unpack(">II", head[16:])), (b"\x89PNG\r\n\x1a\n", (1440, 860)))


if __name__ == "__main__":
    harness.main()
