// Changes that the service announces by server-sent events: one stream for the tab.
//
// An event names topics. Pages that show one ask again. While there is no stream, they ask every few seconds.

export type Topic = "runs" | "issues" | "hosts" | "feeds";

const RETRY_MS = 5000;
const listeners = new Set<(topics: readonly string[]) => void>();
let source: EventSource | undefined;
let lastId = "";
let live = false;

function connect(): void {
  source = new EventSource(`/console/events${lastId ? `?last=${encodeURIComponent(lastId)}` : ""}`);
  source.onmessage = (event: MessageEvent<string>) => {
    live = true;
    lastId = event.lastEventId;
    const topics = JSON.parse(event.data) as string[];
    if (topics.length) for (const listener of listeners) listener(topics);
  };
  source.onerror = () => {
    live = false;
    if (source?.readyState !== EventSource.CLOSED) return;
    source = undefined;
    setTimeout(() => {
      if (listeners.size && !source) connect();
    }, RETRY_MS);
  };
}

/** True while changes are announced, so that nothing needs to be asked again and again. */
export function isLive(): boolean {
  return live;
}

/** Call `changed` when one of the topics has changed; returns the end of it. */
export function subscribe(topics: readonly Topic[], changed: () => void): () => void {
  const listener = (found: readonly string[]) => {
    if (topics.some((topic) => found.includes(topic))) changed();
  };
  listeners.add(listener);
  if (!source) connect();
  return () => listeners.delete(listener);
}
