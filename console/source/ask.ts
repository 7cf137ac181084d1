// A component's question to the service: loading, failed with a way to ask again, or answered.

import { useCallback, useEffect, useState } from "react";

import { isLive, subscribe, type Topic } from "./live";

export interface Asked<Answer> {
  answer?: Answer;
  failure?: Error;
  loading: boolean;
  again: () => void;
}

const SELDOM = 60;

/**
 * Ask when `key` changes, when the service announces a change of `topics`, and every `seconds` while `isOpen` says that
 * the answer may change; seldom while changes are announced.
 */
export function useAsk<Answer>(
  key: string,
  ask: (signal: AbortSignal) => Promise<Answer>,
  seconds = 0,
  isOpen: (answer: Answer) => boolean = () => true,
  topics: readonly Topic[] = [],
): Asked<Answer> {
  const [state, setState] = useState<{ key: string; answer?: Answer; failure?: Error }>({ key: "" });
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const once = async () => {
      let open = true;
      try {
        const answer = await ask(stop.signal);
        if (stop.signal.aborted) return;
        open = isOpen(answer);
        setState({ key, answer });
      } catch (problem) {
        if (stop.signal.aborted) return;
        const failure = problem instanceof Error ? problem : new Error(String(problem));
        // The last answer stays visible while the service restarts.
        setState((before) => (before.key === key ? { ...before, failure } : { key, failure }));
      }
      clearTimeout(timer);
      const wait = topics.length && isLive() ? SELDOM : seconds;
      if (seconds && open) timer = setTimeout(() => void once(), wait * 1000);
    };
    void once();
    const end = topics.length ? subscribe(topics, () => void once()) : () => undefined;
    return () => {
      end();
      stop.abort();
      clearTimeout(timer);
    };
    // `ask` is a new function at each rendering; `key` names what it asks.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, turn]);
  const known = state.key === key ? state : { key };
  return {
    ...(known.answer !== undefined ? { answer: known.answer } : {}),
    ...(known.failure !== undefined ? { failure: known.failure } : {}),
    loading: known.answer === undefined && known.failure === undefined,
    again,
  };
}
