import { useRef } from 'react';

/** Handlers of an overlay whose own surface, dragged by the main or the middle button, moves the picture. */
export function usePan(onPan: (x: number, y: number) => void) {
  const last = useRef<[number, number] | null>(null);
  return {
    onPointerDown: (event: React.PointerEvent<SVGSVGElement>) => {
      if (event.target !== event.currentTarget || event.button > 1) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      last.current = [event.clientX, event.clientY];
    },
    onPointerMove: (event: React.PointerEvent<SVGSVGElement>) => {
      if (!last.current || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
      onPan(event.clientX - last.current[0], event.clientY - last.current[1]);
      last.current = [event.clientX, event.clientY];
    },
    onPointerUp: () => {
      last.current = null;
    },
  };
}
