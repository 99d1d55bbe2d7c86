/** The graph as text: changes of the graph appear here, and changes of the text in the graph. */

import { Fragment, useRef, useState } from 'react';

import { marksOf, tokens } from '../logic/marks';
import { useStudio } from '../store';
import { ask, copyText, gestureId, show } from '../studio';

const PAUSE = 350; // milliseconds without a key before the text is read

export function YamlPanel() {
  const graph = useStudio((state) => state.graph);
  const [typed, setTyped] = useState<string | null>(null); // null: the text of the studio
  const area = useRef<HTMLTextAreaElement>(null);
  const back = useRef<HTMLDivElement>(null);
  const timer = useRef(0);
  const gesture = useRef(gestureId());
  const [sent, setSent] = useState<string | null>(null); // what the studio is reading

  // The studio has read what was typed last: from here on, its text is shown.
  if (graph && sent !== null && typed === sent && graph.yaml === sent) {
    setSent(null);
    setTyped(null);
  }

  if (!graph) return null;
  const text = typed ?? graph.yaml;
  const marks = typed === null || typed === sent ? marksOf(graph) : [];
  const marked = new Map(marks.map((mark) => [mark.line, mark.message]));
  const lines = text.split('\n');

  const change = (next: string) => {
    setTyped(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      setSent(next);
      void ask({ do: 'set_yaml', text: next, gesture: gesture.current });
    }, PAUSE);
  };
  const scroll = () => {
    if (area.current && back.current) back.current.style.transform = `translate(${-area.current.scrollLeft}px, ${-area.current.scrollTop}px)`;
  };
  const goTo = (line: number) => {
    const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  };

  return (
    <div className="yaml">
      <div className="editor">
        <div className="back mono" ref={back} aria-hidden="true">
          {lines.map((line, index) => (
            <div key={index} className={marked.has(index + 1) ? 'line marked' : 'line'} title={marked.get(index + 1)}>
              <span className="number">{index + 1}</span>
              {tokens(line).map((token, place) => <Fragment key={place}>{token.kind === 'plain' ? token.text : <span className={`t-${token.kind}`}>{token.text}</span>}</Fragment>)}
            </div>
          ))}
        </div>
        <textarea
          ref={area} className="mono" aria-label="The graph as YAML" spellCheck={false} autoCapitalize="off" wrap="off" value={text} aria-invalid={marks.length > 0}
          onChange={(event) => change(event.target.value)} onScroll={scroll} onFocus={() => { gesture.current = gestureId(); }}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') event.stopPropagation();
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
      </div>
      <div className="beside">
        <div className="row">
          <button type="button" className="solid" onClick={() => void copyText(text, 'YAML')}>Copy</button>
          {typed !== null && typed !== sent && <button type="button" onClick={() => setTyped(null)}>Discard</button>}
        </div>
        {marks.length === 0 ? <p className="muted">{typed === null ? 'No faults. Comments are kept; what you type here is the graph.' : 'Reading…'}</p> : (
          <ul className="faults">
            {marks.map((mark, index) => <li key={index}><button type="button" onClick={() => goTo(mark.line)}><b>{mark.line}</b> <span>{mark.message}</span></button></li>)}
          </ul>
        )}
      </div>
    </div>
  );
}

/** Ask for the graph as a command or a program, and copy it. */
export async function copyAs(what: 'command' | 'python'): Promise<void> {
  const answer = ask({ do: what });
  await copyText(answer.then((item) => item?.text ?? null), what === 'command' ? 'Command' : 'Python program');
  if ((await answer) === null && what === 'command') show({ dialog: 'save' }); // the notice says that it has to be saved
}
