/** The plan: layers and what was saved at each, and where the time went. */

import { useEffect } from 'react';

import { bytes, gflop, seconds } from '../logic/figures';
import type { LayerState, PlanEvent } from '../protocol';
import { useStudio } from '../store';
import { ask } from '../studio';

export function PlanPanel() {
  const plan = useStudio((state) => state.plan);
  const revision = useStudio((state) => state.graph?.revision);
  const view = useStudio((state) => state.graph?.view);
  const done = useStudio((state) => state.done);
  useEffect(() => {
    void ask({ do: 'plan' });
  }, [revision, view, done]);
  if (!plan) return <p className="pad muted">The plan is on its way…</p>;
  return (
    <div className="plan">
      <Saved plan={plan} />
      <Layers layers={plan.layers} />
      <Times plan={plan} />
    </div>
  );
}

function Saved({ plan }: { plan: PlanEvent }) {
  const { savings } = plan;
  const forecast = useStudio((state) => state.forecast);
  const done = useStudio((state) => state.done);
  const share = savings.unbatched_gflop > 0 ? 1 - savings.gflop / savings.unbatched_gflop : 0;
  return (
    <dl className="figures">
      <Figure name="layer calls" value={String(savings.calls)} about={`${savings.unbatched_calls} one pass after the other`} />
      <Figure name="arithmetic" value={`${gflop(savings.gflop)} GFLOP`} about={share > 0.005 ? `${Math.round(100 * share)}% saved of ${gflop(savings.unbatched_gflop)}` : 'nothing to save here'} />
      <Figure name="memory" value={bytes(savings.bytes)} about="at most, beside the weights" />
      <Figure name="time" value={done ? seconds(done.seconds) : '…'} about={forecast?.seconds == null ? 'this device is not measured' : `forecast ${seconds(forecast.seconds)}`} />
    </dl>
  );
}

function Figure({ name, value, about }: { name: string; value: string; about: string }) {
  return (
    <div>
      <dt className="muted">{name}</dt>
      <dd><b>{value}</b><span className="muted">{about}</span></dd>
    </div>
  );
}

function Layers({ layers }: { layers: LayerState[] }) {
  const most = Math.max(...layers.map((layer) => Math.max(layer.gflop_whole, layer.gflop)), 1e-9);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, by the keys as well
    <div className="scroll" role="region" aria-label="Layers" tabIndex={0}>
      <table>
        <thead>
          <tr><th>layer</th><th>size</th><th>calls</th><th>rows</th><th title="rows that are made only where they differ or are read">in regions</th><th>GFLOP</th><th className="wide">done, and left out</th></tr>
        </thead>
        <tbody>
          {layers.map((layer, index) => (
            <tr key={index}>
              <th scope="row" className="mono">{layer.name}</th>
              <td>{layer.resolution}</td>
              <td>{layer.calls}</td>
              <td title={`${layer.unbatched_rows} one pass after the other`}>{layer.rows}{layer.unbatched_rows > layer.rows ? <span className="muted"> of {layer.unbatched_rows}</span> : null}</td>
              <td>{layer.regions > 0 ? layer.regions : ''}</td>
              <td>{gflop(layer.gflop)}</td>
              <td className="wide">
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect className="left-out" width={(100 * Math.max(layer.gflop_whole, layer.gflop)) / most} height="8" />
                  <rect className="made" width={(100 * layer.gflop) / most} height="8" />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Times({ plan }: { plan: PlanEvent }) {
  const most = Math.max(...plan.timings.map((item) => item.seconds), 1e-9);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- likewise
    <section className="times" aria-label="Where the time went" tabIndex={0}>
      <h3>Where the time went</h3>
      {plan.timings.length === 0 && <p className="muted">shown after a run</p>}
      {plan.timings.slice(0, 14).map((item) => (
        <div key={item.name} className="time">
          <span className="mono">{item.name}</span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect className="made" width={(100 * item.seconds) / most} height="6" /></svg>
          <span className="muted">{seconds(item.seconds)}</span>
        </div>
      ))}
    </section>
  );
}
