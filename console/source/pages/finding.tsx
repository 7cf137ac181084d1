import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";

import type { PageProps } from "../app";
import { FindingDetail } from "../finding-detail";

export default function FindingPage({ place }: PageProps) {
  const arn = place.parameters.get("arn") ?? "";
  return (
    <ContentLayout header={<Header variant="h1">Finding</Header>}>
      <Container>
        <FindingDetail arn={arn} />
      </Container>
    </ContentLayout>
  );
}
