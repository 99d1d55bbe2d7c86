/** The history: every state that was looked at, with its thumbnail; a click returns to it, and a change there branches. */

import { memo, useEffect, useRef, useState } from 'react';

import { Icon } from '../icons';
import { lanesOf } from '../logic/lanes';
import type { HistoryState } from '../protocol';
import { useStudio } from '../store';
import { ask } from '../studio';

export function History() {
  const history = useStudio((state) => state.history);
  const thumbs = useStudio((state) => state.thumbs.history);
  const current = useStudio((state) => state.graph?.state ?? state.history?.current);
  const [only, setOnly] = useState(false);
  const strip = useRef<HTMLOListElement>(null);
  const count = history?.states.length ?? 0;
  useEffect(() => {
    strip.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current, count]);
  if (!history || count === 0) return null;
  const lanes = lanesOf(history.states);
  // A state without a picture was passed over before it was drawn.
  const shown = history.states.filter((state) => (only ? state.favourite : state.favourite || state.id === current || state.id in thumbs));
  return (
    <nav className="history" aria-label="History">
      <button type="button" aria-pressed={only} aria-label="Favourites only" title="Favourites only" onClick={() => setOnly(!only)}><Icon name="star" /></button>
      <ol ref={strip}>
        {shown.map((state) => <Entry key={state.id} state={state} lane={lanes.get(state.id) ?? 0} url={thumbs[state.id]?.url} isCurrent={state.id === current} />)}
      </ol>
    </nav>
  );
}

const Entry = memo(function Entry({ state, lane, url, isCurrent }: { state: HistoryState; lane: number; url: string | undefined; isCurrent: boolean }) {
  const when = new Date(state.time * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return (
    <li className={`state lane-${lane % 5}`}>
      <button type="button" className="thumb" aria-current={isCurrent} title={`${state.label}, ${when}`} aria-label={`${state.label}, ${when}${lane > 0 ? `, branch ${lane}` : ''}`} onClick={() => void ask({ do: 'goto', state: state.id })}>
        {url === undefined ? <span className="blank" /> : <img src={url} alt="" />}
      </button>
      <button type="button" className="star" aria-pressed={state.favourite} aria-label={`Favourite: ${state.label}`} onClick={() => void ask({ do: 'favourite', state: state.id, on: !state.favourite })}>
        <Icon name="star" />
      </button>
    </li>
  );
});
