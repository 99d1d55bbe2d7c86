/** Zoom and pan: where a picture lies in a window. */

import type { Point } from './contour';

/** A zoom in window pixels per picture pixel, and the point of the picture, in fractions, in the middle of the window. */
export interface Zoomed {
  zoom: number;
  centre: Point;
}

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  left: number;
  top: number;
}

const MARGIN = { left: 68, right: 24, top: 8, bottom: 44 }; // for the tools beside the picture, and what is below it
const BELOW = 36; // for the numbers of spans, above what is below the picture
const LEAST = 0.05;
const MOST = 64;

/** Return the zoom at which the whole picture is visible. */
export function fitting(picture: Size, window: Size): Zoomed {
  const room = { width: window.width - MARGIN.left - MARGIN.right, height: window.height - MARGIN.top - MARGIN.bottom };
  const zoom = Math.min(Math.max(Math.min(room.width / picture.width, room.height / picture.height), LEAST), MOST);
  const free = Math.max(0, (room.height - picture.height * zoom) / 2); // above, and as much below
  const lift = Math.min(free, Math.max(0, BELOW - free));
  const aside = [(MARGIN.left - MARGIN.right) / 2, (MARGIN.top - MARGIN.bottom) / 2 - lift] as const;
  return { zoom, centre: [0.5 - aside[0] / (picture.width * zoom), 0.5 - aside[1] / (picture.height * zoom)] };
}

/** Return the rectangle of the picture in the window. */
export function rectOf(view: Zoomed, picture: Size, window: Size): Rect {
  const width = picture.width * view.zoom;
  const height = picture.height * view.zoom;
  return { left: window.width / 2 - view.centre[0] * width, top: window.height / 2 - view.centre[1] * height, width, height };
}

/** Zoom by a factor so that the point of the picture at a place of the window stays there. */
export function zoomedAt(view: Zoomed, factor: number, place: Point, picture: Size, window: Size): Zoomed {
  const zoom = Math.min(Math.max(view.zoom * factor, LEAST), MOST);
  const at = toPicture(rectOf(view, picture, window), place);
  const centre: Point = [
    at[0] - (place[0] - window.width / 2) / (picture.width * zoom),
    at[1] - (place[1] - window.height / 2) / (picture.height * zoom),
  ];
  return { zoom, centre };
}

/** Move the picture by a distance of the window. */
export function panned(view: Zoomed, by: Point, picture: Size): Zoomed {
  const inside = (value: number): number => Math.min(Math.max(value, -0.2), 1.2);
  return {
    zoom: view.zoom,
    centre: [inside(view.centre[0] - by[0] / (picture.width * view.zoom)), inside(view.centre[1] - by[1] / (picture.height * view.zoom))],
  };
}

/** Return the fractions of the picture at a place of the window. */
export function toPicture(rect: Rect, [x, y]: Point): Point {
  return [(x - rect.left) / rect.width, (y - rect.top) / rect.height];
}

/** Return the place of the window at fractions of the picture. */
export function toWindow(rect: Rect, [x, y]: Point): Point {
  return [rect.left + x * rect.width, rect.top + y * rect.height];
}
