"""Pipelines that log in by what their issuer has signed: whose tokens are good, what is wrong with the others, and where keys come from."""
import json
import os
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import certificates
import harness
import issuer
from harness import Case, RpcError, wait_for
from issuer import Key, claims

UNAUTHENTICATED, PERMISSION_DENIED, UNAVAILABLE = 16, 7, 14
RULE = """[oidc.{name}]
issuer = "https://issuer.example"
audience = "https://truss.example"
jwks = "{jwks}"
scopes = [{scopes}]
{more}
[oidc.{name}.claims]
{claims}
"""
SHOP = 'repository = "acme/shop"\nref = "refs/heads/main"'


def rule(name="shop", jwks="keys.json", scopes='"read", "plan"', claims=SHOP, more=""):
    return RULE.format(name=name, jwks=jwks, scopes=scopes, claims=claims, more=more)


# As GitHub documents them ("OpenID Connect reference", an example token), and GitLab ("ID token authentication", token payload).
GITHUB = {
    "jti": "example-id", "sub": "repo:octo-org/octo-repo:environment:prod", "environment": "prod", "ref": "refs/heads/main", "sha": "example-sha",
    "repository": "octo-org/octo-repo", "repository_owner": "octo-org", "actor_id": "12", "repository_visibility": "private", "repository_id": "74",
    "repository_owner_id": "65", "run_id": "example-run-id", "run_number": "10", "run_attempt": "2", "runner_environment": "github-hosted",
    "actor": "octocat", "workflow": "example-workflow", "head_ref": "", "base_ref": "", "event_name": "workflow_dispatch", "ref_type": "branch",
    "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main", "iss": "https://token.actions.githubusercontent.com"}
GITLAB = {
    "namespace_id": "72", "namespace_path": "my-group", "project_id": "20", "project_path": "my-group/my-project", "user_id": "1",
    "user_login": "sample-user", "user_email": "sample-user@example.com", "user_identities": [{"provider": "github", "extern_uid": "2435223452345"}],
    "pipeline_id": "574", "pipeline_source": "push", "job_id": "302", "ref": "main", "ref_type": "branch", "ref_path": "refs/heads/main",
    "ref_protected": "true", "groups_direct": ["mygroup/mysubgroup", "myothergroup"], "environment": "production", "environment_protected": "false",
    "deployment_tier": "production", "environment_action": "start", "runner_id": 1, "runner_environment": "self-hosted",
    "sha": "714a629c0b401fdce83e847fc9589983fc6f46bc", "project_visibility": "public", "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
    "ci_config_ref_uri": "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main", "iss": "https://gitlab.com", "repository": None,
    "sub": "project_path:my-group/my-project:ref_type:branch:ref:main", "ci_config_sha": "714a629c0b401fdce83e847fc9589983fc6f46bc"}


class Oidc(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = tempfile.TemporaryDirectory()
        cls.key = Key(cls.keys.name)
        cls.curve = Key(cls.keys.name, "two", "ES256")
        cls.stranger = Key(cls.keys.name, "one", "ES256")

    @classmethod
    def tearDownClass(cls):
        cls.keys.cleanup()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.rules = os.path.join(self.folder, "oidc.toml")

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        os.replace(path + ".new", path)
        return path

    def start(self, rules=None, keys=None, arguments=()):
        self.write("keys.json", {"keys": keys or [self.key.public(), self.curve.public()]})
        self.write("oidc.toml", rules or rule())
        self.process = self.worker(self.project("prisma-blog"), "--oidc", self.rules, *arguments)
        return self.rpc(self.process)

    def served(self, body, certificate=None):
        server = issuer.Server(body, certificate)
        self.addCleanup(server.close)
        return server

    def who(self, rpc, token, method="WhoAmI", service="Trust"):
        """The reply, or (code, message)."""
        try:
            return rpc.call(service, method, metadata={"authorization": f"Bearer {token}"}, timeout_ms=30000)
        except RpcError as error:
            return error.code, str(error)

    def assert_refused(self, rpc, token, *words):
        told = self.who(rpc, token)
        self.assertIsInstance(told, tuple, told)
        self.assertEqual(told[0], UNAUTHENTICATED, told)
        for word in words:
            self.assertIn(word, told[1])

    def test_a_pipeline_is_known_by_its_subject_and_has_the_scopes_of_its_rule(self):
        rpc = self.start()
        for key in (self.key, self.curve):
            with self.subTest(algorithm=key.algorithm):
                reply = self.who(rpc, key.sign(claims()))
                self.assertEqual((reply.name, reply.kind, list(reply.scopes)), ("oidc:repo:acme/shop:ref:refs/heads/main", "oidc", ["read", "plan"]))
        self.assertEqual(self.who(rpc, self.key.sign(claims()), "GetStatus", "MigrationService").summary.pending, 4)
        told = self.who(rpc, self.key.sign(claims()), "Run", "MigrationService")
        self.assertEqual(told[0], PERMISSION_DENIED)
        self.assertIn('The pipeline "oidc:repo:acme/shop:ref:refs/heads/main" may not do this: it needs the scope run', told[1])
        self.assertEqual(self.who(rpc, "truss_" + "x" * 43)[0], UNAUTHENTICATED)

    def documented(self):
        """The rule of the page on trust, as it is printed there, with the keys in a file."""
        with open(os.path.join(harness.ROOT, "src", "trust", "README.md"), encoding="utf-8") as file:
            text = file.read().partition("```toml\n")[2].partition("```")[0]
        self.assertIn("[oidc.release.claims]", text)
        return text.replace("https://token.actions.githubusercontent.com/.well-known/jwks", "keys.json")

    def test_a_token_of_github_fits_the_rule_that_is_printed(self):
        keys = [self.key.public(x5c=["MIIDKzCCAhOgAwIBAgIU"], x5t="eBZ_cn3sXYAd0ch4THBKHIgOwOE")]
        rpc = self.start(self.documented(), keys, ("--environment", "production"))
        header = {"typ": "JWT", "alg": "RS256", "x5t": "eBZ_cn3sXYAd0ch4THBKHIgOwOE", "kid": self.key.kid}
        told = self.who(rpc, self.key.sign(claims(**{**GITHUB, "repository": "acme/shop"}), header))
        self.assertEqual((told.name, list(told.scopes)), ("oidc:" + GITHUB["sub"], ["read", "plan", "run"]))  # run as it is here
        self.assert_refused(rpc, self.key.sign(claims(**GITHUB), header), '[oidc.release] requires another repository than "octo-org/octo-repo"')

    def test_a_token_of_gitlab_fits_a_rule_by_the_claims_that_are_named(self):
        rules = rule(claims='project_path = "my-group/my-project"\nref = "main"\nref_protected = "true"').replace("https://issuer.example", "https://gitlab.com")
        rpc = self.start(rules)
        told = self.who(rpc, self.key.sign(claims(**GITLAB)))
        self.assertEqual((told.name, list(told.scopes)), ("oidc:" + GITLAB["sub"], ["read", "plan"]))
        self.assert_refused(rpc, self.key.sign(claims(**{**GITLAB, "ref_protected": "false"})), 'requires another ref_protected than "false"')
        rpc = self.start(rules.replace('ref_protected = "true"', 'groups_direct = "myothergroup"'))
        self.assertEqual(self.who(rpc, self.key.sign(claims(**GITLAB))).name, "oidc:" + GITLAB["sub"])

    def test_what_is_wrong_is_told_and_what_a_rule_wants_is_in_the_log(self):
        rpc = self.start()
        self.assert_refused(rpc, self.key.sign(claims(ref="refs/heads/x")), '[oidc.shop] requires another ref than "refs/heads/x"')
        self.assert_refused(rpc, self.key.sign(claims(aud="x")), 'requires the audience "https://truss.example", and this token\'s is "x"')
        self.assert_refused(rpc, self.stranger.sign(claims(), {"alg": "RS256", "kid": "one"}), "signature")
        self.assertIn('[oidc.shop] requires the ref \\"refs/heads/main\\"', self.process.text())

    def test_rules_and_keys_are_read_again_when_they_change(self):
        rpc = self.start()
        token = self.key.sign(claims())
        self.assertEqual(self.who(rpc, token).kind, "oidc")
        self.write("keys.json", {"keys": [self.curve.public()]})
        self.assert_refused(rpc, token, 'no key "one"')
        self.assertEqual(list(self.who(rpc, self.curve.sign(claims())).scopes), ["read", "plan"])
        self.write("oidc.toml", rule(scopes='"admin"'))
        self.assertEqual(list(self.who(rpc, self.curve.sign(claims())).scopes), ["admin"])
        self.write("oidc.toml", "broken")
        self.assertEqual(self.who(rpc, self.curve.sign(claims()))[0], UNAVAILABLE)
        self.write("oidc.toml", rule())
        os.chmod(self.rules, 0o666)
        self.assertEqual(self.who(rpc, self.curve.sign(claims()))[0], UNAVAILABLE)
        wait_for(lambda: "Others could change" in self.process.text())  # it is read by another thread

    def test_keys_of_a_url_are_fetched_and_a_new_key_is_asked_for_once(self):
        server = self.served({"keys": [self.key.public()]})
        rpc = self.start(rule(jwks=server.url))
        self.assertEqual(self.who(rpc, self.key.sign(claims())).kind, "oidc")
        self.assertEqual(server.asked, 1)
        server.body = {"keys": [self.curve.public()]}
        self.assertEqual(self.who(rpc, self.curve.sign(claims())).kind, "oidc")  # the answer waits for the fetch
        self.assertEqual(server.asked, 2)
        for kid in ("x", "y"):
            self.assert_refused(rpc, self.key.sign(claims(), {"alg": "RS256", "kid": kid}), f'no key "{kid}"')
        self.assertEqual(server.asked, 2)

    def test_an_issuer_that_never_answers_keeps_nobody_else_waiting(self):
        server = self.served({"keys": [self.key.public()]})
        server.hangs.set()
        token = self.token("read", name="other")
        rpc = self.start(rule(jwks=server.url), arguments=("--tokens", self.tokens))
        slow = self.rpc(self.process)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(self.who(slow, self.key.sign(claims()))))
        waiting.start()
        for _ in range(20):
            self.assertEqual(self.who(rpc, token).name, "other")
        self.assertTrue(waiting.is_alive())
        waiting.join()
        self.assertEqual(answers[0][0], UNAVAILABLE)
        self.assertIn("cannot read the keys", answers[0][1])

    def test_keys_that_are_none_are_not_used(self):
        server = self.served({"keys": [self.key.public()] * 300})
        rpc = self.start(rule(jwks=server.url))
        self.assertEqual(self.who(rpc, self.key.sign(claims()))[0], UNAVAILABLE)
        self.assertIn("at most 256", self.process.text())

    def test_keys_come_by_https_from_whom_the_operator_names(self):
        with tempfile.TemporaryDirectory() as folder:
            certificates.make(folder)
            server = self.served({"keys": [self.key.public()]}, os.path.join(folder, "server"))
            rpc = self.start(rule(jwks=server.url, more=f'jwks-ca = "{folder}/one.pem"'))
            self.assertEqual(self.who(rpc, self.key.sign(claims())).kind, "oidc")
            self.process.stop()
            rpc = self.start(rule(jwks=server.url, more=f'jwks-ca = "{folder}/two.pem"'))
            self.assertEqual(self.who(rpc, self.key.sign(claims()))[0], UNAVAILABLE)
            self.assertIn("cannot be fetched", self.process.text())

    def test_a_rule_that_is_wrong_stops_the_start_with_its_line(self):
        self.write("keys.json", {"keys": [self.key.public()]})
        project = self.project("prisma-blog")
        for content, words in (
                ("", ("has no rule",)),
                ("[other]\na = 1\n", ("line 2", "[oidc.NAME]")),
                (rule(claims=""), ("line 2", "[oidc.shop.claims] is missing")),
                (rule().replace("https://issuer.example", "https://token.actions.githubusercontent.com").replace('repository = "acme/shop"', ""),
                 ("everybody can have a token", 'repository = "…"')),
                (rule(scopes='"fly"'), ("line 5", '"fly" is not a scope')),
                (rule(jwks="http://issuer.example/keys"), ("line 4", "https://")),
                (rule(jwks="http://localhost@evil.example/keys"), ("line 4",)),
                (rule(jwks="missing.json"), ("missing.json",)),
                (rule(more="colour = 1"), ("line 6", "no key colour")),
                (rule().replace('audience = "https://truss.example"', ""), ("has no audience",)),
                (rule() + rule("b", jwks="https://b.example"), ("same jwks",))):
            with self.subTest(words=words):
                self.write("oidc.toml", content)
                process = self.program("truss-worker", "--project", project.path, "--listen", "tcp://127.0.0.1:0", "--oidc", self.rules)
                self.assertEqual(process.process.wait(30), 1)
                process.kill()
                for word in words:
                    self.assertIn(word, process.text())

    def test_what_a_pipeline_does_is_in_the_audit_by_its_subject(self):
        rpc = self.start(rule(scopes='"run", "admin"'))
        token = self.key.sign(claims())
        self.assertEqual(len(self.who(rpc, token, "Run", "MigrationService").applied), 4)
        rows = self.who(rpc, token, "ListAudit").rows
        self.assertEqual({(row.actor, row.actor_kind) for row in rows}, {("oidc:repo:acme/shop:ref:refs/heads/main", "oidc")})


if __name__ == "__main__":
    harness.main()
