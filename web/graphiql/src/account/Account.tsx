// Who is signed in, at the right of the tabs; who is not can sign in there.

import { Button, Dialog, Tooltip } from '@graphiql/react';
import { useState } from 'react';

import { SignInForm } from './SignInForm';
import { signOut, type Session } from './session';
import { useAuthorization } from './useAuthorization';

export function Account() {
  const [session, setSession] = useState<Session>();
  const [isOpen, setOpen] = useState(false);
  const authorize = useAuthorization(session?.token);

  const enter = (session: Session) => {
    authorize(session.token);
    setSession(session);
    setOpen(false);
  };
  const leave = (session: Session) => {
    setSession(undefined);
    authorize(undefined);
    // Its token is gone from here whatever becomes of this; a session that could not be ended expires.
    signOut(session).catch((error: unknown) => console.warn('The session was not ended.', error));
  };

  if (session) {
    return (
      <div className="polygraph-account">
        <span className="polygraph-handle">@{session.handle}</span>
        <Tooltip label="Ends the session, and takes its token out of the headers">
          <Button type="button" onClick={() => leave(session)}>
            Sign out
          </Button>
        </Tooltip>
      </div>
    );
  }
  return (
    <div className="polygraph-account">
      <Button type="button" onClick={() => setOpen(true)}>
        Sign in
      </Button>
      <Dialog open={isOpen} onOpenChange={setOpen}>
        <div className="graphiql-dialog-header">
          <Dialog.Title className="graphiql-dialog-title">Sign in</Dialog.Title>
          <Dialog.Close />
        </div>
        <SignInForm onSignedIn={enter} />
      </Dialog>
    </div>
  );
}
