/* schedule-kinds - what the dialog says and asks of an experiment, and of a flag's environment. */

import { capitalized } from './words.js';

export const EXPERIMENT = {
  noun: 'experiment',
  first: { key: 'launch_at', moment: 'launch', legend: 'Launch' },
  end: { key: 'end', moment: 'end', legend: 'End' },
  ends: {
    none: { words: 'No end', hint: 'It runs until somebody pauses it.' },
    at: { words: 'On a date', hint: 'It is paused then; it can be resumed or stopped.' },
    after: {
      words: 'Days after',
      hint: 'Counted from the day of its launch, and moved with it. It is paused then.',
    },
  },
  days: 14,
  called: {
    launch_at: 'the launch',
    end: 'the end',
    'end.days_after': 'the number of days',
    'end.time': 'the time of the end',
  },
};

export const FLAG = {
  noun: 'flag',
  first: { key: 'enable_at', moment: 'enable', legend: 'Switch on' },
  end: { key: 'disable', moment: 'disable', legend: 'Switch off' },
  ends: {
    none: { words: 'Stays on', hint: 'It stays on until somebody switches it off.' },
    at: { words: 'On a date' },
    after: {
      words: 'Days after',
      hint: 'Counted from the day when it is switched on, and moved with it.',
    },
  },
  days: 7,
  called: {
    enable_at: 'switching it on',
    disable: 'switching it off',
    'disable.days_after': 'the number of days',
    'disable.time': 'the time of switching it off',
  },
};

/* The server's refusal in the words of the dialog: {key: what it names, or null, words}. */
export function refusalOf(kind, text) {
  const names = [...Object.keys(kind.called), 'time_zone'].sort((a, b) => b.length - a.length);
  const called = { ...kind.called, time_zone: 'the time zone' };
  const key = names.find((name) => text === name || new RegExp(`^${name}[ :]`).test(text)) ?? null;
  if (key === null) return { key, words: text };
  const words = text.replace(
    new RegExp(`(?<![\\w.])(${names.join('|').replaceAll('.', '\\.')})(?![\\w.])`, 'g'),
    (name) => called[name],
  );
  return { key, words: `${capitalized(words)}.` };
}
