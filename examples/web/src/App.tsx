// The frame around every page, and which page is at which address.

import { Suspense, type ReactNode } from 'react';
import { graphql, useLazyLoadQuery, useMutation } from 'react-relay';

import type { AppSignOutMutation } from './__generated__/AppSignOutMutation.graphql';
import type { AppViewerQuery } from './__generated__/AppViewerQuery.graphql';
import { Home } from './pages/Home';
import { Leaderboard } from './pages/Leaderboard';
import { Post } from './pages/Post';
import { Profile } from './pages/Profile';
import { Search } from './pages/Search';
import { SignIn } from './pages/SignIn';
import { Page } from './parts/Page';
import { SearchBox } from './parts/SearchBox';
import { Link, useRouter, userPath, useTitle } from './router';
import { useSession } from './session';

export function App() {
  const { route, leaving } = useRouter();
  const { signedIn } = useSession();
  return (
    <>
      <a href="#main" className="skip">Skip to the content</a>
      <header className="bar">
        <nav aria-label="Main">
          <Link to="/" className="brand">
            <img src="/icon.svg" alt="" width="28" height="28" />
            <span>Polygraph</span>
          </Link>
          <Link to="/leaderboard">Leaderboard</Link>
        </nav>
        <SearchBox />
        <div className="account">{signedIn ? <Account /> : <Link to="/sign-in">Sign in</Link>}</div>
      </header>
      <main id="main" tabIndex={-1} aria-busy={leaving}>
        <Page key={route.path}>{page(route.path)}</Page>
      </main>
    </>
  );
}

function page(path: string): ReactNode {
  const [, first = '', second] = path.split('/').map(decoded);
  if (path === '/') return <Home />;
  if (path === '/leaderboard') return <Leaderboard />;
  if (path === '/search') return <Search />;
  if (path === '/sign-in') return <SignIn />;
  if (first === 'posts' && second) return <Post id={second} />;
  if (first.startsWith('@')) return <Profile handle={first.slice(1)} />;
  return <Nowhere />;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function Nowhere() {
  useTitle('Not found');
  return <p>There is nothing at this address.</p>;
}

function Account() {
  const { forget } = useSession();
  const { navigate } = useRouter();
  const [signOut] = useMutation<AppSignOutMutation>(graphql`
    mutation AppSignOutMutation {
      signOut {
        sessionsEnded
      }
    }
  `);
  const leave = () => {
    // Whether or not the gateway could be told, this tab knows the token no more.
    const done = () => {
      forget();
      navigate('/');
    };
    signOut({ variables: {}, onCompleted: done, onError: done });
  };
  return (
    <>
      <Suspense>
        <Viewer />
      </Suspense>
      <button type="button" onClick={leave}>Sign out</button>
    </>
  );
}

// Says nothing when the store of users is down.
function Viewer() {
  const { viewer } = useLazyLoadQuery<AppViewerQuery>(
    graphql`
      query AppViewerQuery {
        viewer {
          handle
        }
      }
    `,
    {},
  );
  return viewer && <Link to={userPath(viewer.handle)}>@{viewer.handle}</Link>;
}
