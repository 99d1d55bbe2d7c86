/** The entry of the page. */

import '@xyflow/react/dist/base.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/canvas.css';
import './styles/graph.css';
import './styles/form.css';
import './styles/panels.css';
import './styles/photo.css';

import { createRoot } from 'react-dom/client';

import { App } from './App';

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
