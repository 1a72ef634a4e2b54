/*
 * bell-style - how <carillon-bell> looks, wherever it hangs.
 *
 * A page may set --carillon-ink, -muted, -surface, -raised, -line, -accent, -soft, -alarm,
 * -alarm-soft and -badge; without them the bell brings its own colours, light or dark by the
 * color-scheme of the page.
 */

const TEXT = `
:host {
  --ink: var(--carillon-ink, light-dark(#1b2421, #eef3f0));
  --muted: var(--carillon-muted, light-dark(#57625e, #a9b5b0));
  --surface: var(--carillon-surface, light-dark(#ffffff, #18201d));
  --raised: var(--carillon-raised, light-dark(#f6f5f0, #212b28));
  --line: var(--carillon-line, light-dark(#e4e1d7, #303b37));
  --accent: var(--carillon-accent, light-dark(#0b665c, #6fd3c2));
  --soft: var(--carillon-soft, light-dark(#e3f1ee, #16342f));
  --alarm: var(--carillon-alarm, light-dark(#a8251c, #ff9d92));
  --alarm-soft: var(--carillon-alarm-soft, light-dark(#fbe9e6, #3d1f1c));
  --badge: var(--carillon-badge, #c4261d);
  position: relative;
  display: inline-block;
  color: var(--ink);
  font: 400 0.9375rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-family: inherit; font-size-adjust: inherit;
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
button, a { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; }
.icon { display: block; width: 1.375rem; height: 1.375rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.visually-hidden {
  position: absolute; width: 1px; height: 1px; margin: -1px;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}

.bell {
  position: relative; display: grid; place-items: center;
  width: 2.75rem; height: 2.75rem; padding: 0; border-radius: 50%;
  transition: background-color 120ms;
}
.bell:hover, .bell[aria-expanded="true"] { background: var(--raised); }
.badge {
  position: absolute; top: 0.0625rem; left: 54%; min-width: 1.25rem; padding: 0 0.3125rem;
  border-radius: 1rem; background: var(--badge); color: #fff; text-align: center;
  box-shadow: 0 0 0 2px var(--surface);
  font-size: 0.6875rem; font-weight: 700; line-height: 1.25rem; font-variant-numeric: tabular-nums;
}

.panel {
  position: absolute; z-index: 50; top: calc(100% + 0.75rem); right: -3rem;
  display: flex; flex-direction: column; width: 26rem; max-width: calc(100vw - 1.5rem);
  max-height: min(38rem, calc(100vh - 5.5rem)); overflow: hidden;
  border: 1px solid var(--line); border-radius: 1rem; background: var(--surface);
  box-shadow: 0 2px 6px rgb(0 0 0 / 8%), 0 18px 48px rgb(0 0 0 / 18%);
}
.head {
  display: flex; align-items: center; gap: 0.75rem; min-height: 3.5rem;
  padding: 0.5rem 0.75rem 0.5rem 1.25rem; border-bottom: 1px solid var(--line);
}
h2 { flex: 1; margin: 0; font-size: 1.0625rem; font-weight: 650; letter-spacing: -0.01em; }
.quiet {
  padding: 0.5rem 0.75rem; border-radius: 0.625rem; color: var(--accent);
  font-size: 0.875rem; font-weight: 600; text-decoration: none;
}
.quiet:hover { background: var(--soft); }
.quiet:disabled { color: var(--muted); cursor: default; background: none; }

.scroll { flex: 1; overflow-y: auto; overscroll-behavior: contain; }
ul { margin: 0; padding: 0.375rem; list-style: none; }
.item {
  position: relative; display: grid; grid-template-columns: 2.25rem 1fr 0.625rem; gap: 0.875rem;
  width: 100%; padding: 0.75rem 0.875rem; border-radius: 0.75rem;
  text-align: left; text-decoration: none;
}
.item:hover { background: var(--raised); }
.item:focus-visible { outline-offset: -3px; }
.kind {
  display: grid; place-items: center; width: 2.25rem; height: 2.25rem; border-radius: 0.75rem;
  background: var(--soft); color: var(--accent);
}
.kind .icon { width: 1.25rem; height: 1.25rem; }
.kind.alarm { background: var(--alarm-soft); color: var(--alarm); }
.words { min-width: 0; overflow-wrap: anywhere; }
.title { display: block; }
.unread .title { font-weight: 650; }
.body {
  display: -webkit-box; margin-top: 0.125rem; overflow: hidden; color: var(--muted);
  font-size: 0.875rem; -webkit-line-clamp: 2; -webkit-box-orient: vertical;
  unicode-bidi: plaintext; text-align: left;
}
time { unicode-bidi: isolate; }
.meta { display: block; margin-top: 0.25rem; color: var(--muted); font-size: 0.8125rem; }
.dot { width: 0.625rem; height: 0.625rem; margin-top: 0.375rem; border-radius: 50%; }
.unread .dot { background: var(--accent); }

.state { padding: 2.75rem 2rem; text-align: center; color: var(--muted); }
.state .icon { width: 2.5rem; height: 2.5rem; margin: 0 auto 0.875rem; color: var(--accent); }
.state strong { display: block; margin-bottom: 0.25rem; color: var(--ink); font-weight: 650; }
.error, .notice {
  margin: 0.625rem 0.75rem 0; padding: 0.625rem 0.875rem; border-radius: 0.625rem;
  background: var(--alarm-soft); color: var(--alarm); font-size: 0.875rem;
}
.more { display: block; width: calc(100% - 0.75rem); margin: 0 0.375rem 0.5rem; }
.foot { padding: 0.375rem; border-top: 1px solid var(--line); text-align: center; }
.foot .quiet { display: block; }

@media (max-width: 40rem) {
  .panel { position: fixed; top: 4.25rem; right: 0.75rem; left: 0.75rem; width: auto; }
}
@media (prefers-reduced-motion: no-preference) {
  .panel { animation: drop 140ms ease-out; }
  .rings .icon { animation: ring 700ms ease-in-out; transform-origin: 50% 10%; }
}
@keyframes drop { from { opacity: 0; translate: 0 -0.375rem; } }
@keyframes ring {
  20% { rotate: 14deg; } 40% { rotate: -11deg; } 60% { rotate: 7deg; } 80% { rotate: -4deg; }
}
@media (forced-colors: active) {
  .panel, .badge { border: 1px solid CanvasText; }
  .unread .dot { background: Highlight; forced-color-adjust: none; }
}
`;

export const bellSheet = new CSSStyleSheet();
bellSheet.replaceSync(TEXT);
