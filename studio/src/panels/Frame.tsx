/** A group: a titled frame around nodes. */

import type { Node, NodeProps } from '@xyflow/react';

import type { Group } from '../protocol';
import { store } from '../store';
import { edit } from '../studio';

export type FrameNode = Node<{ group: Group }, 'frame'>;

export function Frame({ data }: NodeProps<FrameNode>) {
  const { group } = data;
  return (
    <div className="frame">
      <input
        key={group.title} type="text" className="nodrag" defaultValue={group.title} aria-label="Title of the group"
        onBlur={(event) => {
          if (event.target.value !== group.title) void edit([{ place: { groups: replaced({ ...group, title: event.target.value }) } }]);
        }}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      />
      <button type="button" className="nodrag" aria-label={`Ungroup ${group.title}`} title="Ungroup" onClick={() => void edit([{ place: { groups: without(group.id) } }])}>×</button>
    </div>
  );
}

function without(id: string): Group[] {
  return store.get().graph?.groups.filter((group) => group.id !== id) ?? [];
}

function replaced(group: Group): Group[] {
  return store.get().graph?.groups.map((item) => (item.id === group.id ? group : item)) ?? [];
}
