/** The tools beside the picture, and the question that follows a drawn mask. */

import { maskChanges, type Use } from '../logic/compose';
import type { IconName } from '../icons';
import { type Tool, store, useStudio } from '../store';
import { anySeed, edit, show } from '../studio';
import { IconButton } from '../ui';
import { paintedMask } from './DragPanel';

export const TOOLS: { tool: Tool; icon: IconName; label: string; keys: string }[] = [
  { tool: 'hand', icon: 'hand', label: 'Move the picture and handles', keys: 'V' },
  { tool: 'brush', icon: 'brush', label: 'Paint a mask', keys: 'B' },
  { tool: 'box', icon: 'box', label: 'Draw a box as a mask', keys: 'R' },
  { tool: 'ellipse', icon: 'ellipse', label: 'Draw an ellipse as a mask', keys: 'E' },
  { tool: 'polygon', icon: 'polygon', label: 'Draw a polygon as a mask: a corner with each click, Enter closes it', keys: 'P' },
  { tool: 'ramp', icon: 'ramp', label: 'Draw a ramp as a mask', keys: 'L' },
  { tool: 'point', icon: 'point', label: 'Pick a point and drag it to its target', keys: 'D' },
];

const BRUSH = { least: 0.01, most: 0.25 }; // radius, as a fraction of the shorter side

export function Toolbar() {
  const tool = useStudio((state) => state.tool);
  const size = useStudio((state) => state.brush);
  return (
    <>
    <div className="float tools" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {TOOLS.map((one) => (
        <IconButton key={one.tool} icon={one.icon} label={one.label} keys={one.keys} pressed={tool === one.tool} onClick={() => show(one.tool === 'hand' || one.tool === 'point' ? { tool: one.tool, painting: null } : { tool: one.tool })} />
      ))}
    </div>
    {tool === 'brush' && (
      <div className="float options">
        <label className="row">
          Size
          <input
            type="range" min={BRUSH.least} max={BRUSH.most} step={0.005} value={size}
            onChange={(event) => show({ brush: Number(event.target.value) })}
          />
        </label>
        <span className="muted">Shift erases</span>
      </div>
    )}
    </>
  );
}

const USES: { use: Use; label: string; about: string }[] = [
  { use: 'another', label: 'Another picture inside', about: 'blend a second seed into the mask' },
  { use: 'tint', label: 'A tint', about: 'show the mask in colour' },
];

export function DrawnMask() {
  const drawn = useStudio((state) => state.drawn);
  const graph = useStudio((state) => state.graph);
  const catalogue = useStudio((state) => state.catalogue);
  const output = graph?.view.output;
  if (drawn === null || !graph || output == null || graph.links.some((link) => link.source === drawn)) return null;
  const choose = (use: Use) => {
    void edit(maskChanges(graph, catalogue, drawn, output, use, anySeed(1000)));
    show({ drawn: null, tool: 'hand', selection: [drawn] });
  };
  return (
    <div className="float drawn" role="dialog" aria-label="What the mask shows">
      <p><b>The mask is drawn.</b> What should it show?</p>
      <div className="row">
        {USES.map((one, index) => (
          <button key={one.use} type="button" className={index === 0 ? 'primary' : 'solid'} title={one.about} onClick={() => choose(one.use)}>{one.label}</button>
        ))}
        <button type="button" onClick={() => show({ drawn: null })}>Only the node</button>
      </div>
    </div>
  );
}

/** Return the id of the mask that a drawing tool changes: the mask of the drag that is painted for, or the selected mask. */
export function chosenMask(): string | null {
  const { graph, selection, painting } = store.get();
  if (painting !== null) return paintedMask(graph, painting);
  const chosen = graph?.nodes.filter((node) => selection.includes(node.id) && node.op === 'mask') ?? [];
  return chosen.length === 1 ? (chosen[0]?.id ?? null) : null;
}
