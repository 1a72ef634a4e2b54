/* highlight - the words of a search, marked where they stand; the elements stay as they are. */

const NAME = 'found';

/* Every place of each word in a text node. */
function* places(node, words) {
  const text = node.data.toLowerCase();
  if (text.length !== node.data.length) return; // some letters are longer when they are small
  for (const word of words)
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + word.length);
      yield range;
    }
}

/* elements hold nothing but text; an empty q marks nothing. */
export function highlight(elements, q) {
  if (CSS.highlights === undefined) return;
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const nodes = [...elements].map((element) => element.firstChild).filter(Boolean);
  const ranges = nodes.flatMap((node) => [...places(node, words)]);
  if (words.length === 0 || ranges.length === 0) CSS.highlights.delete(NAME);
  else CSS.highlights.set(NAME, new Highlight(...ranges));
}
