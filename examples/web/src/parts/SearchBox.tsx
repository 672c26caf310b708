// Search as one types: suggestions for what was typed so far, after the combobox pattern of the ARIA Authoring Practices.

import { useEffect, useId, useState, type KeyboardEvent } from 'react';
import { fetchQuery, graphql, useRelayEnvironment } from 'react-relay';

import type { SearchBoxQuery, SearchBoxQuery$data } from '../__generated__/SearchBoxQuery.graphql';
import { postPath, searchPath, userPath, useRouter } from '../router';
import { Highlighted } from './Highlighted';

type Suggestion = NonNullable<SearchBoxQuery$data['suggest']>[number];

// How long one has not typed before the gateway is asked, in milliseconds.
const PAUSE = 120;
// The longest text that the API searches for, and the longest beginning that it has suggestions for.
const LONGEST = { text: 256, prefix: 64 };

export function SearchBox() {
  const { navigate } = useRouter();
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const suggestions = useSuggestions(text.trim());
  const id = useId();
  const shown = open && suggestions.length > 0;

  const go = (to: string) => {
    setOpen(false);
    setActive(-1);
    navigate(to);
  };
  const search = () => text.trim() && go(searchPath(text.trim()));
  const choose = ({ node, title }: Suggestion) => {
    if (node?.__typename === 'User') go(userPath(node.handle));
    else if (node?.__typename === 'Post') go(postPath(node.id));
    // Its own store can't be asked at the moment; the index can.
    else go(searchPath(title));
  };

  const keyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setOpen(true);
      // From the field (-1) to the first, from the last to the field.
      const places = suggestions.length + 1;
      setActive(((active + 1 + step + places) % places) - 1);
    } else if (event.key === 'Escape' && shown) {
      // The first closes the list, the next is the browser's, and empties the field.
      event.preventDefault();
      setOpen(false);
      setActive(-1);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const chosen = shown ? suggestions[active] : undefined;
      if (chosen) choose(chosen);
      else search();
    }
  };

  return (
    <search className="search">
      <input
        type="search"
        role="combobox"
        aria-label="Search people and posts"
        placeholder="Search people and posts"
        aria-autocomplete="list"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-activedescendant={shown && active >= 0 ? `${id}-${active}` : undefined}
        autoComplete="off"
        spellCheck={false}
        maxLength={LONGEST.text}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setActive(-1);
        }}
        onKeyDown={keyDown}
        onBlur={() => setOpen(false)}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Suggestions" hidden={!shown}>
        {suggestions.map((suggestion, index) => (
          <li
            key={index}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            // The field keeps the focus, so that the list stays open until the click is done.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(suggestion)}
          >
            <span className="kind">{suggestion.type === 'USER' ? 'Person' : 'Post'}</span>
            <bdi>
              <Label suggestion={suggestion} />
            </bdi>
          </li>
        ))}
      </ul>
    </search>
  );
}

function Label({ suggestion: { title, highlights } }: { suggestion: Suggestion }) {
  const handle = highlights.find(({ field }) => field === 'handle');
  const heading = highlights.find(({ field }) => field === 'name' || field === 'title');
  return (
    <>
      {heading ? <Highlighted html={heading.html} /> : title}
      {handle && <span className="muted"> @<Highlighted html={handle.html} /></span>}
    </>
  );
}

// What begins with `prefix`. Until it is known, what began with the text before; nothing where it can't be had, since what
// was typed can be searched for all the same.
function useSuggestions(prefix: string): readonly Suggestion[] {
  const environment = useRelayEnvironment();
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  useEffect(() => {
    if (!prefix || prefix.length > LONGEST.prefix) {
      setSuggestions([]);
      return;
    }
    let stop = () => {};
    const timer = setTimeout(() => {
      const request = fetchQuery<SearchBoxQuery>(
        environment,
        graphql`
          query SearchBoxQuery($prefix: String!) {
            suggest(prefix: $prefix, first: 8) {
              type
              title
              highlights {
                field
                html
              }
              node {
                __typename
                ... on User {
                  handle
                }
                ... on Post {
                  id
                }
              }
            }
          }
        `,
        { prefix },
      ).subscribe({
        next: ({ suggest }) => setSuggestions(suggest ?? []),
        error: () => setSuggestions([]),
      });
      stop = () => request.unsubscribe();
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [environment, prefix]);
  return suggestions;
}
