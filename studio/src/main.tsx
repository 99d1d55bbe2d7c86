import { createRoot } from 'react-dom/client';
import { ReactFlow } from '@xyflow/react';
import dagre from '@dagrejs/dagre';
import '@xyflow/react/dist/style.css';
console.log(new dagre.graphlib.Graph());
const root = document.getElementById('root');
if (root) createRoot(root).render(<ReactFlow nodes={[]} edges={[]} />);
