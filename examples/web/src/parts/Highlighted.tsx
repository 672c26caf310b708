// A highlight of the search: HTML by the gateway's word, in which all is escaped but for <em>. We take no word for it: it
// is parsed into a document that is never shown and runs nothing, and of that only text and <em> come over, as elements
// made here. Whatever else there were would be text.

import { Fragment, useMemo } from 'react';

export function Highlighted({ html }: { html: string }) {
  const nodes = useMemo(() => [...new DOMParser().parseFromString(html, 'text/html').body.childNodes], [html]);
  return nodes.map((node, index) =>
    node.nodeName === 'EM' ? <mark key={index}>{node.textContent}</mark> : <Fragment key={index}>{node.textContent}</Fragment>,
  );
}
