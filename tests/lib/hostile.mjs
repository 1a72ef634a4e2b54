// hostile - names that somebody may give a thing to make trouble where it is shown.  The same row
// on every run; none holds a NUL, which no text of the database can.

const wound = 'window.wounded=1';
const html = [
  `<script>${wound}</script>`, `"><script>${wound}</script>`, `</title><script>${wound}</script>`, `</style><script>${wound}</script>`,
  `<img src=x onerror="${wound}">`, `"><img src=x onerror=${wound}>`, `'><svg/onload=${wound}>`, `" autofocus onfocus="${wound}`,
  `<a href="javascript:${wound}">x</a>`, `javascript:${wound}`, `<iframe srcdoc="&lt;script&gt;${wound}&lt;/script&gt;">`,
  `<style>*{background:url(//evil.example/x)}</style>`, '<base href="https://evil.example/">', '<link rel=stylesheet href=//evil.example/x.css>',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">', '<form action=https://evil.example><button>Log in</button></form>',
  '</div></div></body></html>', '<!--', '-->', '<![CDATA[', ']]>', '<table><tr><td>', '<plaintext>', '<xmp>', '&lt;b&gt;', '&#60;script&#62;', '&', '&amp',
  '{{constructor.constructor("x")()}}', '${7*7}', '<%= 7*7 %>', '{{7*7}}', '`', '\\"', '\\u003cscript\\u003e', "'", '"', '<', '>',
];
const lines = [
  '\r\nBcc: evil@example.com', '\nBcc: evil@example.com', '\rBcc: evil@example.com', '\r\n\r\n<b>body</b>', '\n\n-- \nsigned', '\u0085Bcc: evil@example.com',
  '\u2028Bcc: evil@example.com', '\u2029Bcc: evil@example.com', '\vBcc: evil@example.com', '\fBcc: evil@example.com', '%0d%0aBcc: evil@example.com',
  '\r\nContent-Type: text/html', '\r\nTo: evil@example.com', '\r\n.\r\nMAIL FROM:<evil@example.com>', '\r\n --', '\r\n\t folded', '\n.\n', '.',
  '=?utf-8?q?Bcc:=20evil@example.com?=', '=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5jb20=?=', '=?x?=', '?=', '=0D=0ABcc: evil@example.com', '\r\n--=_', '--=_', 'From evil',
  '\r\nList-Unsubscribe: <https://evil.example>', '\x1b[31mred\x1b[0m', '\x1b]0;title\x07', '\b\b\b\b', '\x7f', '\x01',
];
const letters = [
  '\u202eevil', '\u2066\u2067evil', '\u200fevil', '\u061cevil', '\u200b', '\u200d', '\ufeff', '\u0301'.repeat(40), 'e\u0301', '\u0627\u0644\u0639\u0631\u0628\u064a\u0629',
  '\u05d0\u05d1\u05d2', '\u65e5\u672c\u8a9e', '\ud83d\ude48', '\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67', '\u{1d4d0}\u{1d4d1}', '\u1680', '\u00a0', '\u3000', '\ufffd', '\uffff', '\u{10ffff}', '\u00ad',
  '%s%s%s%n', '%n', "'; DROP TABLE users; --", '1 OR 1=1', '../../etc/passwd', 'CON', 'null', 'undefined', 'NaN', 'true', '0', '-1', '=1+1', '@SUM(1)', '+1', 'https://evil.example/', '//evil.example',
  'mailto:evil@example.com', 'evil@example.com', 'a'.repeat(190), 'ä'.repeat(190), '日'.repeat(150), '\ud83d\ude48'.repeat(100), 'x '.repeat(90), ' ', '  lead', 'trail  ', 'a\tb', 'a  b',
];
const single = [...html, ...lines, ...letters];

// n of them: each alone first, then two and two; each is told apart by its number at the end.
export function hostileNames(n) {
  return Array.from({ length: n }, (_, i) => {
    const round = Math.floor(i / single.length);
    const one = single[i % single.length];
    const two = round === 0 ? '' : single[(i * 7 + round * 13) % single.length];
    return `${[...`${one}${two}`].slice(0, 190).join('')} #${i}`;
  });
}

// What one line of text keeps of it (common/text.c): no control, nothing that ends a line or turns the reading order.
// eslint-disable-next-line no-control-regex
export const oneLine = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ');
