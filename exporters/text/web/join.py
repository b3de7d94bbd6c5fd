#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Joins the page's modules, style and templates into C++ sources: one for the HTML export, one with
the files of the live page.

Joined modules cannot import one another, so imports and exports are stripped; that is only right
while modules import from their left, names are unique and nothing builds markup from text. All
three are checked here and fail the build.

The live page comes as two scripts: the second, /more.js, imports from the first what it needs of it.

usage: join.py export|live WEB_FOLDER OUTPUT.cc MODULE... [-- MODULE...]
  modules in order, leaf modules first; after `--` those of the second script
"""
import base64
import hashlib
import pathlib
import re
import subprocess
import sys

FORBIDDEN = [
    r"\binnerHTML\b", r"\bouterHTML\b", r"\binsertAdjacentHTML\b", r"\bdocument\.write",
    r"\beval\s*\(", r"\bnew Function\b", r"setAttribute\('style'", r"\.on[a-z]+\s*=[^=>]",
    r"\bcreateContextualFragment\b", r"\bDOMParser\b", r"https?://(?!www\.w3\.org/2000/svg)",
]
NO_REQUESTS = [r"\bfetch\s*\(", r"\bnew Worker\b"]  # a file from disk asks nobody
IMPORT = re.compile(r"^import\s+(?:\{([^}]*)\}\s+from\s+)?'\./([a-z_]+)\.js';\n", re.M)
SECOND = "import('/more.js')"  # the only import() there is
DECLARED = re.compile(r"^(?:export\s+)?(?:async\s+)?(?:function|class|const|let|var)\s+(\w+)", re.M)
# The one trusted-types policy makes the address of the search worker, which is /page.js again.
LIVE_POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
               "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
               "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types worker")


def fail(message):
    sys.exit(f"join.py: {message}")


def shortened(name, text):
    """Without comment lines, blank lines and indentation; the rest stays as it is written."""
    if any(line.count("`") % 2 for line in text.splitlines()):
        fail(f"{name}.js has a template literal over several lines")
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def module_text(folder, name, seen_modules, seen_names, forbidden):
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    for pattern in forbidden:
        found = re.search(pattern, text)
        if found:
            fail(f"{name}.js: {found.group(0)!r} is not allowed")
    for _, other in IMPORT.findall(text):
        if other not in seen_modules:
            fail(f"{name}.js imports {other}.js, which is not on its left")
    for declared in DECLARED.findall(text):
        if declared in seen_names:
            fail(f"{name}.js declares {declared}, as {seen_names[declared]}.js does")
        seen_names[declared] = name
    seen_modules.add(name)
    text = IMPORT.sub("", text)
    if re.search(r"^import\b|\bimport\(", text.replace(SECOND, ""), re.M):
        fail(f"{name}.js has an import this script does not understand")
    return shortened(name, re.sub(r"^export\s+", "", text, flags=re.M))


def joined(folder, modules, forbidden):
    seen_modules, seen_names = set(), {}
    return "".join(module_text(folder, name, seen_modules, seen_names, forbidden)
                   for name in modules)


def joined_apart(folder, first, second, forbidden):
    """Two scripts. What the second imports of the first goes under short names, which are all that the
    first says to the outside."""
    seen_modules, seen_names = set(), {}
    texts = ["".join(module_text(folder, name, seen_modules, seen_names, forbidden) for name in part)
             for part in (first, second)]
    wanted = set()
    for name in second:
        for names, other in IMPORT.findall((folder / f"{name}.js").read_text(encoding="utf-8")):
            if other in first:
                wanted.update(one.strip() for one in names.split(",") if one.strip())
    aliases = [(name, f"_{number}") for number, name in enumerate(sorted(wanted))]
    exports = ", ".join(f"{name} as {alias}" for name, alias in aliases)
    imports = ", ".join(f"{alias} as {name}" for name, alias in aliases)
    last = re.search(r"^export const (\w+)", (folder / f"{second[-1]}.js").read_text(encoding="utf-8"), re.M)
    return (f"{texts[0]}export {{ {exports} }};\n",
            f"import {{ {imports} }} from '/page.js';\n{texts[1]}export {{ {last.group(1)} }};\n")


def minified(text, kind):
    """By esbuild, which renames what is local and drops what this page does not use; the browser gets
    less, the sources stay readable."""
    form = ["--format=esm", "--tree-shaking=true"] if kind == "js" else []
    command = ["esbuild", "--minify", f"--loader={kind}", "--charset=utf8", "--target=chrome100",
               "--log-level=warning", *form]
    try:
        done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        fail("esbuild is missing (Debian package esbuild)")
    if done.returncode != 0:
        fail(f"esbuild: {done.stderr}")
    return done.stdout


def style_text(folder, *names):
    text = "".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in names)
    return minified(text, "css")


def template(folder, name):
    """A template with the parts that both pages have, without comments."""
    text = (folder / f"{name}.html").read_text(encoding="utf-8")
    for part in ("graph", "boxes"):
        text = text.replace(f"@{part.upper()}@\n", (folder / f"{part}.html").read_text(encoding="utf-8"))
    return re.sub(r"<!--.*?-->\n?", "", text, flags=re.S)


def csp_hash(text):
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def literal(text):
    """A raw string literal; pieces, because one literal has a length limit."""
    pieces = [text[i:i + 8000] for i in range(0, len(text), 8000)] or [""]
    if any(")WEB\"" in piece for piece in pieces):
        fail("the text contains the end of a raw literal")
    return "\n    ".join(f'R"WEB({piece})WEB"' for piece in pieces)


def export_source(folder, modules):
    script = minified(joined(folder, modules, FORBIDDEN + NO_REQUESTS), "js")
    style = style_text(folder, "style")
    if re.search(r"</script|<!--", script, re.I):
        fail("the script contains an end tag")
    svg_script = joined(folder, ("names", "svg_script"), FORBIDDEN + NO_REQUESTS)
    if "]]>" in svg_script:
        fail("svg_script.js contains the end of a CDATA section")
    csp = ("default-src 'none'; "
           f"script-src {csp_hash(script)}; style-src {csp_hash(style)}; "
           "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
           "trusted-types 'none'")
    page = template(folder, "export")
    page = page.replace("@CSP@", csp).replace("@STYLE@", style).replace("@SCRIPT@", script)
    head, rest = page.split("@TITLE@")
    middle, tail = rest.split("@PAYLOAD@")
    return f"""// Generated by join.py.
#include "exporters/text/web_page.h"

namespace sonde {{

ExportPage export_page() {{
  static constexpr std::string_view kHead =
    {literal(head)};
  static constexpr std::string_view kMiddle =
    {literal(middle)};
  static constexpr std::string_view kTail =
    {literal(tail)};
  return {{kHead, kMiddle, kTail}};
}}

std::string_view svg_script() {{
  static constexpr std::string_view kScript =
    {literal(svg_script)};
  return kScript;
}}

}}  // namespace sonde
"""


def live_source(folder, modules):
    at = modules.index("--")
    scripts = joined_apart(folder, modules[:at], modules[at + 1:], FORBIDDEN)
    javascript = "text/javascript; charset=utf-8"
    files = [
        ("/", "text/html; charset=utf-8", template(folder, "live")),
        ("/page.js", javascript, minified(scripts[0], "js")),
        ("/more.js", javascript, minified(scripts[1], "js")),
        ("/page.css", "text/css; charset=utf-8", style_text(folder, "style", "live")),
        ("/mark.svg", "image/svg+xml", (folder / "mark.svg").read_text(encoding="utf-8")),
    ]
    literals = "\n".join(f"constexpr std::string_view kFile{number} =\n    {literal(text)};"
                         for number, (_, _, text) in enumerate(files))
    entries = "\n".join(f'    {{"{path}", "{kind}", kFile{number}}},'
                        for number, (path, kind, _) in enumerate(files))
    return f"""// Generated by join.py.
#include "exporters/text/live_page.h"

#include <array>

namespace sonde {{
namespace {{

{literals}

constexpr std::array<PageFile, {len(files)}> kFiles{{{{
{entries}
}}}};

}}  // namespace

std::span<const PageFile> live_page_files() {{ return kFiles; }}

std::string_view live_page_policy() {{
  return "{LIVE_POLICY}";
}}

}}  // namespace sonde
"""


def main():
    kind, folder, output, modules = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4:]
    source = {"export": export_source, "live": live_source}[kind](folder, modules)
    pathlib.Path(output).write_text(source, encoding="utf-8")


main()
