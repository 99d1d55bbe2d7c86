/** Icons, drawn on a grid of 16. */

const PATHS = {
  undo: 'M6 3 2.5 6.5 6 10M3 6.5h6a4 4 0 0 1 0 8H7',
  redo: 'm10 3 3.5 3.5L10 10M13 6.5H7a4 4 0 0 0 0 8h2',
  hand: 'M5 8V4.2a1 1 0 0 1 2 0V7m0-.5V3a1 1 0 0 1 2 0v3.5m0-.3V4a1 1 0 0 1 2 0v3m0-.3a1 1 0 0 1 2 0V10a4.3 4.3 0 0 1-4.3 4.3c-2 0-3-1-3.9-2.4L2.6 9.2c-.6-1 .7-1.9 1.5-1L5 9',
  box: 'M2.5 3.5h11v9h-11z',
  ellipse: 'M8 3c3.3 0 6 2.2 6 5s-2.7 5-6 5-6-2.2-6-5 2.7-5 6-5Z',
  polygon: 'm8 2 6 4.5-2.3 7.3H4.3L2 6.5z',
  brush: 'M13.5 2.5 7 9M5.5 9.2c1.4 0 2.3 1 2.3 2.2 0 1.6-1.3 2.6-3 2.6-1.2 0-2.2-.3-2.8-.7 1-.5 1.1-1.2 1.1-1.9 0-1.2 1-2.2 2.4-2.2Z',
  ramp: 'M3 2.5v11M13 2.5v11M5.5 8h5M8.7 6 10.7 8l-2 2',
  point: 'M4 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3ZM5.2 10.8 13 3M9 3h4v4',
  compare: 'M8 2v12M3 4h3v8H3zM10 4h3v8h-3z',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  close: 'm4 4 8 8M12 4l-8 8',
  star: 'm8 2 1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.3l-3.7 2 .8-4.1L2 6.3l4.2-.5z',
  play: 'M5 3.5v9l7-4.5z',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  reset: 'M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z',
  bypass: 'M2 8h2.5c2 0 1.5-4 3.5-4s1.5 4 3.5 4H14M2 11.5h12',
  copy: 'M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3',
  trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9',
  tidy: 'M2 3h4v4H2zM2 10h4v3H2zM10 6h4v4h-4zM6 5h2v6H6M8 8h2',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.2 3.2',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  help: 'M6 6a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.4M8 11.5h.01M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z',
  save: 'M3 2.5h8L13.5 5v8.5h-11V2.5H3M5 2.5v4h5v-4M5 13.5v-4h6v4',
  down: 'm4 6 4 4 4-4',
  folder: 'M2 12.5v-9h4l1.5 2H14v7z',
  share: 'M8 10V2.5M5 5.2 8 2.2l3 3M3 8.5v5h10v-5',
  dice: 'M3 3h10v10H3zM5.8 5.8h.01M10.2 10.2h.01M8 8h.01',
  test: 'M6 2.5v4L2.8 12c-.5.9 0 1.5.9 1.5h8.6c.9 0 1.4-.6.9-1.5L10 6.5v-4M5 2.5h6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
