# SPDX-License-Identifier: Apache-2.0
"""JavaScript and HTML that reach a browser build nodes only: no markup strings, no inline handlers."""

import re

from tree import strip_comments

FOLDERS = ("exporters/", "agent/web/")
REFUSED = [(re.compile(pattern), what) for pattern, what in [
    (r"\binnerHTML\b", "innerHTML"),
    (r"\bouterHTML\b", "outerHTML"),
    (r"\binsertAdjacentHTML\b", "insertAdjacentHTML"),
    (r"\bcreateContextualFragment\b", "createContextualFragment"),
    (r"\bsrcdoc\b", "srcdoc"),
    (r"\bdocument\s*\.\s*write(ln)?\b", "document.write"),
    (r"\beval\s*\(", "eval"),
    (r"\bnew\s+Function\b|\bFunction\s*\(", "the Function constructor"),
    (r"\bset(Timeout|Interval)\s*\(\s*['\"`]", "a timer with code in a string"),
    (r"setAttribute(NS)?\s*\([^)]*['\"]style['\"]", "a style attribute"),
    (r"setAttribute(NS)?\s*\([^)]*['\"]on\w+['\"]", "an event-handler attribute"),
    (r"\.\s*on(click|load|error|mouse\w+|key\w+|pointer\w+|input|change|submit|focus|blur|wheel|"
     r"scroll|resize|touch\w+)\s*=[^=]", "an event-handler property"),
    (r"<[^>]*\son[a-z]+\s*=", "an inline event handler"),
    (r"<[^>]*\sstyle\s*=", "an inline style"),
    (r"javascript:", "a javascript: address"),
]]
TOP_LEVEL = re.compile(
    r"^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function\*?|class|const|let|var)\s+"
    r"(?:(\w+)|[{\[]([^}\]]*)[}\]])", re.M)


def browser_files(tree, suffixes):
    return [p for p in tree.paths if p.startswith(FOLDERS) and p.endswith(suffixes)]


def top_level_names(text):
    names = []
    for match in TOP_LEVEL.finditer(text):
        listed = match.group(1) or match.group(2)
        names += re.findall(r"(\w+)\s*(?:,|=|$)", listed)
    return names


def check(tree):
    findings = []
    for path in browser_files(tree, (".js", ".mjs", ".html")):
        for number, line in enumerate(strip_comments(tree.text(path)).splitlines(), 1):
            findings += [f"{path}:{number}: {what}" for refused, what in REFUSED
                         if refused.search(line)]
    # The modules of one export are joined into one script: a name twice is a syntax error there.
    owner = {}
    for path in browser_files(tree, (".js", ".mjs")):
        for name in top_level_names(strip_comments(tree.text(path))):
            if name in owner and owner[name] != path:
                findings.append(f"{path}: top-level name {name} is also in {owner[name]}")
            owner.setdefault(name, path)
    return findings


GOOD = {
    "exporters/text/web/a.js": "// innerHTML is refused\nexport function draw(x) {\n"
                               "  x.textContent = 'a';\n  x.style.left = '1px';\n"
                               "  const local = 1;\n  x.addEventListener('click', draw);\n}\n",
    "exporters/text/web/b.js": "import { draw } from './a.js';\nconst local = draw;\n",
    "tests/web/dom.js": "x.innerHTML = '';\n",
}
BAD = [({"exporters/text/web/b.js": code + "\n"}, what) for code, what in [
    ("x.innerHTML = y;", "innerHTML"),
    ("x.outerHTML = y;", "outerHTML"),
    ("x.insertAdjacentHTML('a', y);", "insertAdjacentHTML"),
    ("document.write(y);", "document.write"),
    ("eval(y);", "eval"),
    ("const f = new Function('a');", "the Function constructor"),
    ("x.setAttribute('style', y);", "a style attribute"),
    ("x.setAttributeNS(null, 'onclick', y);", "an event-handler attribute"),
    ("x.onclick = y;", "an event-handler property"),
    ("const s = '<a onclick=\"x()\">';", "an inline event handler"),
    ("setTimeout('x()', 1);", "a timer with code"),
    ("export const draw = 1;", "top-level name draw is also in"),
    ("const { draw, other } = y;", "top-level name draw is also in"),
]]
