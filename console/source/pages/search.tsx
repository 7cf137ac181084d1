import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";

import { call, type SearchResult } from "../api";
import type { PageProps } from "../app";
import { useAsk } from "../ask";
import { placeText } from "../route";
import { Empty, Failure, PlaceLink, printable } from "../show";

const KINDS: Record<SearchResult["kind"], { title: string; place: (id: string) => string }> = {
  HOST: { title: "Hosts", place: (id) => placeText("host", { id }) },
  ISSUE: { title: "Issues of the run that completed last", place: (rule) => placeText("findings", { rule }) },
  TARGET: { title: "Targets", place: (arn) => placeText("targets", { show: arn }) },
  TEMPLATE: { title: "Templates", place: (arn) => placeText("templates", { show: arn }) },
  RUN: { title: "Runs", place: (arn) => placeText("run", { arn }) },
};

export default function SearchPage({ place }: PageProps) {
  const text = place.parameters.get("text") ?? "";
  const asked = useAsk(text, async (signal) =>
    text ? (await call<{ results: SearchResult[] }>("Search", { text }, signal)).results : [],
  );
  const results = asked.answer ?? [];
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="At most ten of each kind">
          {text ? `Search for ${printable(text)}` : "Search"}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure failure={asked.failure} again={asked.again} />
        {asked.loading ? <Spinner /> : null}
        {asked.answer && !results.length ? (
          <Empty title={text ? "Nothing has this name" : "Type a name above"}>
            Hosts, issues, targets, templates and runs are found by a part of their name.
          </Empty>
        ) : null}
        {Object.entries(KINDS).map(([kind, { title, place: to }]) => {
          const found = results.filter((one) => one.kind === kind);
          if (!found.length) return null;
          return (
            <Container key={kind} header={<Header variant="h2">{title}</Header>}>
              <SpaceBetween size="xs">
                {found.map((one) => (
                  <div key={`${one.id} ${one.detail ?? ""}`}>
                    <PlaceLink to={to(one.id)}>{printable(one.name)}</PlaceLink>{" "}
                    {one.detail && one.detail !== one.name ? (
                      <Box variant="span" color="text-body-secondary">
                        {printable(one.detail)}
                      </Box>
                    ) : null}
                  </div>
                ))}
              </SpaceBetween>
            </Container>
          );
        })}
      </SpaceBetween>
    </ContentLayout>
  );
}
