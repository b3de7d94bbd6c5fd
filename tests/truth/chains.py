# SPDX-License-Identifier: Apache-2.0
"""Decides whether a stack is one that a truth program can have.

A chain is a text of tokens, root first:
  name            one frame of that function in the program's own image
  image!name      the same in a library whose file name starts with `image`, or is `[image]`
  name{n} (a b){n} name{a,b}     repetitions
  [class]         1 to 8 frames of a class; [class+] 1 to 60; [class*] 0 to 60
  [start] [thread] [cxxthread] [ruststart] [gostart] [signal]   fixed roots and the signal frame
A leading `?` says that the chain may be seen; without it, it must be seen often enough.
A stack matches a chain if it is the whole chain or a prefix of it that reaches a named function:
a sample can be taken in any function of a chain, before or after its call. A program may name
classes of `callees`: small functions that any function of a chain may call, as a leaf part."""

import re
from dataclasses import dataclass, field

# One letter per class of frames that a chain does not name.
OWN, LIBC, LIBSTDCXX, LIBGCC, VDSO, LOADER, OTHER, START, PLT = "ocsgvlxSp"

LIBRARY_CLASSES = (
    (re.compile(r"^libc[.-]"), LIBC),
    (re.compile(r"^libm[.-]|^libpthread[.-]"), LIBC),
    (re.compile(r"^libstdc\+\+"), LIBSTDCXX),
    (re.compile(r"^libgcc_s"), LIBGCC),
    (re.compile(r"^\[?vdso\]?$|^linux-vdso"), VDSO),
    (re.compile(r"^ld[.-]|^ld-linux"), LOADER),
)

# What a class token accepts; programs without shared libraries have all of it in their own image.
CLASS_LETTERS = {
    "libc": LIBC,
    "libstdc++": LIBSTDCXX,
    "libgcc": LIBGCC,
    "vdso": VDSO,
    "ld": LOADER + LIBC,
    "own": OWN,
    "made": OTHER,  # code made at run time that nothing names
    "unwinder": LIBGCC + LIBSTDCXX + LIBC + LOADER + PLT,
}
SHARED = LIBC + LIBSTDCXX + LIBGCC + LOADER

# Fixed tokens: (letters, least, most) each.
FIXED = {
    "start": ((START, 1, 2), (LIBC, 1, 3)),  # two in musl's
    "thread": ((LIBC, 1, 2),),
    "cxxthread": ((LIBC, 1, 2), (LIBSTDCXX, 1, 1)),
    "ruststart": ((OWN, 2, 20),),
    "gostart": ((OWN, 1, 2),),  # runtime.goexit, and runtime.main of the first goroutine
    "signal": ((LIBC, 1, 1),),
}


@dataclass(frozen=True)
class Frame:
    """One user frame. `name` is what the profile says, `image` the path of its file."""

    name: str
    image: str
    resolved: bool = True


@dataclass
class Verdict:
    """Of one stack: inside = a named function is on it; correct = it matches; full = the chains
    (by index) that it matches to their last token."""

    inside: bool = False
    correct: bool = False
    full: tuple = ()


def _closing(name, start):
    """Where the parentheses at `start` close, or None if the name goes on with `::` after them
    (a local entity of a function, an anonymous namespace) or if they are `operator()`."""
    depth = 0
    for i in range(start, len(name)):
        depth += {"(": 1, ")": -1}.get(name[i], 0)
        if depth == 0:
            goes_on = name.startswith("::", i + 1) or name.startswith(" const::", i + 1)
            return None if goes_on or name.endswith("operator", 0, start) else i
    return start


def _cut_parameters(name):
    """`R ns::f<T>(A, B) const` -> `ns::f<T>`; names without parameters stay."""
    depth = 0
    end = len(name)
    for i, char in enumerate(name):
        if char in "<{":
            depth += 1
        elif char in ">}" and name[i - 1 : i] != "-":
            depth -= 1
        elif char == "(" and depth == 0 and i > 0 and _closing(name, i) is not None:
            end = i
            break
    name = name[:end]
    depth = 0
    for i in range(len(name) - 1, -1, -1):  # the return type of a template function
        if name[i] in ">})":
            depth += 1
        elif name[i] in "<{(":
            depth -= 1
        elif name[i] == " " and depth == 0:
            return name[i + 1 :]
    return name


def normalize(name):
    """The name without parameters, template arguments, hashes and the suffixes that compilers
    put on the parts of a split function."""
    name = re.sub(r"\s*\[clone [^\]]*\]", "", name)
    name = re.sub(r"\.(cold|part|isra|constprop|llvm)(\.\d+)*$", "", name)
    if name.startswith("_"):
        return name
    name = re.sub(r"::h[0-9a-f]{16}$", "", name)
    if "(" in name and not name.startswith("<"):
        name = _cut_parameters(name)
    if not name.startswith("<"):
        while name.endswith(">") and "<" in name:
            depth = 0
            for i in range(len(name) - 1, -1, -1):
                depth += {">": 1, "<": -1}.get(name[i], 0)
                if depth == 0:
                    break
            name = name[:i].removesuffix("::")
    return name


@dataclass
class _Element:
    """`least` to `most` frames out of `letters`; `named` if it is a function of the chain."""

    letters: str
    least: int
    most: int
    named: bool = False


_TOKEN = re.compile(r"\[(?P<cls>[a-z+]+?)(?P<amount>[+*]?)\]"
                    r"|\((?P<group>[^)]*)\)\{(?P<times>\d+)\}"
                    r"|(?P<name><[^>]*>[^\s{]*|[^\s{\[(]+)(\{(?P<least>\d+)(,(?P<most>\d+))?\})?")


@dataclass
class Chains:
    """The chains of one program. `image` is the file name of its executable; `is_static` says
    that its libraries are linked into it."""

    texts: list
    image: str
    is_static: bool = False
    callees: tuple = ()
    # What a profile calls the functions of a stripped file -> their names.
    stripped: dict = field(default_factory=dict)
    _letters: dict = field(default_factory=dict)
    _compiled: list = field(default_factory=list)
    _cache: dict = field(default_factory=dict)

    def __post_init__(self):
        for text in self.texts:
            self._compiled.append(self._compile(text.lstrip("?")))

    def required(self, index):
        return not self.texts[index].startswith("?")

    def _letter_of(self, name):
        image, _, function = name.rpartition("!")
        return self._letters.setdefault((image, function), chr(0xE000 + len(self._letters)))

    def _class(self, letters):
        if self.is_static and any(letter in SHARED for letter in letters):
            letters += OWN
        return letters

    def _compile(self, text):
        elements = []
        for match in _TOKEN.finditer(text):
            cls = match["cls"]
            if cls in FIXED:
                elements += [_Element(self._class(l), a, b) for l, a, b in FIXED[cls]]
            elif cls:
                least, most = {"": (1, 8), "+": (1, 60), "*": (0, 60)}[match["amount"]]
                elements.append(_Element(self._class(CLASS_LETTERS[cls]), least, most))
            elif match["group"]:
                names = match["group"].split() * int(match["times"])
                elements += [_Element(self._letter_of(n), 1, 1, True) for n in names]
            else:
                least = int(match["least"] or 1)
                most = int(match["most"] or least)
                elements.append(_Element(self._letter_of(match["name"]), least, most, True))
        return elements

    def letter(self, frame):
        """The letter of a frame: of a named function, or of the class of its image."""
        file_name = frame.image.removesuffix(" (deleted)").rpartition("/")[2]
        known = self.stripped.get(frame.name)
        name = normalize(known or frame.name)
        if file_name == self.image:
            named = self._letters.get(("", name))
            if named:
                return named
            if name in ("_start", "_start_c"):
                return START
            return PLT if not (frame.resolved or known) or name.endswith("@plt") else OWN
        for (image, function), letter in self._letters.items():
            if image and function == name and file_name.startswith((image, f"[{image}]")):
                return letter
        for pattern, letter in LIBRARY_CLASSES:
            if pattern.match(file_name):
                return letter
        return OTHER

    def judge(self, frames):
        """The verdict on user frames, root first."""
        text = "".join(self.letter(frame) for frame in frames)
        if text not in self._cache:
            self._cache[text] = self._judge(text)
        return self._cache[text]

    def _judge(self, text):
        if not any(letter >= "\ue000" for letter in text):
            return Verdict()
        full, correct = [], False
        # Jump stubs of the program's own image, and what the program says that it calls.
        stem = text.rstrip(PLT + "".join(CLASS_LETTERS[name] for name in self.callees))
        for index, elements in enumerate(self._compiled):
            is_prefix, is_full = _match(elements, text)
            if not is_prefix and stem != text:
                is_prefix, is_full = _match(elements, stem)
            correct |= is_prefix
            if is_full:
                full.append(index)
        return Verdict(True, correct, tuple(full))


def _skippable(elements, states):
    """Adds the states reachable without a frame. A state is (element, frames taken of it)."""
    work = list(states)
    while work:
        index, taken = work.pop()
        if index < len(elements) and taken >= elements[index].least:
            following = (index + 1, 0)
            if following not in states:
                states.add(following)
                work.append(following)
    return states


def _match(elements, text):
    """(text is a prefix of the pattern that reaches a named function, text is all of it)."""
    states = _skippable(elements, {(0, 0)})
    for letter in text:
        following = set()
        for index, taken in states:
            if index < len(elements):
                element = elements[index]
                if letter in element.letters and taken < element.most:
                    following.add((index, taken + 1))
        if not following:
            return False, False
        states = _skippable(elements, following)
    first_named = next(i for i, element in enumerate(elements) if element.named)
    is_prefix = any(i > first_named or (i == first_named and taken) for i, taken in states)
    return is_prefix, (len(elements), 0) in states
