// smtp - a stand-in for a mail server that remembers what it RECEIVED.  plan says what becomes of
// the next messages: 'ok' when it is empty, 'drop' (accepted, and nobody hears of it), 'cut' (the
// connection ends in the middle of the message), 'hang up' (before anything), 'stall' (no answer to
// the message), or { at, reply }: what it answers to a command (HELO, AUTH, MAIL, RCPT, DATA, or END
// for the message itself).  mute is a command that it never answers.  clear is all that was said to
// it outside of TLS, logins who logged in.
import net from 'node:net';
import { once } from 'node:events';
import tls from 'node:tls';

const usual = { HELO: '250 fake', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go on', END: '250 taken', QUIT: '221 bye', RSET: '250 ok',
  STARTTLS: '220 go on' };
const verbs = { EHLO: 'HELO' };

class Talk {
  constructor(fake, socket) {
    Object.assign(this, { fake, text: '', data: null, to: [] });
    this.turn = fake.plan.shift() ?? 'ok';
    if (this.turn === 'hang up') return socket.destroy();
    this.listen(socket);
    socket.write('220 fake\r\n');
  }

  listen(socket) {
    this.socket = socket;
    socket.on('error', () => {}).on('data', (part) => {
      if (!socket.encrypted) this.fake.clear += part.toString('latin1');
      this.hear(part.toString('latin1'));
    });
  }

  // From here on the same talk goes on inside of TLS.
  startTls() {
    const { socket } = this;
    socket.removeAllListeners('data');
    this.listen(new tls.TLSSocket(socket, { isServer: true, ...this.fake.tls }));
  }

  hello() {
    const can = [...(this.fake.tls && !this.socket.encrypted ? ['STARTTLS'] : []), 'AUTH PLAIN'];
    return ['fake', ...can].map((each, i) => `250${i < can.length ? '-' : ' '}${each}`).join('\r\n');
  }

  login(line) {
    this.asked = false;
    this.fake.logins.push({ secure: Boolean(this.socket.encrypted), who: Buffer.from(line, 'base64').toString().split('\0').slice(1) });
    this.socket.write('235 welcome\r\n');
  }

  hear(part) {
    this.text += part;
    for (;;) {
      const end = this.data === null ? this.text.indexOf('\r\n') : this.text.indexOf('\r\n.\r\n');
      if (end < 0) break;
      const got = this.text.slice(0, end);
      this.text = this.text.slice(end + (this.data === null ? 2 : 5));
      if (this.data === null) this.command(got);
      else this.message(got);
    }
    if (this.data !== null && this.turn === 'cut') this.socket.destroy();
  }

  reply(verb) {
    const said = this.turn.at === verb ? this.turn.reply : (verb === 'HELO' && this.hello()) || (usual[verb] ?? '502 what?');
    this.socket.write(`${said}\r\n`);
    if (this.turn.at === verb) this.turn = 'ok';
    return said;
  }

  command(line) {
    const word = line.split(' ')[0].toUpperCase(), verb = verbs[word] ?? word;
    if (this.asked) return this.login(line);
    this.fake.commands.push(line);
    this.asked = verb === 'AUTH';
    if (this.asked && this.turn.at !== 'AUTH') return this.socket.write('334 \r\n');
    this.asked = false;
    if (verb === this.fake.mute) return undefined;
    if (verb === 'MAIL' && this.turn === 'next') this.turn = this.fake.plan.shift() ?? 'ok';
    const said = this.reply(verb);
    if (verb === 'MAIL') this.to = [];
    if (verb === 'RCPT' && said.startsWith('250')) this.to.push(/<(.*)>/.exec(line)[1]);
    if (verb === 'DATA' && said.startsWith('354')) this.data = '';
    if (verb === 'STARTTLS' && said.startsWith('220')) this.startTls();
    if (verb === 'QUIT') this.socket.end();
    return undefined;
  }

  message(text) {
    this.data = null;
    const refused = this.turn.at === 'END';
    const delivery = /^Message-ID: <([0-9a-f-]+)@/m.exec(text)?.[1];
    if (!refused) this.fake.delivered.push({ delivery, to: this.to, text: Buffer.from(text.replaceAll('\r\n..', '\r\n.'), 'latin1').toString() });
    if (this.turn === 'drop') this.socket.destroy();
    else if (this.turn !== 'stall') this.reply('END');
    this.turn = 'next'; // a connection may carry more than one
  }
}

// certificate: { key, cert } when it can TLS, at once (smtps) or by STARTTLS
export async function startSmtp({ certificate, smtps = false } = {}) {
  const fake = { delivered: [], commands: [], plan: [], clear: '', logins: [], tls: certificate, mute: null };
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    return smtps || new Talk(fake, socket);
  });
  if (smtps) server.on('connection', (socket) => new Talk(fake, new tls.TLSSocket(socket, { isServer: true, ...certificate })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  fake.port = server.address().port;
  fake.env = { CARILLON_MAIL_URL: `smtp://127.0.0.1:${fake.port}` };
  fake.stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return fake;
}
