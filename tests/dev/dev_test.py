# SPDX-License-Identifier: Apache-2.0
"""./dev: its help fits a screen, and set-up touches apt only for what is missing."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".ci" / "packages.sh"

# Stand-ins for the system's tools: a test must not install packages on the host. Each call of
# apt-get is written down; packages in $INSTALLED are there.
DPKG_QUERY = """#!/bin/sh
for name do :; done
case " $INSTALLED " in *" $name "*) printf installed ;; *) exit 1 ;; esac
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >>"$CALLS"
for name do :; done
case " $* " in *" update "*) exit "${UPDATE_CODE:-0}" ;; esac
case " $* " in *" broken "*) exit 100 ;; esac
"""
NODE = '#!/bin/sh\necho "$NODE_MAJOR"\n'


class SetUpTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        base = pathlib.Path(self.folder.name)
        (base / ".ci/packages").mkdir(parents=True)
        (base / ".ci/packages.sh").write_text(PACKAGES.read_text(encoding="utf-8"), encoding="utf-8")
        (base / "bin").mkdir()
        for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET)):
            self.tool(name, text)
        self.base = base

    def tearDown(self):
        self.folder.cleanup()

    def tool(self, name, text):
        path = pathlib.Path(self.folder.name) / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def install(self, packages, lists="build", **variables):
        """(exit code, calls of apt-get, stderr) of install_packages over one list."""
        (self.base / ".ci/packages/build.txt").write_text(packages, encoding="utf-8")
        calls = self.base / "calls"
        calls.write_text("", encoding="utf-8")
        # id -u is what the script asks: root is simulated, so that the test needs none.
        self.tool("id", "#!/bin/sh\necho \"${ID:-0}\"\n")
        script = f'die() {{ echo "$*" >&2; exit 1; }}; source .ci/packages.sh; install_packages {lists}'
        environment = {"PATH": f"{self.base}/bin:/usr/bin:/bin", "CALLS": str(calls), **variables}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.base, text=True,
                              env=environment, capture_output=True, check=False)
        return done.returncode, calls.read_text(encoding="utf-8").splitlines(), done.stderr

    def test_nothing_is_asked_of_apt_when_everything_is_there(self):
        code, calls, _ = self.install("# comment\na\n\nb # why\n", INSTALLED="a b")
        self.assertEqual((code, calls), (0, []))

    def test_only_what_is_missing_is_installed_after_one_update(self):
        code, calls, _ = self.install("a\nb\nc\n", INSTALLED="b")
        self.assertEqual(code, 0)
        self.assertEqual(len(calls), 2)
        self.assertIn(" update", calls[0])
        self.assertTrue(calls[1].endswith("install --no-install-recommends a c"), calls[1])

    def test_a_source_that_fails_does_not_stop_the_set_up(self):
        code, calls, errors = self.install("a\n", INSTALLED="", UPDATE_CODE="100")
        self.assertEqual(code, 0)
        self.assertIn("some sources failed", errors)
        self.assertEqual(len(calls), 2)

    def test_the_package_that_cannot_be_installed_is_named(self):
        code, calls, errors = self.install("a\nbroken\nc\n", INSTALLED="")
        self.assertEqual(code, 1)
        self.assertIn("could not install: broken (", errors)
        self.assertTrue(any(call.endswith(" c") for call in calls), "the others are still tried")

    def test_without_root_and_sudo_the_command_is_said(self):
        os.symlink("/usr/bin/sed", self.base / "bin" / "sed")
        code, calls, errors = self.install("a\n", INSTALLED="", ID="1000",
                                           PATH=f"{self.base}/bin:{self.only_basics()}")
        self.assertEqual((code, calls), (1, []))
        self.assertIn("apt-get install --no-install-recommends a", errors)

    def only_basics(self):
        """A folder with what the script needs, and no sudo."""
        folder = self.base / "basics"
        folder.mkdir()
        for name in ("bash", "dirname", "sed", "mkdir", "env"):
            os.symlink(f"/usr/bin/{name}", folder / name)
        return folder

    def test_a_new_enough_node_is_used(self):
        self.tool("node", NODE)
        self.assertEqual(self.install("nodejs\n", INSTALLED="", NODE_MAJOR="18")[:2], (0, []))
        _, calls, _ = self.install("nodejs\n", INSTALLED="", NODE_MAJOR="16")
        self.assertTrue(calls[-1].endswith(" nodejs"), calls)

    def test_an_unknown_list_is_an_error(self):
        code, calls, errors = self.install("a\n", lists="nonsense", INSTALLED="a")
        self.assertEqual((code, calls), (1, []))
        self.assertIn("no package list nonsense", errors)


class HelpTest(unittest.TestCase):
    def dev(self, *arguments):
        return subprocess.run([str(ROOT / "dev"), *arguments], capture_output=True, text=True,
                              check=False)

    def test_the_help_fits_a_screen_and_names_every_command(self):
        done = self.dev("help")
        self.assertEqual(done.returncode, 0)
        self.assertLessEqual(len(done.stdout.splitlines()), 24)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 100)
        for command in ("run", "build", "test", "bench", "lint", "fmt", "fuzz", "deps", "clean"):
            self.assertRegex(done.stdout, rf"(?m)^  {command}\b")

    def test_no_command_is_the_help(self):
        self.assertEqual(self.dev().stdout, self.dev("help").stdout)

    def test_an_unknown_command_and_option_are_errors(self):
        self.assertEqual(self.dev("nonsense").returncode, 1)
        self.assertIn("no command nonsense", self.dev("nonsense").stderr)
        self.assertIn("unknown option --nonsense", self.dev("test", "--nonsense").stderr)


if __name__ == "__main__":
    unittest.main()
