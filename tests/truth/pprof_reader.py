# SPDX-License-Identifier: Apache-2.0
"""Reads a pprof file with nothing but the standard library: an independent reader for what the
exporter writes. Refuses what `go tool pprof` refuses (dangling ids, bad string indices)."""

import gzip
from dataclasses import dataclass, field


class PprofError(Exception):
    """The file is not a valid pprof; the message says where."""


@dataclass
class Location:
    address: int
    names: list  # innermost first
    system_names: list
    mapping: str
    build_id: str


@dataclass
class Sample:
    """`locations` leaf first; `labels` key -> text or number."""

    locations: list
    values: list
    labels: dict


@dataclass
class Profile:
    sample_types: list = field(default_factory=list)  # (type, unit)
    samples: list = field(default_factory=list)
    mappings: list = field(default_factory=list)  # (filename, build id, start, limit, offset)
    comments: list = field(default_factory=list)
    period_type: tuple = ("", "")
    period: int = 0
    time_nanos: int = 0
    duration_nanos: int = 0

    def comment(self, key, default=None):
        """The value of the `key=value` comment, or the default."""
        for comment in self.comments:
            if comment.startswith(key + "="):
                return comment[len(key) + 1 :]
        return default


def _varint(data, pos):
    value = shift = 0
    while True:
        if pos >= len(data) or shift > 63:
            raise PprofError(f"bad varint at byte {pos}")
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, pos
        shift += 7


def _signed(value):
    return value - (1 << 64) if value >= 1 << 63 else value


def fields(data):
    """Yields (field number, int or bytes) of one message."""
    pos = 0
    while pos < len(data):
        key, pos = _varint(data, pos)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, pos = _varint(data, pos)
        elif wire == 2:
            size, pos = _varint(data, pos)
            if pos + size > len(data):
                raise PprofError(f"field {number} runs past the end at byte {pos}")
            value, pos = data[pos : pos + size], pos + size
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            value, pos = int.from_bytes(data[pos : pos + size], "little"), pos + size
        else:
            raise PprofError(f"wire type {wire} at byte {pos}")
        yield number, value


def _numbers(value):
    """A repeated number: packed bytes or one value."""
    if isinstance(value, int):
        return [value]
    result, pos = [], 0
    while pos < len(value):
        number, pos = _varint(value, pos)
        result.append(number)
    return result


def _one(data):
    """A message as {field: last value}."""
    return dict(fields(data))


class _Parser:
    def __init__(self, data):
        self.parts = {}
        for number, value in fields(data):
            self.parts.setdefault(number, []).append(value)
        self.strings = [text.decode("utf-8", "replace") for text in self.parts.get(6, [])]
        if not self.strings or self.strings[0] != "":
            raise PprofError("string table is missing or does not begin with the empty string")

    def text(self, index):
        if index >= len(self.strings):
            raise PprofError(f"string index {index} out of range")
        return self.strings[index]

    def value_type(self, data):
        parts = _one(data)
        return self.text(parts.get(1, 0)), self.text(parts.get(2, 0))

    def table(self, number):
        """id -> fields of a table whose entries have ids."""
        result = {}
        for data in self.parts.get(number, []):
            parts = {}
            for key, value in fields(data):
                if number == 4 and key == 4:
                    parts.setdefault(4, []).append(value)
                else:
                    parts[key] = value
            identity = parts.get(1, 0)
            if identity == 0 or identity in result:
                raise PprofError(f"id {identity} of table {number} is zero or not unique")
            result[identity] = parts
        return result

    def locations(self):
        functions, mappings = self.table(5), self.table(3)
        result = {}
        for identity, parts in self.table(4).items():
            names, system_names = [], []
            for line in parts.get(4, []):
                function = functions.get(_one(line).get(1, 0))
                if function is None:
                    raise PprofError(f"location {identity} names an unknown function")
                names.append(self.text(function.get(2, 0)))
                system_names.append(self.text(function.get(3, 0)))
            mapping = mappings.get(parts.get(2, 0), {})
            if parts.get(2, 0) and not mapping:
                raise PprofError(f"location {identity} names an unknown mapping")
            result[identity] = Location(parts.get(3, 0), names, system_names,
                                        self.text(mapping.get(5, 0)), self.text(mapping.get(6, 0)))
        return result

    def sample(self, data, locations, value_count):
        ids, values, labels = [], [], {}
        for number, value in fields(data):
            if number == 1:
                ids += _numbers(value)
            elif number == 2:
                values += [_signed(v) for v in _numbers(value)]
            elif number == 3:
                label = _one(value)
                text = self.text(label.get(2, 0))
                labels[self.text(label.get(1, 0))] = text if text else _signed(label.get(3, 0))
        if len(values) != value_count:
            raise PprofError(f"a sample has {len(values)} values for {value_count} types")
        try:
            return Sample([locations[i] for i in ids], values, labels)
        except KeyError as error:
            raise PprofError(f"a sample names the unknown location {error}") from error


def parse(data):
    """A Profile from the bytes of a pprof file, gzip or raw."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    parser = _Parser(data)
    profile = Profile()
    profile.sample_types = [parser.value_type(v) for v in parser.parts.get(1, [])]
    locations = parser.locations()
    profile.samples = [parser.sample(v, locations, len(profile.sample_types))
                       for v in parser.parts.get(2, [])]
    for mapping in parser.table(3).values():
        profile.mappings.append((parser.text(mapping.get(5, 0)), parser.text(mapping.get(6, 0)),
                                 mapping.get(2, 0), mapping.get(3, 0), mapping.get(4, 0)))
    for value in parser.parts.get(13, []):
        profile.comments += [parser.text(v) for v in _numbers(value)]
    for value in parser.parts.get(11, []):
        profile.period_type = parser.value_type(value)
    profile.period = parser.parts.get(12, [0])[-1]
    profile.time_nanos = parser.parts.get(9, [0])[-1]
    profile.duration_nanos = parser.parts.get(10, [0])[-1]
    return profile


def read(path):
    with open(path, "rb") as file:
        return parse(file.read())
