/** The dock below the picture: graph, text, plan, sheets, film, outline. */

import { useCallback, useEffect, useRef } from 'react';

import { marksOf } from '../logic/marks';
import { DOCKS } from '../keys';
import { type Dock as Name, useStudio } from '../store';
import { show } from '../studio';
import { IconButton, usePreference } from '../ui';
import { ExplainPanel } from './ExplainPanel';
import { FilmPanel } from './FilmPanel';
import { GraphPanel, tidy } from './GraphPanel';
import { Outline } from './Outline';
import { openPaletteForSelection } from './Palette';
import { PhotoPanel } from './PhotoPanel';
import { PlanPanel } from './PlanPanel';
import { SeedSheet, SweepSheet } from './Sheets';
import { YamlPanel } from './YamlPanel';

const PANELS: Record<Name, () => React.ReactNode> = {
  graph: GraphPanel, yaml: YamlPanel, plan: PlanPanel, seeds: SeedSheet, sweep: SweepSheet, explain: ExplainPanel, film: FilmPanel, outline: Outline,
  photo: PhotoPanel,
};

export function Dock() {
  const dock = useStudio((state) => state.dock);
  const graph = useStudio((state) => state.graph);
  const root = useRef<HTMLElement>(null);
  const faults = graph ? marksOf(graph).length : 0;
  const Panel = PANELS[dock];
  return (
    <section className="dock" ref={root} aria-label="Graph and panels">
      <Splitter />
      <div className="tabs">
        {/* eslint-disable-next-line jsx-a11y/interactive-supports-focus -- the chosen tab has the focus */}
        <div
          role="tablist" aria-label="Panels" className="row" onKeyDown={(event) => {
            const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (by === undefined) return;
            const at = DOCKS.findIndex((item) => item.dock === dock);
            const next = DOCKS[(at + by + DOCKS.length) % DOCKS.length];
            if (next) show({ dock: next.dock });
            window.setTimeout(() => document.querySelector<HTMLElement>('.dock [role="tab"][aria-selected="true"]')?.focus());
          }}
        >
          {DOCKS.map((item) => (
            <button key={item.dock} type="button" role="tab" aria-selected={dock === item.dock} tabIndex={dock === item.dock ? 0 : -1} title={`${item.label} (${item.keys})`} onClick={() => show({ dock: item.dock })}>
              {item.label}
              {item.dock === 'yaml' && faults > 0 && <span className="count" aria-label={`${faults} faults`}>{faults}</span>}
            </button>
          ))}
        </div>
        <span className="spacer" />
        {dock === 'graph' && (
          <div className="graph-bar">
            <button type="button" onClick={openPaletteForSelection} title="Add a node (A)"><b>+</b> Node</button>
            <IconButton icon="tidy" label="Tidy the graph" keys="T" onClick={() => void tidy()} />
          </div>
        )}
      </div>
      <div className="panel" role="tabpanel" aria-label={DOCKS.find((item) => item.dock === dock)?.label}><Panel /></div>
    </section>
  );
}

function Splitter() {
  const [height, setHeight] = usePreference('dock', 300);
  const apply = useCallback((next: number) => document.documentElement.style.setProperty('--dock', `${next}px`), []);
  useEffect(() => apply(height), [apply, height]);
  const limited = (next: number) => Math.round(Math.min(Math.max(next, 120), window.innerHeight - 220));
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a separator with a value is a control
    <div
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- likewise
      className="splitter" role="separator" tabIndex={0} aria-orientation="horizontal" aria-label="Height of the panels" aria-valuenow={height} aria-valuemin={120} aria-valuemax={900}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) setHeight(limited(window.innerHeight - event.clientY));
      }}
      onKeyDown={(event) => {
        const by = { ArrowUp: 24, ArrowDown: -24 }[event.key];
        if (by !== undefined) setHeight(limited(height + by));
      }}
    />
  );
}
