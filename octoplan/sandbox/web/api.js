/** A path under /_sandbox, and a body → the JSON of the answer. */

const PATIENCE = 10000;

/** What went wrong, in a sentence, with a hint; `lost` if nothing answered at all. */
export class Failure extends Error {
  constructor(message, { hint = "", lost = false, status = 0 } = {}) {
    super(message);
    this.hint = hint;
    this.lost = lost;
    this.status = status;
  }
}

/** Ask, or tell with a `method` and a `body` of JSON; null where the answer has no content. Throws Failure. */
export async function ask(path, { method = "GET", body = undefined } = {}) {
  const answer = await reach(path, method, body);
  if (answer.status === 204) {
    return null;
  }
  const content = await answer.json().catch(() => null);
  if (!answer.ok) {
    const said = content?.error ?? content?.message ?? `the sandbox answered ${answer.status}`;
    throw new Failure(String(said), { hint: String(content?.hint ?? ""), status: answer.status });
  }
  return content;
}

async function reach(path, method, body) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    return await fetch(`/_sandbox/${path}`, { method, headers, body: sent, cache: "no-store", signal });
  } catch {
    throw new Failure("The sandbox does not answer.", { lost: true });
  }
}

/** Names and values → a query string; blank values are left out. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
