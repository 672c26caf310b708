// The form that asks for login and password.

import { Button, Dialog } from '@graphiql/react';
import { useState, type FormEvent } from 'react';

import { signIn, type Session } from './session';

export function SignInForm({ onSignedIn }: { onSignedIn(session: Session): void }) {
  const [refusal, setRefusal] = useState<string>();
  const [isWaiting, setWaiting] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setWaiting(true);
    setRefusal(undefined);
    try {
      onSignedIn(await signIn(String(form.get('login')), String(form.get('password'))));
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
      setWaiting(false);
    }
  };

  return (
    <form className="polygraph-sign-in" onSubmit={submit}>
      <Dialog.Description className="graphiql-dialog-section-caption">
        Puts the token of a new session into the headers of every tab. It is kept in this page alone: a reload forgets it.
        The demo data has one account with a password, <code>demo</code> with <code>demo-demo-demo</code>.
      </Dialog.Description>
      <label>
        Handle or email
        <input name="login" placeholder="demo" autoComplete="username" autoCapitalize="none" required autoFocus />
      </label>
      <label>
        Password
        <input name="password" type="password" placeholder="demo-demo-demo" autoComplete="current-password" required />
      </label>
      {refusal && (
        <p className="polygraph-refusal" role="alert">
          {refusal}
        </p>
      )}
      <Button type="submit" state="success" disabled={isWaiting}>
        Sign in
      </Button>
    </form>
  );
}
