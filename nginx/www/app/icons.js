/* icons - small line drawings on a 24 by 24 grid, coloured by the text around them. */

const SVG = 'http://www.w3.org/2000/svg';

const PATHS = {
  bell: [
    'M6 10.5a6 6 0 0 1 12 0c0 4.4 1.5 5.8 2.2 6.5H3.8C4.5 16.3 6 14.9 6 10.5Z',
    'M10 20a2.1 2.1 0 0 0 4 0',
  ],
  calendar: ['M4 5.5h16V20H4z', 'M4 10h16M8.5 3v4.5M15.5 3v4.5'],
  check: ['m5 12.5 4.5 4.5L19 7.5'],
  close: ['m6 6 12 12M18 6 6 18'],
  chevron: ['m6 9 6 6 6-6'],
  clock: ['M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z', 'M12 7.5V12l3 2'],
  copy: ['M9 9h11v11H9z', 'M15 9V4H4v11h5'],
  experiment: [
    'M9.5 3h5M10.5 3v6.2L5 18.3A1.8 1.8 0 0 0 6.6 21h10.8a1.8 1.8 0 0 0 ' + '1.6-2.7L13.5 9.2V3',
    'M7.7 15h8.6',
  ],
  feed: ['M5.5 18.5v.01', 'M5 11.5a7.5 7.5 0 0 1 7.5 7.5', 'M5 5a14 14 0 0 1 14 14'],
  feedback: [
    'M6 4h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6l-5 4v-4H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z',
    'M8 9h8M8 12h5',
  ],
  flag_environment: ['M5 21V4.5', 'M5 5c4.5-2.5 8 2 14-.5V14c-6 2.5-9.5-2-14 .5'],
  help: [
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z',
    'M9.6 9.5a2.5 2.5 0 1 1 3.7 2.2c-.9.500-1.3 1-1.3 2',
    'M12 16.8v.01',
  ],
  inbox: ['m4 13 2.8-8h10.4L20 13v6H4z', 'M4 13h5l1.5 2.5h3L15 13h5'],
  issue: ['M12 4 2.8 20h18.4z', 'M12 10v4.5M12 17.3v.01'],
  job: ['M12 3 4 7v10l8 4 8-4V7z', 'm4 7 8 4 8-4M12 11v10'],
  key: [
    'M15.5 3.5a5 5 0 1 1-4.7 6.7',
    'm10.8 10.3-7.3 7.3V21H7v-2.5h2.5V16H12l1.8-1.9',
    'M16.3 7.7v.01',
  ],
  lock: ['M6 11h12v9H6z', 'M8.5 11V8a3.5 3.5 0 0 1 7 0v3'],
  offline: [
    'm4 4 16 16',
    'M8.5 12.2a6 6 0 0 1 3-1.2M15.5 12.2q.9.500 1.6 1.2M5 8.8a11 11 0 0 1 ' +
      '3-2M11 6a11 11 0 0 1 8 2.8',
    'M12 18v.01',
  ],
  plus: ['M12 5v14M5 12h14'],
  restore: ['M5 12a7 7 0 1 0 2.2-5.1L4.5 9.5', 'M4.5 4.5v5h5'],
  search: ['M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z', 'm16 16 4.5 4.5'],
  signout: ['M10 4H5v16h5', 'M15 8l4 4-4 4M19 12H9.5'],
  sliders: [
    'M4 7h8M18 7h2M4 17h2M12 17h8',
    'M15 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z',
    'M9 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z',
  ],
  team: [
    'M9 5a3.2 3.2 0 1 0 0 6.4A3.2 3.2 0 0 0 9 5Z',
    'M3 19.5a6 6 0 0 1 12 0',
    'M15.5 5.4a3.2 3.2 0 0 1 0 5.6M17.5 14.2a6 6 0 0 1 3.5 5.3',
  ],
  trash: ['M4 7h16M9 7V4h6v3', 'm6.5 7 1 13h9l1-13', 'M10 11v5M14 11v5'],
  unread: ['M4 6h16v12H4z', 'm4 7.5 8 6 8-6'],
};

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/* A decorative <svg class="icon">; an unknown name draws the bell. */
export function icon(name) {
  const element = svg('svg', {
    class: 'icon',
    viewBox: '0 0 24 24',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': 1.75,
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    'aria-hidden': 'true',
    focusable: 'false',
  });
  for (const d of PATHS[name] ?? PATHS.bell) element.append(svg('path', { d }));
  return element;
}

/* The product's mark: a bell in a rounded square. The style sheet gives the colours. */
export function logoMark() {
  const element = svg('svg', { class: 'logo-mark', viewBox: '0 0 32 32', 'aria-hidden': 'true' });
  element.append(
    svg('rect', { class: 'logo-ground', width: 32, height: 32, rx: 9 }),
    svg('path', {
      class: 'logo-bell',
      d:
        'M16 6.2a1.7 1.7 0 0 1 1.7 1.7v.5c3.3.800 5 3.5 5 6.9 0 3.4.900 5 2.3 6.2a.9.900 ' +
        '0 0 1-.6 1.5H7.6a.9.900 0 0 1-.6-1.5c1.4-1.2 2.3-2.8 2.3-6.2 0-3.4 1.7-6.1 ' +
        '5-6.9v-.5A1.7 1.7 0 0 1 16 6.2Z',
    }),
    svg('path', { class: 'logo-clapper', d: 'M13.4 24.3a2.7 2.7 0 0 0 5.2 0z' }),
  );
  return element;
}

const KINDS = ['experiment', 'flag_environment', 'issue', 'feedback', 'job'];

/* The drawing for a resource kind, or for a type: their first words agree. */
export function kindIcon(kind) {
  const word = /^[a-z]*/.exec(String(kind ?? '').toLowerCase())[0];
  return icon(KINDS.find((known) => known.split('_')[0] === word) ?? 'bell');
}

/* 'alarm' for news of something that did not happen as planned, else 'plain'. */
export function tone(type) {
  return /_(FAILED|MISSED)$/.test(type) ? 'alarm' : 'plain';
}
