/*
 * poll - do something again and again, but never while nobody looks.
 *
 * The work runs at once on start, when the tab becomes visible, when the network is back and when
 * the browser restores the page from its cache. It may answer the seconds to wait (the server's
 * X-Poll-Interval). When it throws, the next try waits longer, or as long as Retry-After says.
 */

const LONGEST_S = 600;

export class Poller {
  #work;
  #seconds;
  #timer;
  #running = false;
  #again = false;
  #failures = 0;
  #started = false;

  constructor(work, seconds) {
    this.#work = work;
    this.#seconds = seconds;
  }

  start() {
    if (this.#started) return;
    this.#started = true;
    document.addEventListener('visibilitychange', this);
    addEventListener('online', this);
    addEventListener('pageshow', this);
    this.now();
  }

  stop() {
    this.#started = false;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this);
    removeEventListener('online', this);
    removeEventListener('pageshow', this);
  }

  handleEvent(event) {
    if (event.type === 'pageshow' && !event.persisted) return;
    if (document.hidden) clearTimeout(this.#timer);
    else this.now();
  }

  /* Run as soon as possible: now, or once more after the run under way. */
  async now() {
    clearTimeout(this.#timer);
    if (document.hidden || !this.#started) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    this.#again = false;
    const wait = await this.#attempt();
    this.#running = false;
    this.#schedule(wait);
  }

  async #attempt() {
    try {
      const seconds = await this.#work();
      this.#failures = 0;
      return seconds > 0 ? seconds : this.#seconds;
    } catch (error) {
      this.#failures += 1;
      return error.retryAfter ?? this.#seconds * 2 ** Math.min(this.#failures - 1, 6);
    }
  }

  #schedule(wait) {
    if (!this.#started || document.hidden) return;
    if (this.#again) {
      this.now();
      return;
    }
    const seconds = Math.min(Math.max(wait, 1), LONGEST_S);
    this.#timer = setTimeout(() => this.now(), seconds * 1000);
  }
}
