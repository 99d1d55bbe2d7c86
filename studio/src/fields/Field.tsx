/** A field of a node as a row of a form: label, control, what it means, and its faults. */

import { memo, useId, useRef, useState } from 'react';

import { type FieldSpec, readValue, slider, type Value, written } from '../logic/schema';
import { anySeed, Gesture, setFields } from '../studio';
import { IconButton } from '../ui';

const PAUSE = 600; // milliseconds between keys that still belong to one gesture

export interface FieldProps {
  node: string;
  spec: FieldSpec;
  value: Value | undefined;
  fault: string | undefined;
}

export const Field = memo(function Field({ node, spec, value, fault }: FieldProps) {
  const id = useId();
  const isSet = value !== undefined;
  return (
    <div className={fault ? 'field faulty' : 'field'}>
      <div className="label">
        <label htmlFor={id}>{spec.name}{spec.required ? <span className="muted"> *</span> : null}</label>
        <span className="spacer" />
        {isSet && !spec.required && <IconButton icon="reset" label={`Reset ${spec.name}`} className="reset" onClick={() => void setFields(node, { [spec.name]: undefined })} />}
      </div>
      <Control id={id} node={node} spec={spec} value={value ?? spec.default} fault={fault} isSet={isSet} />
      {fault !== undefined && <p className="fault" role="alert" id={`${id}-fault`}>{fault}</p>}
      <p className="about" id={`${id}-about`}>{spec.description}</p>
    </div>
  );
});

interface ControlProps {
  id: string;
  node: string;
  spec: FieldSpec;
  value: Value | undefined;
  fault: string | undefined;
  isSet: boolean;
}

function Control(props: ControlProps) {
  const { id, node, spec, value, fault } = props;
  const shared = { id, 'aria-invalid': fault !== undefined, 'aria-describedby': `${id}-about${fault === undefined ? '' : ` ${id}-fault`}` };
  const isPlain = typeof value !== 'object' && !(typeof value === 'string' && value.includes('${'));
  if (spec.control === 'boolean' && (isPlain || value == null)) {
    return (
      <label className="row check">
        <input type="checkbox" {...shared} checked={value === true} onChange={(event) => void setFields(node, { [spec.name]: event.target.checked })} />
        <span className="muted">{value === true ? 'yes' : 'no'}</span>
      </label>
    );
  }
  if (spec.control === 'choice' && (isPlain || value == null)) {
    return (
      <select {...shared} value={written(value)} onChange={(event) => void setFields(node, { [spec.name]: event.target.value === '' ? undefined : event.target.value })}>
        {(spec.nullable || value == null) && <option value="">default</option>}
        {spec.choices.map((choice) => <option key={choice}>{choice}</option>)}
      </select>
    );
  }
  if (spec.control === 'number' && (typeof value === 'number' || value == null)) return <NumberControl {...props} number={value ?? null} shared={shared} />;
  return <TextControl {...props} shared={shared} />;
}

interface Shared {
  id: string;
  'aria-invalid': boolean;
  'aria-describedby': string;
}

function NumberControl({ node, spec, number, shared }: ControlProps & { number: number | null; shared: Shared }) {
  const gesture = useRef<Gesture | null>(null);
  const [held, setHeld] = useState<number | null>(null);
  const shown = held ?? number;
  const range = shown === null ? null : slider(spec, shown);
  const timer = useRef(0);
  const end = () => {
    window.clearTimeout(timer.current);
    void gesture.current?.end();
    gesture.current = null;
    setHeld(null);
  };
  const endSoon = () => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(end, PAUSE);
  };
  const seedish = spec.name === 'seed';
  return (
    <div className="row number">
      {range && (
        <input
          type="range" aria-label={`${spec.name} slider`} min={range.low} max={range.high} step={range.step} value={shown ?? 0}
          onChange={(event) => {
            const next = Number(event.target.value);
            gesture.current ??= new Gesture();
            setHeld(next);
            gesture.current.set(node, { [spec.name]: next });
          }}
          onPointerUp={end} onKeyUp={endSoon} onBlur={end}
        />
      )}
      <NumberBox node={node} spec={spec} number={shown} shared={shared} />
      {seedish && <IconButton icon="dice" label="Another seed" onClick={() => void setFields(node, { [spec.name]: anySeed() })} />}
    </div>
  );
}

/** A number as text; lists of rows, ranges and `${...}` can be typed too. */
function NumberBox({ node, spec, number, shared }: { node: string; spec: FieldSpec; number: number | null; shared: Shared }) {
  const step = (by: number) => {
    if (number !== null) void setFields(node, { [spec.name]: Number((number + by * (spec.whole ? 1 : 0.01)).toPrecision(6)) });
  };
  return (
    <Typed
      shared={shared} text={written(number ?? undefined)} placeholder="auto" className="narrow"
      onCommit={(value) => void setFields(node, { [spec.name]: value ?? undefined })}
      onStep={step}
    />
  );
}

function TextControl({ node, spec, value, shared }: ControlProps & { shared: Shared }) {
  return (
    <Typed
      shared={shared} text={written(value)} placeholder={spec.file ? 'a file beside the graph' : 'default'} plain={spec.control === 'text' && typeof value !== 'object'}
      onCommit={(next) => void setFields(node, { [spec.name]: next ?? undefined })}
    />
  );
}

interface TypedProps {
  shared: Shared;
  text: string;
  placeholder?: string;
  className?: string;
  plain?: boolean;
  onCommit: (value: Value) => void;
  onStep?: (by: number) => void;
}

/** A text box that commits on Enter and when it loses the focus; Escape restores the former text. */
function Typed({ shared, text, placeholder, className, plain = false, onCommit, onStep }: TypedProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [known, setKnown] = useState(text);
  if (known !== text) {
    setKnown(text);
    setTyped(null);
    setWrong(null);
  }
  const commit = () => {
    if (typed === null || typed === text) return;
    try {
      onCommit(plain && !/^[[{]/.test(typed) ? (typed === '' ? null : typed) : readValue(typed));
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <input
        type="text" {...shared} aria-invalid={shared['aria-invalid'] || wrong !== null} className={className} placeholder={placeholder} value={typed ?? text} spellCheck={false}
        onChange={(event) => setTyped(event.target.value)} onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
          else if (event.key === 'Escape') setTyped(null);
          else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
            if (!onStep || typed !== null) return;
            event.preventDefault();
            onStep(event.key === 'ArrowUp' ? 1 : -1);
          }
        }}
      />
      {wrong !== null && <span className="fault" role="alert">{wrong}</span>}
    </>
  );
}
