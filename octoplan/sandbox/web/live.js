/** The sandbox's version, asked each second while the page is seen → calls of those who want to know. */

import { ask } from "./api.js";

const EVERY = 1000;

/**
 * Watch the sandbox: `changed(now)` whenever its version is another, `ticked(now)` with its clock each time it answers,
 * `lost()` when it stops answering, `found()` when it does again.
 */
export function watch({ changed, ticked, lost, found }) {
  let version = null;
  let reached = true;
  const look = async () => {
    try {
      const seen = await ask("version");
      if (!reached) {
        found();
      }
      reached = true;
      ticked(seen.now);
      if (seen.version !== version) {
        version = seen.version;
        await changed(seen.now);
      }
    } catch (failure) {
      if (reached && failure.lost) {
        lost();
        reached = false;
        version = null; // whatever happened meanwhile, everything is fetched again
      }
    }
  };
  const run = async () => {
    for (;;) {
      await (document.hidden ? seen() : look());
      await new Promise((done) => setTimeout(done, document.hidden ? 0 : EVERY));
    }
  };
  run();
}

function seen() {
  return new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
}
