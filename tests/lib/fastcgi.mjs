// fastcgi - FastCGI records to a family's socket, past nginx: right ones and every wrong one.
import net from 'node:net';
import path from 'node:path';
import { varDir } from './client.mjs';

export const BEGIN = 1, ABORT = 2, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, DATA = 8, GET_VALUES = 9;
const KEEP_CONN = 1;

// One record; options say what is wrong with it.
export function record(type, content = '', options = {}) {
  const bytes = Buffer.from(content);
  const { version = 1, id = 1, padding = 0, length = bytes.length } = options;
  const head = Buffer.from([version, type, id >> 8, id & 255, length >> 8, length & 255, padding, 0]);
  return Buffer.concat([head, bytes, Buffer.alloc(padding)]);
}

// A pair's length: 1 byte, or 4 bytes from 128 on.
function lengthOf(n) {
  if (n < 128) return Buffer.from([n]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((n | 0x80000000) >>> 0);
  return bytes;
}

export function pair(name, value) {
  const [n, v] = [Buffer.from(name), Buffer.from(value)];
  return Buffer.concat([lengthOf(n.length), lengthOf(v.length), n, v]);
}

export const begin = ({ role = 1, flags = KEEP_CONN, ...options } = {}) =>
  record(BEGIN, [role >> 8, role & 255, flags, 0, 0, 0, 0, 0], options);

// content in records of at most size bytes, and the empty one that ends the stream
export function stream(type, content, options = {}) {
  const bytes = Buffer.from(content);
  const size = options.size ?? 65535;
  const records = [];
  for (let at = 0; at < bytes.length; at += size) records.push(record(type, bytes.subarray(at, at + size), options));
  return Buffer.concat([...records, record(type, '', { ...options, padding: 0 })]);
}

// A whole request.  params: an object, or a list of [name, value] in which a name may come twice.
export function request(params, body = '', options = {}) {
  const list = Array.isArray(params) ? params : Object.entries(params);
  return Buffer.concat([begin({ ...options, padding: 0 }), stream(PARAMS, Buffer.concat(list.map(([n, v]) => pair(n, v))), options),
    stream(STDIN, body, options)]);
}

export const get = (target, more = {}) => ({ REQUEST_METHOD: 'GET', DOCUMENT_URI: target, ...more });

// STDOUT's bytes as an answer.
function answerOf(text) {
  const end = text.indexOf('\r\n\r\n');
  const headers = Object.fromEntries(text.slice(0, end).split('\r\n').map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  }));
  return { status: Number((headers.status ?? '200').split(' ')[0]), headers, text: text.slice(end + 4) };
}

// Whole records are taken from the front of bytes; what each was goes to on(type, content).
function takeRecords(bytes, on) {
  while (bytes.length >= 8) {
    const length = bytes.readUInt16BE(4);
    const whole = 8 + length + bytes[6];
    if (bytes.length < whole) break;
    on(bytes[1], bytes.subarray(8, 8 + length));
    bytes = bytes.subarray(whole);
  }
  return bytes;
}

// A connection:
//   send(bytes)  resolves when the kernel has them
//   answer()     the next whole answer; rejects when the connection ends before it
//   ended        resolves to the number of answers when the worker has closed it
//   close()      from this side
export function open(family) {
  const socket = net.connect(path.join(varDir, 'run', `${family}.sock`));
  const answers = [], waiting = [];
  let bytes = Buffer.alloc(0), text = '', count = 0, over = false;
  const settle = () => {
    while (waiting.length > 0 && (answers.length > 0 || over)) {
      const { resolve, reject } = waiting.shift();
      if (answers.length > 0) resolve(answers.shift());
      else reject(new Error(`closed after ${JSON.stringify(text.slice(0, 200))}`));
    }
  };
  socket.on('data', (part) => {
    bytes = takeRecords(Buffer.concat([bytes, part]), (type, content) => {
      if (type === STDOUT) text += content.toString('latin1');
      if (type !== END) return;
      answers.push(answerOf(text));
      text = '';
      count++;
    });
    settle();
  });
  socket.on('error', () => {}); // 'close' follows
  const ended = new Promise((resolve) => socket.on('close', () => {
    over = true;
    settle();
    resolve(count);
  }));
  return {
    send: (data) => new Promise((resolve, reject) => {
      if (over) reject(new Error('the worker has closed the connection'));
      socket.write(data, (error) => (error ? reject(error) : resolve()));
    }),
    answer: () => new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      settle();
    }),
    ended,
    close: () => { socket.destroy(); return ended; },
  };
}

// One request on a connection of its own.
export async function ask(family, bytes) {
  const connection = open(family);
  const answer = connection.answer();
  await connection.send(bytes).catch(() => {});
  try {
    return await answer;
  } finally {
    connection.close();
  }
}
