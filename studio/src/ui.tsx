/** Small parts that several panels use. */

import { type ReactNode, useEffect, useRef, useState } from 'react';

import { Icon, type IconName } from './icons';

/** A button that shows an icon; its label is read aloud and shown on hover. */
export function IconButton(props: {
  icon: IconName; label: string; keys?: string; pressed?: boolean; disabled?: boolean; onClick: () => void; className?: string;
}) {
  const title = props.keys ? `${props.label} (${props.keys})` : props.label;
  return (
    <button
      type="button" title={title} aria-label={props.label} aria-pressed={props.pressed} disabled={props.disabled}
      className={props.className} onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** A button with a list of commands below it. */
export function Menu({ label, icon, children }: { label: string; icon?: IconName; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('keydown', close);
    };
  }, [open]);
  return (
    <div className="menu" ref={root}>
      <button type="button" aria-haspopup="true" aria-expanded={open} onClick={() => setOpen(!open)}>
        {icon && <Icon name={icon} />}
        {label}
        <Icon name="down" />
      </button>
      {open && (
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events -- a choice bubbles
        <div onClick={() => setOpen(false)}>{children}</div>
      )}
    </div>
  );
}

/** A modal dialog; Escape closes it. A text field of it has the focus, with its text selected. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    const text = shown?.querySelector<HTMLInputElement>('input[type="text"]');
    text?.focus();
    text?.select();
    return () => shown?.close();
  }, []);
  return (
    <dialog className="dialog" ref={dialog} aria-label={title} onClose={onClose} onCancel={onClose}>
      <header>
        <h2>{title}</h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      <div className="body">{children}</div>
    </dialog>
  );
}

/** Return a stored preference and a function that replaces it. */
export function usePreference<T>(name: string, missing: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => {
    const stored = localStorage.getItem(`fgraph.${name}`);
    try {
      return stored === null ? missing : (JSON.parse(stored) as T);
    } catch {
      return missing;
    }
  });
  return [
    value,
    (next) => {
      localStorage.setItem(`fgraph.${name}`, JSON.stringify(next));
      setValue(next);
    },
  ];
}

const kept = new Map<string, unknown>();

/** Return a state that outlives its panel, until the page is left. */
export function useKept<T>(name: string, missing: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => (kept.has(name) ? (kept.get(name) as T) : missing));
  return [
    value,
    (next) => {
      kept.set(name, next);
      setValue(next);
    },
  ];
}

/** Return the size of an element, and follow it. */
export function useSize(element: React.RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const watched = element.current;
    if (!watched) return;
    const observer = new ResizeObserver(() => setSize({ width: watched.clientWidth, height: watched.clientHeight }));
    observer.observe(watched);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
