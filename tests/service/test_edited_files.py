"""However a file is edited, the next status says so: so many migrations that their files are looked at by two threads."""
import mmap
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, Rpc

COUNT = 300
SCRIPT = "SELECT 1;\n"
OTHER = "SELECT 2;\n"  # as many bytes


def write_in_place(path):
    with open(path, "r+", encoding="utf-8") as file:
        file.write(OTHER)


def turn_the_time_back(path):
    before = os.stat(path)
    write_in_place(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def rename_over(path):
    before = os.stat(path)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(OTHER)
    os.utime(path + ".new", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(path + ".new", path)


def write_by_mmap(path):
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[0:len(OTHER)] = OTHER.encode()


def write_by_another_name(path):
    os.link(path, path + ".link")
    write_in_place(path + ".link")
    os.remove(path + ".link")


def exchange(path):
    """The whole directory for another one, whose file is as old as this."""
    directory = os.path.dirname(path)
    away = directory + ".away"
    os.rename(directory, away)
    os.mkdir(directory)
    with open(path, "w", encoding="utf-8") as file:
        file.write(OTHER)
    before = os.stat(os.path.join(away, "migration.sql"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(directory, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.rename(away, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(directory))), "away"))


def lead_elsewhere(path):
    """A link, whose file was there before and is as old."""
    os.rename(path, path + ".old")
    os.symlink(os.path.join(os.path.dirname(path), "..", "..", "other.sql"), path)


EDITS = (write_in_place, turn_the_time_back, rename_over, write_by_mmap, write_by_another_name, exchange, lead_elsewhere)


class EditedFiles(Case):
    def test_each_edit_is_seen_by_who_asks_at_once_and_nothing_else_is_modified(self):
        project = self.project()
        for number in range(COUNT):
            project.add(f"{number:03}_m", SCRIPT)
        project.write("prisma/other.sql", OTHER)
        worker = self.worker(project)
        with Rpc(worker.address) as rpc:
            self.assertTrue(rpc.call("MigrationService", "Baseline", {"all": True}).ok)
            time.sleep(2.2)  # what is younger is read each time
            for _ in range(2):
                self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.applied, COUNT)
            edited = []
            for number, edit in enumerate(EDITS):
                name = f"{number * 41:03}_m"
                edit(project.script(name))
                edited.append(name)
                status = rpc.call("MigrationService", "GetStatus")
                found = [name for name, state in self.states(status).items() if state == "modified"]
                self.assertEqual(found, edited, edit.__name__)
                self.assertEqual(status.summary.applied, COUNT - len(edited))

    def test_who_writes_again_by_a_mapping_that_has_written_before_is_seen(self):
        """The first write has a page that is not on disk yet, and the second one changes no time of the file."""
        project = self.project().add("1_m", SCRIPT)
        worker = self.worker(project)
        with Rpc(worker.address) as rpc, open(project.script("1_m"), "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
            self.assertTrue(rpc.call("MigrationService", "Baseline", {"all": True}).ok)
            memory[0:len(SCRIPT)] = SCRIPT.encode()
            time.sleep(2.2)
            for _ in range(2):
                self.assertEqual(self.states(rpc.call("MigrationService", "GetStatus")), {"1_m": "applied"})
            memory[0:len(OTHER)] = OTHER.encode()
            self.assertEqual(self.states(rpc.call("MigrationService", "GetStatus")), {"1_m": "modified"})


if __name__ == "__main__":
    harness.main()
