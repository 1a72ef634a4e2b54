// smtp - a stand-in for a mail server that remembers what it RECEIVED.  plan says what becomes of
// the next messages: 'ok' when it is empty, 'drop' (accepted, and nobody hears of it), 'cut' (the
// connection ends in the middle of the message), 'hang up' (before anything), 'stall' (no answer to
// the message), or { at, reply }: what it answers to a command (HELO, MAIL, RCPT, DATA, or END for
// the message itself).
import net from 'node:net';
import { once } from 'node:events';

const usual = { HELO: '250 fake', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go on', END: '250 taken', QUIT: '221 bye', RSET: '250 ok' };
const verbs = { EHLO: 'HELO' };

class Talk {
  constructor(fake, socket) {
    Object.assign(this, { fake, socket, text: '', data: null, to: [] });
    this.turn = fake.plan.shift() ?? 'ok';
    if (this.turn === 'hang up') return socket.destroy();
    socket.on('error', () => {}).on('data', (part) => this.hear(part.toString('latin1')));
    socket.write('220 fake\r\n');
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
    const said = this.turn.at === verb ? this.turn.reply : usual[verb] ?? '502 what?';
    this.socket.write(`${said}\r\n`);
    if (this.turn.at === verb) this.turn = 'ok';
    return said;
  }

  command(line) {
    const verb = verbs[line.slice(0, 4).toUpperCase()] ?? line.slice(0, 4).toUpperCase();
    this.fake.commands.push(line);
    if (verb === 'MAIL' && this.turn === 'next') this.turn = this.fake.plan.shift() ?? 'ok';
    const said = this.reply(verb);
    if (verb === 'MAIL') this.to = [];
    if (verb === 'RCPT' && said.startsWith('250')) this.to.push(/<(.*)>/.exec(line)[1]);
    if (verb === 'DATA' && said.startsWith('354')) this.data = '';
    if (verb === 'QUIT') this.socket.end();
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

export async function startSmtp() {
  const fake = { delivered: [], commands: [], plan: [] };
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    return new Talk(fake, socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  fake.env = { CARILLON_MAIL_URL: `smtp://127.0.0.1:${server.address().port}` };
  fake.stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return fake;
}
