// raw - bytes to nginx and back, for what no HTTP client would send.
import net from 'node:net';
import { base } from './client.mjs';

// Send bytes, read until the server closes; resolves to { status, headers, text }.
export function raw(bytes) {
  return new Promise((resolve, reject) => {
    const parts = [];
    const socket = net.connect(base.port, base.hostname, () => socket.write(bytes));
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => resolve(parse(Buffer.concat(parts).toString('latin1'))));
  });
}

function parse(text) {
  const end = text.indexOf('\r\n\r\n');
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  }));
  return { status: Number(first.split(' ')[1]), headers, text: text.slice(end + 4) };
}
