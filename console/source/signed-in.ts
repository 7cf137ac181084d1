// Who is signed in, for the parts of pages that only some roles may use.

import { createContext, useContext } from "react";

import type { Session } from "./api";

export const SessionContext = createContext<Session | undefined>(undefined);

/** True for operators and administrators. The service decides; this only hides what it would refuse. */
export function useMayOperate(): boolean {
  const session = useContext(SessionContext);
  return session !== undefined && session.role !== "viewer";
}
