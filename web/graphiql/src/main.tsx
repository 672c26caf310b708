// Puts GraphiQL into the page.

import { createRoot } from 'react-dom/client';

import './workers';
import { App } from './App';

import 'graphiql/graphiql.css';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import '@graphiql/plugin-explorer/style.css';
import './style.css';

const place = document.getElementById('graphiql');
if (place) createRoot(place).render(<App />);
