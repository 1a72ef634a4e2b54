// png - a screenshot's file made smaller without a pixel changed: no alpha, for each line the filter that
// suits it, and all the time that zlib wants.
import { deflateSync, inflateSync } from 'node:zlib';

const MAGIC = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOUR = { 2: 3, 6: 4 }; // of IHDR: bytes a pixel
const RGB = 3;
const TABLE = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c >>> 0;
});
const crc = (bytes) => ~bytes.reduce((c, byte) => (c >>> 8) ^ TABLE[(c ^ byte) & 255], ~0) >>> 0;

function chunks(png) {
  const found = [];
  for (let at = MAGIC.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    found.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return found;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc(body), body.length + 4);
  return out;
}

function paeth(a, b, c) {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

// What each filter of the standard expects of a byte, by those to the left, above, and both.
const EXPECT = [() => 0, (a) => a, (a, b) => b, (a, b) => (a + b) >> 1, paeth];

// line and the one above, undone or done: sign is 1 or -1
function filtered(kind, line, above, size, sign) {
  const out = Buffer.alloc(line.length);
  const left = sign > 0 ? out : line;
  for (let i = 0; i < line.length; i++) {
    const [a, c] = i < size ? [0, 0] : [left[i - size], above[i - size]];
    out[i] = line[i] + sign * EXPECT[kind](a, above[i], c);
  }
  return out;
}

// Lines of red, green and blue; every pixel is opaque.
function lines(data, width, height, size) {
  const raw = inflateSync(data);
  const found = [];
  let above = Buffer.alloc(width * size);
  for (let y = 0; y < height; y++) {
    const at = y * (width * size + 1);
    above = filtered(raw[at], raw.subarray(at + 1, at + 1 + width * size), above, size, 1);
    found.push(size === RGB ? above : Buffer.from(above.filter((_, i) => i % size < RGB)));
  }
  return found;
}

const weight = (line) => line.reduce((sum, byte) => sum + (byte < 128 ? byte : 256 - byte), 0);

function packed(all) {
  const parts = all.map((line, y) => {
    const above = all[y - 1] ?? Buffer.alloc(line.length);
    const tries = EXPECT.map((_, kind) => Buffer.concat([Buffer.of(kind), filtered(kind, line, above, RGB, -1)]));
    return tries.reduce((best, next) => (weight(next) < weight(best) ? next : best));
  });
  const ways = [parts, all.map((line) => Buffer.concat([Buffer.of(0), line]))];
  return ways.map((way) => deflateSync(Buffer.concat(way), { level: 9, memLevel: 9, windowBits: 15 }))
    .reduce((best, next) => (next.length < best.length ? next : best));
}

export function smaller(png) {
  const parts = chunks(png);
  const header = Buffer.from(parts[0].data);
  const data = Buffer.concat(parts.filter(({ type }) => type === 'IDAT').map((part) => part.data));
  const all = lines(data, header.readUInt32BE(0), header.readUInt32BE(4), COLOUR[header[9]]);
  header[9] = 2;
  const out = Buffer.concat([MAGIC, chunk('IHDR', header), chunk('IDAT', packed(all)), chunk('IEND', Buffer.alloc(0))]);
  return out.length < png.length ? out : png;
}
