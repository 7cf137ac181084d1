import { call, type Feed } from "../api";
import { List } from "../list";
import { Empty, number, Time } from "../show";

export default function Feeds() {
  const ask = async (_nextToken: string | undefined, signal?: AbortSignal) => {
    const { feeds } = await call<{ feeds: Feed[] }>("ListFeeds", {}, signal);
    return { rows: feeds, total: feeds.length };
  };
  return (
    <List<Feed>
      title="Feeds"
      description="Advisories that vulnerabilities are judged by"
      listKey="feeds"
      seconds={15}
      topics={["feeds"]}
      ask={ask}
      rowKey={(feed) => feed.name}
      empty={<Empty title="No feed was synced yet">Sync them: openinspector feeds sync</Empty>}
      columns={[
        { id: "name", header: "Feed", isRowHeader: true, cell: (feed) => feed.name, text: (feed) => feed.name, minWidth: 140 },
        {
          id: "fetched",
          header: "Fetched",
          cell: (feed) => <Time seconds={feed.fetchedAt} />,
          text: (feed) => new Date(feed.fetchedAt * 1000).toISOString(),
          minWidth: 160,
        },
        {
          id: "published",
          header: "Published",
          cell: (feed) => (feed.publishedAt ? <Time seconds={feed.publishedAt} /> : "not stated"),
          text: (feed) => (feed.publishedAt ? new Date(feed.publishedAt * 1000).toISOString() : ""),
          minWidth: 160,
        },
        {
          id: "advisories",
          header: "Advisories",
          cell: (feed) => number(feed.advisories),
          text: (feed) => String(feed.advisories),
        },
        { id: "unparsed", header: "Not read", cell: (feed) => number(feed.unparsed), text: (feed) => String(feed.unparsed) },
        { id: "origin", header: "From", cell: (feed) => feed.origin, text: (feed) => feed.origin, minWidth: 260 },
      ]}
    />
  );
}
