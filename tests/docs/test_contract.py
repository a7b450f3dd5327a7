"""What is written down twice, because two readers need it, is the same in both places."""
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import ROOT


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


class Contract(unittest.TestCase):
    maxDiff = None

    def test_the_protocol_documents_every_reason_that_is_sent(self):
        sent = re.findall(r'^REASON\((\w+), \d+, "(.+)"\)$', text_of("src/base/reasons.def"), re.M)
        documented = re.findall(r"^  //   ([A-Z_]+): (.+)$", text_of("proto/truss/rpc/v1/rpc.proto"), re.M)
        self.assertGreaterEqual(len(sent), 8)
        self.assertEqual(documented, sent)

    def test_an_sqlstate_is_spelt_in_one_header_only(self):
        for folder, _, names in os.walk(os.path.join(ROOT, "src")):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                if name.endswith((".c", ".h")) and path != "src/pg/sqlstate.h":
                    found = re.findall(r'"(?=[0-9A-Z]*[A-Z])[0-9][0-9A-Z]{4}"|"(?:08|2[0-9]|4[0-9]|5[0-9])\d{3}"', text_of(path))
                    self.assertEqual(found, [], path)


if __name__ == "__main__":
    harness.main()
