"""What the compiler and the linker were told, so that a mistake in our memory is an end and not a way in."""
import json
import os
import platform
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness

BUILD = os.path.dirname(harness.BIN)
PROGRAMS = [os.path.join(harness.BIN, name) for name in ("truss", "truss-bridge", "truss-worker", "truss-history")]
FLAGS = ["-fstack-protector-strong", "-fstack-clash-protection", "-D_FORTIFY_SOURCE=3", "-ffile-prefix-map="]
if platform.machine() == "x86_64":
    FLAGS.append("-fcf-protection")


def elf(program, *arguments):
    return subprocess.run(["readelf", "-W", *arguments, program], capture_output=True, text=True, check=True).stdout


class Hardening(unittest.TestCase):
    def test_every_file_of_ours_is_compiled_with_all_of_it(self):
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            commands = {entry["file"]: entry["command"] for entry in json.load(file) if "/src/" in entry["file"]}
        self.assertGreater(len(commands), 100)
        for path, command in commands.items():
            self.assertEqual([flag for flag in FLAGS if flag not in command], [], path)

    def test_programs_have_no_fixed_address_and_no_table_that_can_be_written(self):
        for program in PROGRAMS:
            self.assertRegex(elf(program, "-h"), r"Type:\s+DYN", program)
            self.assertRegex(elf(program, "-d"), r"FLAGS_1\).*NOW.*PIE", program)
            self.assertIn("GNU_RELRO", elf(program, "-l"), program)
            self.assertRegex(elf(program, "-l"), r"GNU_STACK .* RW ", program)

    def test_library_calls_with_a_size_are_the_checked_ones(self):
        for program in PROGRAMS:
            names = set(re.findall(r"UND (\w+)@", elf(program, "--dyn-syms")))
            self.assertIn("__snprintf_chk", names, program)
            self.assertIn("__stack_chk_fail", names, program)

    def test_messages_are_packed_by_the_protobuf_library_of_the_system_not_by_the_parsers_own(self):
        speaking = [program for program in PROGRAMS if "libprotobuf-c.so" in elf(program, "-d")]
        self.assertEqual({os.path.basename(program) for program in speaking}, {"truss", "truss-worker", "truss-bridge"})
        for program in speaking:
            said = subprocess.run([program, "--version"], env={"LD_DEBUG": "bindings", "LD_BIND_NOW": "1"}, capture_output=True, text=True, check=True).stderr
            used = re.findall(r"binding file (\S+) .* to (\S+) .*symbol `protobuf_c_message_pack'", said)
            self.assertIn(program, [user for user, _ in used])
            self.assertEqual([library for _, library in used if "libprotobuf-c.so" not in library], [], program)

    def test_no_program_names_the_folder_in_which_it_was_built(self):
        for program in PROGRAMS:
            with open(program, "rb") as file:
                self.assertNotIn(os.path.join(harness.ROOT, "src").encode(), file.read(), program)


if __name__ == "__main__":
    harness.main()
