// Who is signed in: a token, which this tab keeps until it is closed, and the environment that goes with it.

import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';
import { RelayEnvironmentProvider } from 'react-relay';

import { createEnvironment } from './api/environment';

const KEY = 'polygraph-token';

interface Session {
  signedIn: boolean;
  signIn: (token: string) => void;
  forget: () => void;
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [token, setToken] = useState(() => sessionStorage.getItem(KEY));

  const signIn = useCallback((fresh: string) => {
    sessionStorage.setItem(KEY, fresh);
    setToken(fresh);
  }, []);
  const forget = useCallback(() => {
    sessionStorage.removeItem(KEY);
    setToken(null);
  }, []);

  const environment = useMemo(() => createEnvironment(token, forget), [token, forget]);

  const session = useMemo(() => ({ signedIn: token !== null, signIn, forget }), [token, signIn, forget]);
  return (
    <SessionContext value={session}>
      {/* Another viewer sees another page: nothing of the one before stays. */}
      <RelayEnvironmentProvider key={token} environment={environment}>
        {children}
      </RelayEnvironmentProvider>
    </SessionContext>
  );
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a SessionProvider');
  return session;
}
