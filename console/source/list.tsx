// A list by pages of the service: its table, filter, "Load more" and CSV.

import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useEffect, useState } from "react";

import { useAsk } from "./ask";
import type { Topic } from "./live";
import { Empty, Failure, number } from "./show";

export interface Chunk<Row> {
  rows: Row[];
  total?: number | undefined;
  nextToken?: string | undefined;
}

export interface ListColumn<Row> extends TableProps.ColumnDefinition<Row> {
  header: string;
  /** The cell in an exported file; a column without it is left out. */
  text?: (row: Row) => string;
}

interface ListProps<Row> {
  title: string;
  description?: ReactNode;
  /** Names what is listed, with its filter. */
  listKey: string;
  ask: (nextToken: string | undefined, signal?: AbortSignal) => Promise<Chunk<Row>>;
  columns: ListColumn<Row>[];
  rowKey: (row: Row) => string;
  filter?: ReactNode;
  empty: ReactNode;
  selected?: string;
  onSelect?: (row: Row) => void;
  actions?: ReactNode;
  /** Returns a link to the whole list in a format, made by the service; without it, the rows are joined here. */
  exportLink?: (format: "CSV" | "JSON") => Promise<string>;
  seconds?: number;
  topics?: readonly Topic[];
}

export function List<Row>(props: ListProps<Row>) {
  const { listKey, ask, columns, rowKey } = props;
  const asked = useAsk(listKey, (signal) => ask(undefined, signal), props.seconds ?? 0, undefined, props.topics);
  const [more, setMore] = useState<{ from?: Chunk<Row>; chunks: Chunk<Row>[]; busy: boolean }>({
    chunks: [],
    busy: false,
  });
  const [exporting, setExporting] = useState(false);
  const [problem, setProblem] = useState<Error>();
  useEffect(() => setMore({ chunks: [], busy: false }), [asked.answer]);
  const chunks = asked.answer ? [asked.answer, ...more.chunks] : [];
  const rows = chunks.flatMap((chunk) => chunk.rows);
  const next = chunks.at(-1)?.nextToken;
  const total = asked.answer?.total;

  const loadMore = async () => {
    if (!next) return;
    setMore((before) => ({ ...before, busy: true }));
    try {
      const chunk = await ask(next);
      setMore((before) => ({ chunks: [...before.chunks, chunk], busy: false }));
      setProblem(undefined);
    } catch (failed) {
      setProblem(failed as Error);
      setMore((before) => ({ ...before, busy: false }));
    }
  };
  const save = async () => {
    setExporting(true);
    try {
      const parts = [csvLine(columns.filter((one) => one.text).map((one) => one.header))];
      let token: string | undefined;
      do {
        const chunk: Chunk<Row> = await ask(token);
        for (const row of chunk.rows) parts.push(csvLine(columns.flatMap((one) => (one.text ? [one.text(row)] : []))));
        token = chunk.nextToken;
      } while (token);
      download(`${props.title.toLowerCase()}.csv`, parts);
      setProblem(undefined);
    } catch (failed) {
      setProblem(failed as Error);
    }
    setExporting(false);
  };
  const fetchExport = async (format: "CSV" | "JSON") => {
    if (!props.exportLink) return;
    setExporting(true);
    try {
      // Its host is the service's public name: the session is here.
      const link = new URL(await props.exportLink(format));
      location.assign(link.pathname + link.search);
      setProblem(undefined);
    } catch (failed) {
      setProblem(failed as Error);
    }
    setExporting(false);
  };
  return (
    <SpaceBetween size="m">
      <Failure failure={asked.failure ?? problem} again={asked.again} />
      <Table<Row>
        variant="full-page"
        stickyHeader
        enableKeyboardNavigation
        loading={asked.loading}
        loadingText="Loading"
        items={rows}
        trackBy={rowKey}
        columnDefinitions={columns}
        {...(props.onSelect
          ? {
              selectionType: "single" as const,
              selectedItems: rows.filter((row) => rowKey(row) === props.selected),
              onSelectionChange: ({ detail }: { detail: { selectedItems: Row[] } }) => {
                const row = detail.selectedItems[0];
                if (row) props.onSelect?.(row);
              },
              onRowClick: ({ detail }: { detail: { item: Row } }) => props.onSelect?.(detail.item),
            }
          : {})}
        ariaLabels={{
          tableLabel: props.title,
          selectionGroupLabel: `Choose one of ${props.title.toLowerCase()}`,
          itemSelectionLabel: (_data, row) => `Show ${rowKey(row)}`,
        }}
        header={
          <Header
            variant="awsui-h1-sticky"
            {...(total !== undefined ? { counter: `(${number(total)})` } : {})}
            description={props.description}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                {props.actions}
                <Button iconName="refresh" ariaLabel="Refresh" onClick={asked.again} />
                <Button
                  loading={exporting}
                  disabled={!rows.length}
                  onClick={() => void (props.exportLink ? fetchExport("CSV") : save())}
                >
                  Export CSV
                </Button>
                {props.exportLink ? (
                  <Button disabled={!rows.length || exporting} onClick={() => void fetchExport("JSON")}>
                    Export JSON
                  </Button>
                ) : null}
              </SpaceBetween>
            }
          >
            {props.title}
          </Header>
        }
        filter={props.filter}
        empty={asked.failure ? <Empty title="Nothing could be read" /> : props.empty}
        footer={
          next ? (
            <Button loading={more.busy} onClick={() => void loadMore()}>
              {`Load more (${number(rows.length)} of ${number(total ?? rows.length)} shown)`}
            </Button>
          ) : undefined
        }
      />
    </SpaceBetween>
  );
}

/** Return a line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function csvLine(cells: string[]): string {
  return `${cells.map((cell) => `"${(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`).join(",")}\r\n`;
}

function download(name: string, parts: string[]): void {
  const url = URL.createObjectURL(new Blob(["\ufeff", ...parts], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
