// resend.mjs - Resend for a bench: takes every message and costs as little as it can, since the real
// one works elsewhere.  Prints its address, and at its end, on SIGTERM, how many messages arrived,
// and how many of them for the second time.  What a test needs to see is in ../lib/resend.mjs.
import http from 'node:http';

const tag = '"name":"delivery","value":"'; // as cron/adapter_resend.c writes it
const seen = new Set();
let arrived = 0;

function take(text) {
  const ids = [];
  for (let at = text.indexOf(tag); at >= 0; at = text.indexOf(tag, at + tag.length)) {
    ids.push(text.slice(at + tag.length, at + tag.length + 36));
    // a copy of its own: a slice would keep the whole text
    seen.add(Buffer.from(ids.at(-1), 'latin1').toString('latin1'));
  }
  arrived += ids.length;
  return ids.map((id) => ({ id }));
}

const server = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (part) => parts.push(part)).on('end', () => {
    const data = take(Buffer.concat(parts).toString('latin1'));
    res.writeHead(200, { 'Content-Type': 'application/json' })
      .end(JSON.stringify(req.url === '/emails/batch' ? { data } : data[0]));
  });
}).listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

process.on('SIGTERM', () => {
  console.log(`${arrived} ${arrived - seen.size}`);
  process.exit();
});
