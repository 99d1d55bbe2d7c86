/** The page: bar, picture, form, dock; dropped files; notices. */

import { useEffect, useState } from 'react';

import { onKey } from './keys';
import { useStudio } from './store';
import { dismiss, start } from './studio';
import { IconButton } from './ui';
import { Canvas } from './panels/Canvas';
import { Dialogs, DroppedPicture, receiveFile } from './panels/Dialogs';
import { Dock } from './panels/Dock';
import { History } from './panels/History';
import { Inspector } from './panels/Inspector';
import { Palette } from './panels/Palette';
import { Banner, TopBar } from './panels/TopBar';

export function App() {
  useEffect(() => {
    start();
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  const revision = useStudio((state) => state.graph?.revision);
  return (
    <div className="studio" data-revision={revision}>
      <TopBar />
      <main className="stage">
        <Banner />
        <Canvas />
        <History />
      </main>
      <Inspector />
      <Dock />
      <Notices />
      <Palette />
      <Dialogs />
      <DroppedPicture />
      <DropZone />
    </div>
  );
}

function Notices() {
  const notices = useStudio((state) => state.notices);
  return (
    <div className="notices" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.id} className={`notice ${notice.tone}`} role={notice.tone === 'error' ? 'alert' : 'status'}>
          <p>{notice.text}</p>
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(notice.id)} />
        </div>
      ))}
    </div>
  );
}

function DropZone() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      const [file] = event.dataTransfer?.files ?? [];
      if (file) void receiveFile(file);
    };
    document.addEventListener('dragover', enter);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', enter);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
    };
  }, []);
  if (!over) return null;
  return <div className="drop"><b>Drop it here</b><span className="muted">a graph, a picture that fgraph wrote, or any picture</span></div>;
}
