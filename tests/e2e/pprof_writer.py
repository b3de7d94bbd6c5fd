# SPDX-License-Identifier: Apache-2.0
"""Writes pprof files as other tools do: no comments or labels of sonde, ids that are not 1..N,
gzip or bare, any sample types. Standard library only."""

import gzip


def _varint(value):
    out = b""
    value &= (1 << 64) - 1
    while value >= 0x80:
        out += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return out + bytes((value,))


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _bytes(field, value):
    return _varint(field << 3 | 2) + _varint(len(value)) + value


CPU = (("samples", "count"), ("cpu", "nanoseconds"))


def encode(stacks, types=CPU, period=10_000_000, duration=10_000_000_000, image="/srv/app"):
    """The bytes of a bare profile. `stacks`: {"root;...;leaf": values or one count of samples};
    a count is given to the first type, and times `period` to the second."""
    strings = {"": 0}

    def text(value):
        return strings.setdefault(value, len(strings))

    out = b""
    for kind, unit in types:
        out += _bytes(1, _number(1, text(kind)) + _number(2, text(unit)))
    functions = {}
    for stack, values in stacks.items():
        ids = [functions.setdefault(name, 10 * (len(functions) + 1)) for name in stack.split(";")]
        if isinstance(values, int):
            values = (values, values * period)[: len(types)]
        out += _bytes(2, _bytes(1, b"".join(map(_varint, reversed(ids)))) +
                      _bytes(2, b"".join(map(_varint, values))))
    out += _bytes(3, _number(1, 7) + _number(2, 0x400000) + _number(3, 0x500000) +
                  _number(5, text(image)))
    for name, identity in functions.items():
        line = _bytes(4, _number(1, identity + 1))
        out += _bytes(4, _number(1, identity) + _number(2, 7) +
                      _number(3, 0x400000 + identity) + line)
        out += _bytes(5, _number(1, identity + 1) + _number(2, text(name)))
    out += _number(10, duration)
    if period:
        out += _bytes(11, _number(1, text("cpu")) + _number(2, text("nanoseconds")))
        out += _number(12, period)
    return out + b"".join(_bytes(6, name.encode()) for name in strings)


def write(path, stacks, compress=True, **more):
    data = encode(stacks, **more)
    with open(path, "wb") as file:
        file.write(gzip.compress(data) if compress else data)
    return str(path)
