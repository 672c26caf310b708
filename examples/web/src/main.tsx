import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { ApiError } from './api/errors';
import { App } from './App';
import { RouterProvider } from './router';
import { SessionProvider } from './session';
import './style/base.css';
import './style/frame.css';
import './style/parts.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root, {
  // What the gateway answers is said on the page, and no fault of the page.
  onCaughtError: (error) => {
    if (!(error instanceof ApiError)) console.error(error);
  },
}).render(
  <StrictMode>
    <SessionProvider>
      <RouterProvider>
        <App />
      </RouterProvider>
    </SessionProvider>
  </StrictMode>,
);
