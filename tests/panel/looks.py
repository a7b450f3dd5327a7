"""How each page looks, compared with how it was kept: both themes, 1440 and 375 px. What differs from time to time (figures, ids, the name of
the database) is made the same first. A picture is kept at a third of its size in a few colours, and compared in blocks: a letter that another
version of a font library draws otherwise changes nothing, a card that has moved, lost its ground or its words does.

TRUSS_WRITE_LOOKS   not empty: keep what is seen now (git shows which have changed: look at them)
TRUSS_PANEL_SHOTS   a folder into which each page is drawn whole, to be looked at
"""
import base64
import os
import shutil
import struct
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium
from chromium import harness

KEPT = os.path.join(chromium.HERE, "kept")
SIZES = ((1440, 900, 3), (375, 800, 2))  # width, height, and by how much a picture is made smaller
BLOCK = 12  # pixels of a kept picture
MOST = 8  # of 255: what one block may differ by in the mean
FEW = 0.02  # of all blocks: so many may differ by more

setUpModule = chromium.start
tearDownModule = chromium.stop

SCRIPTS = ("CREATE TABLE customers (id INT PRIMARY KEY, name TEXT); CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL, note TEXT); INSERT INTO orders SELECT i, i % 50, 'note' FROM generate_series(1, 500) i;", "CREATE INDEX customers_name ON customers (name);", "CREATE VIEW names AS SELECT name FROM customers;", "ALTER TABLE customers ADD mail TEXT;")

# Figures and ids become zeros, what the test has made up gets a name; times of day stand in no zone.
STEADY = """
    await page.evaluate(([database, project]) => {
        document.querySelectorAll("#toasts > *").forEach((one) => one.remove());
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node; (node = walker.nextNode());) {
            let text = node.data.replaceAll(database, "shop").replaceAll(project, "project").replaceAll(/truss_branch_\\w+/g, "truss_branch_of").replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\\b[0-9a-f]{16,}\\b/g, "0a0a0a0a");
            text = text.replaceAll(/\\/tmp\\/[\\w.-]+/g, "/tmp/x").replaceAll(/\\d[\\d.,]*/g, "00").replaceAll(/\\b(ms|s|min|kB|MB)\\b( ago)?|just now/g, "s");
            if (text !== node.data) node.data = text;
        }
    }, args[0]);
"""
SMALL = """
    const png = (await page.screenshot({ animations: "disabled", caret: "hide" })).toString("base64");
    const [, width, height] = args;
    const blank = globalThis.looksPage ??= await page.context().browser().newPage();
    return blank.evaluate(async ([png, width, height]) => {
        const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob(), { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d");
        context.drawImage(bitmap, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        let text = "";
        for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
        return btoa(text);
    }, [png, width, height]);
"""
LEVELS = 6  # of each colour


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def nearest(pixels):
    """The number of each pixel in a palette of 216 colours. Three numbers of as many digits are added at once, as no digit of them carries."""
    step = [round(value / 255 * (LEVELS - 1)) for value in range(256)]
    weights = (LEVELS * LEVELS, LEVELS, 1)
    total = sum(int.from_bytes(pixels[i::3].translate(bytes(one * weights[i] for one in step)), "big") for i in range(3))
    return total.to_bytes(len(pixels) // 3, "big")


def palette():
    level = [round(value * 255 / (LEVELS - 1)) for value in range(LEVELS)]
    return [(r, g, b) for r in level for g in level for b in level]


def write_png(path, numbers, width, height):
    rows = b"".join(b"\0" + numbers[y * width:(y + 1) * width] for y in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
                   + chunk(b"PLTE", bytes(value for colour in palette() for value in colour)) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def read_png(path):
    """What write_png has written: (numbers, width, height)."""
    with open(path, "rb") as file:
        data = file.read()
    width, height = struct.unpack(">II", data[16:24])
    at, packed = 8, b""
    while at < len(data):
        size, = struct.unpack(">I", data[at:at + 4])
        packed += data[at + 8:at + 8 + size] if data[at + 4:at + 8] == b"IDAT" else b""
        at += 12 + size
    rows = zlib.decompress(packed)
    return b"".join(rows[y * (width + 1) + 1:(y + 1) * (width + 1)] for y in range(height)), width, height


def blocks(numbers, width, height):
    """The mean brightness of each block."""
    light = bytes((r * 299 + g * 587 + b * 114) // 1000 for r, g, b in palette()).ljust(256, b"\0")
    bright = numbers.translate(light)
    return [sum(sum(bright[y * width + left:y * width + left + BLOCK]) for y in range(top, top + BLOCK)) / BLOCK ** 2
            for top in range(0, height - BLOCK + 1, BLOCK) for left in range(0, width - BLOCK + 1, BLOCK)]


def difference(kept, seen):
    """The share of blocks that differ."""
    if kept[1:] != seen[1:]:
        return 1
    pairs = list(zip(blocks(*kept), blocks(*seen)))
    return sum(abs(a - b) > MOST for a, b in pairs) / len(pairs)


class Looks(chromium.Page):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = keeper = cls("setUp")
        keeper.setUp()
        cls.addClassCleanup(keeper.doCleanups)
        folder = tempfile.mkdtemp(prefix="truss-backups-")
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.project_files = files = keeper.project_of(*SCRIPTS)
        worker = keeper.worker(files, "--audit", "--backups", folder)
        cls.served = http = keeper.bridge(worker)
        with harness.Rpc(worker.address) as rpc:
            run = rpc.call("MigrationService", "StartRun", {})
            harness.wait_for(lambda: rpc.call("MigrationService", "GetOperation", {"id": run.id}).done)
            files.add("1_m", "CREATE TABLE customers (id BIGINT PRIMARY KEY, name TEXT);")
            shutil.rmtree(os.path.dirname(files.script("2_m")))
            files.add("5_m", "SELECT 1;\nSELECT nothing FROM customers;").add("6_m", "ALTER TABLE orders DROP COLUMN note;").add("7_m", "CREATE INDEX orders_customer ON orders (customer);")
            failed = rpc.call("MigrationService", "StartRun", {"migrations": ["5_m"]})
            harness.wait_for(lambda: rpc.call("MigrationService", "GetOperation", {"id": failed.id}).done)
        branch = http.post("/api/branches", {"label": "try it", "onBusy": "dump"}).json
        cls.addClassCleanup(cls.drop_branches)
        http.post("/api/backups", {"label": "before"})
        harness.wait_for(lambda: http.get("/api/backups").json["backups"][0]["status"] == "completed")
        cls.pages = {"migrations": "/migrations", "migration": "/migrations/5_m", "history": "/migrations/4_m?tab=history", "review": "/review", "adopt": "/adopt", "runs": "/runs", "run": f"/runs/{failed.id}", "sql": "/sql?sql=SELECT+1",
                     "connection": "/connection", "branches": "/branches", "branch": f"/branches/{branch['id']}", "backups": "/backups", "backup": "/backups/1", "audit": "/audit", "settings": "/settings"}

    @classmethod
    def drop_branches(cls):
        for name, in cls.keeper.cluster.psql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'truss\\_branch\\_%'"):
            cls.keeper.cluster.psql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def picture(self, width, height):
        pixels = base64.b64decode(self.do(STEADY + SMALL, [self.keeper.database, os.path.basename(self.project_files.path)], width, height))
        return nearest(pixels), width, height

    def compare(self, name, seen):
        path = os.path.join(KEPT, f"{name}.png")
        if os.environ.get("TRUSS_WRITE_LOOKS"):
            os.makedirs(KEPT, exist_ok=True)
            if not os.path.exists(path) or difference(read_png(path), seen) > 0:
                write_png(path, *seen)
        share = difference(read_png(path), seen)
        if share > FEW:
            wrong = os.path.join(tempfile.gettempdir(), f"truss-looks-{name}.png")
            write_png(wrong, *seen)
            self.fail(f"{share:.0%} of {name} look otherwise: compare {wrong} with {path}; TRUSS_WRITE_LOOKS=1 keeps it as it is now")

    def settle(self):
        """Everything that is asked for has come, and what is drawn for it stands."""
        self.do("await page.waitForSelector('h1', { state: 'attached' }); await page.waitForSelector('.skeleton', { state: 'detached' }); await page.waitForLoadState('networkidle')")
        self.wait("() => !/asking|Asking|…\\s*$/.test(document.querySelector('main').innerText)")

    def test_each_page_looks_as_it_was_kept(self):
        shots = os.environ.get("TRUSS_PANEL_SHOTS")
        for width, height, smaller in SIZES:
            self.open(None, "/settings", http=self.served, options={"viewport": {"width": width, "height": height}, "timezoneId": "UTC"})
            for page, path in self.pages.items():
                self.visit(path)
                self.settle()
                for theme in ("light", "dark"):
                    with self.subTest(page=page, width=width, theme=theme):
                        self.do("await page.emulateMedia({ colorScheme: args[0], reducedMotion: 'reduce' })", theme)
                        if shots:
                            self.do("await page.screenshot({ path: args[0] })", os.path.join(shots, f"{page}-{width}-{theme}.png"))
                        self.compare(f"{page}-{width}-{theme}", self.picture(width // smaller, height // smaller))

    def test_a_card_that_has_moved_is_seen_and_a_letter_is_not(self):
        self.open(None, "/settings", http=self.served, options={"viewport": {"width": 1440, "height": 900}, "timezoneId": "UTC"})
        self.settle()
        before = self.picture(480, 300)
        self.do("await page.evaluate(() => { document.querySelector('h1').textContent = 'Settinge'; })")
        self.assertLessEqual(difference(before, self.picture(480, 300)), FEW)
        self.do("await page.evaluate(() => { document.querySelector('.card').style.visibility = 'hidden'; })")
        self.assertGreater(difference(before, self.picture(480, 300)), FEW)


if __name__ == "__main__":
    harness.main()
