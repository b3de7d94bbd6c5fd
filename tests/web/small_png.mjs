// SPDX-License-Identifier: Apache-2.0
// A screenshot with a palette of 256 colours: a third of the bytes, and the eye sees no difference.
import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = 8;
const KEPT = 256;

function* chunksOf(png) {
  for (let at = SIGNATURE; at < png.length;) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

const paeth = (a, b, c) => {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
};

// {width, height, bytes: colour channels of each pixel, row by row, step: channels}
function decode(png) {
  const chunks = [...chunksOf(png)];
  const head = chunks[0].data;
  const [width, height, depth, kind] = [head.readUInt32BE(0), head.readUInt32BE(4), head[8], head[9]];
  const step = { 2: 3, 6: 4 }[kind];
  if (depth !== 8 || !step) throw new Error('not an RGB picture of 8 bits');
  const packed = inflateSync(Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data)));
  const row = width * step;
  const bytes = Buffer.alloc(row * height);
  for (let y = 0; y < height; ++y) {
    const filter = packed[y * (row + 1)];
    for (let x = 0; x < row; ++x) {
      const at = y * row + x;
      const left = x >= step ? bytes[at - step] : 0;
      const up = y > 0 ? bytes[at - row] : 0;
      const corner = x >= step && y > 0 ? bytes[at - row - step] : 0;
      bytes[at] = packed[y * (row + 1) + 1 + x] + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    }
  }
  return { width, height, bytes, step };
}

// 256 of the colours, each time that which the ones before miss most, and for each colour the index of its
// nearest. counts: pixels by colour.
function paletteOf(counts) {
  const colours = [...counts].map(([colour, pixels]) => ({ colour, pixels, rgb: [colour >> 16, (colour >> 8) & 255, colour & 255],
    far: Infinity, at: 0 }));
  const palette = [];
  while (palette.length < Math.min(KEPT, colours.length)) {
    let most = colours[0];
    const missed = ({ pixels, far }) => Math.sqrt(pixels) * Math.min(far, 1e6);
    for (const one of colours) if (missed(one) > missed(most)) most = one;
    const [r, g, b] = most.rgb;
    for (const one of colours) {
      const far = 2 * (r - one.rgb[0]) ** 2 + 4 * (g - one.rgb[1]) ** 2 + (b - one.rgb[2]) ** 2;
      if (far < one.far) Object.assign(one, { far, at: palette.length });
    }
    palette.push(most.colour);
  }
  return { palette, index: new Map(colours.map(({ colour, at }) => [colour, at])) };
}

const CRC = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; ++bit) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const crc32 = (bytes) => (bytes.reduce((crc, byte) => CRC[(crc ^ byte) & 255] ^ (crc >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;

function chunk(type, data) {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
  return out;
}

// The same picture.
export function smallPng(png) {
  const { width, height, bytes, step } = decode(png);
  const counts = new Map();
  const pixels = Array.from({ length: width * height }, (_, at) => bytes.readUIntBE(at * step, 3));
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const { palette, index } = paletteOf(counts);
  const rows = Buffer.alloc((width + 1) * height);
  pixels.forEach((colour, at) => (rows[at + 1 + Math.floor(at / width)] = index.get(colour)));
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3], 8); // eight bits, a palette
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([png.subarray(0, SIGNATURE), chunk('IHDR', head), chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0))]);
}
