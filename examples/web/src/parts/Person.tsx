// Somebody, in a line: a picture made of the name, the name, the handle.

import type { CSSProperties, ReactNode } from 'react';
import { graphql, useFragment } from 'react-relay';

import type { Person_user$key } from '../__generated__/Person_user.graphql';
import { Link, userPath } from '../router';

// `user` is null when the store of users is down.
export function Person({ user, children }: { user: Person_user$key | null | undefined; children?: ReactNode }) {
  const person = useFragment(
    graphql`
      fragment Person_user on User {
        handle
        name
      }
    `,
    user ?? null,
  );
  if (!person) {
    return (
      <span className="person">
        <Avatar name="?" seed="" />
        <span className="muted">Name not available right now{children}</span>
      </span>
    );
  }
  return (
    <span className="person">
      <Avatar name={person.name} seed={person.handle} />
      <span>
        <Link to={userPath(person.handle)} dir="auto">{person.name}</Link> <span className="muted">@{person.handle}</span>
        {children}
      </span>
    </span>
  );
}

export function Avatar({ name, seed, large = false }: { name: string; seed: string; large?: boolean }) {
  let hue = 0;
  for (const character of seed) hue = (hue * 31 + character.charCodeAt(0)) % 360;
  return (
    <span className={large ? 'avatar large' : 'avatar'} style={{ '--hue': hue } as CSSProperties} aria-hidden="true">
      {[...name][0]}
    </span>
  );
}
