/** The living picture: zoom, pan, outputs as tabs, before and after, and what lies on it. */

import { useEffect, useLayoutEffect, useRef, useState } from 'react';

import { IconButton, useSize } from '../ui';
import { fitting, panned, type Rect, rectOf, type Zoomed, zoomedAt } from '../logic/view';
import { ask, show } from '../studio';
import { type Shown, store, useStudio } from '../store';
import { DragPanel, DragRemedy } from './DragPanel';
import { FaceOverlay } from './FaceOverlay';
import { Overlay } from './Overlay';
import { Spans } from './Spans';
import { DrawnMask, Toolbar } from './Tools';

const STEP = 1.25;

export function Canvas() {
  const box = useRef<HTMLDivElement>(null);
  const window = useSize(box);
  const pointed = useStudio((state) => (state.pointing && state.dock === 'photo' && state.graph?.nodes.some((node) => node.op === 'photo') ? state.photograph : null));
  const live = useStudio((state) => state.picture);
  const picture = pointed ?? live;
  const finished = useStudio((state) => state.final);
  const final = pointed ?? finished;
  const [zoomed, setZoomed] = useState<Zoomed | null>(null); // null: the whole picture
  const size = sizeOf(picture, final);
  const rect = size && window.width > 0 ? rectOf(zoomed ?? fitting(size, window), size, window) : null;

  const zoomBy = (factor: number, place: [number, number] = [window.width / 2, window.height / 2]) => {
    if (size) setZoomed((view) => zoomedAt(view ?? fitting(size, window), factor, place, size, window));
  };
  const panBy = (x: number, y: number) => {
    if (size) setZoomed((view) => panned(view ?? fitting(size, window), [x, y], size));
  };
  useWheel(box, (event) => {
    const place = box.current?.getBoundingClientRect();
    if (!place) return;
    if (event.shiftKey) panBy(-event.deltaY - event.deltaX, 0);
    else zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), [event.clientX - place.left, event.clientY - place.top]);
  });

  const keys = (event: React.KeyboardEvent) => {
    if (event.target !== box.current) return;
    const moves: Record<string, () => void> = {
      '+': () => zoomBy(STEP), '=': () => zoomBy(STEP), '-': () => zoomBy(1 / STEP), '0': () => setZoomed(null),
      ArrowLeft: () => panBy(40, 0), ArrowRight: () => panBy(-40, 0), ArrowUp: () => panBy(0, 40), ArrowDown: () => panBy(0, -40),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move();
  };

  return (
    <>
      <OutputTabs />
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the keys and the wheel zoom and pan */}
      <div
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- likewise
        className="canvas" ref={box} tabIndex={0} role="region" aria-label="Picture: + and - zoom, arrows move it, 0 fits it"
        onKeyDown={keys} onDoubleClick={(event) => event.target === event.currentTarget && setZoomed(null)}
      >
        {picture && rect ? <Pictures picture={picture} rect={rect} /> : <Empty />}
        {rect && (pointed ? <FaceOverlay rect={rect} photograph={pointed} onPan={panBy} /> : <Overlay rect={rect} onPan={panBy} />)}
        {rect && !pointed && <Spans rect={rect} />}
        {!pointed && <Toolbar />}
        <DrawnMask />
        <DragRemedy />
        {rect && size && <ZoomBar picture={picture} percent={(100 * rect.width) / size.width} onZoom={zoomBy} onFit={() => setZoomed(null)} onWhole={() => setZoomed({ zoom: 1, centre: [0.5, 0.5] })} />}
      </div>
    </>
  );
}

/** Return the size to show the picture at: the size of the final picture if both have the same aspect ratio. */
function sizeOf(picture: Shown | null, final: Shown | null): { width: number; height: number } | null {
  if (!picture) return null;
  const size = picture.header;
  const known = final?.header;
  return known && Math.abs(known.width / known.height - size.width / size.height) < 0.02 * (size.width / size.height) ? known : size;
}

/** Listen to the wheel without the page scrolling, which React's own listener cannot. */
function useWheel(box: React.RefObject<HTMLDivElement | null>, turn: (event: WheelEvent) => void): void {
  const latest = useRef(turn);
  useEffect(() => {
    latest.current = turn;
  });
  useEffect(() => {
    const element = box.current;
    const listen = (event: WheelEvent) => {
      event.preventDefault();
      latest.current(event);
    };
    element?.addEventListener('wheel', listen, { passive: false });
    return () => element?.removeEventListener('wheel', listen);
  }, [box]);
}

function Pictures({ picture, rect }: { picture: Shown; rect: Rect }) {
  const before = useStudio((state) => state.before);
  const comparing = useStudio((state) => state.comparing);
  const [split, setSplit] = useState(0.5);
  const compared = comparing && before ? before : null;
  const name = `${picture.header.output}, row ${picture.header.row + 1} of ${picture.header.rows}`;
  return (
    <>
      <Bitmap shown={picture} rect={rect} label={name} />
      {compared && (
        <>
          <Bitmap shown={compared} rect={rect} label="before" clip={`inset(0 ${100 - 100 * split}% 0 0)`} />
          <div className="split" style={{ left: rect.left + split * rect.width, top: rect.top, height: rect.height }} aria-hidden="true" />
          <input
            type="range" className="splitter-range" aria-label="Before and after" min={0} max={1} step={0.005} value={split}
            style={{ left: rect.left, top: rect.top + rect.height / 2 - 14, width: rect.width }}
            onChange={(event) => setSplit(Number(event.target.value))}
          />
          <span className="tag" style={{ left: rect.left + 8, top: rect.top + 8 }}>before</span>
          <span className="tag" style={{ left: rect.left + rect.width - 50, top: rect.top + 8 }}>after</span>
        </>
      )}
    </>
  );
}

function Bitmap({ shown, rect, label, clip }: { shown: Shown; rect: Rect; label: string; clip?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const target = canvas.current;
    if (!target) return;
    target.width = shown.bitmap.width;
    target.height = shown.bitmap.height;
    target.getContext('2d')?.drawImage(shown.bitmap, 0, 0);
  }, [shown]);
  return (
    <canvas
      ref={canvas} className="bitmap" role="img" aria-label={label} data-stage={shown.header.stage} data-revision={shown.header.revision}
      style={{ left: rect.left, top: rect.top, width: rect.width, height: rect.height, clipPath: clip }}
    />
  );
}

function Empty() {
  const failed = useStudio((state) => state.failed);
  const graph = useStudio((state) => state.graph);
  const faults = graph ? graph.nodes.some((node) => node.faults.length > 0) || graph.faults.length > 0 : false;
  return (
    <p className="empty" role="status">
      {failed ? failed.message : faults ? 'The graph has faults; its nodes say which.' : 'The picture is on its way…'}
    </p>
  );
}

function OutputTabs() {
  const graph = useStudio((state) => state.graph);
  const picture = useStudio((state) => state.picture);
  const comparing = useStudio((state) => state.comparing);
  const before = useStudio((state) => state.before);
  if (!graph) return <div className="outputs" />;
  const { output, row } = graph.view;
  const rows = graph.outputs.find((one) => one.name === output)?.rows ?? picture?.header.rows ?? 1;
  const see = (name: string, place: number) => {
    show({ pointing: false });
    void ask({ do: 'view', output: name, row: place });
  };
  return (
    <div className="outputs">
      <div role="tablist" aria-label="Outputs" className="row">
        {graph.outputs.map((item) => (
          <button key={item.name} type="button" role="tab" aria-selected={item.name === output} onClick={() => see(item.name, 0)}>
            <span className={`kind ${item.kind ?? 'unknown'}`} aria-hidden="true" />
            {item.name}
          </button>
        ))}
      </div>
      {rows > 1 && output !== null && (
        <label className="row rows">
          <span className="muted">row {row + 1} of {rows}</span>
          <input type="range" min={0} max={rows - 1} value={row} aria-label="Row" onChange={(event) => see(output, Number(event.target.value))} />
        </label>
      )}
      <DragPanel />
      <span className="spacer" />
      <IconButton icon="compare" label="Compare before and after" keys="C" pressed={comparing} onClick={toggleCompare} />
      {comparing && <button type="button" onClick={() => show({ before: store.get().final })}>{before ? 'Set before again' : 'Set before'}</button>}
    </div>
  );
}

/** Compare with the picture of now, or stop. */
export function toggleCompare(): void {
  const { comparing, final } = store.get();
  show(comparing ? { comparing: false } : { comparing: true, before: final });
}

function ZoomBar({ picture, percent, onZoom, onFit, onWhole }: { picture: Shown | null; percent: number; onZoom: (factor: number) => void; onFit: () => void; onWhole: () => void }) {
  return (
    <div className="float zoom">
      {picture && <span className="muted size">{picture.header.width} × {picture.header.height}{['final', 'photograph'].includes(picture.header.stage) ? '' : ` · ${picture.header.stage}`}</span>}
      <IconButton icon="minus" label="Zoom out" keys="-" onClick={() => onZoom(1 / STEP)} />
      <button type="button" onClick={onWhole} title="One pixel for one pixel">{Math.round(percent)}%</button>
      <IconButton icon="plus" label="Zoom in" keys="+" onClick={() => onZoom(STEP)} />
      <IconButton icon="fit" label="Fit" keys="0" onClick={onFit} />
    </div>
  );
}
