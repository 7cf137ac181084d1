import AppLayout from "@cloudscape-design/components/app-layout";
import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import Input from "@cloudscape-design/components/input";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { type ComponentType, lazy, Suspense, useCallback, useEffect, useState } from "react";

import { session } from "./api";
import { useAsk } from "./ask";
import { useJumps } from "./jumps";
import { Help } from "./help";
import { type Place, placeText, usePlace } from "./route";
import { Failure } from "./show";
import { SessionContext } from "./signed-in";
import { SplitContext, type SplitPart } from "./split";

export interface PageProps {
  place: Place;
}

interface Page {
  title: string;
  load: ComponentType<PageProps>;
}

const PAGES: Record<string, Page> = {
  "": { title: "Dashboard", load: lazy(() => import("./pages/dashboard")) },
  findings: { title: "Findings", load: lazy(() => import("./pages/findings")) },
  finding: { title: "Finding", load: lazy(() => import("./pages/finding")) },
  issues: { title: "Issues", load: lazy(() => import("./pages/issues")) },
  hosts: { title: "Hosts", load: lazy(() => import("./pages/hosts")) },
  host: { title: "Host", load: lazy(() => import("./pages/host")) },
  runs: { title: "Runs", load: lazy(() => import("./pages/runs")) },
  run: { title: "Run", load: lazy(() => import("./pages/run")) },
  compare: { title: "Compare runs", load: lazy(() => import("./pages/compare")) },
  targets: { title: "Targets", load: lazy(() => import("./pages/targets")) },
  templates: { title: "Templates", load: lazy(() => import("./pages/templates")) },
  waivers: { title: "Waivers", load: lazy(() => import("./pages/waivers")) },
  search: { title: "Search", load: lazy(() => import("./pages/search")) },
  feeds: { title: "Feeds", load: lazy(() => import("./pages/feeds")) },
};
const PARENTS: Record<string, string> = { finding: "findings", host: "hosts", run: "runs", compare: "runs" };

interface AppProps {
  mode: () => "dark" | "light";
  choose: (mode: "dark" | "light") => void;
}

export function App({ mode, choose }: AppProps) {
  const place = usePlace();
  const page = PAGES[place.page];
  const asked = useAsk("session", session);
  const [dark, setDark] = useState(mode() === "dark");
  const [split, setSplit] = useState<SplitPart>();
  const [navigationOpen, setNavigationOpen] = useState(innerWidth > 900);
  const [help, setHelp] = useState(false);
  useJumps(useCallback(() => setHelp(true), []));
  useEffect(() => {
    document.title = `${page?.title ?? "Not found"} - openinspector`;
  }, [page]);
  useEffect(() => setSplit(undefined), [place.page]);
  const parent = PARENTS[place.page];
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <div id="top">
        <TopNavigation
          identity={{ href: "#/", title: "openinspector" }}
          search={<SearchBox key={place.page} text={place.page === "search" ? (place.parameters.get("text") ?? "") : ""} />}
          utilities={[
            { type: "button", text: "Help", onClick: () => setHelp(true) },
            {
              type: "button",
              text: dark ? "Light mode" : "Dark mode",
              onClick: () => {
                choose(dark ? "light" : "dark");
                setDark(!dark);
              },
            },
            {
              type: "menu-dropdown",
              text: asked.answer?.user ?? "Account",
              description: asked.answer?.role ?? "",
              iconName: "user-profile",
              items: [
                { id: "sessions", text: "Sessions", href: "/console/sessions" },
                { id: "out", text: "Sign out" },
              ],
              onItemClick: ({ detail }) => {
                if (detail.id === "out") signOut();
              },
            },
          ]}
        />
      </div>
      <AppLayout
        headerSelector="#top"
        toolsHide
        navigationOpen={navigationOpen}
        onNavigationChange={({ detail }) => setNavigationOpen(detail.open)}
        navigation={
          <SideNavigation
            activeHref={`#/${parent ?? place.page}`}
            header={{ text: "Assessment", href: "#/" }}
            items={[
              { type: "link", text: "Dashboard", href: "#/" },
              { type: "link", text: "Findings", href: "#/findings" },
              { type: "link", text: "Issues", href: "#/issues" },
              { type: "link", text: "Hosts", href: "#/hosts" },
              { type: "link", text: "Runs", href: "#/runs" },
              { type: "divider" },
              { type: "link", text: "Targets", href: "#/targets" },
              { type: "link", text: "Templates", href: "#/templates" },
              { type: "link", text: "Waivers", href: "#/waivers" },
              { type: "link", text: "Feeds", href: "#/feeds" },
            ]}
          />
        }
        breadcrumbs={
          parent && page ? (
            <BreadcrumbGroup
              items={[
                { text: PAGES[parent]?.title ?? "", href: `#/${parent}` },
                { text: page.title, href: location.hash },
              ]}
            />
          ) : undefined
        }
        splitPanel={split?.panel}
        splitPanelOpen={split !== undefined}
        splitPanelPreferences={{ position: "bottom" }}
        onSplitPanelToggle={({ detail }) => {
          if (!detail.open) split?.close();
        }}
        content={
          <SessionContext value={asked.answer}>
            <SplitContext value={setSplit}>
            <Failure failure={asked.failure} again={asked.again} />
            {page ? (
              <Suspense fallback={<Waiting />}>
                <page.load place={place} />
              </Suspense>
            ) : (
              <Box variant="h1">There is no such page. Choose one from the navigation.</Box>
            )}
            </SplitContext>
          </SessionContext>
        }
      />
      {help ? <Help onClose={() => setHelp(false)} /> : null}
    </I18nProvider>
  );
}

function SearchBox({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  return (
    <Input
      type="search"
      ariaLabel="Search"
      placeholder="Search hosts, issues, runs"
      value={typed}
      onChange={({ detail }) => setTyped(detail.value)}
      onKeyDown={({ detail }) => {
        if (detail.key === "Enter" && typed.trim()) location.hash = placeText("search", { text: typed.trim() });
      }}
    />
  );
}

function Waiting() {
  return (
    <Box textAlign="center" padding="xxl">
      <Spinner size="large" /> Loading
    </Box>
  );
}

/** Send the form that ends the session: the answer is the sign-in page. */
function signOut(): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/console/sign-out";
  document.body.append(form);
  form.submit();
}
