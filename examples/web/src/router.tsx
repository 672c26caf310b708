// Addresses: which page is shown, and how one gets to another.

import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, useTransition, type AnchorHTMLAttributes, type ReactNode } from 'react';

interface Route {
  path: string;
  query: URLSearchParams;
  // Another number for each visit. One that was gone back to keeps its own.
  visit: number;
  // Whether it was gone back to.
  restored: boolean;
}

interface Router {
  route: Route;
  navigate: (to: string) => void;
  // Whether one is on the way to another page.
  leaving: boolean;
}

const RouterContext = createContext<Router | null>(null);

function here(visit: number, restored: boolean): Route {
  return { path: location.pathname, query: new URLSearchParams(location.search), visit, restored };
}

export function RouterProvider({ children }: { children: ReactNode }) {
  const [route, setRoute] = useState(() => here(Date.now(), false));
  const [leaving, startLeaving] = useTransition();
  const scrolled = useRef(new Map<number, number>());
  const shown = useRef(route);

  useEffect(() => {
    history.scrollRestoration = 'manual';
    history.replaceState({ visit: shown.current.visit }, '');
    const back = (event: PopStateEvent) => {
      scrolled.current.set(shown.current.visit, scrollY);
      const visit = (event.state as { visit?: number } | null)?.visit;
      startLeaving(() => setRoute(here(visit ?? Date.now(), visit !== undefined)));
    };
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);

  const navigate = useCallback((to: string) => {
    scrolled.current.set(shown.current.visit, scrollY);
    const visit = Date.now();
    history.pushState({ visit }, '', to);
    startLeaving(() => setRoute(here(visit, false)));
  }, []);

  // Who follows a link is at the top of another page, with the keyboard and a screen reader as well.
  useEffect(() => {
    if (shown.current === route) return;
    if (shown.current.path !== route.path) document.getElementById('main')?.focus({ preventScroll: true });
    shown.current = route;
    scrollTo(0, route.restored ? (scrolled.current.get(route.visit) ?? 0) : 0);
  }, [route]);

  const router = useMemo(() => ({ route, navigate, leaving }), [route, navigate, leaving]);
  return <RouterContext value={router}>{children}</RouterContext>;
}

export function useRouter(): Router {
  const router = useContext(RouterContext);
  if (!router) throw new Error('useRouter needs a RouterProvider');
  return router;
}

// A link within the app. Opening it in another tab works as with any other.
export function Link({ to, ...rest }: { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'>) {
  const { route, navigate } = useRouter();
  return (
    <a
      aria-current={to === route.path ? 'page' : undefined}
      {...rest}
      href={to}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(to);
      }}
    />
  );
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title === 'Polygraph' ? title : `${title} · Polygraph`;
  }, [title]);
}

export const userPath = (handle: string) => `/@${handle}`;
export const postPath = (id: string) => `/posts/${id}`;
export const searchPath = (text: string) => `/search?q=${encodeURIComponent(text)}`;
