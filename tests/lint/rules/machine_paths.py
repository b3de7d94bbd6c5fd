# SPDX-License-Identifier: Apache-2.0
"""No absolute path of one machine and no host of a package registry in the tree."""

import re

# Spelled in pieces, so that this file passes its own rule. A path is absolute where no name,
# brace or dot stands in front of it: /proc/PID/root/ is not one.
FOLDERS = ["wo" + "rk", "ro" + "ot", "ho" + "me", "fa" + "rm", "tmp/bash_" + "jobs"]
PATH = re.compile(r"(?<![\w.}\]>)*$])/(" + "|".join(FOLDERS) + r")(?=/[\w.])")
HOSTS = ["deb.deb" + "ian.org", "security.deb" + "ian.org", "snapshot.deb" + "ian.org", "py" + "pi.org",
         "pythonho" + "sted.org", "registry.np" + "mjs.org", "proxy.go" + "lang.org",
         "crates" + ".io", "repo1.ma" + "ven.org", "artifact-" + "registry", "node" + "source.com"]
HOST = re.compile("|".join(re.escape(host) for host in HOSTS))


def check(tree):
    findings = []
    for path in tree.paths:
        for number, line in tree.lines(path):
            for pattern, what in ((PATH, "a path of one machine"), (HOST, "a registry's host")):
                match = pattern.search(line)
                if match:
                    findings.append(f"{path}:{number}: {what}: {match.group(0)}")
    return findings


GOOD = {
    "a.cc": 'auto p = "/proc/" + pid + "/root/";\nauto q = "/proc/1/root/etc";\n// see /proc/PID/root/x\n',
    "dev": "cd \"$root/wo" + "rk/x\"\n",
}
BAD = [
    ({"a.cc": 'open("/wo' + 'rk/x");\n'}, "a.cc:1: a path of one machine"),
    ({"docs/a.md": "see `/ho" + "me/me/x`\n"}, "a path of one machine"),
    ({"dev": "cp x /ro" + "ot/.cargo\n"}, "a path of one machine"),
    ({"dev": "curl https://py" + "pi.org/x\n"}, "a registry's host"),
]
