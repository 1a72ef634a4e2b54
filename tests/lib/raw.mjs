// raw - bytes to nginx and back, for what no HTTP client would send.
import net from 'node:net';
import { base } from './client.mjs';

// Send bytes; resolves to { status, headers, text } of the first answer.
export function raw(bytes) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(base.port, base.hostname, () => socket.write(bytes));
    socket.setEncoding('latin1');
    socket.on('data', (part) => {
      text += part;
      const answer = parse(text);
      if (answer) socket.destroy();
      if (answer) resolve(answer);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(text.slice(0, 200))}`)));
  });
}

// null while it is not whole.
function parse(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  }));
  const body = text.slice(end + 4);
  if (headers['transfer-encoding'] ? !body.endsWith('0\r\n\r\n') : body.length < Number(headers['content-length'] ?? 0)) return null;
  return { status: Number(first.split(' ')[1]), headers, text: body };
}
