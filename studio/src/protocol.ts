// Written by tools/studio_types.py from fgraph/studio/messages: change those, then run `make generate`.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Draw the viewed output with a node and without it, as thumbnails. */
export interface Ablate {
  id: number;
  do: "ablate";
  node: string;
}

/** Add a node. */
export interface AddNode {
  add: NewNode;
}

/** A field and its values along one side of a sheet. */
export interface Axis {
  node: string;
  field: string;
  values: Json[];
}

/** A node, and whether its readers read its first input of the same kind instead. */
export interface Bypass {
  node: string;
  on: boolean;
}

/** Take a node out of the graph without removing it, or put it back. */
export interface BypassNode {
  bypass: Bypass;
}

/** Make a port read a node. */
export interface ConnectNodes {
  connect: Link;
}

/** Remove a link. */
export interface DisconnectNodes {
  disconnect: LinkEnd;
}

/** Set the points of a drag in one row, their targets, or the mask of the part that may move; None changes nothing. `mask` names a mask of the graph, `shape` has the fields of a new one. A drag that has already moved keeps its result: a new drag continues from there. A running drag continues. */
export interface DragChange {
  id: number;
  do: "drag_change";
  node: string;
  row?: number;
  points?: [number, number][] | null;
  to?: [number, number][] | null;
  mask?: string | null;
  shape?: { [name: string]: Json } | null;
}

/** Start or continue a drag of the viewed output; it ends with `drag_stop`, or with any other change. */
export interface DragStart {
  id: number;
  do: "drag_start";
  node: string;
}

/** Change the graph. Edits with one `gesture` are one step of undo. */
export interface Edit {
  id: number;
  do: "edit";
  changes: (SetField | UnsetField | AddNode | RemoveNodes | ConnectNodes | DisconnectNodes | RenameNode | BypassNode | SetOutputs | SetModel | PlaceNodes | SetFilm | SetParams | SetSeed)[];
  gesture?: string | null;
}

/** Write an output to a file to download, by default the viewed one; films take all rows of the output as frames. A photograph has its own size and metadata. */
export interface Export {
  id: number;
  do: "export";
  format: "png" | "webp" | "gif" | "mp4" | "tiff";
  fps?: number;
  output?: string | null;
}

/** Find the faces in the photograph that a node reads; the answer has the faces and the photograph. */
export interface Faces {
  id: number;
  do: "faces";
  node: string;
  detector?: "mtcnn" | "dlib68";
}

/** Mark a state of the history, or unmark it. */
export interface Favourite {
  id: number;
  do: "favourite";
  state: string;
  on: boolean;
}

/** Mark a seed of a model as a favourite, or unmark it. */
export interface FavouriteSeed {
  id: number;
  do: "favourite_seed";
  model: string;
  seed: number;
  on: boolean;
}

/** A field of a node. */
export interface FieldName {
  node: string;
  field: string;
}

/** A field of a node, and its value; the path of a value inside a field is written with dots. In a field that names a file, `upload:ID` means an uploaded picture. */
export interface FieldValue {
  node: string;
  field: string;
  value: Json;
}

/** Make a film of the viewed output whose fields move between keys; `play` sends frames, and no file is made. */
export interface Film {
  id: number;
  do: "film";
  keys: Key[];
  seconds: number;
  fps?: number;
  format: "mp4" | "gif" | "play";
}

/** Return to a state of the history. */
export interface GoTo {
  id: number;
  do: "goto";
  state: string;
}

/** A frame around nodes on the canvas of the graph. */
export interface Group {
  id: string;
  title: string;
  nodes: string[];
}

/** A moment of a film: the values that fields have there. */
export interface Key {
  time: number;
  values: FieldValue[];
}

/** A link. `input` is the port of `target`; `index` is the place in a list port, None its end. */
export interface Link {
  source: string;
  target: string;
  input: string;
  index?: number | null;
}

/** The end of a link at the node that reads it. */
export interface LinkEnd {
  target: string;
  input: string;
  index?: number | null;
}

/** An output and the node that it shows. */
export interface NamedOutput {
  name: string;
  node: string;
}

/** A node and its new id. */
export interface NewName {
  node: string;
  to: string;
}

/** A node to add. Without an id it gets one that is free. */
export interface NewNode {
  op: string;
  id?: string | null;
  fields?: { [name: string]: Json };
  position?: [number, number] | null;
}

/** Open a graph in place of the current one, which the history keeps. */
export interface Open {
  id: number;
  do: "open";
  what: OpenGraph | OpenUpload | OpenPhotograph | OpenText;
}

/** A bundled graph, by its name in the catalogue. */
export interface OpenGraph {
  graph: string;
}

/** A graph that edits an uploaded photograph. */
export interface OpenPhotograph {
  photograph: string;
}

/** A graph as YAML text. */
export interface OpenText {
  example: string;
}

/** A graph that was uploaded, or that an uploaded picture holds. */
export interface OpenUpload {
  upload: string;
}

/** Move nodes on the canvas. */
export interface PlaceNodes {
  place: Places;
}

/** Positions of nodes on the canvas; `groups` replaces all groups, None leaves them. */
export interface Places {
  positions?: { [name: string]: [number, number] };
  groups?: Group[] | null;
}

/** A request without further fields. `undo`, `redo`; `reload`: read the file of the graph again; `cancel`: stop the current run; `drag_stop`: end the running drag, and keep its result; `plan`: send the plan; `history`: send the history; `command`, `python`: answer with the graph as a command or a program; `explain`: draw every output without each node, as thumbnails. */
export interface Plain {
  id: number;
  do: "undo" | "redo" | "cancel" | "drag_stop" | "plan" | "history" | "command" | "python" | "reload" | "explain";
}

/** Remove nodes with their links, and the outputs that name them. */
export interface RemoveNodes {
  remove: string[];
}

/** Rename a node, and everything that reads it. */
export interface RenameNode {
  rename: NewName;
}

/** Write the graph to a file in the folder of the studio, or to the file that it was opened from. `replace` allows the file to be replaced if it has changed on disk since it was opened or saved. */
export interface Save {
  id: number;
  do: "save";
  name: string;
  replace?: boolean;
}

/** Draw the viewed output for consecutive seeds of a node, as thumbnails. */
export interface Seeds {
  id: number;
  do: "seeds";
  node: string;
  start: number;
  count: number;
}

/** Set a field. */
export interface SetField {
  set: FieldValue;
}

/** Replace the film that is kept beside the graph; None removes it. */
export interface SetFilm {
  film: Timeline | null;
}

/** Choose the main model, by a name of the catalogue. */
export interface SetModel {
  model: string;
}

/** Replace the outputs. */
export interface SetOutputs {
  outputs: NamedOutput[];
}

/** Set parameters of the graph; None removes one. */
export interface SetParams {
  params: { [name: string]: Json };
}

/** Set the seed of the graph. */
export interface SetSeed {
  seed: number;
}

/** Replace the text of the graph. */
export interface SetYaml {
  id: number;
  do: "set_yaml";
  text: string;
  gesture?: string | null;
}

/** Draw the viewed output for the values of one or two fields, as thumbnails. */
export interface Sweep {
  id: number;
  do: "sweep";
  x: Axis;
  y?: Axis | null;
}

/** The film of a graph: its length, and the keys between which fields move. */
export interface Timeline {
  seconds: number;
  keys: Key[];
}

/** Remove a field, which then has its default. */
export interface UnsetField {
  unset: FieldName;
}

/** Choose the output and the row to show. */
export interface View {
  id: number;
  do: "view";
  output: string;
  row?: number;
}

export type AnyRequest = Open | Edit | SetYaml | View | Seeds | Sweep | GoTo | Favourite | FavouriteSeed | Save | Film | Export | Faces | Ablate | DragStart | DragChange | Plain;

export type Change = SetField | UnsetField | AddNode | RemoveNodes | ConnectNodes | DisconnectNodes | RenameNode | BypassNode | SetOutputs | SetModel | PlaceNodes | SetFilm | SetParams | SetSeed;

/** The reason why a request was refused. A fault of the graph has the message that `check` prints. */
export interface Refusal {
  message: string;
  node: string | null;
  field: string | null;
}

/** The answer to a request. The kind of request decides which of the optional fields are set. */
export interface Answer {
  re: number;
  ok: boolean;
  error: Refusal | null;
  /** save: the file, for display */
  path: string | null;
  /** command, python: the text to copy */
  text: string | null;
  /** export, film: the id of the file, which an event `file` announces */
  file: string | null;
  /** edit: the ids of the nodes that were added */
  ids: string[] | null;
}

/** The end of a run: the number of layer rows that were computed, and the number that was saved. A tile of half the canvas counts as half a row. */
export interface Done {
  event: "done";
  revision: number;
  seconds: number;
  recomputed: number;
  reused: number;
}

/** The progress of a drag; `running` is true until it has stopped. */
export interface DragEvent {
  event: "drag";
  revision: number;
  node: string;
  running: boolean;
  rows: DragRow[];
}

/** A row of a drag: the number of steps so far, the points with their targets, and the earlier places of the points. Places are fractions of the image, x before y. `trail` has a list of places for each recorded time, oldest first. `distance` is the mean distance of the points from their targets, in pixels. */
export interface DragRow {
  row: number;
  steps: number;
  points: [number, number][];
  targets: [number, number][];
  trail: [number, number][][];
  distance: number;
  ending: "arrived" | "stuck" | "lost" | "steps" | null;
  /** what to do about the ending, if it is stuck or lost */
  remedy: string | null;
}

/** The faces in the photograph that a node reads. A face is four places in pixels of the upright photograph: both eyes, then both corners of the mouth, each pair from left to right in the picture. The largest face comes first. */
export interface FacesEvent {
  event: "faces";
  node: string;
  detector: string;
  width: number;
  height: number;
  faces: [number, number][][];
  /** why the search for faces failed */
  message: string | null;
}

/** The end of a run that made no picture: the reason, with the node and the field if they are known. */
export interface Failed {
  event: "failed";
  revision: number;
  message: string;
  node: string | null;
  field: string | null;
}

/** A file of an export or a film that can be downloaded from `/api/files/ID`. */
export interface FileReady {
  event: "file";
  file: string;
  name: string;
  bytes: number;
}

/** The cost of the run that starts; `seconds` is None if the device was not measured. */
export interface Forecast {
  event: "forecast";
  revision: number;
  calls: number;
  gflop: number;
  seconds: number | null;
  bytes: number;
}

/** The graph after every change. */
export interface GraphEvent {
  event: "graph";
  revision: number;
  title: string;
  yaml: string;
  nodes: NodeState[];
  links: LinkState[];
  outputs: OutputState[];
  model: string;
  models: { [name: string]: string };
  params: { [name: string]: Json };
  groups: Group[];
  film: Timeline | null;
  seed: number;
  /** faults that belong to no node */
  faults: string[];
  can_undo: boolean;
  can_redo: boolean;
  saved_as: string | null;
  is_saved: boolean;
  changed_on_disk: boolean;
  /** the id of this state in the history */
  state: string;
  view: ViewState;
}

/** The history, oldest first. The thumbnails follow as binary messages. */
export interface HistoryEvent {
  event: "history";
  states: HistoryState[];
  current: string;
  /** favourite seeds, by the name of the model */
  seeds: { [name: string]: number[] };
}

/** A state that was shown; `time` is in seconds since 1970. */
export interface HistoryState {
  id: string;
  parent: string | null;
  label: string;
  time: number;
  favourite: boolean;
}

/** A layer of the plan: its calls, rows and cost, and `gflop_whole`, the cost if each row were the whole canvas. `unbatched_rows` is the number of rows before the passes, and `regions` the number of different sizes of tiles. */
export interface LayerState {
  name: string;
  resolution: number;
  calls: number;
  rows: number;
  unbatched_rows: number;
  gflop: number;
  gflop_whole: number;
  regions: number;
}

/** A link with the kind of value that it carries, None if unknown. */
export interface LinkState {
  source: string;
  target: string;
  input: string;
  index: number | null;
  type: string | null;
}

/** A fault of a node, at a field if it has one. */
export interface NodeFault {
  message: string;
  field: string | null;
}

/** A node of the graph. `fields` are as written, without `op`; `makes` is the kind of its value, None if unknown. */
export interface NodeState {
  id: string;
  op: string;
  fields: { [name: string]: Json };
  makes: string | null;
  rows: number;
  bypassed: boolean;
  bypassable: boolean;
  position: [number, number] | null;
  faults: NodeFault[];
  /** where it begins in the text, from 1 */
  line: number | null;
}

/** An output with the kind of its value and the number of its rows. */
export interface OutputState {
  name: string;
  node: string;
  kind: string | null;
  rows: number;
}

/** The plan of the viewed output, and the times of its last run. */
export interface PlanEvent {
  event: "plan";
  revision: number;
  layers: LayerState[];
  savings: Savings;
  timings: Timing[];
}

/** The progress of a run in steps, or of the search that `stage` names in iterations. */
export interface Progress {
  event: "progress";
  revision: number;
  done: number;
  total: number;
  stage: string;
  search: SearchState | null;
}

/** The quality of the inversion in a photograph: PSNR in dB, GMSD, and the Mahalanobis distance of the code. */
export interface Quality {
  event: "quality";
  revision: number;
  psnr: number;
  gradients: number;
  distance: number | null;
}

/** The calls and the cost of the plan, beside those of one pass after the other (`unbatched_`). `shared_gflop` is the cost if equal rows are computed once, but each row as a whole. The difference to `gflop` is what regions and differences save. `bytes` is the peak of memory. */
export interface Savings {
  calls: number;
  unbatched_calls: number;
  gflop: number;
  shared_gflop: number;
  unbatched_gflop: number;
  bytes: number;
}

/** The quality of a search: the number of unfinished rows, their mean loss, and the largest distance in pixels. The distance is from a point of a drag to its target. */
export interface SearchState {
  rows: number;
  loss: number | null;
  distance: number | null;
}

/** The seconds that one kind of step took in the last run. */
export interface Timing {
  name: string;
  seconds: number;
}

/** The output and row that are shown. */
export interface ViewState {
  output: string | null;
  row: number;
}

export type Event = GraphEvent | Forecast | Progress | Done | Failed | DragEvent | PlanEvent | HistoryEvent | FileReady | FacesEvent | Quality;

/** The header of a picture of the viewed output. `stage` is `final`, or the block that the picture previews. */
export interface Picture {
  event: "picture";
  revision: number;
  output: string;
  row: number;
  rows: number;
  stage: string;
  width: number;
  height: number;
  /** since the edit */
  seconds: number;
  mime: string;
}

/** The header of a thumbnail. `key` is its place in its sheet, the id of a state, or the node of a photograph. The width and height of a photograph are those of its file. */
export interface Thumbnail {
  event: "thumbnail";
  sheet: "seeds" | "sweep" | "history" | "ablate" | "explain" | "film" | "photo";
  key: string;
  /** the request, -1 if none */
  re: number;
  values: Json[];
  width: number;
  height: number;
  mime: string;
}

export type BinaryHeader = Picture | Thumbnail;

/** A named direction with its published range. `fits` are the models of the catalogue that it can move. `strength` is the default of a node. */
export interface DirectionEntry {
  name: string;
  model: string;
  fits: string[];
  layers: string;
  low: number;
  high: number;
  strength: number;
  source: string;
}

/** A bundled graph by its name, with the first sentence of its comment. */
export interface GraphEntry {
  name: string;
  summary: string;
}

/** A port of a node. `types` are the kinds that it takes, Latent included where Features are. */
export interface InputEntry {
  name: string;
  types: string[];
  required: boolean;
  many: boolean;
  description: string;
}

/** A model that can be chosen, by its name. */
export interface ModelEntry {
  name: string;
  /** height, width */
  size: [number, number];
  kind: string;
  w_dim: number;
  num_ws: number;
}

/** A node: one entry for each op and, for an op with kinds, each kind. */
export interface NodeEntry {
  op: string;
  kind: string | null;
  category: string;
  summary: string;
  description: string;
  /** the kind of its value; None: the kind of its first input */
  makes: string | null;
  inputs: InputEntry[];
  /** JSON Schema by name, without ports; `#/$defs/NAME` is in the `defs` of the catalogue */
  fields: { [name: string]: Json };
  required: string[];
}

/** Everything that a graph can be made of. */
export interface Catalogue {
  version: string;
  graphs: GraphEntry[];
  models: ModelEntry[];
  directions: DirectionEntry[];
  nodes: NodeEntry[];
  defs: { [name: string]: Json };
  /** of exports and films that this installation can write */
  formats: string[];
}

/** An upload as the studio stores it: its id, and the size of a picture. */
export interface Uploaded {
  id: string;
  kind: "graph" | "image";
  width: number | null;
  height: number | null;
}
