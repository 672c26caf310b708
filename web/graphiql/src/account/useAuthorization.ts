// Keeps a session's token in the headers tabs.

import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';

import { authorize } from './headers';

/**
 * Returns what puts a token into the headers of every tab, or takes it out of them. As long as there is a `token`, headers
 * that become empty get it: those of a new tab, and those of a query from the history, which keeps none.
 */
export function useAuthorization(token: string | undefined): (token: string | undefined) => void {
  const { tabs, activeTabIndex, headerEditor } = useGraphiQL(pick('tabs', 'activeTabIndex', 'headerEditor'));
  const { moveTab } = useGraphiQLActions();

  useEffect(() => {
    if (!headerEditor || token === undefined) return undefined;
    let isOver = false;
    const fill = () => {
      if (!isOver && headerEditor.getValue().trim() === '') headerEditor.setValue(authorize('', token));
    };
    fill();
    // Monaco is still at work on a change when it tells of it.
    const listener = headerEditor.onDidChangeModelContent(() => queueMicrotask(fill));
    return () => {
      isOver = true;
      listener.dispose();
    };
  }, [headerEditor, token]);

  return (next) => {
    // The one action that takes tabs. It finds the active tab by its identity, so that one is changed by its editor.
    moveTab(
      tabs.map((tab, index) =>
        index === activeTabIndex ? tab : { ...tab, headers: authorize(tab.headers ?? '', next) },
      ),
    );
    headerEditor?.setValue(authorize(headerEditor.getValue(), next));
  };
}
