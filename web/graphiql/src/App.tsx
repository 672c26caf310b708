// GraphiQL as this gateway has it: its plugins, its example queries, and who is signed in.

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';

import { Account } from './account/Account';
import { examples } from './examples';
import { explainPlugin } from './explain/plugin';
import { fetcher } from './fetcher';
import { storage } from './storage';
import { SystemTheme } from './SystemTheme';

// Made once: GraphiQL takes a new array for other plugins.
const plugins = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN, explainPlugin];

export function App() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      storage={storage}
      defaultTabs={examples}
      defaultEditorToolsVisibility
      shouldPersistHeaders={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <Account />
      </GraphiQL.Logo>
      <SystemTheme />
    </GraphiQL>
  );
}
