// A small table inside a page: plain HTML, which scrolls sideways in itself on a phone.

import type { ReactNode } from "react";

interface SmallTableProps {
  name: string;
  head: string[];
  /** Each with a key; the first cell heads the row. */
  rows: { key: string; cells: ReactNode[] }[];
}

export function SmallTable({ name, head, rows }: SmallTableProps) {
  return (
    <div className="scrolled" role="region" aria-label={name} tabIndex={0}>
      <table className="plain">
        <thead>
          <tr>
            {head.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              {row.cells.map((cell, place) =>
                place === 0 ? (
                  <th key={head[place]} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={head[place]}>{cell}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
