"""`truss token`: what a person reads, what a script reads, and what a file of tokens holds in the end."""
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

FINE, ERROR = 0, 1


class Tokens(Case):
    def setUp(self):
        super().setUp()
        directory = tempfile.mkdtemp(prefix="truss-tokens-")
        self.addCleanup(shutil.rmtree, directory, True)
        self.file = os.path.join(directory, "tokens")

    def tokens_of(self, *arguments, status=FINE, **options):
        result = self.truss("token", *arguments, "--file", self.file, **options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def test_a_person_gets_the_secret_alone_and_is_told_that_it_is_shown_once(self):
        made = self.tokens_of("create", "--name", "anna", "--scope", "read, run:staging")
        secret = made.stdout.strip()
        self.assertEqual(made.stdout, secret + "\n")
        self.assertIn(f'This is the token "anna". It is shown only now: {self.file} has its SHA-256.\n', made.stderr)
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn(secret, text)
        self.assertIn(hashlib.sha256(secret.encode()).hexdigest(), text)

    def test_the_list_for_a_script_has_scopes_and_times_and_no_secret(self):
        self.tokens_of("create", "--name", "anna", "--scope", "read, run:staging")
        self.tokens_of("create", "--name", "ci", "--scope", "run", "--expires", "30d")
        tokens = json.loads(self.tokens_of("list", "--json").stdout)["tokens"]
        self.assertEqual([(one["name"], one["scopes"], one["expires_at"] is None) for one in tokens],
                         [("anna", ["read", "run:staging"], True), ("ci", ["run"], False)])
        self.assertEqual({key for one in tokens for key in one}, {"name", "scopes", "created_at", "expires_at"})
        self.assertRegex(tokens[0]["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

    def test_a_token_whose_time_is_over_is_listed_as_expired(self):
        self.tokens_of("create", "--name", "old", "--scope", "read", "--expires", "30d")
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(re.sub(r"^expires = \d+", "expires = 1577836800", text, flags=re.M))
        self.assertRegex(self.tokens_of("list").stdout, r"old +read .*2020-01-01 00:00:00Z \(expired\)")

    def test_a_revoked_token_is_gone_and_a_script_is_told_which(self):
        self.tokens_of("create", "--name", "anna", "--scope", "read")
        self.assertEqual(json.loads(self.tokens_of("revoke", "anna", "--json").stdout), {"revoked": "anna"})
        self.assertEqual(json.loads(self.tokens_of("list", "--json").stdout), {"tokens": []})
        self.assertIn("anna", self.tokens_of("revoke", "anna", status=ERROR).stderr)

    def test_what_is_left_out_is_asked_for(self):
        self.assertIn("a name is given by --name", self.tokens_of("create", "anna", "--scope", "read", status=ERROR).stderr)
        self.assertIn("A new token needs --name, and --scope", self.tokens_of("create", "--name", "anna", status=ERROR).stderr)
        self.assertIn("truss token revoke NAME", self.tokens_of("revoke", status=ERROR).stderr)
        nowhere = self.truss("token", "list")
        self.assertEqual((nowhere.returncode, "--file FILE, or TRUSS_TOKENS" in nowhere.stderr), (ERROR, True), nowhere.stderr)
        self.assertFalse(os.path.exists(self.file))


if __name__ == "__main__":
    harness.main()
